"""A PostgreSQL record is rebuilt from its log, looked at for damage, and read in order."""

from __future__ import annotations

from contextlib import closing

import pytest
from tests.postgres_server import raw

from runwright.errors import (
    RecordError,
)
from runwright.stores import open_store
from runwright.stores.sql import selection
from runwright.testing.scribe import Scribe
from runwright.views import FlowRunFilter, TaskRunFilter


@pytest.fixture
def store(postgres_url):
    with closing(open_store(postgres_url)) as store:
        yield store


def damage(url, *statements):
    with raw(url) as db:
        for statement in statements:
            db.execute(statement)


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
    scribe.map(2, 3)
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


def test_a_record_is_rebuilt_more_than_once_by_a_process_that_also_appends(store):
    """What its connection has prepared for the record's own tables must not take the place of what is meant for copies."""
    scribe = Scribe(store, tasks=1).start()
    children = scribe.map(1, 20)
    for child in children[:10]:
        scribe.run(child).commit()
    store.rebuild(replace=True)
    for child in children[10:]:
        scribe.run(child).commit()

    assert [] == store.rebuild(replace=True)
    assert {"Pending": 1, "Success": 20} == store.count_task_runs(TaskRunFilter(), "state")


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


def test_who_was_started_by_a_flow_run_is_found_by_an_index(store):
    query = selection.flow_runs("postgres", FlowRunFilter(started_by="018bcfe5-6800-7001-8000-000000000000"))
    with store._readers.lend() as db:
        db.execute("SET enable_seqscan = off")  # a few rows are read faster than an index is
        plan = "\n".join(line for (line,) in db.execute(f"EXPLAIN {query.text}", query.values))

    assert "flow_run_by_starter" in plan, plan
