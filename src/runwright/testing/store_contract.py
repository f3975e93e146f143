"""Store contract: what every store must do, as tests. A store is one when these pass.

    class TestMyStore(StoreContract):
        @pytest.fixture
        def store(self):
            with closing(MyStore(...)) as store:
                yield store

The parts stand in one class each: appending and its guards here, the others in the modules beside this one.
"""

from __future__ import annotations

import math
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from runwright.errors import IllegalTransition, NotOnRecord
from runwright.events import Batch, Event, EventKind
from runwright.result import ResultRef
from runwright.runs import EdgeInfo, FlowVersion, TaskInfo
from runwright.states import KIND_BY_NAME
from runwright.testing.given_tag_contract import GivenTagContract
from runwright.testing.lease_contract import LeaseContract
from runwright.testing.query_contract import QueryContract
from runwright.testing.received_event_contract import ReceivedEventContract
from runwright.testing.request_contract import RequestContract
from runwright.testing.retention_contract import RetentionContract
from runwright.testing.scribe import STEP, Scribe
from runwright.testing.slot_contract import SlotContract
from runwright.testing.tag_limit_contract import TagLimitContract
from runwright.testing.view_contract import ViewContract
from runwright.views import EventFilter, FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from uuid import UUID

    from runwright.runs import TaskRun
    from runwright.store import Store

REF = ResultRef("pack", "here#1+2", "json", 2, "00ff", None)


