"""What pages give as SQL is answered by the database itself, asked by another program, as the record answers it."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from tests.unit.backend.recorded import etl

from runwright.query import And, Compare, Order, Query, columns


def asked_elsewhere(url, text):
    """Return what a database answers to a program that knows nothing of records."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as other:
            return other.execute(text).fetchone()[0]
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(url) as other:
        return other.execute(text.encode()).fetchone()[0]


def test_another_program_gets_the_same_rows(runwright_record):
    run = etl(runwright_record)
    named = And((Compare("state", "in", ("Failed", "Success")), Compare("state_message", "ilike", "%it's 100%%")))
    for condition in (
        None,
        named,
        Compare("id", "eq", str(run.task_run_id(1))),
        Compare("duration_seconds", "gt", 0.5),
    ):
        query = Query("task_run", columns("id", "state", "start_time"), condition, (Order("id"),), 10)
        text = runwright_record.sql_of(query)

        assert runwright_record.query(query) == asked_elsewhere(runwright_record.url, text)
