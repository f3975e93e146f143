"""The check finds each kind of broken record, and nothing in a sound one."""

from __future__ import annotations

from contextlib import closing

import apsw
import pytest
from msgspec.structs import replace

from runwright.engine.invariants import check_flow_run
from runwright.events import EventKind
from runwright.result import ResultRef
from runwright.stores import open_store
from runwright.stores.checking import check
from runwright.testing.scribe import Scribe
from runwright.views import FlowRunFilter, TaskRunFilter

REF = ResultRef("pack", "here", "json", 2, "00ff")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "record.db"


@pytest.fixture
def store(path):
    with closing(open_store(f"sqlite:///{path}", synchronous="NORMAL")) as store:
        yield store


@pytest.fixture
def scribe(store):
    """Write a flow run that has everything and has ended, and another one that has just begun."""
    scribe = Scribe(store).start()
    scribe.enter(1, "Running").enter(1, "Retrying", run_count=1).run(1, result=REF)
    children = scribe.map(2, 4)
    scribe.run(children[3], ending="Failed").enter(children[0], "Skipped")
    scribe.run(children[1], children[2]).enter(2, "Mapped", children=4)
    scribe.write(EventKind.ANNOTATED, children[0], name="late")
    scribe.enter(0, "Failed").enter(0, "Resume", restart=True).enter(0, "Running").enter(0, "Success")
    scribe.commit()
    begun = Scribe(store).start()
    begun.map(2, 3)
    begun.commit()
    return scribe


def damage(path, *statements):
    with closing(apsw.Connection(str(path))) as db:
        db.execute("PRAGMA ignore_check_constraints = ON")
        for statement in statements:
            db.execute(statement)


def found(store, **options):
    return {(each.invariant, each.ordinal) for each in check(store, **options)}


def test_a_sound_record_has_nothing_wrong(store, scribe):
    assert [] == list(check(store))


def test_an_empty_record_has_nothing_wrong(store):
    assert [] == list(check(store))


@pytest.mark.parametrize(
    ("expected", "statement"),
    [
        ({("I1", 1)}, "DELETE FROM event WHERE flow_run = 1 AND ordinal = 1 AND version = 2"),
        ({("I2", 5), ("I4", 5)}, "UPDATE event SET state = 1 WHERE flow_run = 1 AND ordinal = 5 AND version = 3"),
        ({("I3", 3)}, "UPDATE event SET kind = 2, state = 1 WHERE flow_run = 1 AND ordinal = 3 AND version = 3"),
        ({("I3", 0)}, "UPDATE event SET data = NULL WHERE flow_run = 1 AND ordinal = 0 AND state = 6"),
        (
            {("I3", 3), ("I5", 3)},
            "UPDATE event SET kind = 2, state = 11 WHERE flow_run = 1 AND ordinal = 3 AND version = 3",
        ),
        ({("I4", 1)}, "UPDATE task_run SET version = 9 WHERE flow_run = 1 AND ordinal = 1"),
        ({("I4", 1)}, "UPDATE task_run SET state = 16 WHERE flow_run = 1 AND ordinal = 1"),
        ({("I4", 1)}, "UPDATE task_run SET end_time = NULL WHERE flow_run = 1 AND ordinal = 1"),
        ({("I4", 4)}, "UPDATE task_run SET map_index = 9 WHERE flow_run = 1 AND ordinal = 4"),
        ({("I4", 4)}, "DELETE FROM task_run WHERE flow_run = 1 AND ordinal = 4"),
        ({("I4", 6)}, "DELETE FROM task_run WHERE flow_run = 1 AND ordinal = 6"),
        ({("I4", 0)}, "UPDATE flow_run SET version = 9 WHERE key = 1"),
        ({("I4", 0)}, "UPDATE flow_run SET end_time = NULL WHERE key = 1"),
        ({("I9", 1)}, "UPDATE task_run SET result = NULL WHERE flow_run = 1 AND ordinal = 1"),
        ({("I9", 1)}, "UPDATE event SET data = NULL WHERE flow_run = 1 AND ordinal = 1 AND state = 11"),
        ({("I13", 0)}, "UPDATE tally SET count = 9 WHERE flow_run = 1 AND state = 16"),
        ({("I13", 1), ("I4", 1)}, "DELETE FROM event WHERE flow_run = 1 AND ordinal = 1 AND version = 5"),
        ({("I17", 99)}, "UPDATE event SET ordinal = 99 WHERE flow_run = 2 AND ordinal = 2"),
    ],
)
def test_each_kind_of_damage_is_found(store, scribe, path, expected, statement):
    damage(path, statement)

    assert expected <= found(store)


