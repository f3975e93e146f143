"""Letting go of executions: by tasks and by their conditions, with log lines, numbers and files, while the record stays sound."""

from __future__ import annotations

import pytest
from tests.integration.executions import declared, latest, run

from runwright import app, purging
from runwright.control import Control
from runwright.executions.runner import ExecutionRunner
from runwright.views import EventFilter, FlowRunFilter

WORK = """
  - {id: say, type: log.Log, message: [one, two], level: WARN}
  - {id: count, type: debug.Return, format: x}
  - {id: file, type: storage.LocalFiles, inputs: {a.txt: hello}, outputs: ["*.txt"]}
"""


def old(flow_id="old", tasks=WORK):
    ExecutionRunner(declared(tasks, flow_id=flow_id), executor="threads:1").start()
    return latest(f"tests/{flow_id}").row


def left(record):
    return [(row.flow_name, row.kind.execution) for row in record.flow_runs(FlowRunFilter())]


def files():
    return list(app.execution_host().drive.list("kestra:///tests/"))


def purge(more="", task="execution.PurgeExecutions"):
    return run(f"  - {{id: purge, type: {task}{', ' if more else ''}{more}}}").outputs["purge"]


def test_what_has_ended_is_deleted_with_all_that_belongs_to_it(record):
    old()
    old("bad", "  - {id: no, type: execution.Fail}")
    waiting = old("waits", "  - {id: wait, type: flow.Pause}")
    assert 1 == len(files())

    assert {"executionsCount": 2, "logsCount": 3, "metricsCount": 2, "storagesCount": 1} == purge()
    assert [("tests/main", "SUCCESS"), ("tests/waits", "PAUSED")] == left(record)
    assert ([], []) == (files(), app.check_record(record))
    Control(record).resume(waiting.id)
    assert ("tests/waits", "SUCCESS") in left(record)


@pytest.mark.parametrize(
    ("kept", "more"),
    [
        (["bad", "other"], "namespace: tests, flowId: old"),
        (["old", "other"], "states: [FAILED]"),
        (["bad", "old", "other"], "namespace: elsewhere"),
        (["bad", "old", "other"], "endDate: 2000-01-01T00:00:00Z"),
        (["bad", "old", "other"], "startDate: \"{{ now() | dateAdd(1, 'DAYS') }}\""),
        ([], "endDate: \"{{ now() | dateAdd(1, 'DAYS') }}\""),
    ],
)
def test_which_ones_is_said_by_conditions(kept, more, record):
    old()
    old("other", "  - {id: a, type: debug.Return, format: x}")
    old("bad", "  - {id: no, type: execution.Fail}")
    purge(more)
    assert [*(f"tests/{name}" for name in kept), "tests/main"] == sorted(
        (name for name, _ in left(record)), key=lambda name: (name == "tests/main", name)
    )


def test_an_execution_is_old_when_it_has_ended_and_not_when_it_began(record, now):
    old("waits", "  - {id: wait, type: flow.Pause, delay: PT2H}")
    now.advance(60)
    assert 0 == purge("endDate: \"{{ now() | dateAdd(-1, 'HOURS') }}\"")["executionsCount"]
    assert 1 == purge('endDate: "{{ now() }}", flowId: waits, namespace: tests')["executionsCount"]


@pytest.mark.parametrize(
    ("expected", "more"),
    [
        ((0, 2, 0, 0), "purgeMetric: false, purgeStorage: false"),
        ((0, 0, 2, 0), "purgeLog: false, purgeStorage: false"),
        ((0, 0, 0, 1), "purgeLog: false, purgeMetric: false"),
    ],
)
def test_parts_may_go_and_the_execution_stay(expected, more, record):
    row = old()
    counts = purge(f"purgeExecution: false, {more}")
    assert expected == tuple(counts.values())
    lines, metrics, kept = len(record.logs(row.id)), len(record.metrics(row.id)), len(files())
    assert (2 - expected[1], 2 - expected[2], 1 - expected[3]) == (lines, metrics, kept)
    assert ("tests/old", "SUCCESS") in left(record)


def test_files_may_stay(record):
    old()
    purge("purgeStorage: false")
    assert (["tests/main"], 1) == ([name for name, _ in left(record)], len(files()))


def test_log_lines_are_deleted_by_level_and_time(record):
    row = old()
    assert 0 == purge("namespace: tests, logLevels: [INFO, ERROR]", "log.PurgeLogs")["count"]
    assert 0 == purge("namespace: tests, endDate: 2000-01-01T00:00:00Z", "log.PurgeLogs")["count"]
    assert 2 == purge("namespace: tests, logLevels: [warn]", "log.PurgeLogs")["count"]
    assert [] == record.logs(row.id)


def test_log_lines_of_one_execution(record):
    first, second = old(), old()
    assert 2 == purge(f'executionId: "{first.id}"', "log.PurgeLogs")["count"]
    assert ([], 2) == (record.logs(first.id), len(record.logs(second.id)))


def test_a_child_whose_parent_was_purged_reads_its_own_files(record):
    """What named the parent names nothing any more."""
    from runwright.executions.registered_flows import registered

    registered(
        record,
        declared(
            "  - {id: wait, type: flow.Pause}\n"
            + WORK
            + """
  - {id: read, type: debug.Return, format: "{{ read(outputs.file.uris['a.txt']) }}"}
""",
            flow_id="child",
        ),
    )
    run("  - {id: sub, type: flow.Subflow, namespace: tests, flowId: child, wait: false}")
    purging.purge(record, record.flow_runs(FlowRunFilter(flow="tests/main")), app.execution_host().drive)
    cursor = 0
    while latest("tests/child").state != "PAUSED" or record.find_lease(latest("tests/child").row.id) is not None:
        cursor = record.await_events(cursor, 0.2)
    Control(record).resume(latest("tests/child").row.id)

    assert "hello" == latest("tests/child").outputs["read"]["value"]


def test_many_are_deleted_in_several_commits(record, monkeypatch):
    monkeypatch.setattr(purging, "_AT_ONCE", 2)
    for _ in range(5):
        old("many", "  - {id: a, type: debug.Return, format: x}")
    last = record.await_events(0, 0)
    rows = record.flow_runs(FlowRunFilter())
    assert 5 == purging.purge(record, rows, app.execution_host().drive)["executions"]
    assert ([], last) == (record.events(EventFilter()), record.await_events(0, 0))
    assert (last + 1) == next(record.iterate_events(old().id)).cursor
