"""Query contract: what queries mean, in a few stories. Part of the store contract.

That a store answers any query as another does is a matter for random queries over both; see `runwright.query`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from runwright.errors import QueryError
from runwright.events import EventKind
from runwright.query import Aggregate, Compare, Exists, Nodes, Not, Order, Query, Related, Summary, Value, columns
from runwright.testing.scribe import Scribe

if TYPE_CHECKING:
    from runwright.query import Condition
    from runwright.store import Store


class QueryContract:
    """Rows, relations, orders, pages and numbers."""

    @pytest.fixture
    def told(self, store: Store) -> Scribe:
        """Write a flow run whose second task is mapped over three: one child failed, one waits."""
        scribe = Scribe(store, flow="etl", name="once").start().run(1)
        children = scribe.map(2, 3)
        scribe.run(children[0]).run(children[1], ending="Failed", message="No.")
        scribe.log(children[1], "It broke.").enter(children[2], "Running").commit()
        return scribe

    def test_rows_have_the_columns_asked_for(self, store: Store, told: Scribe) -> None:
        """In the order of creation, under the names given."""
        fields = (Value("state"), Value("map_index", "index"))
        assert [
            {"state": "Success", "index": -1},
            {"state": "Pending", "index": -1},
            {"state": "Success", "index": 0},
            {"state": "Failed", "index": 1},
            {"state": "Running", "index": 2},
        ] == _answer(store, Query("task_run", fields))

    def test_a_row_may_be_asked_for_by_its_id(self, store: Store, told: Scribe) -> None:
        """A single one, or nothing."""
        one = Query("flow_run", columns("name"), Compare("id", "eq", told.flow_run), is_single=True)
        none = Query("flow_run", columns("name"), Compare("name", "eq", "never"), is_single=True)
        assert {"name": "once"} == _answer(store, one)
        assert _answer(store, none) is None

    def test_conditions_lead_through_relations(self, store: Store, told: Scribe) -> None:
        """And a column that is null fulfils no comparison, nor its opposite."""
        assert ["Failed"] == _states(store, Exists("logs", Compare("message", "ilike", "IT %")))
        assert 5 == len(_states(store, Exists("flow_run", Exists("flow", Compare("name", "eq", "etl")))))
        assert [] == _states(store, Compare("name", "eq", "x")) == _states(store, Not(Compare("name", "eq", "x")))

    def test_related_rows_stand_inside(self, store: Store, told: Scribe) -> None:
        """One, or a list with conditions and an order of its own."""
        failed = Query("task_run", columns("map_index"), Compare("state", "eq", "Failed"))
        flow = Query("flow", columns("name"), is_single=True)
        query = Query("flow_run", (Related("task_runs", failed, "failed"), Related("flow", flow)))
        assert [{"failed": [{"map_index": 1}], "flow": {"name": "etl"}}] == _answer(store, query)

    def test_pages_follow_one_another(self, store: Store, told: Scribe) -> None:
        """After the last row of the page before, in the same order, nulls where they belong."""
        order = (Order("end_time", is_descending=True),)
        seen: list[str] = []
        page = Query("task_run", columns("id", "state"), order=order, limit=2)
        while rows := _answer(store, page):
            seen += [row["state"] for row in rows]
            page = Query("task_run", columns("id", "state"), order=order, limit=2, after=rows[-1]["id"])
        assert ["Pending", "Running", "Failed", "Success", "Success"] == seen

    def test_numbers_are_made_of_rows(self, store: Store, told: Scribe) -> None:
        """Of all of them, or of groups."""
        times = (
            Aggregate("longest", "max", ("duration",)),
            Aggregate("half", "percentile", ("duration",), fraction=0.5),
        )
        summary = Summary("task_run", (Aggregate("count", "count"), *times, Nodes("nodes", columns("state"), limit=1)))
        assert {
            "count": 5,
            "longest": "00:00:00.001000",
            "half": "00:00:00.001000",
            "nodes": [{"state": "Success"}],
        } == _answer(store, summary)
        groups = Summary("task_run", (Value("state"), Aggregate("n", "count")), group_by=("state",))
        assert [("Failed", 1), ("Pending", 1), ("Running", 1), ("Success", 2)] == [
            (row["state"], row["n"]) for row in _answer(store, groups)
        ]

    @pytest.mark.parametrize(
        ("entity", "kept", "all_of_them"),
        [
            ("flow_run", 1, 2),
            ("task_run", 5, 7),
            ("flow_run_state", 2, 4),
            ("log", 1, 2),
            ("flow", 2, 2),
            ("task", 4, 4),
        ],
    )
    def test_what_belongs_to_deleted_executions_is_left_out(
        self, store: Store, told: Scribe, entity: str, kept: int, all_of_them: int
    ) -> None:
        """Where that is asked for, of rows, numbers and lists of related rows."""
        other = Scribe(store, flow="load", name="twice", at=told.at).start().log(1, "Gone.")
        other.write(EventKind.ANNOTATED, 0, deleted=True).commit()
        number = (Aggregate("n", "count"),)
        assert kept == len(_answer(store, Query(entity, columns("id"), without_deleted=True)))
        assert all_of_them == len(_answer(store, Query(entity, columns("id"))))
        assert {"n": kept} == _answer(store, Summary(entity, number, without_deleted=True))
        assert {"n": all_of_them} == _answer(store, Summary(entity, number))
        of_flow = Related("flow_runs", Summary("flow_run", number, without_deleted=True))
        assert [1, 0] == [each["flow_runs"]["n"] for each in _answer(store, Query("flow", (of_flow,)))]

    def test_projects_are_recorded_once(self, store: Store) -> None:
        """By their names."""
        first = store.add_project("Ours", "About us")
        assert first == store.add_project("Ours", "Another")
        assert [{"name": "Ours", "description": "About us"}] == _answer(
            store, Query("project", columns("name", "description"))
        )

    @pytest.mark.parametrize(
        "query",
        [
            Query("flow", columns("nme")),
            Query("flow", columns("name"), Compare("version", "eq", "1")),
            Query("flow", columns("name"), Compare("id", "eq", "x")),
            Query("flow", columns("name"), Exists("task")),
            Query("flow", columns("name"), limit=-1),
            Summary("flow", (Aggregate("x", "sum", ("name",)),)),
        ],
    )
    def test_what_no_record_has_is_refused(self, store: Store, query: Query | Summary) -> None:
        """With a sentence that says what there is."""
        Scribe(store)
        with pytest.raises(QueryError):
            store.query(query)


def _answer(store: Store, query: Query | Summary) -> Any:
    return json.loads(store.query(query))


def _states(store: Store, where: Condition) -> list[str]:
    return [row["state"] for row in _answer(store, Query("task_run", columns("state"), where))]
