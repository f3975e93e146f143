"""The fold gives the same rows however the log is cut, and the same in every store."""

from __future__ import annotations

from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from runwright import ids
from runwright.engine.transitions import LEGAL, is_legal
from runwright.errors import IllegalTransition
from runwright.events import Event, EventKind
from runwright.runs import FlowVersion, TaskInfo
from runwright.states import KIND_BY_NAME, TABLE
from runwright.stores import open_store
from runwright.stores.memory.rows import MemoryRows
from runwright.stores.projection import Fold
from runwright.testing.scribe import NOON, Scribe
from runwright.views import FlowRunFilter, TaskRunFilter

FLOW = FlowVersion("story", "3", tuple(TaskInfo(slug, slug) for slug in "abc"), version=1)
RUN = ids.new_flow_run_id(NOON)
RUNNING, RETRYING, RESUME = (KIND_BY_NAME[name].code for name in ("Running", "Retrying", "Resume"))
FINAL = {kind.code for kind in TABLE if kind.phase.is_final}
DATA = {"message": "m", "result": ["pack", "l", "json", 2, "00", None], "due": 5, "run_count": 1, "name": "n"}


class Walk:
    """A log that obeys the table of transitions, its turns taken from `draw`."""

    def __init__(self, draw):
        self.draw = draw
        self.events = []
        self.states = {0: 1}
        self.versions = {0: 0}
        self.attempts = {}
        self.write(EventKind.CREATED, 0, 1, {"flow": "story", "flow_version": 1, "name": "walk"})
        self.write(EventKind.STATE, 0, RUNNING)
        self.states[0] = RUNNING
        self.expand(0, 3, None)

    def write(self, kind, ordinal, state=0, data=None):
        version = self.versions[ordinal] = self.versions.get(ordinal, 1) + 1
        attempt = self.attempts.get(ordinal, 0)
        at = NOON + len(self.events)
        self.events.append(Event(at, RUN, ordinal, version, attempt, int(kind), state, data, len(self.events) + 1))

    def expand(self, ordinal, count, task):
        first = len(self.states)
        self.states.update(dict.fromkeys(range(first, first + count), 1))
        data = {"first": first, "tasks": count} if task is None else {"first": first, "count": count, "task": task}
        self.write(EventKind.EXPANDED, ordinal, data=data)

    def step(self):
        ordinal = self.draw(st.sampled_from(sorted(self.states)))
        state = self.states[ordinal]
        turn = self.draw(st.integers(0, 9))
        if turn == 0 and 0 < ordinal < 4 and state not in FINAL:
            self.expand(ordinal, self.draw(st.integers(0, 3)), ordinal - 1)
        elif turn == 1:
            self.write(EventKind.ANNOTATED, ordinal, data={"name": self.draw(st.sampled_from("xyz"))})
        elif turn == 2:
            self.write(EventKind.REQUESTED, ordinal, data={"intent": "cancel"})
        elif state in FINAL:
            self.enter(ordinal, RESUME, {"restart": True})
        else:
            after = self.draw(st.sampled_from(sorted(after for before, after in LEGAL if before == state)))
            self.enter(ordinal, after, self.data(after))

    def enter(self, ordinal, state, data):
        if ordinal and state == RUNNING and self.states[ordinal] != KIND_BY_NAME["Looped"].code:
            self.attempts[ordinal] = self.attempts.get(ordinal, 0) + 1
        self.states[ordinal] = state
        self.write(EventKind.STATE, ordinal, state, data)

    def data(self, state):
        keys = self.draw(st.sets(st.sampled_from(sorted(DATA))))
        data = {key: DATA[key] for key in sorted(keys)}
        if state == RETRYING and self.draw(st.booleans()):
            data["failed"] = {"state": 17, "message": "late"}
        return data or None


@st.composite
def walks(draw):
    walk = Walk(draw)
    for _ in range(draw(st.integers(0, 25))):
        walk.step()
    return walk.events


def folded(*batches):
    rows = MemoryRows([FLOW])
    for batch in batches:
        rows.put(Fold(rows).add(batch))
    return {name: table for name, table in vars(rows).items() if name != "flows"}


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(walks(), st.data())
def test_the_fold_does_not_depend_on_the_cuts(events, data):
    first, second = sorted(data.draw(st.tuples(st.integers(0, len(events)), st.integers(0, len(events)))))

    assert folded(events) == folded(events[:first], events[first:second], events[second:])


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(walks(), st.data())
def test_both_stores_tell_the_same_story(tmp_path_factory, events, data):
    cut = data.draw(st.integers(1, len(events)))
    path = tmp_path_factory.mktemp("record") / "record.db"
    with closing(open_store("memory://")) as memory, closing(open_store(f"sqlite:///{path}")) as sqlite:
        told = [story(store, events, cut) for store in (memory, sqlite)]

        assert told[0] == told[1]
        assert [] == sqlite.rebuild() == memory.rebuild()


def story(store, events, cut):
    store.register(FLOW)
    lease = {RUN: store.acquire(RUN, "me", 60)}
    for batch in (events[:cut], events[cut:]):
        copies = [Event(*(getattr(event, name) for name in event.__struct_fields__)) for event in batch]
        store.append(type("Batch", (), {"events": copies, "logs": [], "metrics": []})(), lease)
    rows = store.task_runs(TaskRunFilter())
    attempts = [store.attempts(RUN, row.ordinal) for row in rows]
    flow_runs = store.flow_runs(FlowRunFilter())
    return rows, attempts, flow_runs, store.expansions(RUN), list(store.iterate_events(RUN))


@pytest.mark.parametrize("before", TABLE, ids=lambda kind: kind.name)
def test_the_fold_obeys_the_table_of_transitions(before):
    wrong = [
        after.name
        for after in TABLE
        if is_taken(before, after) != (is_legal(1, before.code) and is_legal(before.code, after.code))
    ]

    assert [] == wrong


def is_taken(before, after):
    with closing(open_store("memory://")) as store:
        scribe = Scribe(store).start()
        scribe.enter(1, before.name)
        scribe.enter(1, after.name)
        try:
            scribe.commit()
        except IllegalTransition:
            return False
        return True


def test_a_running_state_names_its_attempt():
    with closing(open_store("memory://")) as store:
        scribe = Scribe(store).start()
        scribe.enter(1, "Running", same_attempt=True)

        with pytest.raises(IllegalTransition, match="attempt 0"):
            scribe.commit()


def test_an_end_that_nobody_began_is_no_attempt():
    with closing(open_store("memory://")) as store:
        scribe = Scribe(store).start()
        scribe.run(1, ending="Retrying").enter(1, "Cancelling").enter(1, "Killed").commit()

        assert ["Retrying"] == [attempt.kind.name for attempt in store.attempts(scribe.flow_run, 1)]
