"""Writer: what is taken is on record in order and in few commits, and a commit that fails stops everything that comes after it."""

from __future__ import annotations

from threading import Event

import pytest

from runwright.errors import LeaseLost, RecordError
from runwright.runtime import writer as module
from runwright.runtime.writer import LONGEST_BATCH, RIPE, Writer
from runwright.stores.memory import MemoryStore
from runwright.testing.scribe import Scribe
from runwright.views import EventFilter, FlowRunFilter


class CountingStore(MemoryStore):
    """A record that remembers how long each batch was, and fails when it is told to."""

    def __init__(self):
        super().__init__()
        self.batches = []
        self.failure = None

    def append(self, batch, leases):
        if self.failure is not None:
            raise self.failure
        self.batches.append((len(batch.events), len(batch.logs), len(batch.metrics)))
        return super().append(batch, leases)


class RemoteStore(CountingStore):
    """A record whose commits are made elsewhere, when a test lets them."""

    is_remote = True

    def __init__(self):
        super().__init__()
        self.is_reached, self.may_commit = Event(), Event()

    def append(self, batch, leases):
        self.is_reached.set()
        assert self.may_commit.wait(60)
        return super().append(batch, leases)


@pytest.fixture
def store():
    return CountingStore()


@pytest.fixture
def scribe(store):
    """Give a flow run with nothing on record yet but its creation."""
    scribe = Scribe(store)
    scribe.commit()
    store.batches.clear()
    return scribe


@pytest.fixture
def writer(store, scribe, monkeypatch):
    """Give a writer whose second thread looks only when a test lets it."""
    monkeypatch.setattr(module, "PATIENCE", 3_600)
    writer = Writer(store)
    writer.hold(scribe.lease)
    yield writer
    store.failure = None
    writer.stop()


def taken(scribe):
    """Return the events that a scribe has written since, which nobody committed."""
    events, scribe.batch.events = scribe.batch.events, []
    return events


def test_what_comes_before_a_flush_is_one_commit(store, scribe, writer):
    for ordinal in (1, 2):
        writer.emit(taken(scribe.start() if ordinal == 1 else scribe.run(ordinal)))
    assert [] == store.batches

    cursor = writer.flush()

    assert [(4, 0, 0)] == store.batches
    assert (cursor, cursor) == (writer.cursor, store.events(EventFilter(newest_first=True, limit=1))[0].cursor)
    assert cursor == writer.flush()
    assert 1 == len(store.batches), "nothing new is no commit"


def test_lines_and_numbers_are_committed_without_events(store, scribe, writer):
    scribe.start()
    writer.emit(taken(scribe))
    before = writer.flush()
    scribe.log(1, "said").measure(1, "rows", 2.0)
    writer.emit((), scribe.batch.logs, scribe.batch.metrics)
    assert before == writer.flush()
    assert (["said"], ["rows"]) == (
        [line.message for line in store.logs(scribe.flow_run)],
        [each.name for each in store.metrics(scribe.flow_run)],
    )


def test_a_long_batch_is_committed_by_whoever_makes_it_long(store, scribe, writer):
    writer.emit(taken(scribe.start()))
    for number in range(LONGEST_BATCH):
        scribe.log(1, str(number))
    lines = scribe.batch.logs
    writer.emit((), lines[: LONGEST_BATCH - 3])
    assert [] == store.batches
    writer.emit((), lines[LONGEST_BATCH - 3 :])
    assert [(2, LONGEST_BATCH, 0)] == store.batches
    assert [str(number) for number in range(LONGEST_BATCH)] == [line.message for line in store.logs(scribe.flow_run)]


def test_an_event_that_finds_an_old_one_waiting_commits_both(store, scribe, writer):
    writer.emit(taken(scribe.start()))
    scribe.at += RIPE
    writer.emit(taken(scribe.enter(1, "Running")))
    assert [(3, 0, 0)] == store.batches


@pytest.fixture
def remote(monkeypatch):
    """Give a remote record with a flow run on it, and a writer whose second thread commits only what it is told to."""
    monkeypatch.setattr(module, "PATIENCE", 3_600)
    store = RemoteStore()
    store.may_commit.set()
    scribe = Scribe(store)
    scribe.commit()
    store.batches.clear()
    store.is_reached.clear()
    store.may_commit.clear()
    writer = Writer(store)
    writer.hold(scribe.lease)
    yield store, scribe, writer
    store.may_commit.set()
    writer.stop()


def test_while_another_process_commits_the_flow_goes_on(remote):
    store, scribe, writer = remote
    writer.emit(taken(scribe.start()))
    scribe.at += RIPE
    writer.emit(taken(scribe.enter(1, "Running")))
    assert store.is_reached.wait(60)
    writer.emit(taken(scribe.enter(1, "Success")))

    assert [] == store.batches
    store.may_commit.set()
    writer.flush()
    assert [(3, 0, 0), (1, 0, 0)] == store.batches


