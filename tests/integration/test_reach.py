"""Files that go from execution to execution: those around are reached, those of other namespaces are not."""

from __future__ import annotations

import pytest
from tests.integration.executions import latest, run

from runwright import app
from runwright.errors import FileForbidden
from runwright.executions.declared_flow import DeclaredFlow
from runwright.executions.registered_flows import registered
from runwright.executions.runner import ExecutionRunner
from runwright.open_records import open_record

MAKE = "  - {id: make, type: storage.LocalFiles, inputs: {a.txt: hello}, outputs: ['a.txt']}\n"
SIZE = "  - {id: size, type: storage.Size, uri: '{{ inputs.uri }}'}\n"
TAKES = "inputs: [{id: uri, type: STRING}]\n"
GIVES = "outputs: [{id: uri, type: STRING, value: '%s'}]\n"


def flow(namespace, flow_id, tasks, more=""):
    return DeclaredFlow.from_text(f"id: {flow_id}\nnamespace: {namespace}\n{more}tasks:\n{tasks}")


def keep(*given):
    registered(open_record(), flow(*given))


def sub(namespace, flow_id, inputs="{}"):
    return f"  - {{id: sub, type: flow.Subflow, namespace: {namespace}, flowId: {flow_id}, inputs: {inputs}}}\n"


@pytest.fixture
def foreign():
    """Return the URI of a file of another namespace."""
    ExecutionRunner(flow("elsewhere", "make", MAKE)).start()
    return latest("elsewhere/make").outputs["make"]["uris"]["a.txt"]


@pytest.mark.parametrize("executor", ["threads:1", "processes:1"])
def test_a_task_does_not_reach_files_of_another_namespace(foreign, executor):
    ExecutionRunner(flow("company.team", "read", SIZE, TAKES), executor=executor).start({"uri": foreign})
    execution = latest("company.team/read")
    assert ("FAILED", True) == (execution.state, "belongs to neither" in str(execution.task_runs[0].message))


@pytest.mark.parametrize(
    "task",
    [
        "{id: t, type: storage.Delete, uri: '%s'}",
        "{id: t, type: storage.Concat, files: ['%s']}",
        "{id: t, type: shell.Commands, commands: ['cat %s']}",
        "{id: t, type: shell.Commands, commands: ['true'], inputFiles: {a: '%s'}}",
        "{id: t, type: namespace.UploadFiles, namespace: tests, filesMap: {a: '%s'}}",
        "{id: t, type: debug.Return, format: \"{{ loopOutputs({'uri': '%s'}) }}\"}",
        "{id: t, type: debug.Return, format: \"{{ read('%s') }}\"}",
    ],
)
def test_no_task_does(foreign, task):
    assert "FAILED" == run(f"  - {task % foreign}").state
    assert app.execution_host().drive.find(foreign) is not None


def test_other_executions_of_the_namespace_are_reached():
    uri = run(MAKE).outputs["make"]["uris"]["a.txt"]
    assert 5 == run(SIZE, TAKES, {"uri": uri}).outputs["size"]["size"]


def test_files_are_handed_down_and_up_through_every_namespace():
    keep("deep.below", "leaf", SIZE + MAKE, TAKES + GIVES % '{{ outputs.make.uris["a.txt"] }}')
    keep(
        "middle",
        "between",
        sub("deep.below", "leaf", "{uri: '{{ inputs.uri }}'}"),
        TAKES + GIVES % "{{ outputs.sub.outputs.uri }}",
    )
    below = sub("middle", "between", "{uri: \"{{ outputs.make.uris['a.txt'] }}\"}")
    again = "  - {id: again, type: storage.Size, uri: '{{ outputs.sub.outputs.uri }}'}\n"
    execution = run(MAKE + below + again)
    assert ("SUCCESS", 5) == (execution.state, execution.outputs["again"]["size"])
    assert 5 == latest("deep.below/leaf").outputs["size"]["size"]


def test_what_the_flows_of_a_namespace_share_is_reached_by_tasks_that_name_it():
    run("  - {id: up, type: namespace.UploadFiles, namespace: other.place, filesMap: {n.txt: '{{ inputs.uri }}'}}", TAKES,
        {"uri": run(MAKE).outputs["make"]["uris"]["a.txt"]})  # fmt: skip
    down = run("  - {id: down, type: namespace.DownloadFiles, namespace: other.place, files: ['**']}")
    assert ["n.txt"] == list(down.outputs["down"]["files"])
    gone = run("  - {id: gone, type: namespace.DeleteFiles, namespace: other.place, files: ['**']}")
    assert ["n.txt"] == list(gone.outputs["gone"]["files"])


def test_the_error_is_one_that_can_be_caught():
    with pytest.raises(FileForbidden):
        ExecutionRunner(flow("company.team", "read", MAKE)).recalled(run(MAKE).row).scope_outside().drive.open(
            "kestra:///x/_files/y"
        )
