"""A PostgreSQL record that several write to at once, over connections that are lost."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from threading import Barrier, Thread

import psycopg
import pytest
from msgspec.structs import replace
from tests.postgres_server import raw

from runwright.errors import (
    LeaseHeld,
    LeaseLost,
    NotOnRecord,
    RecordUnreachable,
)
from runwright.given_tags import TagChange
from runwright.ids import task_run_id
from runwright.retention import Purged
from runwright.stores import open_store
from runwright.stores.postgres.connection import PostgresConnection
from runwright.stores.sql import given_tags, queries
from runwright.testing.scribe import Scribe
from runwright.trigger_states import TriggerState
from runwright.views import EventFilter, TaskRunFilter


@pytest.fixture
def store(postgres_url):
    with closing(open_store(postgres_url)) as store:
        yield store


APPENDER = """
import sys
from runwright.stores import open_store
from runwright.stores.urls import without_password
from runwright.testing.scribe import Scribe
from runwright.trigger_states import TriggerState
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


def test_what_does_not_fit_what_a_store_knew_fits_what_another_has_appended_since(store, postgres_url):
    scribe = Scribe(store).start().enter(1, "Running")
    scribe.commit()
    with closing(open_store(postgres_url)) as other:
        scribe.store = other
        scribe.enter(1, "Retrying").commit()
        scribe.store = store
        scribe.run(1).commit()

    assert {"Success": 1, "Pending": 1} == store.count_task_runs(TaskRunFilter(), "state")
    assert [] == store.rebuild()


def test_a_store_goes_on_after_another_has_put_its_rows_in_place(store, postgres_url):
    scribe = Scribe(store).start().run(1)
    scribe.commit()
    with closing(open_store(postgres_url)) as other:
        other.rebuild(replace=True)
    cursor = scribe.run(2).commit()

    assert cursor == store.events(EventFilter(newest_first=True, limit=1))[0].cursor
    assert {"Success": 2} == store.count_task_runs(TaskRunFilter(), "state")
    assert [] == store.rebuild()


def test_a_commit_of_a_flow_run_that_is_known_is_one_message(store, monkeypatch):
    """Whatever is in it, and none to begin or to end it: the server answers once, when it is durable."""
    scribe = Scribe(store, tasks=3).start().enter(1, "Running")
    children = scribe.map(2, 3)
    scribe.run(children[0]).commit()
    said = []

    def heard(way):
        def listen(db, query, *values, **options):
            said.append(query.split("(")[0])
            return way(db, query, *values, **options)

        return listen

    for name in ("execute", "answer"):
        monkeypatch.setattr(PostgresConnection, name, heard(getattr(PostgresConnection, name)))
    scribe.enter(1, "Success").run(3, *children[1:]).log(1, "once").measure(1, "rows", 2).commit()
    scribe.log(1, "twice").commit()
    scribe.enter(2, "Mapped").enter(0, "Success").commit()

    assert ["SELECT append_batch"] * 3 == said


def test_a_commit_is_made_also_after_the_server_has_forgotten_how_it_is_said(store):
    """The library has it forget all that it was told when a transaction is taken back, such as that of a lease that was lost."""
    scribe, slow = Scribe(store, tasks=1).start(), Scribe(store, name="slow")
    for child in scribe.map(1, 3):
        scribe.run(child).commit()
    for _ in range(10):
        store.release(slow.lease)
        store.acquire(slow.flow_run, "another", 60)
    with pytest.raises(LeaseLost):
        store.append(slow.batch, {slow.flow_run: slow.lease})

    scribe.enter(1, "Mapped").commit()
    scribe.enter(0, "Success").commit()

    assert {"count": 3} == store.count_task_runs(TaskRunFilter(is_mapped_child=True, states=("Success",)))


def test_a_commit_looks_up_through_its_own_connection_never_through_one_that_another_thread_has_by_now(store):
    scribe = Scribe(store).start()
    scribe.commit()
    with store._writers.lend() as taken:
        taken.execute("BEGIN")
        with pytest.raises(psycopg.Error):
            taken.execute("SELECT 1 / 0")  # from here on this connection answers nobody
        scribe.map(1, 2)
        scribe.commit()

    assert 2 == store.expansions(scribe.flow_run)[-1].count


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


def test_what_was_deleted_by_a_commit_without_an_answer_is_told_all_the_same(store, monkeypatch):
    """Else nobody would delete the files of those flow runs, which are not there any more."""
    scribe = Scribe(store).start()
    scribe.run(1, 2).log(1, "once").enter(0, "Success").commit()
    store.release(scribe.lease)
    original = store._write_at_once

    def lose(action):
        original(action)
        return original(action)

    monkeypatch.setattr(store, "_write_at_once", lose)

    assert Purged((scribe.flow_run,), 1, 0) == store.purge([scribe.flow_run])
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


def test_a_state_of_a_trigger_whose_commit_was_not_answered_is_still_ours(store, monkeypatch):
    """Else who is to start something would think that somebody else does so."""
    original, lost = store._writers.run, []

    def lose(action, patience):
        def once(db):
            found = action(db)
            if len(lost) < 1:
                lost.append(found)
                raise RecordUnreachable("gone")
            return found

        return original(once, patience)

    monkeypatch.setattr(store._writers, "run", lose)
    state = TriggerState("company.team", "report", "clock", due=1, data={"next": 1})
    first = store.keep_trigger(state)
    lost.clear()
    second = store.keep_trigger(replace(first, due=2))

    assert [1, 2] == [first.version, second.version]
    assert second == store.find_trigger("company.team", "report", "clock")
    assert None is store.keep_trigger(first)


def test_what_the_server_took_back_for_another_is_done_again(store, postgres_url):
    """Two transactions that wait for each other: the server ends one, whose work is done when the other is over."""
    held = []
    with raw(postgres_url) as db:
        db.execute("SET deadlock_timeout = '60s'")  # the other finds out first
        db.execute("BEGIN")
        db.execute("SELECT pg_advisory_xact_lock(7001)")

        def want():
            db.execute("SELECT pg_advisory_xact_lock(7002)")
            db.execute("COMMIT")

        other = Thread(target=want)

        def action(own):
            with own.transaction():
                own.execute("SELECT pg_advisory_xact_lock(7002)")
                held.append(own)
                if len(held) == 1:
                    other.start()
                own.execute("SELECT pg_advisory_xact_lock(7001)")
            return "done"

        assert "done" == store._writers.run(action, 30)
        other.join()

    assert 2 == len(held)


def test_a_tag_given_to_what_is_purged_meanwhile_goes_with_it(store, postgres_url):
    """Whoever purges waits for the tag; who comes later finds that there is no such task run."""
    scribe = Scribe(store).start().run(1).enter(0, "Success")
    scribe.commit()
    store.release(scribe.lease)
    task_run = task_run_id(scribe.flow_run, 1)
    with closing(open_store(postgres_url)) as other:
        purger = Thread(target=lambda: other.purge([scribe.flow_run]))

        def give(db):
            with db.transaction():
                count = given_tags.change(db, [task_run], TagChange(["seen"], []), "ada")
                purger.start()
                while not db.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchall():
                    assert purger.is_alive()
            return count

        assert 1 == store._writers.run(give, 30)
        purger.join()

    assert [] == store.given_tags() == store.find_damage()
    with pytest.raises(NotOnRecord):
        store.change_tags([task_run], ["seen"])
