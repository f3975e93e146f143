"""Executions, their task runs and log lines are found by conditions, a page at a time."""

from __future__ import annotations

import pytest


@pytest.fixture
def three(bench):
    """Give a bench with one execution that greeted, one that failed and one that waits, in this order."""
    bench.greet(params={"labels": ["team:core", "urgent:very:much"]})
    bench.create("broken")
    bench.create("waiting")
    return bench


def filters(text):
    return dict(part.split("=", 1) for part in text.split("&"))


@pytest.mark.parametrize(
    ("expected", "conditions"),
    [
        (["waiting", "broken", "greet"], {}),
        (["broken", "greet"], {"namespace": "company.team"}),
        (["broken"], {"state": ["FAILED", "KILLED"]}),
        (["waiting", "broken"], {"state": "FAILED,PAUSED"}),
        (["greet"], {"labels": "team:core"}),
        (["greet"], {"labels": ["team:core", "urgent:very:much"]}),
        ([], {"labels": ["team:core", "urgent:no"]}),
        (["broken"], {"flowId": "broken"}),
        (["waiting"], {"q": "WAIT"}),
        ([], {"q": "a%"}),
        ([], {"flowId": "_reet"}),
        (["waiting", "broken", "greet"], {"timeRange": "P1D"}),
        ([], {"startDate": "2099-01-01T00:00:00Z"}),
        ([], {"endDate": "2001-01-01T00:00:00Z"}),
        ([], {"childFilter": "CHILD"}),
        (["waiting", "broken", "greet"], {"childFilter": "MAIN"}),
        ([], {"triggerExecutionId": "018f0000-0000-7000-8000-000000000000"}),
        (["waiting", "broken", "greet"], {"scope": "USER"}),
        ([], {"scope": "SYSTEM"}),
    ],
)
def test_plain_parameters_are_conditions(three, expected, conditions):
    assert [expected, len(expected)] == three.find(**conditions)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (["greet"], "filters[namespace][EQUALS]=company.team"),
        (["broken", "greet"], "filters[namespace][PREFIX]=company.team"),
        (["broken", "greet"], "filters[namespace][STARTS_WITH]=company.t"),
        (["waiting", "greet"], "filters[flowId][NOT_EQUALS]=broken"),
        (["waiting", "broken"], "filters[state][NOT_IN]=SUCCESS,KILLED"),
        (["greet"], "filters[labels][EQUALS][team]=core"),
        (["waiting", "broken"], "filters[labels][NOT_EQUALS][team]=core"),
        (["greet"], "filters[labels][IN][team]=other,core"),
        (["waiting", "broken"], "filters[or][0][flowId][EQUALS]=broken&filters[or][1][state][EQUALS]=PAUSED"),
        (["broken"], "filters[flowId][REGEX]=br.*n&filters[startDate][GREATER_THAN]=2001-01-01T00:00:00Z"),
        (["waiting", "broken", "greet"], "filters[triggerExecutionId][IS_NULL]="),
        ([], "filters[q][EQUALS]=nothing"),
    ],
)
def test_filters_are_conditions(three, expected, text):
    assert [expected, len(expected)] == three.find(**filters(text))


def test_an_execution_is_found_by_the_beginning_of_its_id(three):
    found = three.answer("GET", "/executions/search", params={"flowId": "broken"})["results"][0]["id"]

    assert [["broken"], 1] == three.find(q=found[:18], flowId="broken")
    assert [["broken"], 1] == three.find(**{"filters[executionId][IN]": found})


def test_pages_are_counted_from_one(three):
    assert [["waiting", "broken"], 3] == three.find(size=2)
    assert [["greet"], 3] == three.find(size=2, page=2)
    assert [[], 3] == three.find(size=2, page=3)


@pytest.mark.parametrize(
    ("expected", "sort"),
    [
        (["greet", "broken", "waiting"], "state.startDate:asc"),
        (["waiting", "broken", "greet"], "id:desc"),
        (["waiting", "greet", "broken"], "namespace:asc"),
        (["broken", "waiting", "greet"], "state.current"),
    ],
)
def test_executions_are_sorted(three, expected, sort):
    assert [expected, 3] == three.find(sort=sort)