def test_the_flow_waits_for_another_process_when_as_much_again_has_come(remote):
    store, scribe, writer = remote
    writer.emit(taken(scribe.start()))
    for number in range(2 * LONGEST_BATCH):
        scribe.log(1, str(number))
    lines = scribe.batch.logs
    writer.emit((), lines[:LONGEST_BATCH])
    assert store.is_reached.wait(60)
    store.may_commit.set()
    writer.emit((), lines[LONGEST_BATCH:] * 2)

    assert 3 * LONGEST_BATCH == sum(count for _, count, _ in store.batches)


def test_what_nobody_comes_back_for_is_committed_all_the_same(store, scribe, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.001)
    writer = Writer(store)
    writer.hold(scribe.lease)
    before = store.events(EventFilter(newest_first=True, limit=1))[0].cursor
    writer.emit(taken(scribe.start()))
    assert before < store.await_events(before, 60)
    writer.stop()


def test_the_rest_is_committed_at_the_end(store, scribe, writer):
    writer.emit(taken(scribe.start()))
    writer.stop()
    assert [(2, 0, 0)] == store.batches
    assert ["Running"] == [row.kind.name for row in store.flow_runs(FlowRunFilter())]


def test_after_a_failure_nothing_is_taken_and_nothing_written(store, scribe, writer):
    failure = store.failure = RecordError("The disk is full.")
    writer.emit(taken(scribe.start()))
    with pytest.raises(RecordError, match="The disk is full"):
        writer.flush()
    assert failure is writer.error
    store.failure = None
    for again in (lambda: writer.emit(taken(scribe.run(1))), writer.flush):
        with pytest.raises(RecordError) as raised:
            again()
        assert failure is raised.value
    writer.stop()
    assert [] == store.batches, "what may lack a part before it is not written after all"


def test_a_failure_of_the_second_thread_is_told_to_who_writes(store, scribe, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.001)
    writer = Writer(store)
    writer.hold(scribe.lease)
    store.failure = RecordError("The disk is full.")
    writer.emit(taken(scribe.start()))
    assert writer._thread is not None
    writer._thread.join(60)
    with pytest.raises(RecordError, match="The disk is full"):
        writer.emit(taken(scribe.run(1)))
    writer.stop()


def test_what_belongs_on_record_before_a_commit_comes_first(store, scribe):
    order = []

    def sync():
        order.append(("synced", len(store.batches)))

    writer = Writer(store, before_commit=sync)
    writer.hold(scribe.lease)
    writer.emit(taken(scribe.start()))
    writer.flush()
    writer.flush()
    assert [("synced", 0)] == order
    writer.stop()


def test_without_that_there_is_no_commit(store, scribe):
    def fail():
        raise OSError("no space")

    writer = Writer(store, before_commit=fail)
    writer.hold(scribe.lease)
    writer.emit(taken(scribe.start()))
    with pytest.raises(OSError, match="no space"):
        writer.flush()
    assert [] == store.batches
    writer.stop()


def test_who_has_lost_the_lease_writes_nothing_and_what_it_had_to_say_is_kept_beside(store, scribe, writer):
    store.release(scribe.lease)
    store.acquire(scribe.flow_run, "another", 600)
    writer.emit(taken(scribe.start().run(1)))
    with pytest.raises(LeaseLost):
        writer.flush()
    assert ["Pending"] == [row.kind.name for row in store.flow_runs(FlowRunFilter())]
    assert store.received_events() != []


class Heard:
    def __init__(self, failure=None):
        self.batches = []
        self.failure = failure

    def on_events(self, batch):
        self.batches.append([event.ordinal for event in batch])
        if self.failure is not None:
            raise self.failure


def test_listeners_hear_what_is_on_record_and_one_that_fails_keeps_nothing_from_others(store, scribe, caplog):
    broken, sound = Heard(ValueError("deaf")), Heard()
    writer = Writer(store, [broken, sound])
    writer.hold(scribe.lease)
    writer.emit(taken(scribe.start()))
    writer.flush()
    writer.emit(taken(scribe.run(1)))
    writer.flush()
    writer.emit((), [*scribe.log(1, "a line").batch.logs])
    writer.flush()
    writer.stop()
    assert [[0, 0], [1, 1]] == broken.batches == sound.batches
    assert "the events are on record all the same" in caplog.text


def test_listeners_do_not_hear_what_is_not(store, scribe):
    heard = Heard()
    writer = Writer(store, [heard])
    writer.hold(scribe.lease)
    store.failure = RecordError("The disk is full.")
    writer.emit(taken(scribe.start()))
    with pytest.raises(RecordError):
        writer.flush()
    writer.stop()
    assert [] == heard.batches
