"""Restarts of executions that ran for real: what is kept, what runs again and where, and what is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runwright import app
from runwright.control import Control
from runwright.errors import IllegalTransition
from runwright.executions.runner import ExecutionRunner
from runwright.executions.service import ExecutionService
from runwright.views import FlowRunFilter

from .execution_documents import ended, execution, shown, task_run
from .executions import declared, ended as now_of, register, run
from .repeats import an_hour_later, go_on, kept, one, restart

if TYPE_CHECKING:
    from pathlib import Path

    from runwright.store import Store

OK = "type: debug.Return, format: ok"
BAD = "type: execution.Fail"
OUT = {"value": "ok"}

pytestmark = pytest.mark.usefixtures("fake_clock")


def flag(path: Path) -> str:
    """Return a task that fails until there is a file."""
    return f"type: shell.Commands, commands: ['test -e {path}']"


RAN = {"vars": {}, "outputFiles": {}, "taskRunner": {"type": "io.kestra.plugin.core.runner.Process"}}


def test_a_restart_goes_on_in_the_same_execution(tmp_path: Path) -> None:
    """What came of the failure is there no more, attempts are kept, what succeeded is not run again."""
    first = run(
        f"- {{id: a, {OK}}}\n- id: s\n  type: flow.Sequential\n  errors: [{{id: se, {OK}}}]\n"
        f"  tasks: [{{id: b, {OK}}}, {{id: c, {flag(tmp_path / 'go')}}}]",
        f"errors: [{{id: e, {OK}}}]\nfinally: [{{id: f, {OK}}}]\nafterExecution: [{{id: g, {OK}}}]",
    )
    assert [
        "a SUCCESS",
        "s FAILED",
        "b SUCCESS",
        "c FAILED",
        "se SUCCESS",
        "e SUCCESS",
        "f SUCCESS",
        "g SUCCESS",
    ] == kept(first)
    an_hour_later()
    Control().restart(first.row.id)
    tried = ["CREATED", "RUNNING", "FAILED"]
    common = [ended("a", outputs=OUT), ended("b", parent="s", outputs=OUT)]
    reopened = execution(
        *(*tried, "RESTARTED 1h"),
        task_runs=[
            common[0],
            task_run("s", *tried, "RUNNING 1h"),
            common[1],
            task_run("c", *tried, "RESTARTED 1h", parent="s", attempts=[tried]),
        ],
    )
    assert reopened == shown(now_of(first.row))
    (tmp_path / "go").touch()
    later = ["CREATED 1h", "RUNNING 1h", "SUCCESS 1h"]
    done = task_run(
        *("c", *tried, "RESTARTED 1h", *later[1:]),
        parent="s",
        attempts=[tried, later],
        outputs={**RAN, "exitCode": 0},
    )
    ran = execution(
        *(*tried, "RESTARTED 1h", *later[1:]),
        task_runs=[
            common[0],
            task_run("s", *tried, *later[1:]),
            common[1],
            done,
            ended("f", hour="1h", outputs=OUT),
            ended("g", hour="1h", outputs=OUT),
        ],
    )
    assert ran == shown(go_on(first))


def test_a_restart_in_a_loop_runs_the_failed_rounds_and_the_missing_ones(tmp_path: Path) -> None:
    task = f"{{id: b, type: shell.Commands, commands: ['test {{{{ taskrun.value }}}} != 2 || test -e {tmp_path}/go']}}"
    first = run(f"- {{id: e, type: flow.ForEach, values: [1, 2, 3], tasks: [{task}]}}")
    assert ["e FAILED", "b[1] SUCCESS", "b[2] FAILED"] == kept(first)
    (tmp_path / "go").touch()
    found = restart(first)
    assert ["e SUCCESS", "b[1] SUCCESS", "b[2] SUCCESS", "b[3] SUCCESS"] == kept(found)
    assert {"e": 2, "b[1]": 1, "b[2]": 2, "b[3]": 1} == found.attempts


def test_a_restart_in_another_revision_is_a_copy_that_goes_on(record: Store) -> None:
    """With ids of its own; what succeeded is not run again, what failed runs as it is there, in every round."""
    tasks = (
        f"- {{id: a, {OK}}}\n- id: e\n  type: flow.ForEach\n  values: [1, 2]\n  tasks:\n  - {{id: b, {OK}}}\n"
        "  - {id: c, %s}\n"
    )
    first = run(tasks % BAD, "errors: [{id: er, type: debug.Return, format: x}]")
    assert ["a SUCCESS", "e FAILED", "b[1] SUCCESS", "c[1] FAILED", "er SUCCESS"] == kept(first)
    register(f"{tasks % OK}  - {{id: d, {OK}}}\n- {{id: z, {OK}}}", flow_id="main")
    copy = ExecutionService(record, lambda _: None).restart(first.row, revision=2)
    began = now_of(copy)
    assert ("RESTARTED", ["a SUCCESS", "e RUNNING", "b[1] SUCCESS", "c[1] RESTARTED"]) == (began.state, kept(began))
    assert (str(first.row.id), str(first.row.id), 2) == (
        copy.details["parent"],
        copy.details["original"],
        copy.flow_version,
    )
    assert set() == {row.id for row in began.task_runs} & {row.id for row in first.task_runs}
    found = go_on(began)
    rounds = [f"{task}[{value}] SUCCESS" for value in (1, 2) for task in "bcd"]
    assert ("SUCCESS", {"a SUCCESS", "e SUCCESS", "z SUCCESS", *rounds}) == (found.state, set(kept(found)))
    assert {"a": 1, "b[1]": 1, "c[1]": 2, "c[2]": 1} == {
        name: found.attempts[name] for name in ("a", "b[1]", "c[1]", "c[2]")
    }
    assert "FAILED" == now_of(first.row).state


def test_where_nothing_failed_no_copy_is_left(record: Store) -> None:
    first = run(f"- {{id: a, {OK}}}")
    register(f"- {{id: a, {OK}}}\n- {{id: z, {OK}}}", flow_id="main")
    with pytest.raises(IllegalTransition, match="No task found to restart execution from!"):
        ExecutionService(record, lambda _: None).restart(first.row, revision=2)
    assert [True, None] == [row.details.get("deleted") for row in record.flow_runs(FlowRunFilter())]


def test_a_choice_that_could_not_be_made_is_made_at_a_restart() -> None:
    """It hands on what it chose, although it was RUNNING before it knew."""
    tasks = f"- {{id: i, type: flow.If, condition: \"{{{{ kv('k') }}}}\", then: [{{id: a, {OK}}}]}}"
    first = run(tasks)
    assert ["i FAILED"] == kept(first)
    ExecutionRunner(declared("- {id: s, type: kv.Set, key: k, value: true}", flow_id="setting")).start()
    found = restart(first)
    assert ["i SUCCESS", "a SUCCESS"] == kept(found)
    assert {"evaluationResult": True} == found.outputs["i"]


def test_labels_that_come_after_the_end_are_in_no_way_of_a_restart(record: Store) -> None:
    first = run(f"- {{id: a, {BAD}}}")
    ExecutionService(record, lambda _: None).label(first.row, {"seen": "yes"})
    found = restart(now_of(first.row))
    assert ("FAILED", 2, "yes") == (found.state, found.attempts["a"], found.row.details["labels"]["seen"])


@pytest.mark.parametrize(("behavior", "children"), [("RETRY_FAILED", 1), ("NEW_EXECUTION", 2)])
def test_a_failed_subflow_is_restarted_or_started_anew(
    tmp_path: Path, record: Store, behavior: str, children: int
) -> None:
    register(f"- {{id: a, {OK}}}\n- {{id: b, {flag(tmp_path / 'go')}}}")
    first = run(f"- {{id: sub, type: flow.Subflow, namespace: tests, flowId: child, restartBehavior: {behavior}}}")
    (tmp_path / "go").touch()
    found = restart(first)
    rows = record.flow_runs(FlowRunFilter(flow="tests/child"))
    assert ("SUCCESS", {"sub": 2}, children) == (found.state, found.attempts, len(rows))
    assert (str(rows[0].id), "SUCCESS") == (found.outputs["sub"]["executionId"], rows[0].kind.execution)
    assert {"a": 1, "b": 3 - children} == now_of(rows[0]).attempts


def test_a_restart_for_each_batch_runs_the_failed_ones_only(tmp_path: Path, record: Store) -> None:
    task = f"type: shell.Commands, commands: ['test {{{{ inputs.i }}}} = 0 || test -e {tmp_path}/go']"
    register(f"- {{id: a, {task}}}", "inputs: [{id: i, type: INT}]")
    first = run(
        '- {id: w, type: storage.LocalFiles, inputs: {a.txt: "1\\n2\\n3\\n"}, outputs: [a.txt]}\n'
        "- {id: e, type: flow.ForEachItem, items: \"{{ outputs.w.uris['a.txt'] }}\", namespace: tests, flowId: child, "
        'inputs: {i: "{{ taskrun.iteration }}"}}'
    )
    assert ["w SUCCESS", "e FAILED", "e_split SUCCESS", "e_items FAILED"] == kept(first)
    (tmp_path / "go").touch()
    found = restart(first)
    assert {"CREATED": 0, "RUNNING": 0, "SUCCESS": 3} == found.outputs["e_items"]["iterations"]
    children = [now_of(row).attempts["a"] for row in record.flow_runs(FlowRunFilter(flow="tests/child"))]
    assert [1, 2, 2] == sorted(children)


def test_a_killed_execution_goes_on_where_it_was_killed(record: Store) -> None:
    first = run(f"- {{id: a, {OK}}}\n- {{id: p, type: flow.Pause}}\n- {{id: z, {OK}}}")
    Control(record).kill(first.row.id)
    found = restart(now_of(first.row))
    assert ("PAUSED", ["a SUCCESS", "p PAUSED"]) == (found.state, kept(found))
    assert "Success" == Control(record).resume(first.row.id).kind.name
    assert {"a": 1, "p": 3, "z": 1} == now_of(first.row).attempts


def test_a_task_run_that_is_marked_lets_what_comes_after_it_run(record: Store) -> None:
    first = run(f"- {{id: s, type: flow.Sequential, tasks: [{{id: a, {BAD}}}]}}\n- {{id: z, {OK}}}")
    Control(record).mark(first.row.id, one(first, "a").id, "Warning")
    tried = ["CREATED", "RUNNING", "FAILED"]
    marked = task_run("a", *tried, "WARNING", parent="s", attempts=[[*tried, "WARNING"]])
    reopened = execution(*tried, "RESTARTED", task_runs=[task_run("s", *tried, "RUNNING"), marked])
    assert reopened == shown(now_of(first.row))
    ran = execution(
        *(*tried, "RESTARTED", "RUNNING", "WARNING"),
        task_runs=[task_run("s", *tried, "RUNNING", "WARNING"), marked, ended("z", outputs=OUT)],
    )
    assert ran == shown(go_on(first))


@pytest.mark.parametrize(
    ("limit", "turns"),
    [("maxDuration: PT90S, maxIterations: 1000", [3, 5]), ("maxIterations: 2, maxDuration: PT9H", [2, 4])],
)
def test_a_restart_of_a_loop_is_a_new_start_for_its_limits(limit: str, turns: list[int]) -> None:
    """Time and turns count from there, also for who restarts it once more; the turns keep their numbers."""
    loop = (
        "- {id: l, type: flow.LoopUntil, condition: '{{ false }}', failOnMaxReached: true, "
        f"checkFrequency: {{interval: PT1M, {limit}}}, tasks: [{{id: a, {OK}}}]}}"
    )
    first = run(loop)
    second = restart(first)
    third = restart(second)
    ends = [first, second, third]
    assert ["FAILED"] * 3 == [each.state for each in ends]
    each = turns[1] - turns[0]
    assert [*turns, turns[1] + each] == [found.outputs["l"]["iterationCount"] for found in ends]
    assert turns[1] + each == sum(row.slug == "a" for row in third.task_runs)


def test_a_loop_whose_task_failed_goes_on_in_the_turn_that_failed(tmp_path: Path) -> None:
    """A long time later it has all of its time again."""
    loop = (
        "- {id: l, type: flow.LoopUntil, condition: '{{ outputs.b.value == \"2\" }}', "
        "failOnMaxReached: true, checkFrequency: {interval: PT1S, maxDuration: PT1M}, tasks: "
        f"[{{id: a, {flag(tmp_path / 'go')}}}, {{id: b, type: debug.Return, format: '{{{{ taskrun.iteration }}}}'}}]}}"
    )
    first = run(loop)
    assert ["l FAILED", "a FAILED"] == kept(first)
    (tmp_path / "go").touch()
    second = restart(first)
    assert ("SUCCESS", 2) == (second.state, second.outputs["l"]["iterationCount"])


@pytest.mark.parametrize(
    ("tasks", "more", "before"),
    [
        ("- {id: s, type: flow.Sequential, tasks: [{id: a, OK}], finally: [{id: f, FLAG}]}", "", ["s FAILED"]),
        ("- {id: a, OK}", "finally: [{id: f, FLAG}]", []),
        ("- {id: a, OK}", "finally: [{id: f, FLAG}]\nafterExecution: [{id: z, OK}]", []),
    ],
)
def test_what_failed_at_the_end_runs_again(tmp_path: Path, tasks: str, more: str, before: list[str]) -> None:
    """What came before it did not fail, and is not run again."""
    tasks, more = (text.replace("OK", OK).replace("FLAG", flag(tmp_path / "go")) for text in (tasks, more))
    first = run(tasks, more)
    after = ["z SUCCESS"] if "z" in more else []
    assert ("FAILED", [*before, "a SUCCESS", "f FAILED", *after]) == (first.state, kept(first))
    (tmp_path / "go").touch()
    found = restart(first)
    well = [each.replace("FAILED", "SUCCESS") for each in before]
    assert ("SUCCESS", [*well, "a SUCCESS", "f SUCCESS", *after]) == (found.state, kept(found))
    assert [1, 1] == [row.attempt for row in found.task_runs if row.slug == "f"]


def test_a_loop_that_had_enough_takes_more_turns_before_its_finally_again() -> None:
    found = restart(
        run(
            f"- {{id: l, type: flow.LoopUntil, condition: '{{{{ outputs.l.iterationCount == 3 }}}}', failOnMaxReached: true, "
            f"checkFrequency: {{maxIterations: 2, interval: PT1S}}, tasks: [{{id: a, {OK}}}], finally: [{{id: f, {OK}}}]}}"
        )
    )
    assert ("SUCCESS", ["l SUCCESS", "a SUCCESS", "f SUCCESS"]) == (found.state, kept(found))
    assert {"iterationCount": 3} == found.outputs["l"]


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        ("type: flow.If, condition: 'true', then: [FLAG, {id: a, READ l.evaluationResult }}'}]", "true"),
        ("type: flow.Switch, value: q, cases: {q: [FLAG, {id: a, READ l.value }}'}]}, finally: [{id: f, OK}]", "q"),
        ("type: flow.Loop, values: [x], tasks: [FLAG, {id: a, type: debug.Return, format: '{{ item.value }}'}]", "x"),
        (
            "type: flow.LoopUntil, condition: '{{ outputs.l.iterationCount == 1 }}', tasks: [FLAG, {id: a, READ l.iterationCount }}'}]",
            "1",
        ),
    ],
)
def test_what_goes_on_hands_on_what_it_did_before(record: Store, tmp_path: Path, tasks: str, expected: str) -> None:
    """The tasks below read it: what was chosen, which round of which values, which turn."""
    read = "type: debug.Return, format: '{{ outputs."
    tasks = tasks.replace("FLAG", f"{{id: b, {flag(tmp_path / 'go')}}}").replace("READ ", read).replace("OK", OK)
    first = run(f"- {{id: l, {tasks}}}")
    (tmp_path / "go").touch()
    Control().restart(first.row.id)
    assert [] == app.check_record(record)
    found = go_on(first)
    (read_by,) = [handed for name, handed in found.outputs.items() if name.startswith("a")]
    assert ("SUCCESS", {"value": expected}) == (found.state, read_by)
