"""Records of earlier versions: brought up to date when they are opened for writing, whole or not at all."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import closing

import apsw
import pytest
from tests.postgres_server import raw

from runwright.errors import RecordUnreadable
from runwright.failpoints import VARIABLE
from runwright.stores import open_store
from runwright.testing.scribe import Scribe
from runwright.views import TaskRunFilter

OPENER = "import sys; from runwright.stores import open_store; open_store(sys.argv[1]).close()"


class OnSqlite:
    """A record in a file, and how a test makes it an earlier one."""

    def __init__(self, path):
        self.path = path
        self.url = f"sqlite:///{path}"

    def say(self, *statements):
        with closing(apsw.Connection(str(self.path))) as db:
            for statement in statements:
                db.execute(statement)

    def make_earlier(self):
        self.say("DROP TABLE given_tag", "PRAGMA user_version = 1")

    def tables(self):
        with closing(apsw.Connection(str(self.path))) as db:
            return {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


class OnPostgres:
    """A record on a server, likewise."""

    def __init__(self, url):
        self.url = url

    def make_earlier(self):
        with raw(self.url) as db:
            db.execute("DROP TABLE given_tag")
            db.execute("UPDATE runwright SET version = 1")

    def tables(self):
        with raw(self.url) as db:
            found = db.execute(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
            )
            return {name for (name,) in found}


@pytest.fixture(params=["sqlite", "postgres"])
def place(request, tmp_path):
    if request.param == "sqlite":
        return OnSqlite(tmp_path / "record.db")
    return OnPostgres(request.getfixturevalue("postgres_url"))


@pytest.fixture
def earlier(place):
    """Give a record that an earlier version has written, and what was on it."""
    with closing(open_store(place.url)) as store:
        Scribe(store).start().run(1).commit()
        rows = store.task_runs(TaskRunFilter())
    place.make_earlier()
    return place, rows


def open_and_die(url, step):
    """Open a record in a process that is killed in the middle of a step."""
    process = subprocess.run(
        [sys.executable, "-c", OPENER, url],
        env={"PYTHONPATH": "src", VARIABLE: f"migrate.step:kill:{step}"},
        check=False,
    )
    assert -signal.SIGKILL == process.returncode


def test_an_earlier_record_is_brought_up_to_date(earlier):
    place, rows = earlier
    with pytest.raises(RecordUnreadable, match="has version 1: open it once for writing"):
        open_store(place.url, read_only=True)

    with closing(open_store(place.url)) as store:
        assert rows == store.task_runs(TaskRunFilter())
        assert 1 == store.change_tags([rows[0].id], ["seen"])
        assert ([], []) == (store.rebuild(), store.find_damage())


def test_a_kill_in_the_middle_leaves_the_earlier_record(earlier):
    place, rows = earlier
    open_and_die(place.url, 1)
    assert "given_tag" not in place.tables()

    with closing(open_store(place.url)) as store:
        assert rows == store.task_runs(TaskRunFilter())
        assert 1 == store.change_tags([rows[0].id], ["seen"])


@pytest.mark.parametrize("step", [1, 2])
def test_a_kill_while_a_record_is_made_leaves_one_that_can_be_opened(place, step):
    open_and_die(place.url, step)

    with closing(open_store(place.url)) as store:
        Scribe(store).start().run(1).commit()
        (row,) = store.task_runs(TaskRunFilter(states=("Success",)))
        assert 1 == store.change_tags([row.id], ["seen"])
