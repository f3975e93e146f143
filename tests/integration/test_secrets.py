"""Whole executions that use secrets: what of them can be read on the record afterwards."""

from __future__ import annotations

import base64

import pytest

from runwright import app
from runwright.control import Control
from runwright.executions.catalogue import handed_on_by
from runwright.executions.declared_flow import DeclaredFlow
from runwright.executions.looking_back import evaluate
from runwright.executions.registered_flows import registered
from runwright.executions.runner import ExecutionRunner
from runwright.open_records import close_records, open_record
from runwright.views import FlowRunFilter, TaskRunFilter

SECRET = "hunter21-and-more"  # noqa: S105  the subject of the tests
HIDDEN = "********"

HEAD = """
id: secrets
namespace: company.team
"""


@pytest.fixture(autouse=True)
def environment(runwright_home, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", base64.b64encode(SECRET.encode()).decode())
    monkeypatch.setenv("RUNWRIGHT_ENCRYPTION_KEY", base64.b64encode(bytes(32)).decode())


def run(tasks, executor="threads:2", head=HEAD, **inputs):
    ExecutionRunner(DeclaredFlow.from_text(head + tasks), executor=executor).start(inputs)
    store = open_record()
    (execution,) = store.flow_runs(FlowRunFilter())
    return execution, store.task_runs(TaskRunFilter(flow_run=execution.id)), store.logs(execution.id)


def files_of(home):
    close_records()
    return b"".join(each.read_bytes() for each in home.rglob("*") if each.is_file())


@pytest.mark.parametrize("executor", ["threads:2", "processes:1"])
def test_a_secret_is_not_logged(executor, runwright_home):
    _, (task_run,), logs = run(
        """
tasks:
  - id: log
    type: io.kestra.plugin.core.log.Log
    message: "Bearer {{ secret('TOKEN') }}"
""",
        executor,
    )

    assert ("Success", [f"Bearer {HIDDEN}"]) == (task_run.kind.name, [line.message for line in logs])
    assert SECRET.encode() not in files_of(runwright_home)


@pytest.mark.parametrize("executor", ["threads:2", "processes:1"])
def test_a_failure_does_not_tell_a_secret(executor, runwright_home):
    _, (task_run,), logs = run(
        """
tasks:
  - id: fail
    type: io.kestra.plugin.core.execution.Fail
    errorMessage: "no login with {{ secret('TOKEN') }}"
""",
        executor,
    )

    assert ("Failed", f"no login with {HIDDEN}") == (task_run.kind.name, task_run.message)
    assert any(HIDDEN in line.message for line in logs)
    assert SECRET.encode() not in files_of(runwright_home)


def test_an_input_that_is_a_secret_is_encrypted_and_not_logged(runwright_home):
    execution, (task_run,), logs = run(
        """
inputs:
  - id: entry
    type: SECRET
tasks:
  - id: log
    type: io.kestra.plugin.core.log.Log
    message: "This is my secret: {{ inputs.entry }}"
""",
        entry="hunter22-from-me",
    )

    assert ("Success", [f"This is my secret: {HIDDEN}"]) == (task_run.kind.name, [line.message for line in logs])
    assert execution.parameters["entry"]["$encrypted"].startswith("rw1:")
    assert b"hunter22-from-me" not in files_of(runwright_home)


@pytest.mark.parametrize("executor", ["threads:2", "processes:1"])
def test_outputs_do_not_tell_a_secret(executor, runwright_home):
    _, task_runs, _ = run(
        """
tasks:
  - id: first
    type: io.kestra.plugin.core.debug.Return
    format: "Bearer {{ secret('TOKEN') }}"
  - id: second
    type: io.kestra.plugin.core.debug.Return
    format: "{{ outputs.first.value }} of others"
""",
        executor,
    )

    assert {f'{{"value":"Bearer {HIDDEN}"}}', f'{{"value":"Bearer {HIDDEN} of others"}}'} == {
        each.result.location for each in task_runs
    }
    assert SECRET.encode() not in files_of(runwright_home)


def test_secrets_of_one_attempt_do_not_change_the_outputs_of_others():
    _, task_runs, _ = run(
        f"""
tasks:
  - id: first
    type: io.kestra.plugin.core.log.Log
    message: "{{{{ secret('TOKEN') }}}}"
  - id: second
    type: io.kestra.plugin.core.debug.Return
    format: "{SECRET}"
"""
    )

    assert [f'{{"value":"{SECRET}"}}'] == [each.result.location for each in task_runs if each.result]


def test_a_secret_that_is_missing_fails_the_task():
    _, (task_run,), _ = run(
        """
tasks:
  - id: log
    type: io.kestra.plugin.core.log.Log
    message: "{{ secret('NOPE') }}"
"""
    )

    assert "Failed" == task_run.kind.name
    assert "set the environment variable SECRET_NOPE to it in base64" in str(task_run.message)


def test_what_a_program_prints_of_a_secret_is_not_logged(runwright_home):
    _, (task_run,), logs = run(
        """
tasks:
  - id: print
    type: io.kestra.plugin.scripts.shell.Commands
    taskRunner:
      type: io.kestra.plugin.core.runner.Process
    env:
      TOKEN: "{{ secret('TOKEN') }}"
    commands:
      - echo "plain $TOKEN"
      - printf %s "$TOKEN" | base64
"""
    )

    assert "Success" == task_run.kind.name
    assert [f"plain {HIDDEN}", HIDDEN] == [line.message for line in logs if HIDDEN in line.message]
    assert SECRET.encode() not in files_of(runwright_home)


@pytest.mark.parametrize("executor", ["threads:2", "processes:1"])
def test_what_flows_on_is_true_and_what_is_shown_is_not(executor, runwright_home):
    execution, task_runs, logs = run(
        """
inputs:
  - id: entry
    type: SECRET
tasks:
  - id: first
    type: io.kestra.plugin.core.debug.Return
    format: "Bearer {{ inputs.entry }}"
  - id: second
    type: io.kestra.plugin.core.debug.Return
    format: "{{ outputs.first.value }} {{ outputs.first.value | length }}"
  - id: loop
    type: io.kestra.plugin.core.flow.Loop
    values: [1]
    outputs: {found: "{{ outputs.third.value }}"}
    tasks:
      - id: third
        type: io.kestra.plugin.core.debug.Return
        format: "{{ outputs.second.value | length }} {{ outputs.second.value }}"
  - id: mark
    type: io.kestra.plugin.core.execution.Labels
    labels: {entry: "{{ outputs.first.value }}", size: "{{ outputs.loop.values[0].found | length }}"}
outputs:
  - {id: all, type: STRING, value: "{{ outputs.first.value }}"}
""",
        executor,
        entry="hunter22-from-me",
    )

    shown = {each.slug: handed_on_by(each) for each in task_runs}
    assert {"value": f"Bearer {HIDDEN}"} == shown["first"]
    assert {"value": f"Bearer {HIDDEN} 23"} == shown["second"]
    assert {"value": f"26 Bearer {HIDDEN} 23"} == shown["third"]
    assert [{"found": f"26 Bearer {HIDDEN} 23"}] == shown["loop"]["values"]
    assert (f"Bearer {HIDDEN}", "29") == (execution.details["labels"]["entry"], execution.details["labels"]["size"])
    assert {"all": f"Bearer {HIDDEN}"} == execution.details["outputs"]
    assert [] == [line for line in logs if "hunter22" in line.message]
    assert b"hunter22-from-me" not in files_of(runwright_home)


ASKING = """
inputs:
  - id: entry
    type: SECRET
tasks:
  - id: first
    type: io.kestra.plugin.core.debug.Return
    format: "{{ inputs.entry }}"
  - id: ask
    type: io.kestra.plugin.core.flow.Pause
  - id: last
    type: io.kestra.plugin.core.debug.Return
    format: "{{ outputs.first.value | length }} {{ outputs.first.value }}"
"""


def test_another_owner_reads_what_was_hidden(runwright_home):
    execution, _, _ = run(ASKING, entry="hunter22-from-me")
    app.resume_flow_run(execution.id)

    (last,) = open_record().task_runs(TaskRunFilter(task="last"))
    assert {"value": f"16 {HIDDEN}"} == handed_on_by(last)
    assert f"{HIDDEN} 16" == evaluate(last.id, "{{ outputs.first.value }} {{ outputs.first.value | length }}")
    assert b"hunter22-from-me" not in files_of(runwright_home)


def test_a_parent_reads_what_its_child_has_hidden(runwright_home):
    child = """
id: child
namespace: company.team
tasks:
  - {id: only, type: debug.Return, format: "{{ secret('TOKEN') }}"}
outputs:
  - {id: token, type: STRING, value: "{{ outputs.only.value }}"}
"""
    registered(open_record(), DeclaredFlow.from_text(child))
    ExecutionRunner(
        DeclaredFlow.from_text(
            HEAD
            + """
tasks:
  - {id: sub, type: flow.Subflow, namespace: company.team, flowId: child}
  - {id: last, type: debug.Return, format: "{{ outputs.sub.outputs.token | length }} {{ outputs.sub.outputs.token }}"}
"""
        )
    ).start()

    rows = open_record().task_runs(TaskRunFilter(flow="company.team/secrets"))
    shown = {each.slug: handed_on_by(each) for each in rows}
    assert {"token": HIDDEN} == shown["sub"]["outputs"]
    assert {"value": f"{len(SECRET)} {HIDDEN}"} == shown["last"]
    assert SECRET.encode() not in files_of(runwright_home)


def test_without_a_key_what_is_hidden_is_gone(monkeypatch, runwright_home):
    monkeypatch.delenv("RUNWRIGHT_ENCRYPTION_KEY")
    _, task_runs, _ = run(
        """
tasks:
  - {id: first, type: debug.Return, format: "{{ secret('TOKEN') }}"}
  - {id: second, type: debug.Return, format: "{{ outputs.first.value | length }}"}
"""
    )

    assert {"first": {"value": HIDDEN}, "second": {"value": "8"}} == {
        each.slug: handed_on_by(each) for each in task_runs
    }
    assert SECRET.encode() not in files_of(runwright_home)


def test_what_is_asked_of_a_pause_may_be_a_secret(runwright_home):
    execution, _, _ = run(
        """
tasks:
  - id: ask
    type: flow.Pause
    onResume: [{id: word, type: SECRET}]
  - {id: last, type: debug.Return, format: "{{ outputs.ask.onResume.word | length }} {{ outputs.ask.onResume.word }}"}
"""
    )
    Control().resume(execution.id, inputs={"word": "hunter23-to-resume"})

    rows = open_record().task_runs(TaskRunFilter(flow_run=execution.id))
    shown = {each.slug: handed_on_by(each) for each in rows}
    assert {"ask": {"onResume": {"word": HIDDEN}}, "last": {"value": f"18 {HIDDEN}"}} == shown
    assert b"hunter23-to-resume" not in files_of(runwright_home)


def test_names_and_tags_of_numbers_do_not_tell_a_secret():
    execution, _, _ = run(
        """
tasks:
  - id: tell
    type: shell.Commands
    env:
      NUMBER: '::{"metrics": [{"name": "n {{ secret("TOKEN") }}", "type": "counter", "value": 1, "tags": {"by": "{{ secret("TOKEN") }}"}}]}::'
    commands: ['echo "$NUMBER"']
"""
    )

    (metric,) = open_record().metrics(execution.id)
    assert (f"n {HIDDEN}", {"by": HIDDEN}) == (metric.name, metric.tags)


def test_what_a_choice_says_of_its_value_tells_no_secret(runwright_home):
    _, (task_run,), _ = run(
        """
tasks:
  - id: choose
    type: flow.Switch
    value: "{{ secret('TOKEN') }}"
    cases: {other: [{id: other, type: debug.Return}]}
"""
    )

    told = f"No case has the value '{HIDDEN}', and there are no defaults: the cases are other."
    assert ("Failed", told) == (task_run.kind.name, task_run.message)
    assert SECRET.encode() not in files_of(runwright_home)


@pytest.mark.parametrize(
    "tasks",
    [
        "[{id: c, type: flow.Switch, value: \"{{ secret('TOKEN') }}\", cases: {}, defaults: [{id: d, type: debug.Return}]}]",
        "[{id: c, type: flow.Loop, values: [1], outputs: {o: \"{{ secret('TOKEN') }}\"}, tasks: [{id: d, type: debug.Return}]}]",
        "[{id: c, type: debug.Return}]\noutputs: [{id: o, type: STRING, value: \"{{ secret('TOKEN') }}\"}]",
    ],
    ids=["a choice", "a loop", "the flow"],
)
def test_what_no_task_asked_for_is_hidden_in_what_is_handed_on(runwright_home, tasks):
    """The first who asks for a secret may be what stands for others, or the flow at its end."""
    execution, task_runs, _ = run(f"tasks: {tasks}")

    assert "Success" == execution.kind.name
    shown = f"{execution.details.get('outputs')} {[handed_on_by(each) for each in task_runs]}"
    assert HIDDEN in shown
    assert SECRET not in shown
    assert SECRET.encode() not in files_of(runwright_home)


def test_labels_do_not_tell_a_secret_that_only_they_asked_for(runwright_home):
    execution, _, _ = run("tasks: [{id: l, type: execution.Labels, labels: {k: \"{{ secret('TOKEN') }}\"}}]")

    assert HIDDEN == execution.details["labels"]["k"]
    assert SECRET.encode() not in files_of(runwright_home)


def test_what_a_check_says_tells_no_secret(runwright_home):
    check = "{condition: 'false', message: \"no {{ secret('TOKEN') }}\", behavior: FAIL_EXECUTION}"
    execution, _, logs = run(f"checks: [{check}]\ntasks: [{{id: t, type: debug.Return}}]")

    assert (f"no {HIDDEN}", [f"no {HIDDEN}"]) == (execution.message, [line.message for line in logs])
    assert SECRET.encode() not in files_of(runwright_home)