@pytest.mark.parametrize(
    ("expected", "conditions"),
    [
        ("page", {"page": "0"}),
        ("size", {"size": "-1"}),
        ("sort by", {"sort": "secrets:asc"}),
        ("state is one of", {"state": "HAPPY"}),
        ("key:value", {"labels": "team"}),
        ("CHILD or MAIN", {"childFilter": "BOTH"}),
        (
            "Start date must be before End Date",
            {"startDate": "2025-01-02T00:00:00Z", "endDate": "2025-01-01T00:00:00Z"},
        ),
        ("exclude each other", {"startDate": "2025-01-02T00:00:00Z", "timeRange": "P1D"}),
        ("timeRange", {"timeRange": "P1M"}),
        ("startDate", {"startDate": "yesterday"}),
        ("no such filter", {"filters[password][EQUALS]": "x"}),
        ("no such operator", {"filters[state][LIKE]": "x"}),
        ("labels are compared", {"filters[labels][REGEX][team]": "x"}),
    ],
)
def test_what_cannot_be_asked_is_refused(bench, expected, conditions):
    told = bench.answer("GET", "/executions/search", 422, params=conditions)["message"]

    assert expected.lower() in told.lower()


def test_deleted_executions_are_found_no_more(three):
    found = three.answer("GET", "/executions/search", params={"flowId": "greet"})["results"][0]["id"]
    three.answer("DELETE", f"/executions/{found}", 204)

    assert [["waiting", "broken"], 2] == three.find()
    assert 404 == three.client.get(f"/api/v1/executions/{found}").status_code
    assert [["wait", "second", "first"], 3] == tasks_of(three)


def test_only_the_older_path_lists_task_runs(three):
    newer = three.answer("GET", "/executions/search", params={"flowId": "broken"})["results"][0]
    older = three.answer("GET", "/executions/search", base="/api/v1", params={"flowId": "broken"})["results"][0]

    assert ["first", "second"] == [each["taskId"] for each in older.pop("taskRunList")]
    assert older == newer
    assert ["CREATED", "RUNNING", "FAILED"] == [each["state"] for each in newer["state"]["histories"]]


def test_executions_of_a_flow_are_those_of_its_own_namespace(three):
    path = "/executions"

    assert [["greet"], 1] == three.find(path, namespace="company.team", flowId="greet")
    assert [[], 0] == three.find(path, namespace="company", flowId="greet")


def tasks_of(bench, **conditions):
    found = bench.answer("GET", "/taskruns/search", params=conditions)
    return [[each["taskId"] for each in found["results"]], found["total"]]


@pytest.mark.parametrize(
    ("expected", "conditions"),
    [
        (["wait", "second", "first", "echo", "say"], {}),
        (["second"], {"state": "FAILED"}),
        (["first"], {"taskId": "first"}),
        (["echo", "say"], {"labels": "team:core"}),
        (["second", "first"], {"namespace": "company.team.data"}),
        (["second", "wait"], {"filters[state][NOT_EQUALS]": "SUCCESS", "sort": "state.startDate:asc"}),
        (["echo", "first"], {"sort": "taskId:asc", "size": "2"}),
    ],
)
def test_task_runs_are_found_over_all_executions(three, expected, conditions):
    names, total = tasks_of(three, **conditions)

    assert expected == names
    assert len(expected) == total or "size" in conditions


def test_a_task_run_that_was_found_is_the_one_of_its_execution(three):
    found = three.answer("GET", "/taskruns/search", params={"taskId": "echo"})["results"][0]
    execution = three.answer("GET", f"/executions/{found['executionId']}")

    assert execution["taskRunList"][1] == found
    assert {"value": "Ann!"} == found["outputs"]


def test_log_lines_are_found_over_all_executions(three):
    lines = three.answer("GET", "/logs/search", params={"q": "hello"})

    assert 1 == lines["total"]
    line = lines["results"][0]
    assert ["greet", "say", "INFO", "Hello Ann", 0] == [
        line[name] for name in ("flowId", "taskId", "level", "message", "attemptNumber")
    ]
    assert [line] == three.answer("GET", f"/logs/{line['executionId']}", params={"taskId": "say"})
    errors = three.answer("GET", "/logs/search", params={"minLevel": "ERROR"})["results"]
    assert {"broken"} == {each["flowId"] for each in errors}


def test_the_newest_execution_of_each_flow_is_given(three):
    newest = three.greet("Ben")
    flows = [{"namespace": "company.team", "id": "greet"}, {"namespace": "company.team", "flowId": "unknown"}]

    assert [newest] == [each["id"] for each in three.answer("POST", "/executions/latest", json=flows)]


def test_namespaces_are_those_with_executions(bench):
    bench.greet()

    assert ["company.team"] == bench.answer("GET", "/executions/namespaces")


def test_a_list_reads_no_event_of_a_task_run(three, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(type(three.record), "iterate_events", None)

        assert [["waiting"], 3] == three.find(size=1)
