"""Whole executions that read files and values of their namespace."""

from __future__ import annotations

import pytest

from runwright import settings
from runwright.drives import open_drive
from runwright.executions.declared_flow import DeclaredFlow
from runwright.executions.runner import ExecutionRunner
from runwright.executions.uploads import Upload
from runwright.hosting import NamespaceFiles
from runwright.key_values import KeyValue
from runwright.open_records import open_record
from runwright.testing.drive_contract import content
from runwright.views import FlowRunFilter, TaskRunFilter

FLOW = """
id: reader
namespace: company.team
inputs:
  - id: file
    type: FILE
    required: false
tasks:
  - id: read
    type: io.kestra.plugin.core.debug.Return
    format: "{expression}"
"""


def run(expression, executor="threads:1", **inputs):
    flow = DeclaredFlow.from_text(FLOW.replace("{expression}", expression))
    ExecutionRunner(flow, executor=executor).start(inputs)
    store = open_record()
    execution = store.flow_runs(FlowRunFilter(limit=1))[0]
    (task_run,) = store.task_runs(TaskRunFilter(flow_run=execution.id))
    return execution, task_run


@pytest.fixture
def drive(runwright_home):
    return open_drive(settings.load().drive)


@pytest.mark.parametrize("name", ["report.csv", "../../../etc/passwd", "C:\\reports\\report.csv", "", "x" * 500])
def test_a_file_that_is_given_as_an_input_is_read(drive, name):
    execution, task_run = run("{{ read(inputs.file) }} {{ fileSize(inputs.file) }}", file=Upload(name, b"three"))

    uri = execution.parameters["file"]
    assert '{"value":"three 5"}' == task_run.result.location
    assert uri.startswith(f"kestra:///company/team/reader/executions/{execution.id}/inputs/file/")
    assert b"three" == content(drive, uri)


@pytest.mark.parametrize("executor", ["threads:1", "processes:1"])
def test_files_and_values_of_the_namespace_are_read(drive, executor):
    NamespaceFiles(drive, "company.team").put("sql/daily.sql", b"SELECT 1")
    open_record().keep_value(KeyValue("company.team", "limit", 7, "NUMBER", 0, 0))

    _, task_run = run("{{ read('sql/daily.sql') }} {{ kv('limit') + 1 }}", executor)

    assert '{"value":"SELECT 1 8"}' == task_run.result.location


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("kestra:///company/team/other/executions/1/a.txt", "belongs to neither this execution"),
        ("kestra:///company/other/_files/a.txt", "belongs to neither this execution"),
        ("file:///etc/passwd", "cannot be read here"),
        ("../../../etc/passwd", "may not be a part of its path"),
    ],
)
def test_files_of_others_are_refused(drive, uri, told):
    _, task_run = run("{{ read('" + uri + "') }}")

    assert ("Failed", True) == (task_run.kind.name, told in str(task_run.message))


def test_files_of_another_execution_of_the_flow_are_refused(drive):
    execution, _ = run("one", file=Upload("a.txt", b"mine"))

    _, task_run = run("{{ read('" + execution.parameters["file"] + "') }}")

    assert ("Failed", True) == (task_run.kind.name, "belongs to neither this execution" in str(task_run.message))
