"""A SQLite record: its file, its limits, and several processes at once."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing

import apsw
import pytest

from runwright.errors import LeaseLost, RecordError, RecordFull, RecordTooNew, RecordUnreadable
from runwright.stores import open_store
from runwright.stores.sql import selection
from runwright.stores.sqlite import SqliteStore, schema
from runwright.stores.sqlite.connection import APPLICATION_ID
from runwright.testing.scribe import Scribe
from runwright.views import EventFilter, FlowRunFilter, TaskRunFilter


@pytest.fixture
def path(tmp_path):
    return tmp_path / "record.db"


@pytest.fixture
def store(path):
    with closing(open_store(f"sqlite:///{path}", synchronous="NORMAL")) as store:
        yield store


def raw(path):
    return closing(apsw.Connection(str(path)))


def test_a_record_belongs_to_its_owner_alone(tmp_path):
    path = tmp_path / "home" / "record.db"
    with closing(open_store(f"sqlite:///{path}")) as store:
        Scribe(store).start().commit()

        assert 0o700 == path.parent.stat().st_mode & 0o777
        assert {0o600} == {file.stat().st_mode & 0o777 for file in path.parent.iterdir()}


def test_a_record_is_known_by_its_marks(store, path):
    with raw(path) as db:
        assert APPLICATION_ID == db.pragma("application_id")
        assert schema.newest_version() == db.pragma("user_version")
        assert "wal" == db.pragma("journal_mode")


@pytest.mark.parametrize(("expected", "given"), [(2, "FULL"), (1, "NORMAL")])
def test_commits_are_synced_as_asked(path, expected, given):
    with closing(open_store(f"sqlite:///{path}", synchronous=given)) as store:
        assert isinstance(store, SqliteStore)
        assert expected == store._db.pragma("synchronous")
        assert 1 == store._db.pragma("foreign_keys")
        assert 1 == store._db.pragma("cell_size_check")
        assert 0 == store._db.pragma("trusted_schema")


def make_directory(path):
    path.mkdir()


def make_text(path):
    path.write_text("no record at all, but long enough to be looked at " * 100)


def make_other_database(path):
    with raw(path) as db:
        db.execute("CREATE TABLE other (x)")


def make_other_application(path):
    with raw(path) as db:
        db.execute("PRAGMA application_id = 7; CREATE TABLE other (x)")


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("make", [make_directory, make_text, make_other_database, make_other_application])
def test_what_is_no_record_is_left_alone(path, make, read_only):
    make(path)
    before = path.stat().st_mtime_ns, path.stat().st_size

    with pytest.raises(RecordUnreadable, match=path.name):
        open_store(f"sqlite:///{path}", read_only=read_only)
    assert before == (path.stat().st_mtime_ns, path.stat().st_size)


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///", "memory://x", "mysql://x", "record.db", "sqlite:///a\x00b", ""]
)
def test_what_is_no_url_of_a_record_is_refused(url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(RecordUnreadable):
        open_store(url)
    assert [] == list(tmp_path.iterdir())


def test_a_missing_place_is_not_made_up(tmp_path):
    with pytest.raises(RecordUnreadable, match="create it first"):
        open_store(f"sqlite:///{tmp_path}/no/such/record.db")
    with pytest.raises(RecordUnreadable):
        open_store(f"sqlite:///{tmp_path}/none.db", read_only=True)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "name", ["with space.db", "q?mode=memory", "hash#.db", "100%.db", "sn\N{SNOWMAN}w\n.db", ":memory:"]
)
def test_any_name_is_a_name(tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with closing(open_store(f"sqlite:///{name}")) as store:
        Scribe(store).commit()
        assert f"sqlite:///{tmp_path / name}" == store.url
    with closing(open_store(f"sqlite:///{name}", read_only=True)) as store:
        assert 1 == len(store.flow_runs(FlowRunFilter()))
    assert (tmp_path / name).is_file()


@pytest.mark.parametrize("read_only", [False, True])
def test_a_later_record_is_not_touched(store, path, read_only):
    with raw(path) as db:
        db.execute(f"PRAGMA user_version = {schema.newest_version() + 1}")

    with pytest.raises(RecordTooNew, match="upgrade"):
        open_store(f"sqlite:///{path}", read_only=read_only)


def test_an_empty_file_becomes_a_record_only_for_writers(path):
    path.touch()

    with pytest.raises(RecordUnreadable, match="is empty"):
        open_store(f"sqlite:///{path}", read_only=True)
    with closing(open_store(f"sqlite:///{path}")) as store:
        assert [] == store.flow_runs(FlowRunFilter())


def test_what_was_recorded_is_there_after_opening_again(path):
    with closing(open_store(f"sqlite:///{path}")) as store:
        scribe = Scribe(store).start().run(1)
        cursor = scribe.commit()
        before = store.task_runs(TaskRunFilter())
    with closing(open_store(f"sqlite:///{path}")) as store:
        assert before == store.task_runs(TaskRunFilter())
        scribe.store = store
        assert cursor < scribe.run(2).commit()
        assert [] == store.rebuild()


def test_a_record_is_read_where_nothing_may_be_written(path):
    with closing(open_store(f"sqlite:///{path}")) as store:
        Scribe(store).start().commit()
    path.chmod(0o400)
    path.parent.chmod(0o500)
    try:
        with closing(open_store(f"sqlite:///{path}", read_only=True)) as store:
            assert 2 == len(store.task_runs(TaskRunFilter()))
            assert [] == store.rebuild()
    finally:
        path.parent.chmod(0o700)


def test_a_reader_cannot_write(store, path):
    scribe = Scribe(store)
    with closing(open_store(f"sqlite:///{path}", read_only=True)) as reader:
        scribe.store = reader
        with pytest.raises(RecordError, match="reading only"):
            scribe.commit()
        with pytest.raises(RecordError, match="reading only"):
            reader.rebuild(replace=True)


def test_a_closed_record_says_so(store):
    scribe = Scribe(store)
    store.close()
    store.close()

    with pytest.raises(RecordError, match="closed"):
        scribe.commit()
    with pytest.raises(RecordError, match="closed"):
        store.task_runs(TaskRunFilter())


def test_a_full_disk_leaves_nothing_half_written(store):
    scribe = Scribe(store, tasks=1).start()
    children = scribe.map(1, 5_000)
    scribe.commit()
    before = store.events(EventFilter())
    store._db.pragma("max_page_count", store._db.pragma("page_count") + 5)
    batch = scribe.run(*children[:1_000]).batch

    with pytest.raises(RecordFull, match="free some space"):
        scribe.commit()
    assert before == store.events(EventFilter())
    assert [] == store.rebuild()
    store._db.pragma("max_page_count", 1_000_000)
    scribe.batch = batch
    scribe.commit()
    assert {"count": 1_000} == store.count_task_runs(TaskRunFilter(states=("Success",)))


def test_a_number_that_does_not_fit_stops_its_batch_alone(store):
    scribe = Scribe(store).start()
    scribe.commit()
    before = store.events(EventFilter())
    scribe.enter(1, "Retrying", due=1 << 80)

    with pytest.raises(RecordError, match="nothing was recorded"):
        scribe.commit()
    assert before == store.events(EventFilter())


def test_a_value_of_the_wrong_kind_stops_its_batch_alone(store):
    scribe = Scribe(store).start()

    with pytest.raises(RecordError, match="nothing was recorded"):
        scribe.enter(1, "Retrying", due="soon").commit()
    assert [] == store.events(EventFilter())


APPENDER = """
import sys
from runwright.stores import open_store
from runwright.testing.scribe import Scribe
store = open_store(sys.argv[1], synchronous="NORMAL")
scribe = Scribe(store, tasks=1, name=sys.argv[2]).start()
for child in scribe.map(1, 40):
    scribe.run(child).commit()
