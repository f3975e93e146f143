"""The usual conditions of queries are served by an index of a SQLite record, and values are never part of a statement."""

from __future__ import annotations

from contextlib import closing
from uuid import UUID

import apsw
import pytest

from runwright.errors import QueryError
from runwright.query import Aggregate, Compare, Exists, Order, Query, Related, Summary, Value, all_of, columns
from runwright.stores import open_store
from runwright.stores.sql.compiling import Compiler
from runwright.stores.sql.dialect import Dialect

RUN = UUID("018bcfe5-6800-7001-8000-000000000000")
TASK_RUN = UUID("018bcfe5-6800-7001-8000-000000300000")


@pytest.fixture
def plan(tmp_path):
    """Return how SQLite goes about a query, a line for each table."""
    open_store(f"sqlite:///{tmp_path}/record.db").close()
    with closing(apsw.Connection(f"{tmp_path}/record.db")) as db:

        def plan(query):
            text, values = Compiler(Dialect()).compile(query)
            return [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {text}", values)]

        yield plan


@pytest.mark.parametrize(
    ("expected", "where"),
    [
        ("SEARCH t1 USING PRIMARY KEY (flow_run=? AND ordinal=?)", Compare("id", "eq", TASK_RUN)),
        ("SEARCH t1 USING PRIMARY KEY (flow_run=?)", Compare("flow_run_id", "eq", RUN)),
        ("SEARCH t1 USING PRIMARY KEY (flow_run=?)", Exists("flow_run", Compare("name", "eq", "once"))),
        ("SEARCH t1 USING INDEX task_run_by_state (state=?)", Compare("state", "eq", "Failed")),
        ("SEARCH t1 USING INDEX task_run_by_state (state=?)", Compare("state_type", "eq", "CRASHED")),
    ],
)
def test_task_runs_are_found_by_an_index(plan, expected, where):
    assert expected in plan(Query("task_run", columns("id"), where, limit=50))


def test_the_newest_in_a_state_need_no_sorting(plan):
    where, newest = Compare("state", "eq", "Failed"), (Order("id", is_descending=True),)

    assert not any("TEMP B-TREE" in line for line in plan(Query("task_run", columns("id"), where, newest, 50)))


@pytest.mark.parametrize(
    ("expected", "where"),
    [
        ("SEARCH t1 USING INTEGER PRIMARY KEY (rowid=?)", Compare("id", "eq", RUN)),
        ("SEARCH t1 USING INDEX flow_run_by_name (name=?)", Compare("name", "eq", "once")),
        ("SEARCH t1 USING INDEX flow_run_by_flow (flow=?)", Exists("flow", Compare("name", "eq", "etl"))),
        ("SEARCH t1 USING INDEX flow_run_by_idempotency_key (<expr>=?)", Compare("idempotency_key", "eq", "k")),
        ("SEARCH t1 USING INDEX flow_run_by_starter (<expr>=?)", Compare("started_by", "eq", str(RUN))),
    ],
)
def test_flow_runs_are_found_by_an_index(plan, expected, where):
    assert expected in plan(Query("flow_run", columns("id"), where, limit=50))


def test_states_and_log_lines_are_found_by_their_run(plan):
    assert any(
        "event_of_task_run" in line
        for line in plan(Query("task_run_state", columns("id"), Compare("task_run_id", "eq", TASK_RUN)))
    )
    assert any(
        "log_line_of_task_run" in line for line in plan(Query("log", columns("id"), Compare("flow_run_id", "eq", RUN)))
    )


def test_values_are_bound():
    where = all_of(Compare("name", "eq", "'; DROP TABLE flow; --"), Compare("name", "like", "x'%"))

    text, values = Compiler(Dialect()).compile(Query("flow", columns("id"), where))

    assert "DROP" not in text
    assert {"'; DROP TABLE flow; --", "x'*"} <= set(values.values())


@pytest.mark.parametrize(
    "query",
    [
        Query("flow", (Value("id", "a'b"),)),
        Query("flow", (Value("name", path=("x",)),)),
        Query("flow", columns("id"), order=(Order("name", via=("tasks",)),)),
        Query("flow", (Related("tasks", Query("edge", columns("id"))),)),
        Summary("flow", (Value("name"),)),
        Summary("flow", (Aggregate("x", "percentile", ("version",), fraction=2),)),
        Summary("flow", (Aggregate("x", "min", ()),)),
    ],
)
def test_what_cannot_be_said_in_sql_is_refused(query):
    with pytest.raises(QueryError):
        Compiler(Dialect()).compile(query)
