"""The constraints of a database hold what the table of states and the list of kinds of events say, whoever writes."""

from __future__ import annotations

from contextlib import closing

import apsw
import psycopg
import pytest
from tests import postgres_server

from runwright.events import EventKind
from runwright.states import TABLE
from runwright.stores import open_store
from runwright.testing.scribe import Scribe


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path):
    return (
        f"sqlite:///{tmp_path / 'record.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    )


@pytest.fixture
def recorded(url):
    """Return a bare connection to a record of one run, whose first task has run."""
    with closing(open_store(url, synchronous="NORMAL")) as store:
        Scribe(store).start().run(1).commit()
        path = url.removeprefix("sqlite:///")
        with closing(apsw.Connection(path)) if path != url else postgres_server.raw(url) as db:
            yield db


def takes(db, statement):
    """Say whether a statement breaks no constraint; nothing of it stays."""
    db.execute("BEGIN")
    try:
        db.execute(statement)
    except (apsw.ConstraintError, psycopg.IntegrityError):
        return False
    finally:
        db.execute("ROLLBACK")
    return True


@pytest.mark.parametrize("table", ["task_run", "flow_run"])
def test_what_is_final_has_an_end_and_nothing_else_has(recorded, table):
    taken = {
        (code, bool(end))
        for code in range(-1, len(TABLE) + 3)
        for end in (0, 5)
        if takes(recorded, f"UPDATE {table} SET state = {code}, end_time = {end or 'NULL'}")
    }

    assert {(kind.code, kind.phase.is_final) for kind in TABLE} == taken


def test_an_attempt_is_open_while_it_is_active(recorded):
    taken = {
        (kind.code, bool(end))
        for kind in TABLE
        for end in (0, 5)
        if takes(recorded, f"UPDATE attempt SET state = {kind.code}, end_time = {end or 'NULL'}")
    }

    assert {(kind.code, kind.phase.value != "active") for kind in TABLE} == taken


def test_every_kind_of_event_can_be_recorded(recorded):
    kinds = {kind for kind in range(-1, len(EventKind) + 3) if takes(recorded, f"UPDATE event SET kind = {kind}")}
    states = {code for code in range(-1, len(TABLE) + 3) if takes(recorded, f"UPDATE event SET state = {code}")}

    assert set(EventKind) == kinds
    assert {0, *(kind.code for kind in TABLE)} == states