scribe.enter(1, "Mapped").enter(0, "Success").commit()
store.close()
"""


def test_several_processes_write_to_one_record(path):
    names = ["one", "two", "three"]
    url = f"sqlite:///{path}"
    processes = [
        subprocess.Popen([sys.executable, "-c", APPENDER, url, name], env={**os.environ, "PYTHONPATH": "src"})
        for name in names
    ]

    assert [0, 0, 0] == [process.wait() for process in processes]
    with closing(open_store(url)) as store:
        assert {"count": 120} == store.count_task_runs(TaskRunFilter(is_mapped_child=True, states=("Success",)))
        assert {(1, "story")} == {(flow.version, flow.name) for flow in store.flows()}
        assert [] == store.rebuild()


def test_another_process_takes_a_flow_run_over(store, path):
    scribe = Scribe(store).start()
    store.renew(scribe.lease, 0)
    with closing(open_store(f"sqlite:///{path}")) as other:
        taken = other.acquire(scribe.flow_run, "other", 60)
        with pytest.raises(LeaseLost):
            scribe.commit()
        assert taken == store.find_lease(scribe.flow_run)


def test_two_connections_do_not_wait_for_each_other_to_read(store, path):
    scribe = Scribe(store).start()
    scribe.commit()
    with raw(path) as db:
        db.execute("BEGIN IMMEDIATE")
        assert 2 == len(store.task_runs(TaskRunFilter()))
        assert [] == store.rebuild()


DAMAGE = {
    "flow_run": "UPDATE flow_run SET name = 'other'",
    "task_run": "UPDATE task_run SET state = 16 WHERE ordinal = 1",
    "attempt": "DELETE FROM attempt",
    "tally": "UPDATE tally SET count = count + 1",
    "expansion": "INSERT INTO expansion (flow_run, first, parent, count, task, at) VALUES (1, 99, 0, 1, 0, 0)",
}


@pytest.mark.parametrize("table", DAMAGE)
def test_a_rebuild_finds_and_mends_what_the_log_does_not_say(store, path, table):
    scribe = Scribe(store).start().run(1).log(1, "kept")
    scribe.map(2, 3)
    scribe.commit()
    before = store.task_runs(TaskRunFilter()), store.flow_runs(FlowRunFilter()), store.attempts(scribe.flow_run, 1)
    with raw(path) as db:
        db.execute(DAMAGE[table])

    assert {table} == {each.table for each in store.rebuild()}
    assert store.rebuild() == store.rebuild(replace=True)
    assert [] == store.rebuild()
    after = store.task_runs(TaskRunFilter()), store.flow_runs(FlowRunFilter()), store.attempts(scribe.flow_run, 1)
    assert before == after
    assert ["kept"] == [line.message for line in store.logs(scribe.flow_run)]
    scribe.run(3, 4).commit()
    assert [] == store.rebuild()


def test_a_cursor_is_never_given_twice_whatever_is_deleted(store, path):
    last = Scribe(store).start().commit()
    with raw(path) as db:
        db.execute("DELETE FROM event WHERE cursor = 1")
        db.execute("DELETE FROM event")

    assert last + 1 == Scribe(store, name="second").commit()


def test_a_rebuild_names_the_row_and_both_contents(store, path):
    Scribe(store, tasks=1).start().run(1).commit()
    with raw(path) as db:
        db.execute("UPDATE task_run SET name = 'other'")
        db.execute("DELETE FROM attempt")

    task_run, attempt = store.rebuild()
    assert ("task_run", "flow_run=1 ordinal=1") == (task_run.table, task_run.key)
    assert '"name":"other"' in task_run.recorded
    assert '"name":null' in task_run.rebuilt
    assert (None, "flow_run=1 ordinal=1 attempt=1") == (attempt.recorded, attempt.key)


def test_a_broken_log_is_reported_and_its_rows_are_kept(store, path):
    Scribe(store).start().run(1).commit()
    with raw(path) as db:
        db.execute("DELETE FROM event WHERE ordinal = 1 AND version = 2")

    (found,) = store.rebuild()
    assert "event" == found.table
    with pytest.raises(RecordError, match="broken"):
        store.rebuild(replace=True)
    assert 2 == len(store.task_runs(TaskRunFilter()))


def test_damage_to_the_file_is_found(store, path):
    scribe = Scribe(store, tasks=1).start()
    scribe.run(*scribe.map(1, 500)).commit()
    assert [] == store.find_damage()
    with raw(path) as db:
        db.execute("PRAGMA ignore_check_constraints = ON; UPDATE task_run SET state = 77 WHERE ordinal = 9")

    assert ["CHECK constraint failed in task_run"] == store.find_damage()


@pytest.mark.parametrize(
    "which",
    [
        TaskRunFilter(limit=50),
        TaskRunFilter(limit=50, oldest_first=True),
        TaskRunFilter(states=("Failed",), limit=50),
        TaskRunFilter(states=("Failed",), flow="story", tags=("a",), limit=50),
        TaskRunFilter(states=("Success",), limit=50),
        TaskRunFilter(task="first", map_index=(3,), limit=50),
        TaskRunFilter(flow="story", parent=2, limit=50),
        TaskRunFilter(cache_key="key", limit=100),
    ],
)
@pytest.mark.parametrize("after", [None, (1, 3)])
def test_a_page_is_read_in_order_without_sorting(store, which, after):
    for query in selection.task_runs("sqlite", which, after):
        plan = [text for *_, text in store._db.execute(f"EXPLAIN QUERY PLAN {query.text}", query.values)]

        assert [] == [text for text in plan if "TEMP B-TREE" in text or text.startswith("SCAN t ")]


def test_who_was_started_by_a_flow_run_is_found_by_an_index(store):
    query = selection.flow_runs("sqlite", FlowRunFilter(started_by="018bcfe5-6800-7001-8000-000000000000"))
    plan = [text for *_, text in store._db.execute(f"EXPLAIN QUERY PLAN {query.text}", query.values)]

    assert "SEARCH f USING INDEX flow_run_by_starter (<expr>=?)" in plan