def test_a_row_that_nothing_created_is_found(store, scribe):
    (flow_run,) = store.flow_runs(FlowRunFilter(id=scribe.flow_run))
    rows = store.task_runs(TaskRunFilter(flow_run=scribe.flow_run, oldest_first=True))
    rows.append(replace(rows[-1], ordinal=7))
    (violation,) = check_flow_run(flow_run, store.iterate_events(scribe.flow_run), rows)

    assert ("I17", 7) == (violation.invariant, violation.ordinal)


def test_events_out_of_order_are_found(store, scribe):
    (flow_run,) = store.flow_runs(FlowRunFilter(id=scribe.flow_run))
    rows = store.task_runs(TaskRunFilter(flow_run=scribe.flow_run, oldest_first=True))
    events = list(store.iterate_events(scribe.flow_run))
    events[-1].cursor = events[-2].cursor
    (violation,) = check_flow_run(flow_run, events, rows)

    assert ("I14", 0) == (violation.invariant, violation.ordinal)


def test_children_on_taken_ordinals_are_found(store, scribe, path):
    damage(
        path,
        """UPDATE event SET data = '{"first":2,"count":3,"task":1}' WHERE flow_run = 2 AND kind = 3 AND ordinal = 2""",
    )

    assert ("I17", 2) in found(store)


def test_a_result_that_is_gone_is_found_by_who_can_look(store, scribe):
    looked_at = []

    def find_damage(ref):
        looked_at.append(ref)
        return "it is gone"

    assert {("I9", 1)} == found(store, find_damage=find_damage)
    assert [REF] == looked_at


def test_at_rest_leases_and_states_go_together(store, scribe):
    store.acquire(scribe.flow_run, scribe.lease.owner, 60)
    assert {("I10", 0)} == found(store, is_at_rest=True)
    store.release(store.find_lease(scribe.flow_run))
    assert set() == found(store, is_at_rest=True)


def test_at_rest_nothing_active_is_without_its_lease(store):
    scribe = Scribe(store).start()
    scribe.commit()
    assert set() == found(store, is_at_rest=True)
    store.release(scribe.lease)
    assert {("I10", 0)} == found(store, is_at_rest=True)
    assert "nobody holds its lease" in str(next(check(store, is_at_rest=True)))


def test_a_record_of_many_pages_is_read_to_its_end(store, path):
    scribe = Scribe(store, tasks=1).start()
    scribe.run(*scribe.map(1, 2_500)).commit()
    assert [] == list(check(store))
    damage(path, "UPDATE task_run SET parent = 7 WHERE ordinal = 2501")

    assert {("I4", 2501)} == found(store)


def test_a_flow_run_that_went_on_meanwhile_is_looked_at_again(store, scribe, monkeypatch):
    (late,) = store.flow_runs(FlowRunFilter(id=scribe.flow_run))
    early = replace(late, version=late.version - 1, updated=late.updated - 1)
    pages = iter([[early], [late], [late]])
    original = store.flow_runs
    monkeypatch.setattr(
        store, "flow_runs", lambda which: next(pages) if which.id or which.after is None else original(which)
    )

    assert set() == found(store)


def test_lines_of_runs_that_are_not_there_are_found(store, scribe, path):
    scribe.log(1, "kept").commit()
    assert [] == store.find_damage()
    damage(path, "UPDATE log_line SET ordinal = 99")

    assert ["I17: log line 1 is of a task run that is not there"] == store.find_damage()


def test_metrics_of_runs_that_are_not_there_are_found(store, scribe, path):
    damage(path, "INSERT INTO metric VALUES (7, 1, 99, 1, 5, 'rows', 3, 'gauge', NULL)")

    assert ["I17: metric 7 is of a task run that is not there"] == store.find_damage()


def test_a_flow_run_of_no_flow_is_found(store, scribe, path):
    damage(path, "UPDATE flow_run SET flow = 99 WHERE key = 1")

    assert [f"I17: flow run {scribe.flow_run.hex} is of a flow that is not there"] == store.find_damage()