class AppendContract:
    """The log, the rows, and what is refused."""

    def test_events_come_back_as_they_were(self, store: Store) -> None:
        """Order, cursors and data are kept; a reference is plain data in the log."""
        scribe = Scribe(store).start()
        scribe.enter(1, "Running").enter(1, "Success", result=REF, message="Done.")
        written = scribe.batch.events
        cursor = scribe.commit()
        found = store.events(EventFilter())
        assert [event.cursor for event in written] == [event.cursor for event in found]
        assert cursor == found[-1].cursor
        assert found[-1].data == {"result": ["pack", "here#1+2", "json", 2, "00ff", None, ""], "message": "Done."}
        assert [event.data for event in written[:-1]] == [event.data for event in found[:-1]]
        assert found == list(store.iterate_events())
        assert found == list(store.iterate_events(scribe.flow_run))

    def test_cursors_grow_from_batch_to_batch(self, store: Store) -> None:
        """A reader that goes on after the last cursor misses nothing and sees nothing twice."""
        scribe = Scribe(store).start()
        first = scribe.commit()
        second = scribe.run(1).commit()
        assert second > first
        assert len(store.events(EventFilter(after=first))) == 2
        assert store.events(EventFilter(after=second)) == []

    def test_who_waits_for_events_is_woken_by_a_commit(self, store: Store) -> None:
        """Or has the last cursor when the time is over."""
        scribe = Scribe(store).start()
        first = scribe.commit()
        assert store.await_events(0, 60) == first
        assert store.await_events(first, 0) == first
        found: list[int] = []
        waiting = Thread(target=lambda: found.append(store.await_events(first, 60)))
        waiting.start()
        second = scribe.run(1).commit()
        waiting.join()
        assert found == [second]

    def test_an_empty_batch_is_no_commit(self, store: Store) -> None:
        """It has no last event."""
        assert store.append(Batch([], [], []), {}) == 0

    def test_a_task_run_is_the_fold_of_its_events(self, store: Store) -> None:
        """Everything that the row says follows from the log."""
        scribe = Scribe(store, tags=("nightly",)).start()
        opened = scribe.at
        scribe.enter(2, "Running").enter(2, "Success", result=REF)
        scribe.commit()
        first, second = store.task_runs(TaskRunFilter(oldest_first=True))
        assert (first.kind.name, first.version, first.attempt, first.start_time) == ("Pending", 1, 0, None)
        assert (opened, opened) == (first.created, first.updated)
        assert (second.kind.name, second.version, second.attempt) == ("Success", 3, 1)
        assert (opened, opened + STEP, opened + 2 * STEP) == (second.created, second.start_time, second.end_time)
        assert (
            second.slug, second.task_name, second.task_index, second.map_index, second.parent,
        ) == ("second", "The second", 1, -1, 0)  # fmt: skip
        assert (second.result, second.details, second.tags) == (REF, {}, ("nightly",))
        assert (second.flow_name, second.flow_run_name) == ("story", "once")
        assert second.message == "Task run succeeded."

    def test_a_flow_run_is_the_fold_of_its_events(self, store: Store) -> None:
        """Its counts include every task run."""
        scribe = Scribe(store).start()
        scribe.run(1).enter(0, "Failed", message="Some reference tasks failed.", error={"type": "E", "text": "t"})
        ended = scribe.at
        scribe.commit()
        (run,) = store.flow_runs(FlowRunFilter())
        assert (scribe.flow_run, "once", "story", scribe.flow.id, 1) == (
            run.id,
            run.name,
            run.flow_name,
            run.flow_id,
            run.flow_version,
        )
        assert (run.kind.name, run.version, run.message) == ("Failed", 4, "Some reference tasks failed.")
        assert (ended, ended) == (run.end_time, run.updated)
        assert (run.parameters, run.counts) == ({"x": 1}, {"Success": 1, "Pending": 1})
        assert run.details == {"executor": "inline", "error": {"type": "E", "text": "t"}}

    def test_how_the_log_is_cut_into_batches_does_not_matter(self, store: Store) -> None:
        """One commit or many: the rows are the same."""
        runs = []
        for is_cut in (False, True):
            scribe = Scribe(store)
            _long_story(scribe, is_cut=is_cut)
            scribe.commit()
            runs.append(scribe.flow_run)
        whole, cut = (_everything(store, run) for run in runs)
        assert whole == cut
        assert store.rebuild() == []

    def test_a_mapped_child_gets_its_row_with_its_first_event(self, store: Store) -> None:
        """It is counted from the start."""
        scribe = Scribe(store).start()
        children = scribe.map(2, 1000)
        scribe.run(children[37]).commit()
        (run,) = store.flow_runs(FlowRunFilter())
        assert run.counts == {"Pending": 1001, "Success": 1}
        (child,) = store.task_runs(TaskRunFilter(is_mapped_child=True))
        assert (child.map_index, child.parent, child.task_index, child.full_name) == (37, 2, 1, "second[37]")
        assert children[37] == child.ordinal

    def test_names_due_times_and_details_are_kept(self, store: Store) -> None:
        """What a later state does not repeat is gone with the state, the name is not."""
        scribe = Scribe(store).start()
        scribe.enter(1, "Running", name="daily").enter(1, "Retrying", due=77, run_count=1)
        scribe.write(EventKind.ANNOTATED, 2, name="noted").commit()
        second, first = store.task_runs(TaskRunFilter())
        assert (second.name, first.name) == ("noted", "daily")
        assert (first.due, first.details) == (77, {"run_count": 1})
        scribe.enter(1, "Running").commit()
        (first,) = store.task_runs(TaskRunFilter(task="first"))
        assert (first.name, first.due, first.details) == ("daily", None, {})

    def test_outputs_that_are_noted_stay_until_the_next_state(self, store: Store) -> None:
        """Beside what came with the state; what a later one does not repeat is gone."""
        scribe = Scribe(store).start()
        scribe.enter(1, "Running", mark="kept").write(EventKind.ANNOTATED, 1, outputs={"n": 1}).commit()
        (first,) = store.task_runs(TaskRunFilter(task="first"))
        assert (first.kind.name, first.details) == ("Running", {"mark": "kept", "outputs": {"n": 1}})
        scribe.write(EventKind.ANNOTATED, 1, outputs={"n": 2}).enter(1, "Success").commit()
        (first,) = store.task_runs(TaskRunFilter(task="first"))
        assert (first.kind.name, first.details) == ("Success", {})

    @pytest.mark.parametrize("version", [2, 3, 5])
    def test_the_next_version_is_the_only_one_taken(self, store: Store, version: int) -> None:
        """Neither one that is there already nor one after a gap; nothing of the batch is recorded."""
        scribe = Scribe(store).start()
        scribe.run(1)
        scribe.commit()
        before = _everything(store, scribe.flow_run)
        wrong = Event(scribe.at, scribe.flow_run, 1, version, 1, int(EventKind.ANNOTATED), 0, {"name": "x"})
        scribe.run(2).batch.events.append(wrong)
        with pytest.raises(IllegalTransition):
            scribe.commit()
        assert before == _everything(store, scribe.flow_run)

    @pytest.mark.parametrize("after", ["Running", "Failed", "Retrying", "Pending"])
    def test_a_final_state_is_final(self, store: Store, after: str) -> None:
        """Also for an event that a lost process sends late."""
        scribe = Scribe(store).start()
        scribe.run(1).commit()
        with pytest.raises(IllegalTransition):
            scribe.enter(1, after).commit()
        assert store.count_task_runs(TaskRunFilter(), "state") == {"Success": 1, "Pending": 1}

    def test_a_restart_reopens_a_final_state(self, store: Store) -> None:
        """It says so, and the end is gone."""
        scribe = Scribe(store).start()
        scribe.run(1, ending="Failed").commit()
        with pytest.raises(IllegalTransition):
            scribe.enter(1, "Paused", restart=True).commit()
        (failed,) = store.task_runs(TaskRunFilter(task="first"))
        again = Scribe(store).start()
        again.run(1, ending="Failed").enter(1, "Resume", restart=True).commit()
        (reopened,) = store.task_runs(TaskRunFilter(task="first", flow_run=again.flow_run))
        assert failed.end_time is not None
        assert (reopened.end_time, reopened.kind.name) == (None, "Resume")
        assert reopened.start_time is not None

    def test_a_transition_that_the_table_forbids_is_refused(self, store: Store) -> None:
        """What never started cannot loop, whether its row is in the same batch or on record."""
        scribe = Scribe(store).start()
        with pytest.raises(IllegalTransition):
            scribe.enter(1, "Looped").commit()
        assert store.flow_runs(FlowRunFilter()) == []
        other = Scribe(store).start()
        other.enter(1, "Running").commit()
        with pytest.raises(IllegalTransition):
            other.enter(1, "Cancelled").commit()
        (run,) = store.task_runs(TaskRunFilter(task="first"))
        assert run.kind.name == "Running"

    def test_unknown_runs_are_refused(self, store: Store) -> None:
        """Flow run, task run and version of a flow must be on record."""
        scribe = Scribe(store)
        created = scribe.batch.events.pop()
        with pytest.raises(NotOnRecord):
            scribe.enter(0, "Running").commit()
        with pytest.raises(NotOnRecord):
            scribe.log(0, "hello").commit()
        scribe.batch.events.append(Event(*_fields(created, data={**(created.data or {}), "flow_version": 9})))
        with pytest.raises(NotOnRecord):
            scribe.commit()
        known = Scribe(store).start()
        with pytest.raises(IllegalTransition):
            known.enter(3, "Running").commit()
        assert store.events(EventFilter()) == []

    @pytest.mark.parametrize(
        "data", [{"first": 2, "tasks": 2}, {"first": 3, "tasks": 3}, {"first": 3, "count": 2, "task": 2}, {}]
    )
    def test_children_that_cannot_be_are_refused(self, store: Store, data: dict[str, Any]) -> None:
        """Their ordinals come next, and the flow has their tasks."""
        scribe = Scribe(store).start()
        with pytest.raises(IllegalTransition):
            scribe.write(EventKind.EXPANDED, 1, **data).commit()
        assert store.events(EventFilter()) == []

    def test_a_flow_run_is_created_once(self, store: Store) -> None:
        """Neither twice in one batch nor again later."""
        scribe = Scribe(store)
        created = scribe.batch.events[0]
        scribe.commit()
        for version in (1, 2):
            scribe.batch.events.append(Event(*_fields(created, version=version)))
            with pytest.raises(IllegalTransition):
                scribe.commit()
        assert len(store.events(EventFilter())) == 1

    def test_what_was_refused_can_be_followed_by_what_is_right(self, store: Store) -> None:
        """The store is as it was."""
        scribe = Scribe(store).start()
        scribe.commit()
        late = Event(scribe.at, scribe.flow_run, 1, 9, 1, int(EventKind.STATE), KIND_BY_NAME["Running"].code)
        with pytest.raises(IllegalTransition):
            store.append(Batch([late]), {scribe.flow_run: scribe.lease})
        scribe.run(1, 2).commit()
        assert store.count_task_runs(TaskRunFilter(), "state") == {"Success": 2}
        assert store.rebuild() == []

    def test_values_that_no_text_can_hold_stop_no_commit(self, store: Store) -> None:
        """They are replaced by something that can be read."""
        scribe = Scribe(store, name="od\ud800d\x00").start()
        scribe.enter(1, "Running", name="\udfff").enter(
            1, "Failed", message="a\x00b\ud800", error={("k",): object(), "n": 10**30}
        )
        scribe.log(1, "\x00\ud800 and \N{SNOWMAN}").measure(1, "n\ud800", math.nan).measure(
            1, "i", math.inf, tag="\x00"
        )
        scribe.commit()
        (run,) = store.flow_runs(FlowRunFilter())
        (first,) = store.task_runs(TaskRunFilter(task="first"))
        assert (run.name, first.name, first.message) == (
            "od?d\N{REPLACEMENT CHARACTER}",
            "?",
            "a\N{REPLACEMENT CHARACTER}b?",
        )
        assert store.logs(scribe.flow_run)[0].message == "\N{REPLACEMENT CHARACTER}? and \N{SNOWMAN}"
        nan, infinite = (metric.value for metric in store.metrics(scribe.flow_run))
        assert math.isnan(nan)
        assert infinite == math.inf
        assert store.rebuild() == []

    def test_names_that_look_like_code_are_names(self, store: Store) -> None:
        """Nothing is run that was written as text."""
        name = "x'); DROP TABLE event; --"
        scribe = Scribe(store, flow=name, name=name).start()
        scribe.enter(1, "Running", name=name).commit()
        which = TaskRunFilter(flow=name, flow_run_name=name)
        assert [name, None] == [run.name for run in store.task_runs(TaskRunFilter(flow=name, oldest_first=True))]
        assert {name: 2} == store.count_task_runs(which, "flow")
        assert store.task_runs(TaskRunFilter(task="' OR 1 --")) == []

    def test_readers_in_other_threads_see_whole_commits(self, store: Store) -> None:
        """Every count that they see is one that was committed."""
        scribe = Scribe(store, tasks=1).start()
        children = scribe.map(1, 100)
        scribe.commit()
        seen: list[int] = []

        def read() -> None:
            while not seen or seen[-1] < len(children):
                seen.append(store.count_task_runs(TaskRunFilter(states=("Success",)))["count"])

        readers = [Thread(target=read) for _ in range(2)]
        for reader in readers:
            reader.start()
        for start in range(0, 100, 10):
            scribe.run(*children[start : start + 10]).commit()
        for reader in readers:
            reader.join()
        assert set(seen) <= set(range(0, 101, 10))


