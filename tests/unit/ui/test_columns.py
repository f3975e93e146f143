"""The list of task runs shows what its address asks for; who ran a flow run can be shown, searched and grouped by."""

from __future__ import annotations

import re

import pytest
from tests.unit.backend.recorded import RecordedRun

from runwright.events import EventKind

USUAL = ["State", "Task run", "Flow run", "Attempt", "Started", "Waited", "Duration", "Message"]


def titles(answer):
    return re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', answer.text)


@pytest.fixture
def shared(store):
    """Record two flow runs of one host and one of another."""
    runs = []
    for number, worker in enumerate(("host-7:10", "host-7:11", "host-70:10")):
        run = RecordedRun(store, f"run-{number}").start()
        run._append(0, EventKind.ANNOTATED, 0, {"worker": worker}, run.at)
        runs.append(run.succeed(1).commit())
    return runs


@pytest.mark.parametrize(
    ("expected", "query"),
    [
        (USUAL, ""),
        (["State", "Task run", "Task", "Worker"], "?columns=worker,task"),
        (["State", "Task run", "Index", "Ended"], "?columns=index&columns=ended"),
        (USUAL, "?columns=nonsense"),
    ],
)
def test_columns_are_those_of_the_address(ask, runs, expected, query):
    assert expected == titles(ask(f"/task-runs{query}"))


def test_the_form_of_columns_keeps_the_search(ask, runs):
    text = ask("/task-runs?q=flow:etl&columns=task").text

    assert '<input type="hidden" name="q" value="flow:etl">' in text
    assert re.findall(r'name="columns" value="(\w+)" checked', text) == ["task"]


def test_the_worker_is_shown_beside_its_task_runs(ask, shared):
    rows = ask("/task-runs.json?columns=worker&q=task:extract").data["rows"]

    assert ["host-70:10", "host-7:11", "host-7:10"] == [row["worker"] for row in rows]


def test_task_runs_are_grouped_by_worker(ask, shared):
    groups = ask("/task-runs.json?group=worker").data["groups"]

    assert {"host-7:10": 4, "host-7:11": 4, "host-70:10": 4} == {each["name"]: each["count"] for each in groups}
    assert all("worker" in each["link"] for each in groups)


def test_what_nobody_ran_here_is_a_group_without_a_search(ask, runs):
    groups = ask("/task-runs.json?group=worker").data["groups"]

    assert [("unknown", "")] == [(each["name"], each["link"]) for each in groups]


@pytest.mark.parametrize(
    ("expected", "term"), [(["run-0"], "worker:host-7:10"), (["run-1", "run-0"], "worker:host-7"), ([], "worker:host")]
)
def test_a_worker_is_found_by_its_name_or_by_its_host(ask, shared, expected, term):
    rows = ask(f"/task-runs.json?q={term}%20task:extract").data["rows"]

    assert expected == [row["flow_run"]["name"] for row in rows]
