"""An execution that somebody deleted is in no list and in no number, on any surface; a purge takes it off the record."""

from __future__ import annotations

import json
import warnings

import pytest
from tests.integration.executions import run

from runwright import purging
from runwright.app import execution_host
from runwright.cli.main import main
from runwright.executions.service import ExecutionService
from runwright.server.app import create_app
from runwright.server.context import ServerOptions
from runwright.views import FlowRunFilter, TaskRunFilter

with warnings.catch_warnings(action="ignore"):  # newer versions ask for a client that is too new to ask for
    from starlette.testclient import TestClient

TASKS = """
- {id: say, type: log.Log, message: said}
- {id: each, type: flow.ForEach, values: [1, 2], tasks: [{id: body, type: debug.Return, format: x}]}
"""


@pytest.fixture
def kept():
    """Return an execution that stays."""
    return run(TASKS)


@pytest.fixture
def gone(record, kept):
    """Return one that was deleted: the newest, so that it is on the first page of every list."""
    ended = run(TASKS)
    ExecutionService(record, lambda _: None).delete(ended.row)
    return ended


@pytest.fixture
def client(record):
    app = create_app(record, options=ServerOptions(hosts=("testserver",), poll_seconds=0.01))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def graphql(client, text):
    answer = client.post("/graphql", json={"query": f"{{ {text} }}"}).json()
    assert "errors" not in answer, answer
    return answer["data"]


def test_clients_of_executions_find_it_nowhere(client, kept, gone):
    for path, number in (("executions/search", 1), ("taskruns/search", 4), ("logs/search", 1)):
        found = client.get(f"/api/v1/main/{path}").json()
        owners = {each.get("executionId") or each["id"] for each in found["results"]}
        assert (number, {str(kept.row.id)}) == (found["total"], owners), path
    answer = client.get(f"/api/v1/main/executions/{gone.row.id}")
    assert (404, True) == (answer.status_code, "is deleted" in answer.json()["message"])


def test_clients_of_events_find_it_nowhere(client, kept, gone):
    for kind, number in (("task_runs", 4), ("flow_runs", 1)):
        rows = client.post(f"/api/{kind}/filter", json={"limit": 4}).json()
        assert {str(kept.row.id)} == {each.get("flow_run_id") or each["id"] for each in rows}
        page = client.post(f"/api/{kind}/paginate", json={"limit": 4}).json()
        assert (number, number, number) == (
            client.post(f"/api/{kind}/count", json={}).json(), page["count"], len(page["results"])
        )  # fmt: skip
        by_id = {kind: {"id": {"any_": [str(gone.row.id if kind == "flow_runs" else gone.task_runs[0].id)]}}}
        assert [] == client.post(f"/api/{kind}/filter", json=by_id).json()
    for path in (f"flow_runs/{gone.row.id}", f"task_runs/{gone.task_runs[0].id}"):
        assert (404, True) == ((answer := client.get(f"/api/{path}")).status_code, "is deleted" in answer.text)
    assert ["said"] == [line["message"] for line in client.post("/api/logs/filter", json={}).json()]


def test_numbers_that_are_kept_up_forget_it(client, record, kept):
    def count():
        return client.post("/api/task_runs/count", json={}).json()

    assert 4 == count()
    other = run(TASKS)
    assert 8 == count()
    ExecutionService(record, lambda _: None).delete(other.row)
    assert 4 == count()
    assert 4 == sum(record.count_task_runs(TaskRunFilter(without_deleted=True), "state").values())


def test_queries_leave_it_out_unless_they_ask_for_it(client, kept, gone):
    found = graphql(
        client,
        "flow_run { id } task_run { flow_run_id } log { flow_run_id } "
        "flow_run_aggregate { aggregate { count } } task_run_aggregate { aggregate { count } } "
        "flow { flow_runs { id } flow_runs_aggregate { aggregate { count } } }",
    )
    own = str(kept.row.id)
    assert [{"id": own}] == found["flow_run"]
    assert {own} == {each["flow_run_id"] for each in [*found["task_run"], *found["log"]]}
    assert [1, 4] == [found[f"{name}_aggregate"]["aggregate"]["count"] for name in ("flow_run", "task_run")]
    assert [[{"id": own}], 1] == [
        found["flow"][0]["flow_runs"], found["flow"][0]["flow_runs_aggregate"]["aggregate"]["count"]
    ]  # fmt: skip

    asked = graphql(
        client,
        "flow_run(where: {deleted: {_eq: true}}) { id } task_run(where: {flow_run: {deleted: {_eq: true}}}) { id } "
        f'flow_run_by_pk(id: "{gone.row.id}") {{ deleted }}',
    )
    assert ([{"id": str(gone.row.id)}], 4, True) == (
        asked["flow_run"], len(asked["task_run"]), asked["flow_run_by_pk"]["deleted"]
    )  # fmt: skip


@pytest.mark.parametrize(
    "query", ["", "?q=task:body", "?q=phase:ok", "?q=body", "?by=flow", "?sort=slowest", "?q=-task:say"]
)
def test_pages_show_it_nowhere(client, kept, gone, query):
    for page in ("task-runs", "flow-runs", "flows", ""):
        text = client.get(f"/ui/{page}{query if page == 'task-runs' else ''}").text
        assert str(gone.row.id) not in text
        assert gone.row.name not in text
    assert str(kept.row.id)[:8] in client.get(f"/ui/task-runs{query}").text or "by=" in query
    assert "It was deleted" in client.get(f"/ui/flow-runs/{gone.row.id}").text


def test_the_command_line_lists_it_nowhere(capsys, kept, gone):
    def said(*words):
        assert 0 == main([*words, "-o", "json"])
        return json.loads(capsys.readouterr().out)

    assert {str(kept.row.id)} == {each["flow_run_id"] for each in said("task-run", "ls", "--limit", "0")}
    assert [str(kept.row.id)] == [each["id"] for each in said("flow-run", "ls")]
    assert 4 == len(said("task-run", "ls", "--flow-run", str(gone.row.id)))
    assert 0 == main(["flow-run", "get", str(gone.row.id)])
    assert "Deleted     as an execution" in capsys.readouterr().out


def test_a_purge_takes_it_off_for_good(client, record, kept, gone):
    rows = record.flow_runs(FlowRunFilter())
    purging.purge(record, [row for row in rows if row.id == gone.row.id], execution_host().drive, purging.PARTS)

    assert [kept.row.id] == [row.id for row in record.flow_runs(FlowRunFilter())]
    assert 4 == client.post("/api/task_runs/count", json={}).json() == record.count_task_runs(TaskRunFilter())["count"]
    missing = client.get(f"/api/v1/main/executions/{gone.row.id}")
    assert (404, False) == (missing.status_code, "is deleted" in missing.text)
