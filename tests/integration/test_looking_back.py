"""What expressions yield for task runs that are on record: by the catalogue, over HTTP, and on the command line."""

from __future__ import annotations

import base64
import warnings
from uuid import UUID

import pytest

from runwright.cli.main import main
from runwright.errors import ExpressionUndefined, NotOnRecord
from runwright.executions.declared_flow import DeclaredFlow
from runwright.executions.looking_back import evaluate
from runwright.executions.runner import ExecutionRunner
from runwright.server.app import create_app
from runwright.server.context import ServerOptions
from runwright.views import TaskRunFilter

with warnings.catch_warnings(action="ignore"):
    from starlette.testclient import TestClient

FLOW = """
id: back
namespace: company
inputs: [{id: who, type: STRING, defaults: you}]
tasks:
  - {id: first, type: debug.Return, format: one}
  - id: each
    type: flow.ForEach
    values: [a, b]
    tasks:
      - id: inner
        type: flow.ForEach
        values: [x]
        tasks: [{id: leaf, type: debug.Return, format: "{{ taskrun.value }}"}]
  - {id: left_out, type: log.Log, message: never, runIf: "false"}
"""


@pytest.fixture
def task_runs(record):
    """Run the flow; return its task runs by task, in the order of their values."""
    ExecutionRunner(DeclaredFlow.from_text(FLOW)).start()
    found: dict[str, list] = {}
    for row in record.task_runs(TaskRunFilter(oldest_first=True)):
        found.setdefault(row.slug, []).append(row)
    return found


@pytest.mark.parametrize(
    ("task", "number", "expression", "text"),
    [
        ("first", 0, "{{ inputs.who }} {{ task.id }} {{ taskrun.attemptsCount }}", "you first 0"),
        ("leaf", 1, "{{ parents[0].taskrun.value }}{{ taskrun.value }}", "bx"),
        ("leaf", 0, "{{ currentEachOutput(outputs.leaf).value }} {{ outputs.leaf.b.x.value }}", "x x"),
        ("left_out", 0, "{{ taskrun.id is defined }} {{ outputs.first.value }}", "true one"),
        ("each", 0, "no expression", "no expression"),
    ],
)
def test_an_expression_sees_what_the_task_run_saw(task_runs, task, number, expression, text):
    assert text == evaluate(task_runs[task][number].id, expression)


def test_a_name_that_is_not_there_is_an_error_with_its_place(task_runs):
    with pytest.raises(ExpressionUndefined, match="nothing"):
        evaluate(task_runs["first"][0].id, "{{ nothing }}")


def test_a_task_run_that_there_is_not_is_said_to_be_none(task_runs):
    flow_run = task_runs["first"][0].flow_run
    for absent in (flow_run, UUID(int=flow_run.int + (999 << 24))):
        with pytest.raises(NotOnRecord, match=r"No flow run|no task run"):
            evaluate(absent, "{{ 1 }}")


def test_secret_inputs_are_hidden(record, monkeypatch):
    monkeypatch.setenv("RUNWRIGHT_ENCRYPTION_KEY", base64.b64encode(bytes(32)).decode())
    text = "id: s\nnamespace: c\ninputs: [{id: word, type: SECRET}]\ntasks: [{id: a, type: debug.Return, format: x}]"
    ExecutionRunner(DeclaredFlow.from_text(text)).start({"word": "tell-nobody"})
    (row,) = record.task_runs(TaskRunFilter())
    assert "tell-nobody" not in evaluate(row.id, "{{ inputs.word }}")


def test_clients_get_a_result_or_an_error(task_runs, record):
    row = task_runs["first"][0]
    path = f"/api/v1/main/executions/{row.flow_run}/eval"
    with TestClient(create_app(record, options=ServerOptions(hosts=("testserver",)))) as client:
        assert {"result": "one"} == client.post(f"{path}/{row.id}", content="{{ outputs.first.value }}").json()
        told = client.post(f"{path}/{row.id}", content="{{ outputs.second }}")
        assert 200 == told.status_code
        assert "second" in told.json()["error"]
        assert told.json()["stackTrace"].startswith(told.json()["error"])
        assert 404 == client.post(f"{path}/{row.flow_run}", content="x").status_code


def test_the_command_line_prints_the_text(task_runs, capsys):
    status = main(["task-run", "eval", str(task_runs["leaf"][0].id), "{{ parent.taskrun.value }}"])
    assert (0, "a\n") == (status, capsys.readouterr().out)