class FlowContract:
    """Versions of flows."""

    def test_a_flow_is_registered_once(self, store: Store) -> None:
        """Its fingerprint tells versions of one name apart."""
        edges = (EdgeInfo("a", "b", "x", mapped=True),)
        tasks = (TaskInfo("a", "A"), TaskInfo("b", "B", ("t",), is_mapped=True, policies={"max_retries": 3}))
        flow = FlowVersion("f", "one", tasks, edges, {"file": "f.py", "name": "f"})
        first = store.register(flow)
        assert first == store.register(flow)
        second = store.register(FlowVersion("f", "two", tasks))
        other = store.register(FlowVersion("g", "one", tasks))
        assert [each.version for each in (first, second, other)] == [1, 2, 1]
        assert len({first.id, second.id, other.id}) == 3
        assert (tasks, edges, {"file": "f.py", "name": "f"}) == (first.tasks, first.edges, first.source)
        assert [other, second, first] == store.flows()
        assert [second, first] == store.flows("f")
        assert [second] == store.flows(flow_id=second.id)
        assert first.created > 0


class StoreContract(
    AppendContract,
    FlowContract,
    LeaseContract,
    ViewContract,
    QueryContract,
    RequestContract,
    SlotContract,
    TagLimitContract,
    GivenTagContract,
    ReceivedEventContract,
    RetentionContract,
):
    """Everything; the `store` fixture gives an empty store and is to be overridden."""

    @pytest.fixture
    def store(self) -> Store:
        """Give the store to be tested."""
        raise NotImplementedError("Override the fixture `store`: it gives an empty store.")


