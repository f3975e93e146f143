"""A PostgreSQL record: its schema, its limits, and several processes at once."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from threading import Barrier, Thread

import psycopg
import pytest

from runwright.errors import (
    LeaseHeld,
    LeaseLost,
    RecordError,
    RecordFull,
    RecordTooNew,
    RecordUnreachable,
    RecordUnreadable,
)
from runwright.events import EventKind
from runwright.states import TABLE
from runwright.stores import open_store
from runwright.stores.postgres import connection, schema
from runwright.stores.sql import migrations, queries, selection
from runwright.stores.urls import without_password
from runwright.testing.scribe import Scribe
from runwright.views import EventFilter, FlowRunFilter, TaskRunFilter


@pytest.fixture
def store(postgres_url):
    with closing(open_store(postgres_url)) as store:
        yield store


def raw(url):
    return closing(psycopg.connect(url, autocommit=True))


def damage(url, *statements):
    with raw(url) as db:
        for statement in statements:
            db.execute(statement)


def test_a_record_is_a_schema_that_says_so(store, postgres_url):
    with raw(postgres_url) as db:
        assert (schema.newest_version(), 0) == db.execute("SELECT version, rebuilds FROM runwright").fetchone()
        assert ("record_",) == db.execute("SELECT left(current_schema(), 7)").fetchone()


def test_both_dialects_have_the_same_tables():
    def columns(dialect):
        text = "".join(script for _, script in migrations(dialect))
        tables = [part.partition(");")[0].splitlines() for part in text.split("CREATE TABLE ")[1:]]
        return {
            lines[0].split()[0]: [
                line.split()[0] for line in lines[1:] if line.startswith("    ") and line[4:5].islower()
            ]
            for lines in tables
        }

    assert columns("sqlite") == {name: found for name, found in columns("postgres").items() if name != "runwright"}


def test_both_dialects_have_the_same_migrations():
    assert [number for number, _ in migrations("sqlite")] == [number for number, _ in migrations("postgres")]


@pytest.mark.parametrize(("expected", "given"), [("on", "FULL"), ("off", "NORMAL")])
def test_commits_are_synced_as_asked(postgres_url, expected, given):
    with closing(connection.connect(postgres_url, synchronous=given)) as db:
        assert [(expected,)] == db.execute("SHOW synchronous_commit").fetchall()
        assert [("1min",)] == db.execute("SHOW statement_timeout").fetchall()
        assert [("30s",)] == db.execute("SHOW lock_timeout").fetchall()
        assert [("1min",)] == db.execute("SHOW idle_in_transaction_session_timeout").fetchall()


def test_tables_of_another_program_are_left_alone(postgres_url):
    with raw(postgres_url) as db:
        name = db.execute("SHOW search_path").fetchone()[0]
        db.execute(f"CREATE SCHEMA {name}")
        db.execute("CREATE TABLE event (x integer)")

    with pytest.raises(RecordUnreadable, match=r"tables of another program \(event\)"):
        open_store(postgres_url)
    with pytest.raises(RecordUnreadable, match="is empty"):
        open_store(postgres_url, read_only=True)
    with raw(postgres_url) as db:
        assert [("event",)] == db.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace", (name,)
        ).fetchall()


def test_what_is_not_there_is_not_made_for_readers(postgres_url):
    with pytest.raises(RecordUnreadable, match="is empty"):
        open_store(postgres_url, read_only=True)
    with raw(postgres_url) as db:
        assert (None,) == db.execute("SELECT current_schema()").fetchone()


def test_a_record_may_be_in_the_schema_that_everybody_has(postgres_server):
    with postgres_server.connect() as db:
        db.execute("CREATE DATABASE plain")
    try:
        url = postgres_server.url("public").replace("/postgres?", "/plain?").partition("&options")[0]
        with closing(open_store(url)) as store:
            Scribe(store).start().commit()
        with closing(open_store(url, read_only=True)) as store:
            assert ["once"] == [run.name for run in store.flow_runs(FlowRunFilter())]
    finally:
        with postgres_server.connect() as db:
            db.execute("DROP DATABASE plain WITH (FORCE)")


@pytest.mark.parametrize("read_only", [False, True])
def test_a_later_record_is_not_touched(store, postgres_url, read_only):
    damage(postgres_url, f"UPDATE runwright SET version = {schema.newest_version() + 1}")

    with pytest.raises(RecordTooNew, match="upgrade"):
        open_store(postgres_url, read_only=read_only)


def test_an_earlier_record_is_for_writers_to_bring_up_to_date(store, postgres_url):
    damage(postgres_url, "UPDATE runwright SET version = 0")

    with pytest.raises(RecordUnreadable, match="is empty"):
        open_store(postgres_url, read_only=True)


@pytest.mark.parametrize("url", ["postgresql://", "postgresql://localhost/x?nonsense=1", "postgresql://h:port/x"])
def test_what_is_no_url_of_a_record_is_refused(url):
    with pytest.raises(RecordUnreadable):
        open_store(url)


def test_a_server_that_does_not_answer_is_told_from_a_record_that_is_none(tmp_path):
    with pytest.raises(RecordUnreachable, match="check that it runs"):
        open_store(f"postgresql://somebody:secret@/any?host={tmp_path}")


@pytest.mark.parametrize(
    ("expected", "given"),
    [
        ("postgresql://me@host/db", "postgresql://me:secret@host/db"),
        ("postgresql://me@/db?host=/run/pg", "postgresql://me:@/db?host=/run/pg&password=secret"),
        ("postgresql://host:5432,other/db", "postgresql://host:5432,other/db"),
        ("postgresql://...", "postgresql://[me:secret@host"),
        ("sqlite:////a:b@c", "sqlite:////a:b@c"),
    ],
)
def test_passwords_are_not_shown(expected, given):
    assert expected == without_password(given)


def test_what_was_recorded_is_there_after_opening_again(postgres_url):
    with closing(open_store(postgres_url)) as store:
        scribe = Scribe(store).start().run(1)
        cursor = scribe.commit()
        before = store.task_runs(TaskRunFilter())
    with closing(open_store(postgres_url)) as store:
        assert before == store.task_runs(TaskRunFilter())
        scribe.store = store
        assert cursor + 2 == scribe.run(2).commit()
        assert [] == store.rebuild()


def test_a_reader_cannot_write(store, postgres_url):
    scribe = Scribe(store).start()
    scribe.commit()
    with closing(open_store(postgres_url, read_only=True)) as reader:
        assert [] == reader.rebuild()
        assert [] == reader.find_damage()
        scribe.store = reader
        with pytest.raises(RecordError, match="reading only"):
            scribe.run(1).commit()
        with pytest.raises(RecordError, match="reading only"):
            reader.rebuild(replace=True)
        with pytest.raises(RecordUnreadable, match="read-only"), reader._readers.lend() as db:
            db.execute("DELETE FROM event")


def test_a_role_that_may_only_read_reads(store, postgres_url):
    Scribe(store).start().commit()
    with raw(postgres_url) as db:
        name = db.execute("SELECT current_schema()").fetchone()[0]
        db.execute(f"CREATE ROLE reader_{name} LOGIN")
        db.execute(f"GRANT USAGE ON SCHEMA {name} TO reader_{name}")
        db.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {name} TO reader_{name}")
    url = postgres_url.replace("postgres:@", f"reader_{name}@")
    try:
        with closing(open_store(url, read_only=True)) as reader:
            assert 2 == len(reader.task_runs(TaskRunFilter()))
        with closing(open_store(url)) as writer, pytest.raises(RecordUnreadable, match="permission denied"):
            Scribe(writer)
    finally:
        damage(postgres_url, f"DROP OWNED BY reader_{name}", f"DROP ROLE reader_{name}")


def test_a_closed_record_says_so(store):
    scribe = Scribe(store)
    store.close()
    store.close()

    with pytest.raises(RecordError, match="closed"):
        scribe.commit()
    with pytest.raises(RecordError, match="closed"):
        store.task_runs(TaskRunFilter())


def test_a_full_disk_is_told_as_one():
    full = psycopg.errors.DiskFull("could not extend file")

    with pytest.raises(RecordFull, match="free some space"), connection.explained("postgresql://x"):
        raise full


@pytest.mark.parametrize("due", [1 << 80, "soon", "1,2", "{", '"'])
def test_a_value_that_does_not_fit_stops_its_batch_alone(store, due):
    scribe = Scribe(store).start()
    scribe.commit()
    before = store.events(EventFilter())
    scribe.enter(1, "Retrying", due=due)

    with pytest.raises(RecordError, match="nothing was recorded"):
        scribe.commit()
    assert before == store.events(EventFilter())
    assert [] == store.rebuild()


@pytest.mark.parametrize("text", ["", "NULL", '"', "\\", "{a,b}", "a'b", "%s %(x)s", ":x ?", "\N{SNOWMAN}\t\r\n\x7f"])
def test_any_text_comes_back_as_it_was(store, text):
    scribe = Scribe(store, name=text or "once").start()
    scribe.enter(1, "Running", name=text).enter(1, "Failed", message=text, error={text: text}).log(1, text)
    scribe.measure(1, text, 1.5, tag=text)
    scribe.commit()

    (row,) = store.task_runs(TaskRunFilter(task="first", flow_run_name=text or "once"))
    assert (text, text, {"error": {text: text}}) == (row.name, row.message, row.details)
    assert [text] == [line.message for line in store.logs(scribe.flow_run)]
    assert [(text, {"tag": text})] == [(each.name, each.tags) for each in store.metrics(scribe.flow_run)]
    assert [] == store.rebuild()


def test_looking_for_what_no_text_can_hold_is_no_error(store):
    Scribe(store, name="a\x00b").start().commit()

    assert [] == store.task_runs(TaskRunFilter(flow="\ud800\x00"))
    assert 2 == len(store.task_runs(TaskRunFilter(flow_run_name="a\x00b")))


def test_a_cache_key_with_a_null_character_stops_no_commit(store):
    scribe = Scribe(store).start().run(1, ending="Cached", cache_key="a\x00b", note="\x00")
    scribe.commit()

    assert 1 == len(store.task_runs(TaskRunFilter(cache_key="a\x00b")))


APPENDER = """
import sys
from runwright.stores import open_store
from runwright.stores.urls import without_password
from runwright.testing.scribe import Scribe
store = open_store(sys.argv[1])
scribe = Scribe(store, tasks=1, name=sys.argv[2]).start()
for child in scribe.map(1, 40):
    scribe.run(child).commit()
