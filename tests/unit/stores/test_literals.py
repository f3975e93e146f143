"""A query as SQL that other programs run: values are literals, and the answer is the record's own."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest
from tests.unit.backend.recorded import etl

from runwright.query import And, Compare, Exists, Not, Order, Query, columns
from runwright.stores import open_store

NASTY = "it's :p0 '' \\ % ü"


@pytest.mark.parametrize(
    "where",
    [
        None,
        Compare("state", "in", ("Failed", "Success")),
        And((Exists("flow_run", Compare("name", "eq", "brisk-otter")), Not(Compare("map_index", "gt", 1)))),
        Compare("duration_seconds", "gte", 0.5),
        Compare("updated", "gt", datetime(2026, 1, 1, tzinfo=UTC)),
        Compare("state_message", "ilike", f"%{NASTY}%"),
        Compare("name", "is_null", True),
    ],
)
def test_another_program_gets_the_same_answer(tmp_path, where):
    path = tmp_path / "record.db"
    with closing(open_store(f"sqlite:///{path}", synchronous="NORMAL")) as store:
        run = etl(store)
        for condition in (where, Compare("id", "eq", str(run.task_run_id(1)))):
            query = Query("task_run", columns("id", "state"), condition, (Order("id"),), 10)
            text = store.sql_of(query)
            with closing(sqlite3.connect(path)) as other:
                assert store.query(query) == other.execute(text).fetchone()[0]
            assert ":p0" not in text.replace(NASTY.replace("'", "''"), "")


def test_what_takes_a_function_of_our_own_is_no_text_for_others(tmp_path):
    with closing(open_store(f"sqlite:///{tmp_path}/record.db", synchronous="NORMAL")) as store:
        etl(store)

        assert store.sql_of(Query("task", columns("id"), Compare("tags", "contains", ["nightly"]))) is None
        assert open_store("memory://").sql_of(Query("task", columns("id"))) is None