def _long_story(scribe: Scribe, *, is_cut: bool) -> None:
    """Write a bit of everything, each event committed alone when `is_cut`."""
    write = scribe.write

    def write_and_commit(kind: EventKind, ordinal: int, state: str = "", **data: object) -> Scribe:
        write(kind, ordinal, state, **data)
        scribe.commit()
        return scribe

    if is_cut:
        scribe.write = write_and_commit
    scribe.start()
    scribe.enter(1, "Running").enter(1, "Retrying", failed={"state": 17, "message": "Too late."}, due=5, run_count=1)
    scribe.enter(1, "Running").enter(1, "Looped", loop_count=2).enter(1, "Running", same_attempt=True)
    scribe.enter(1, "Success", result=REF)
    children = scribe.map(2, 3)
    scribe.run(children[2]).run(children[0], ending="Failed", message="No.")
    scribe.enter(children[1], "Scheduled", due=9).enter(children[1], "Cancelled")
    scribe.enter(2, "Mapped", children=3)
    scribe.write(EventKind.REQUESTED, 0, intent="cancel", by="me")
    scribe.write(EventKind.ANNOTATED, 1, name="looping")
    scribe.enter(0, "Cancelling").enter(0, "Cancelled", message="The flow run was cancelled.")


def _everything(store: Store, flow_run: UUID) -> list[object]:
    """Return all views of one flow run, without what tells it from its twin."""
    (run,) = store.flow_runs(FlowRunFilter(id=flow_run))
    rows = [_anonymous(row) for row in store.task_runs(TaskRunFilter(flow_run=flow_run))]
    attempts = [
        (each.ordinal, each.attempt, each.state, each.start_time, each.end_time, each.message, each.history)
        for row in store.task_runs(TaskRunFilter(flow_run=flow_run))
        for each in store.attempts(flow_run, row.ordinal)
    ]
    events = [(event.at, event.ordinal, event.version, event.data) for event in store.iterate_events(flow_run)]
    return [
        run.state,
        run.version,
        run.counts,
        run.updated,
        run.end_time,
        rows,
        attempts,
        events,
        store.expansions(flow_run),
    ]


def _anonymous(row: TaskRun) -> list[object]:
    return [getattr(row, name) for name in row.__struct_fields__ if name != "flow_run"]


def _fields(event: Event, **changes: Any) -> list[Any]:
    """Return the fields of an event, some of them changed."""
    return [changes.get(name, getattr(event, name)) for name in event.__struct_fields__]
