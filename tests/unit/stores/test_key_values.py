"""Values of namespaces beside the log: what rebuilding, reading only, and other processes mean for them."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing

import pytest

from runwright.errors import KeyTaken, RecordError
from runwright.key_values import KeyValue
from runwright.stores import open_store
from runwright.testing.scribe import Scribe


def of(key, value=1, **more):
    return KeyValue("company.team", key, value, "JSON", 0, 0, **more)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "record.db"


@pytest.fixture
def store(path):
    with closing(open_store(f"sqlite:///{path}", synchronous="NORMAL")) as store:
        yield store


@pytest.mark.parametrize("url", ["memory://", "sqlite:///{}"])
def test_rebuilding_leaves_values_alone(url, path):
    with closing(open_store(url.format(path))) as store:
        Scribe(store).start().commit()
        kept = store.keep_value(of("key"))

        assert [] == store.rebuild()
        assert [] == store.rebuild(replace=True)
        assert kept == store.find_value("company.team", "key")
        assert [] == store.find_damage()


def test_values_survive_their_process(store, path):
    kept = store.keep_value(of("key", {"a": 1}))
    store.close()

    with closing(open_store(f"sqlite:///{path}")) as again:
        assert kept == again.find_value("company.team", "key")


def test_commits_of_runs_and_values_take_turns(store):
    scribe = Scribe(store).start()
    scribe.commit()
    store.keep_value(of("key"))
    scribe.run(1).commit()
    store.delete_value("company.team", "key")
    scribe.run(2).commit()

    assert [] == store.rebuild()


def test_a_record_that_is_open_for_reading_takes_no_values(store, path):
    store.keep_value(of("key"))

    with closing(open_store(f"sqlite:///{path}", read_only=True)) as reader:
        assert 1 == reader.find_value("company.team", "key").value
        with pytest.raises(RecordError, match="open for reading only"):
            reader.keep_value(of("key", 2))
        with pytest.raises(RecordError, match="open for reading only"):
            reader.delete_value("company.team", "key")


def test_what_has_expired_leaves_the_file_with_the_next_write(store):
    for number in range(10):
        store.keep_value(of(f"old-{number}", expires=1))
    store.keep_value(KeyValue("company", "old", 1, "JSON", 0, 0, expires=1))
    store.keep_value(of("new"))

    assert [("company", "old"), ("company.team", "new")] == store._db.execute(
        "SELECT namespace, key FROM key_value ORDER BY namespace, key"
    ).fetchall()


def test_of_several_processes_one_gets_the_key(store, path):
    code = (
        "import sys; from runwright.stores import open_store; from runwright.key_values import KeyValue\n"
        "from runwright.errors import KeyTaken\n"
        "store = open_store(sys.argv[1])\n"
        "try: store.keep_value(KeyValue('company.team', 'key', sys.argv[2], 'STRING', 0, 0), overwrite=False)\n"
        "except KeyTaken: print('taken')\n"
        "else: print(sys.argv[2])\n"
    )
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", code, f"sqlite:///{path}", f"process {n}"], stdout=subprocess.PIPE, text=True
        )
        for n in range(3)
    ]

    outcomes = sorted(program.communicate()[0].strip() for program in programs)

    assert ["taken", "taken"] == outcomes[1:]
    assert outcomes[0] == store.find_value("company.team", "key").value
    with pytest.raises(KeyTaken):
        store.keep_value(of("key"), overwrite=False)
