"""View contract: what every read returns. Part of the store contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from runwright import ids
from runwright.events import EventKind
from runwright.states import KIND_BY_NAME
from runwright.testing.scribe import NOON, STEP, Scribe
from runwright.views import EventFilter, Expansion, FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from runwright.store import Store

    Pair = tuple[Scribe, Scribe]


_RUNNING = KIND_BY_NAME["Running"].code
_FIRST = 2


class ViewContract:
    """Views over two flow runs of two flows; the second task of the first one is mapped over five."""

    @pytest.fixture
    def pair(self, store: Store) -> Pair:
        """Write both flow runs: the older with every kind of ending."""
        older = Scribe(store, flow="etl", name="older", tags=("a", "b")).start()
        older.run(1)
        children = older.map(2, 5)
        older.run(children[1], children[3])
        older.run(children[0], ending="Failed", message="No.").run(children[4], ending="TimedOut")
        older.commit()
        newer = Scribe(store, flow="load", name="newer", tasks=3, tags=("b",), at=older.at).start()
        newer.enter(1, "Skipped").enter(2, "Running").commit()
        return older, newer

    @pytest.mark.parametrize(
        ("expected", "conditions"),
        [
            ("N3 N2 N1 O7 O6 O4 O3 O2 O1", {}),
            ("O1 O2 O3 O4 O6 O7 N1 N2 N3", {"oldest_first": True}),
            ("N3 N2", {"limit": 2}),
            ("", {"limit": 0}),
            ("O7 O6 O4 O3 O2 O1", {"flow": "etl"}),
            ("N3 N2 N1", {"flow_run_name": "newer"}),
            ("N1 O1", {"task": "first"}),
            ("N1 O1", {"task": "The first"}),
            ("N2 O7 O6 O4 O3 O2", {"task": "second"}),
            ("O7 O3", {"states": ("Failed",)}),
            ("O3 O7", {"states": ("Failed",), "oldest_first": True}),
            ("O7", {"states": ("TimedOut",)}),
            ("O7", {"states": ("Failed",), "limit": 1}),
            ("N1 O6 O4 O1", {"states": ("Success",)}),
            ("N2 O7 O3", {"states": ("Failed", "Running")}),
            ("N3 O2", {"states": ("Pending",)}),
            ("O3", {"states": ("Failed",), "map_index": (0,)}),
            ("O6 O3", {"map_index": (0, 2, 3)}),
            ("O6", {"task": "second", "map_index": (3,)}),
            ("N2 O2", {"task": "second", "map_index": (-1,)}),
            ("O7 O6 O4 O3", {"is_mapped_child": True}),
            ("N3 N2 N1 O2 O1", {"is_mapped_child": False}),
            ("O7 O6 O4 O3", {"parent": 2}),
            ("O7 O3", {"parent": 2, "states": ("Finished",), "tags": ("a",), "map_index": (0, 4)}),
            ("N2 O4 O2", {"ordinals": (2, 4)}),
            ("O7 O6 O4 O3 O2 O1", {"tags": ("b", "a")}),
            ("", {"tags": ("c",)}),
            ("", {"flow": "etl", "flow_run_name": "newer"}),
            ("", {"states": ("Paused",)}),
        ],
    )
    def test_task_runs_are_found_by_conditions(
        self, store: Store, pair: Pair, expected: str, conditions: dict[str, Any]
    ) -> None:
        """All must hold; newest first."""
        assert expected == _names(pair, store.task_runs(TaskRunFilter(**conditions)))

    def test_task_runs_are_found_by_flow_run(self, store: Store, pair: Pair) -> None:
        """With and without states."""
        older, newer = pair
        assert _names(pair, store.task_runs(TaskRunFilter(flow_run=newer.flow_run))) == "N3 N2 N1"
        assert _names(pair, store.task_runs(TaskRunFilter(flow_run=newer.flow_run, states=("Failed",)))) == ""
        assert _names(pair, store.task_runs(TaskRunFilter(flow_run=older.flow_run, states=("Failed",)))) == "O7 O3"
        assert store.task_runs(TaskRunFilter(flow_run=ids.new_flow_run_id(NOON))) == []

    def test_task_runs_are_found_by_time(self, store: Store, pair: Pair) -> None:
        """Of their last change, both ends included."""
        rows = store.task_runs(TaskRunFilter())
        middle = rows[4].updated
        late = [row.id for row in rows if row.updated >= middle]
        early = [row.id for row in rows if row.updated <= middle]
        assert late == [row.id for row in store.task_runs(TaskRunFilter(since=middle))]
        assert early == [row.id for row in store.task_runs(TaskRunFilter(until=middle))]
        assert store.count_task_runs(TaskRunFilter(since=middle, until=middle)) == {"count": 1}

    def test_an_unknown_state_is_an_error(self, store: Store) -> None:
        """It offers the one that was meant."""
        with pytest.raises(ValueError, match="Failed"):
            store.task_runs(TaskRunFilter(states=("Faild",)))

    def test_cached_runs_are_found_by_the_key_of_their_cache(self, store: Store) -> None:
        """Newest first and no more than wanted; a run that only used a cache has no key and is not found."""
        older = Scribe(store, flow="etl", name="older", tasks=3).start()
        for ordinal, key in enumerate(["daily", "hourly", "daily"], 1):
            older.run(ordinal, ending="Cached", cache_key=key)
        older.commit()
        newer = Scribe(store, flow="load", name="newer", tasks=3, at=older.at).start()
        newer.run(1, ending="Cached").run(2).run(3, ending="Cached", cache_key="daily").commit()

        def found(**conditions: Any) -> list[tuple[str, int]]:
            rows = store.task_runs(TaskRunFilter(cache_key="daily", **conditions))
            return [(row.flow_run_name, row.ordinal) for row in rows]

        assert found() == [("newer", 3), ("older", 3), ("older", 1)]
        assert found(limit=2) == [("newer", 3), ("older", 3)]
        assert found(flow="etl") == [("older", 3), ("older", 1)]
        assert found(oldest_first=True, limit=1) == [("older", 1)]
        assert found(states=("Failed",)) == []
        assert found(after=(older.flow_run, 3)) == [("older", 1)]
        assert store.count_task_runs(TaskRunFilter(cache_key="daily")) == {"count": 3}

    @pytest.mark.parametrize(
        ("expected", "conditions"),
        [
            ("N3 N2 N1", {}),
            ("N1 N2 N3", {"oldest_first": True}),
            ("N3 N2", {"limit": 2}),
            ("", {"states": ("Failed",)}),
            ("N1", {"states": ("Success",)}),
            ("N2", {"map_index": (-1, 0), "task": "second"}),
            ("", {"flow": "etl"}),
            ("", {"parent": 2}),
        ],
    )
    def test_task_runs_of_deleted_executions_are_left_out_of_lists_and_counts(
        self, store: Store, pair: Pair, expected: str, conditions: dict[str, Any]
    ) -> None:
        """Where that is asked for, and no page is cut short by them."""
        older, _ = pair
        older.write(EventKind.ANNOTATED, 0, deleted=True).commit()
        which = TaskRunFilter(**conditions, without_deleted=True)
        assert expected == _names(pair, store.task_runs(which))
        number = len(store.task_runs(replace(which, limit=None)))
        for by in (None, "state", "task", "flow", "flow_run"):
            assert number == sum(store.count_task_runs(replace(which, limit=None), by).values())

    def test_deleted_executions_are_left_out_of_lists_and_found_by_their_id(self, store: Store, pair: Pair) -> None:
        """Where that is asked for."""
        older, newer = pair
        newer.write(EventKind.ANNOTATED, 0, deleted=True).commit()
        assert ["older"] == [row.name for row in store.flow_runs(FlowRunFilter(limit=1, without_deleted=True))]
        assert [True] == [row.details["deleted"] for row in store.flow_runs(FlowRunFilter(id=newer.flow_run))]
        assert [] == store.flow_runs(FlowRunFilter(id=newer.flow_run, without_deleted=True))
        assert 2 == len(store.flow_runs(FlowRunFilter()))
        assert [older.flow_run] == [row.id for row in store.flow_runs(FlowRunFilter(flow="etl", without_deleted=True))]

    @pytest.mark.parametrize("oldest_first", [False, True])
    @pytest.mark.parametrize("states", [(), ("Success",), ("Failed", "Pending", "Skipped")])
    def test_pages_join_to_the_whole(
        self,
        store: Store,
        pair: Pair,
        states: tuple[str, ...],
        oldest_first: bool,  # noqa: FBT001  pytest fills it in by name
    ) -> None:
        """Nothing is missing, nothing comes twice, also at the border of two flow runs."""
        which = {"states": states, "oldest_first": oldest_first}
        whole = store.task_runs(TaskRunFilter(**which))
        paged, after = [], None
        while page := store.task_runs(TaskRunFilter(**which, after=after, limit=2)):
            paged += page
            after = page[-1].flow_run, page[-1].ordinal
        assert whole == paged
        assert len(whole) > 2

    @pytest.mark.parametrize(
        ("expected", "by", "conditions"),
        [
            ({"count": 10}, None, {}),
            ({"count": 0}, None, {"flow": "nothing"}),
            ({"Success": 3, "Failed": 1, "TimedOut": 1, "Pending": 3, "Skipped": 1, "Running": 1}, "state", {}),
            ({"first": 2, "second": 7, "third": 1}, "task", {}),
            ({"etl": 7, "load": 3}, "flow", {}),
            ({"second": 2}, "task", {"states": ("Failed",)}),
            ({"Pending": 1, "Success": 2, "Failed": 1, "TimedOut": 1}, "state", {"is_mapped_child": True}),
            ({"Pending": 2, "Success": 2, "Failed": 1, "TimedOut": 1}, "state", {"task": "second", "tags": ("a",)}),
            ({}, "state", {"flow": "nothing"}),
            ({"Failed": 1}, "state", {"map_index": (0, 2)}),
            ({"Success": 2, "Failed": 1, "TimedOut": 1}, "state", {"parent": 2}),
            ({"count": 2}, None, {"ordinals": (2,), "limit": 1}),
        ],
    )
    def test_task_runs_are_counted(
        self, store: Store, pair: Pair, expected: dict[str, int], by: Any, conditions: dict[str, Any]
    ) -> None:
        """Children without a row count as Pending, unless the condition is one on rows."""
        assert expected == store.count_task_runs(TaskRunFilter(**conditions), by)

    def test_task_runs_are_counted_by_flow_run(self, store: Store, pair: Pair) -> None:
        """Under the text of its id."""
        expected = {str(scribe.flow_run): count for scribe, count in zip(pair, (7, 3), strict=True)}
        assert expected == store.count_task_runs(TaskRunFilter(), "flow_run")
        assert {str(pair[0].flow_run): 7} == store.count_task_runs(TaskRunFilter(flow_run=pair[0].flow_run), "flow_run")

    @pytest.mark.parametrize(
        ("expected", "conditions"),
        [
            (["newer", "older"], {}),
            (["newer"], {"limit": 1}),
            (["older"], {"flow": "etl"}),
            (["newer"], {"name": "newer"}),
            (["newer", "older"], {"states": ("Running",)}),
            ([], {"states": ("Finished",)}),
            ([], {"id_prefix": "ffff"}),
            (["newer"], {"since": NOON + 15 * STEP}),
            (["older"], {"until": NOON + 15 * STEP}),
        ],
    )
    def test_flow_runs_are_found_by_conditions(
        self, store: Store, pair: Pair, expected: list[str], conditions: dict[str, Any]
    ) -> None:
        """Newest first; the time is that of the last change of anything in them."""
        assert expected == [run.name for run in store.flow_runs(FlowRunFilter(**conditions))]

    def test_flow_runs_are_found_by_who_started_them(self, store: Store, pair: Pair) -> None:
        """By the id of the flow run whose task did."""
        older, newer = pair
        variables = {"executionId": str(older.flow_run), "taskId": "start"}
        newer.write(EventKind.ANNOTATED, 0, trigger={"id": "start", "type": "subflow", "variables": variables}).commit()
        assert [newer.flow_run] == [
            run.id for run in store.flow_runs(FlowRunFilter(started_by=str(older.flow_run), states=("Running",)))
        ]
        assert [] == store.flow_runs(FlowRunFilter(started_by=str(newer.flow_run)))

    def test_flow_runs_are_found_by_id_and_in_pages(self, store: Store, pair: Pair) -> None:
        """Also by the beginning of an id, with dashes or without."""
        older, newer = (scribe.flow_run for scribe in pair)
        assert [older] == [run.id for run in store.flow_runs(FlowRunFilter(id=older))]
        assert [newer] == [run.id for run in store.flow_runs(FlowRunFilter(id_prefix=newer.hex[:20]))]
        assert [newer] == [run.id for run in store.flow_runs(FlowRunFilter(id_prefix=str(newer).upper()))]
        assert [older] == [run.id for run in store.flow_runs(FlowRunFilter(after=newer))]
        with pytest.raises(ValueError, match="xyz"):
            store.flow_runs(FlowRunFilter(id_prefix="xyz"))

    def test_events_are_found_by_run(self, store: Store, pair: Pair) -> None:
        """Those of other runs in between are left out."""
        older, newer = pair
        newer.run(3).commit()
        older.enter(5, "Running").commit()
        newer.enter(2, "Success").commit()
        for scribe in pair:
            found = store.events(EventFilter(flow_run=scribe.flow_run))
            assert {scribe.flow_run} == {event.flow_run for event in found}
            assert found == [event for event in store.events(EventFilter()) if event.flow_run == scribe.flow_run]
            assert found == list(store.iterate_events(scribe.flow_run))
        versions = [event.version for event in store.events(EventFilter(flow_run=newer.flow_run, ordinal=2))]
        assert versions == [2, 3]
        assert len(store.events(EventFilter(flow_run=newer.flow_run, limit=3))) == 3

    def test_events_are_read_from_either_end(self, store: Store, pair: Pair) -> None:
        """Between two cursors, of all runs or of one."""
        for scribe in (None, *pair):
            which = EventFilter(flow_run=scribe and scribe.flow_run)
            oldest = store.events(which)
            assert oldest[::-1] == store.events(replace(which, newest_first=True))
            assert oldest[-1:] == store.events(replace(which, newest_first=True, limit=1))
            assert oldest[1:2] == store.events(replace(which, after=oldest[0].cursor, before=oldest[2].cursor))
        newest = store.events(EventFilter(flow_run=pair[0].flow_run, ordinal=3, newest_first=True))
        assert sorted((event.version for event in newest), reverse=True) == [event.version for event in newest]

    def test_events_of_flow_runs_themselves_are_found_among_all_others(self, store: Store, pair: Pair) -> None:
        """By the ordinal 0 without a flow run."""
        everything = store.events(EventFilter())
        expected = [event for event in everything if event.ordinal == 0]
        assert {event.flow_run for event in expected} == {scribe.flow_run for scribe in pair}
        assert expected == store.events(EventFilter(ordinal=0))
        assert len(store.events(EventFilter(ordinal=0, limit=1, after=everything[0].cursor))) == 1

    def test_events_are_found_by_the_states_they_bring(self, store: Store, pair: Pair) -> None:
        """Of all runs, of one, of flow runs themselves, and with the first events of task runs besides."""
        pair[0].enter(5, "Running").commit()
        for scope in (EventFilter(), EventFilter(flow_run=pair[0].flow_run), EventFilter(ordinal=0)):
            everything = store.events(scope)
            for states in ((), (0,), (_RUNNING,), (0, _RUNNING)):
                expected = [event for event in everything if event.state in states]
                assert expected == store.events(replace(scope, states=states))
                first = [each for each in everything if each in expected or (each.ordinal and each.version == _FIRST)]
                assert first == store.events(replace(scope, states=states, with_firsts=True))

    def test_expansions_are_listed(self, store: Store, pair: Pair) -> None:
        """In order of their first child."""
        older, newer = pair
        found = store.expansions(older.flow_run)
        assert [Expansion(0, 1, 2, None, found[0].at), Expansion(2, 3, 5, 1, found[1].at)] == found
        empty = newer.map(3, 0)
        newer.commit()
        assert len(empty) == 0
        assert [each.count for each in store.expansions(newer.flow_run)] == [3, 0]

    def test_log_lines_are_found_by_run_and_time(self, store: Store, pair: Pair) -> None:
        """Oldest first, whatever order they were written in."""
        older, newer = pair
        older.enter(5, "Running").log(5, "one").log(1, "two").log(5, "three")
        older.batch.logs.reverse()
        older.commit()
        newer.log(1, "other").commit()
        lines = store.logs(older.flow_run)
        assert [line.message for line in lines] == ["one", "two", "three"]
        assert [line.message for line in store.logs(older.flow_run, 5)] == ["one", "three"]
        assert [line.message for line in store.logs(older.flow_run, after=lines[0].at, until=lines[1].at)] == ["two"]
        assert [line.message for line in store.logs(older.flow_run, 5, after=lines[0].at)] == ["three"]
        assert (older.flow_run, 5, 1, 20, "runwright.story") == (
            lines[0].flow_run,
            lines[0].ordinal,
            lines[0].attempt,
            lines[0].level,
            lines[0].logger,
        )
        assert store.logs(ids.new_flow_run_id(NOON)) == []

    def test_metrics_are_found_by_run(self, store: Store, pair: Pair) -> None:
        """With their tags."""
        older, newer = pair
        older.measure(1, "rows", 3, table="t").measure(2, "rows", 0.5).commit()
        newer.measure(1, "rows", 1).commit()
        found = store.metrics(older.flow_run)
        assert [(metric.name, metric.value, metric.kind, metric.tags) for metric in found] == [
            ("rows", 3.0, "gauge", {"table": "t"}),
            ("rows", 0.5, "gauge", {}),
        ]
        assert [found[1]] == store.metrics(older.flow_run, 2)

    def test_attempts_have_their_own_history(self, store: Store) -> None:
        """An attempt that is made again failed, or was given up; a loop is one attempt."""
        scribe = Scribe(store, tasks=1).start()
        opened = scribe.at
        scribe.enter(1, "Running").enter(1, "Retrying", failed={"state": 17, "message": "Too late."}, run_count=1)
        scribe.enter(1, "Running").enter(1, "Paused")
        scribe.enter(1, "Running").enter(1, "Looped").enter(1, "Running", same_attempt=True).enter(1, "Success")
        scribe.commit()
        first, second, third = store.attempts(scribe.flow_run, 1)
        assert (first.kind.name, first.message) == ("TimedOut", "Too late.")
        assert [("Running", opened + STEP), ("TimedOut", opened + 2 * STEP)] == first.history
        assert (opened + STEP, opened + 2 * STEP) == (first.start_time, first.end_time)
        assert [name for name, _ in second.history] == ["Running", "Paused"]
        assert [name for name, _ in third.history] == ["Running", "Looped", "Running", "Success"]
        assert (third.attempt, third.kind.name) == (3, "Success")

    def test_an_attempt_that_is_being_made_has_no_end(self, store: Store) -> None:
        """What never started has no attempt."""
        scribe = Scribe(store).start()
        scribe.enter(1, "Running").enter(2, "Skipped").commit()
        (attempt,) = store.attempts(scribe.flow_run, 1)
        assert (attempt.kind.name, attempt.end_time) == ("Running", None)
        assert store.attempts(scribe.flow_run, 2) == []

    def test_rows_are_what_the_log_says(self, store: Store, pair: Pair) -> None:
        """A rebuild changes nothing."""
        older, _ = pair
        older.write(EventKind.REQUESTED, 0, intent="cancel").commit()
        before = store.task_runs(TaskRunFilter()), store.flow_runs(FlowRunFilter())
        assert store.rebuild() == []
        assert store.rebuild(replace=True) == []
        assert before == (store.task_runs(TaskRunFilter()), store.flow_runs(FlowRunFilter()))
        older.enter(5, "Running").commit()
        assert store.rebuild() == []


def _names(pair: Pair, rows: list[Any]) -> str:
    """Return the rows as `O` or `N` (older, newer) and their ordinals."""
    letters = {scribe.flow_run: letter for scribe, letter in zip(pair, "ON", strict=True)}
    return " ".join(f"{letters[row.flow_run]}{row.ordinal}" for row in rows)