scribe.enter(1, "Mapped").enter(0, "Success").commit()
store.close()
"""


def test_several_processes_write_to_one_record_that_none_has_made_before(postgres_url):
    names = ["one", "two", "three"]
    processes = [
        subprocess.Popen([sys.executable, "-c", APPENDER, postgres_url, name], env={**os.environ, "PYTHONPATH": "src"})
        for name in names
    ]

    assert [0, 0, 0] == [process.wait() for process in processes]
    with closing(open_store(postgres_url)) as store:
        assert {"count": 120} == store.count_task_runs(TaskRunFilter(is_mapped_child=True, states=("Success",)))
        assert {(1, "story")} == {(flow.version, flow.name) for flow in store.flows()}
        cursors = [event.cursor for event in store.iterate_events()]
        assert list(range(1, len(cursors) + 1)) == cursors
        assert [] == store.rebuild()
        assert [] == store.find_damage()


def test_who_reads_on_after_the_last_cursor_skips_nothing_that_commits_late(store, postgres_url):
    """Many threads commit at once, each through a store of its own, while one follows the log."""
    count, rounds = 4, 25
    followed, ready = [], Barrier(count + 1)

    def write(number):
        with closing(open_store(postgres_url)) as own:
            scribe = Scribe(own, tasks=1, name=str(number)).start()
            children = scribe.map(1, rounds)
            ready.wait()
            for child in children:
                scribe.run(child).log(child, "x" * 2_000).commit()

    writers = [Thread(target=write, args=(number,)) for number in range(count)]
    for writer in writers:
        writer.start()
    ready.wait()
    expected = count * (4 + 2 * rounds)
    while len(followed) < expected:
        after = followed[-1].cursor if followed else 0
        store.await_events(after, 60)
        followed += store.events(EventFilter(after=after))
    for writer in writers:
        writer.join()

    assert list(range(1, expected + 1)) == [event.cursor for event in followed]


def test_of_two_who_want_a_lease_at_once_one_gets_it(store, postgres_url):
    flow_run = Scribe(store).flow_run
    store.release(store.find_lease(flow_run))
    ready, found = Barrier(4), []

    def want(number):
        with closing(open_store(postgres_url)) as own:
            ready.wait()
            try:
                found.append(own.acquire(flow_run, f"owner {number}", 60))
            except LeaseHeld as held:
                found.append(held)

    threads = [Thread(target=want, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    (lease,) = [each for each in found if not isinstance(each, LeaseHeld)]
    assert lease == store.find_lease(flow_run)
    assert 2 == lease.token


def test_another_process_takes_a_flow_run_over(store, postgres_url):
    scribe = Scribe(store).start()
    store.renew(scribe.lease, 0)
    with closing(open_store(postgres_url)) as other:
        taken = other.acquire(scribe.flow_run, "other", 60)
        with pytest.raises(LeaseLost):
            scribe.commit()
        assert taken == store.find_lease(scribe.flow_run)


def test_a_lease_cannot_be_taken_over_in_the_middle_of_a_commit(store, postgres_url):
    """Whoever wants it waits for the commit, which stands."""
    scribe = Scribe(store).start()
    scribe.commit()
    store.renew(scribe.lease, 0)
    with raw(postgres_url) as db, closing(open_store(postgres_url)) as other:
        db.execute("BEGIN")
        db.execute(queries("postgres", "leases")["lock_several"].replace("?", "%s"), ([scribe.flow_run.bytes],))
        taker = Thread(target=lambda: other.acquire(scribe.flow_run, "other", 60))
        taker.start()
        while not db.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchall():
            assert taker.is_alive()
        db.execute("COMMIT")
        taker.join()

    with pytest.raises(LeaseLost):
        scribe.run(1).commit()


def test_commits_of_different_flow_runs_do_not_wait_for_each_other(store, postgres_url):
    """But for the moment in which they get their cursors."""
    first, second = Scribe(store).start(), Scribe(store).start()
    first.commit()
    second.commit()
    with raw(postgres_url) as db:
        db.execute("BEGIN")
        db.execute(queries("postgres", "leases")["lock_several"].replace("?", "%s"), ([first.flow_run.bytes],))
        second.run(1).commit()

    assert {"Success": 1, "Pending": 3} == store.count_task_runs(TaskRunFilter(), "state")


def test_a_store_does_not_trust_what_it_knew_when_another_has_appended_under_the_same_lease(store, postgres_url):
    scribe = Scribe(store).start().enter(1, "Running")
    scribe.commit()
    with closing(open_store(postgres_url)) as other:
        scribe.store = other
        scribe.enter(1, "Success").run(2).commit()
        scribe.store = store
        scribe.enter(0, "Success").commit()

    assert {"Success": 2} == store.count_task_runs(TaskRunFilter(), "state")
    assert [] == store.rebuild()


def test_a_commit_without_an_answer_is_looked_for_before_it_is_made_again(store, monkeypatch):
    """The server went away after the commit, and its answer with it."""
    scribe = Scribe(store).start()
    scribe.commit()
    original, lost = store._append, []

    def lose(db, batch, held):
        cursor = original(db, batch, held)
        if not lost:
            lost.append(cursor)
            raise RecordUnreachable("gone")
        return cursor

    monkeypatch.setattr(store, "_append", lose)
    scribe.run(1).log(1, "once")
    events = scribe.batch.events
    assert [scribe.commit()] == lost
    scribe.log(1, "twice").commit()
    lost.clear()
    scribe.log(1, "three times").commit()

    assert [4, 5] == [event.cursor for event in events]
    assert ["once", "twice", "three times"] == [line.message for line in store.logs(scribe.flow_run)]
    scribe.run(2).commit()
    assert [] == store.rebuild()


def test_connections_that_the_server_ended_are_made_again(store, postgres_server, caplog):
    scribe = Scribe(store).start()
    scribe.commit()
    with postgres_server.connect() as db:
        db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'runwright'")

    assert 2 == len(store.task_runs(TaskRunFilter()))
    scribe.run(1).commit()
    assert store.renew(scribe.lease, 60).token == scribe.lease.token
    assert [] == caplog.messages


def test_a_process_that_was_forked_makes_its_own_connections(store):
    scribe = Scribe(store).start()
    scribe.commit()
    child = os.fork()
    if not child:
        try:
            scribe.run(1).commit()
            os._exit(0 if store.count_task_runs(TaskRunFilter(states=("Success",))) == {"count": 1} else 1)
        except BaseException:
            os._exit(2)

    assert (child, 0) == os.waitpid(child, 0)
    scribe._versions[1], scribe._attempts[1] = 3, 1
    scribe.run(2).commit()
    assert {"Success": 2} == store.count_task_runs(TaskRunFilter(), "state")
    assert [] == store.rebuild()


def test_two_connections_do_not_wait_for_each_other_to_read(store, postgres_url):
    scribe = Scribe(store).start()
    scribe.commit()
    with raw(postgres_url) as db:
        db.execute("BEGIN")
        db.execute("LOCK TABLE event, task_run, flow_run IN EXCLUSIVE MODE")
        assert 2 == len(store.task_runs(TaskRunFilter()))
        assert [] == store.rebuild()


def test_more_readers_than_connections_wait_their_turn(store):
    Scribe(store).start().commit()
    found = []
    readers = [Thread(target=lambda: found.append(len(store.task_runs(TaskRunFilter())))) for _ in range(30)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()

    assert [2] * 30 == found
    assert len(store._readers._idle) <= 8


DAMAGE = {
    "flow_run": "UPDATE flow_run SET name = 'other'",
    "task_run": "UPDATE task_run SET state = 16 WHERE ordinal = 1",
    "attempt": "DELETE FROM attempt",
    "tally": "UPDATE tally SET count = count + 1",
    "expansion": "INSERT INTO expansion (flow_run, first, parent, count, task, at) VALUES (1, 99, 0, 1, 0, 0)",
}


@pytest.mark.parametrize("table", DAMAGE)
def test_a_rebuild_finds_and_mends_what_the_log_does_not_say(store, postgres_url, table):
    scribe = Scribe(store).start().run(1).log(1, "kept")
    scribe.commit()
    before = store.task_runs(TaskRunFilter()), store.flow_runs(FlowRunFilter()), store.attempts(scribe.flow_run, 1)
    damage(postgres_url, DAMAGE[table])

    assert {table} == {each.table for each in store.rebuild()}
    assert store.rebuild() == store.rebuild(replace=True)
    assert [] == store.rebuild()
    after = store.task_runs(TaskRunFilter()), store.flow_runs(FlowRunFilter()), store.attempts(scribe.flow_run, 1)
    assert before == after
    assert ["kept"] == [line.message for line in store.logs(scribe.flow_run)]
    scribe.run(2).commit()
    assert [] == store.rebuild()


def test_a_rebuild_names_the_row_and_both_contents(store, postgres_url):
    Scribe(store, tasks=1).start().run(1).commit()
    damage(postgres_url, "UPDATE task_run SET name = 'other'", "DELETE FROM attempt")

    task_run, attempt = store.rebuild()
    assert ("task_run", "flow_run=1 ordinal=1") == (task_run.table, task_run.key)
    assert '"name":"other"' in task_run.recorded
    assert '"name":null' in task_run.rebuilt
    assert (None, "flow_run=1 ordinal=1 attempt=1") == (attempt.recorded, attempt.key)


def test_a_broken_log_is_reported_and_its_rows_are_kept(store, postgres_url):
    Scribe(store).start().run(1).commit()
    damage(postgres_url, "DELETE FROM event WHERE ordinal = 1 AND version = 2")

    (found,) = store.rebuild()
    assert "event" == found.table
    with pytest.raises(RecordError, match="broken"):
        store.rebuild(replace=True)
    assert 2 == len(store.task_runs(TaskRunFilter()))


def test_rows_outside_their_constraints_are_found(store, postgres_url):
    Scribe(store, tasks=1).start().run(1).commit()
    assert [] == store.find_damage()
    damage(
        postgres_url,
        "ALTER TABLE task_run DROP CONSTRAINT task_run_state_check",
        "UPDATE task_run SET state = 77, end_time = NULL",
        "ALTER TABLE task_run ADD CONSTRAINT task_run_state_check CHECK (state BETWEEN 1 AND 24) NOT VALID",
    )

    assert ["CHECK constraint failed in task_run"] == store.find_damage()


def test_lines_of_runs_that_are_not_there_are_found(store, postgres_url):
    Scribe(store).start().enter(1, "Running").log(1, "lost").commit()
    damage(postgres_url, "UPDATE log_line SET ordinal = 99")

    (found,) = store.find_damage()
    assert found.startswith("I17: log line")


def takes(db, statement):
    try:
        db.execute("BEGIN")
        db.execute(statement)
    except psycopg.IntegrityError:
        return False
    finally:
        db.execute("ROLLBACK")
    return True


@pytest.mark.parametrize("table", ["task_run", "flow_run"])
def test_the_constraints_say_what_the_table_of_states_says(store, postgres_url, table):
    Scribe(store).start().run(1).commit()
    with raw(postgres_url) as db:
        taken = {
            (code, bool(end))
            for code in range(-1, len(TABLE) + 3)
            for end in (0, 5)
            if takes(db, f"UPDATE {table} SET state = {code}, end_time = {end or 'NULL'}")
        }

    assert {(kind.code, kind.phase.is_final) for kind in TABLE} == taken


def test_an_attempt_is_open_while_it_is_active(store, postgres_url):
    Scribe(store).start().run(1).commit()
    with raw(postgres_url) as db:
        taken = {
            (kind.code, bool(end))
            for kind in TABLE
            for end in (0, 5)
            if takes(db, f"UPDATE attempt SET state = {kind.code}, end_time = {end or 'NULL'}")
        }

    assert {(kind.code, kind.phase.value != "active") for kind in TABLE} == taken


def test_every_kind_of_event_can_be_recorded(store, postgres_url):
    Scribe(store).commit()
    with raw(postgres_url) as db:
        taken = {kind for kind in range(-1, len(EventKind) + 3) if takes(db, f"UPDATE event SET kind = {kind}")}
        states = {code for code in range(-1, len(TABLE) + 3) if takes(db, f"UPDATE event SET state = {code}")}

    assert set(EventKind) == taken
    assert {0, *(kind.code for kind in TABLE)} == states


@pytest.mark.parametrize(
    "which",
    [
        TaskRunFilter(limit=50),
        TaskRunFilter(limit=50, oldest_first=True),
        TaskRunFilter(states=("Failed",), limit=50),
        TaskRunFilter(states=("Success",), limit=50),
        TaskRunFilter(cache_key="key", limit=100),
    ],
)
def test_a_page_is_read_in_order_without_sorting(store, which):
    scribe = Scribe(store, tasks=2).start()
    children = scribe.map(2, 3_000)
    scribe.run(*children[:2_000]).run(*children[2_000:2_500], ending="Failed")
    scribe.run(*children[2_500:], ending="Cached", cache_key="key").commit()
    with store._readers.lend() as db:
        db.execute("ANALYZE")
        for query in selection.task_runs("postgres", which, None):
            plan = "\n".join(line for (line,) in db.execute(f"EXPLAIN {query.text}", query.values))
            assert "Sort" not in plan, plan
            assert "Seq Scan on task_run" not in plan, plan
