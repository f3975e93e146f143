"""Replays of executions that ran for real: what is taken over, what runs again, and what is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from runwright.control import Control
from runwright.errors import IllegalTransition, InputError, NotOnRecord
from runwright.executions.origin import Origin
from runwright.executions.runner import ExecutionRunner
from runwright.executions.service import ExecutionService
from runwright.ids import task_run_id
from runwright.open_records import open_record
from runwright.views import FlowRunFilter

from .execution_documents import document, ended, execution, shown, task_run
from .executions import declared, ended as now_of, latest, register, run
from .repeats import go_on, kept, one, replay, restart

if TYPE_CHECKING:
    from runwright.store import Store

OK = "type: debug.Return, format: ok"
BAD = "type: execution.Fail"
OUT = {"value": "ok"}

THREE = f"- {{id: a, {OK}}}\n- {{id: b, type: debug.Return, format: '{{{{ inputs.n }}}}'}}\n- {{id: c, type: debug.Return, format: 'c{{{{ outputs.b.value }}}}'}}"
NUMBER = "inputs: [{id: n, type: INT, defaults: 1}]"
ROUNDS = """
- id: e
  type: flow.ForEach
  values: [x, y]
  tasks:
  - id: i
    type: flow.ForEach
    values: [1, 2]
    tasks:
    - {id: first, type: debug.Return, format: "{{ parent.taskrun.value }}{{ taskrun.value }}"}
    - {id: second, type: debug.Return, format: "{{ currentEachOutput(outputs.first).value }}!"}
- {id: last, type: debug.Return, format: "{{ outputs.second.y['2'].value }}"}
"""

pytestmark = pytest.mark.usefixtures("fake_clock")


def test_a_replay_from_the_start_is_a_new_execution_of_the_same() -> None:
    """Its inputs, labels and trigger are those of the first; its parent is the one that it repeats, its original the first of all."""
    trigger = {"id": "by", "type": "webhook", "variables": {"body": "b"}}
    ExecutionRunner(declared(THREE, f"{NUMBER}\nlabels: {{k: v}}")).start(
        {"n": 2}, Origin(labels={"l": "m"}, trigger=trigger)
    )
    first = latest()
    second = replay(first)
    told = shown(second)
    third = go_on(replay(second))
    labels = {"k": "v", "l": "m", "system.correlationId": str(first.row.id)}
    lasting = {
        "inputs": {"n": 2},
        "labels": [{"key": key, "value": value} for key, value in labels.items()],
        "trigger": trigger,
        "originalId": str(first.row.id),
    }
    waiting = execution(
        "CREATED 1h",
        task_runs=[],
        parentId=str(first.row.id),
        metadata={"attemptNumber": 1, "originalCreatedDate": "1h"},
        **lasting,
    )
    assert waiting == told
    ran = execution(
        *("CREATED 2h", "RUNNING 2h", "SUCCESS 2h"),
        task_runs=[
            ended(each, hour="2h", outputs={"value": text}) for each, text in [("a", "ok"), ("b", "2"), ("c", "c2")]
        ],
        parentId=str(second.row.id),
        metadata={"attemptNumber": 1, "originalCreatedDate": "2h"},
        **lasting,
    )
    assert ran == shown(third)
    assert 3 == len({first.row.id, second.row.id, third.row.id})


def test_a_replay_from_a_task_run_takes_over_what_came_before() -> None:
    """With all that is told of it; what came later runs anew."""
    first = run(THREE, NUMBER)
    second = replay(first, one(first, "b"))
    again = ["CREATED", "RUNNING", "SUCCESS", "RESTARTED 1h"]
    tried = ["CREATED", "RUNNING", "SUCCESS"]
    lasting = {"inputs": {"n": 1}, "parentId": str(first.row.id), "originalId": str(first.row.id)}
    lasting["labels"] = [{"key": "system.correlationId", "value": str(first.row.id)}]
    begun = execution(*again, task_runs=[ended("a", outputs=OUT), task_run("b", *again, attempts=[tried])], **lasting)
    assert begun == shown(second)
    later = ["CREATED 1h", "RUNNING 1h", "SUCCESS 1h"]
    ran = execution(
        *again,
        *later[1:],
        task_runs=[
            ended("a", outputs=OUT),
            task_run("b", *again, *later[1:], attempts=[tried, later], outputs={"value": "1"}),
            ended("c", hour="1h", outputs={"value": "c1"}),
        ],
        **lasting,
    )
    assert ran == shown(go_on(second))
    assert ["a SUCCESS", "b SUCCESS", "c SUCCESS"] == now_of(first.row).states
    assert set() == {row.id for row in first.task_runs} & {row.id for row in now_of(second.row).task_runs}


@pytest.mark.parametrize(("task", "expected"), [(None, "c7"), ("b", "c7"), ("c", "c1")])
def test_a_replay_may_have_other_inputs(task: str | None, expected: str) -> None:
    """What is taken over was made with the old ones."""
    first = run(THREE, NUMBER)
    second = replay(first, None if task is None else one(first, task), inputs={"n": 7})
    assert {"n": 7} == document(second)["inputs"]
    assert {"value": expected} == go_on(second).outputs["c"]


@pytest.mark.parametrize("task", [None, "b"])
def test_inputs_that_are_refused_replay_nothing(record: Store, task: str | None) -> None:
    first = run(THREE, NUMBER)
    with pytest.raises(InputError, match="n"):
        replay(first, None if task is None else one(first, task), inputs={"n": "many"})
    assert [first.row.id] == [row.id for row in record.flow_runs(FlowRunFilter())]


def test_a_replay_from_a_round_keeps_what_other_rounds_did_before() -> None:
    """Of every round what stands before the chosen task; what stands after it runs again everywhere but where it was kept."""
    first = run(ROUNDS)
    second = replay(first, one(first, "second", "x", "2"))
    inner = [f"first[{value}] SUCCESS" for value in ("1", "2")]
    assert ["e RUNNING", "i[x] RUNNING", *inner, "second[2] RESTARTED"] == kept(second)
    found = go_on(second)
    assert "SUCCESS" == found.state
    assert {"value": "y2!"} == found.outputs["last"]
    once = {one(found, task, *values).attempt for task in ("first", "second") for values in (("x", "1"), ("y", "2"))}
    assert ({1}, 2) == (once, one(found, "second", "x", "2").attempt)


def test_a_replay_from_what_stands_for_others_runs_all_of_it() -> None:
    """It is RUNNING without children until it is asked for them, and its history goes on."""
    first = run(ROUNDS)
    second = replay(first, one(first, "e"))
    assert ["e RUNNING"] == kept(second)
    found = go_on(second)
    assert ("SUCCESS", 12) == (found.state, len(found.task_runs))
    steps = [step["state"] for step in document(found)["taskRunList"][0]["state"]["histories"]]
    assert ["CREATED", "RUNNING", "SUCCESS", "RUNNING", "SUCCESS"] == steps


def test_a_pause_that_is_replayed_asks_again(record: Store) -> None:
    first = run(f"- {{id: a, {OK}}}\n- {{id: p, type: flow.Pause, onResume: [{{id: n, type: INT}}]}}")
    Control(record).resume(first.row.id, inputs={"n": 1})
    second = go_on(replay(now_of(first.row), one(first, "p")))
    assert ("PAUSED", ["a SUCCESS", "p PAUSED"]) == (second.state, second.states)
    assert "Success" == Control(record).resume(second.row.id, inputs={"n": 2}).kind.name
    assert {"onResume": {"n": 2}} == now_of(second.row).outputs["p"]


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        (f"- {{id: t, type: flow.If, condition: 'yes', then: [{{id: a, {OK}}}]}}", {"evaluationResult": True}),
        (f"- {{id: t, type: flow.If, condition: '', then: [{{id: a, {OK}}}]}}", {"evaluationResult": False}),
        (
            f"- {{id: t, type: flow.Switch, value: q, cases: {{q: [{{id: a, {OK}}}]}}}}",
            {"value": "q", "defaults": False},
        ),
        (
            "- {id: t, type: flow.LoopUntil, condition: '{{ outputs.t.iterationCount == 2 }}', "  # noqa: ISC004  one text
            f"checkFrequency: {{interval: PT1M, maxDuration: PT5H}}, tasks: [{{id: a, {OK}}}]}}",
            {"iterationCount": 2},
        ),
        (f"- {{id: t, type: flow.Loop, values: [1, 2], tasks: [{{id: a, {OK}}}]}}", {"iterationCount": 2}),
        ("- {id: t, type: flow.WorkingDirectory, tasks: [{id: a, type: shell.Commands, commands: ['true']}]}", None),
        (f"- {{id: t, type: flow.ForEach, values: [], tasks: [{{id: a, {OK}}}]}}", None),
    ],
)
def test_every_kind_that_stands_for_others_can_be_replayed(tasks: str, expected: dict[str, Any] | None) -> None:
    first = run(tasks)
    found = go_on(replay(first, one(first, "t")))
    assert ("SUCCESS", first.states[0], expected) == (found.state, found.states[0], found.outputs.get("t"))
    assert len(document(first)["taskRunList"]) == len(document(found)["taskRunList"])


def test_every_kind_that_stands_for_others_is_taken_over_whole() -> None:
    """With all below it: turns, rounds, branches and parts; only the last task runs again."""
    register("- {id: a, type: debug.Return, format: x}")
    first = run(
        f"- {{id: w, type: storage.LocalFiles, inputs: {{a.txt: '1'}}, outputs: [a.txt]}}\n"
        f"- {{id: i, type: flow.If, condition: 'yes', then: [{{id: i1, {OK}}}], else: [{{id: i2, {OK}}}]}}\n"
        f"- {{id: s, type: flow.Switch, value: q, cases: {{p: [{{id: s1, {OK}}}]}}, defaults: [{{id: s2, {OK}}}]}}\n"
        f"- {{id: d, type: flow.Dag, tasks: [{{task: {{id: d1, {OK}}}}}, {{task: {{id: d2, {OK}}}, dependsOn: [d1]}}]}}\n"
        "- {id: u, type: flow.LoopUntil, condition: '{{ outputs.u.iterationCount == 2 }}', "
        f"checkFrequency: {{interval: PT1M}}, tasks: [{{id: u1, {OK}}}]}}\n"
        f"- {{id: l, type: flow.Loop, values: [1, 2], tasks: [{{id: l1, {OK}}}]}}\n"
        f"- {{id: f, type: flow.AllowFailure, errors: [{{id: f2, {OK}}}], finally: [{{id: f3, {OK}}}], tasks: [{{id: f1, {BAD}}}]}}\n"
        "- {id: e, type: flow.ForEachItem, items: \"{{ outputs.w.uris['a.txt'] }}\", namespace: tests, flowId: child}\n"
        "- {id: last, type: debug.Return, format: \"{{ outputs.l1['1'].value }}{{ outputs.d2.value }}{{ outputs.u.iterationCount }}\"}"
    )
    assert ("WARNING", {"value": "okok2"}) == (first.state, first.outputs["last"])
    found = go_on(replay(first, one(first, "last")))
    assert ("WARNING", kept(first), first.outputs) == (found.state, kept(found), found.outputs)
    assert {**first.attempts, "last": 2} == found.attempts


def test_a_failed_subflow_is_replayed_with_a_child_of_its_own() -> None:
    register(f"- {{id: a, {BAD}}}")
    first = run("- {id: sub, type: flow.Subflow, namespace: tests, flowId: child}")
    second = go_on(replay(first, one(first, "sub")))
    children = open_record().flow_runs(FlowRunFilter(flow="tests/child"))
    assert [str(second.row.id), str(first.row.id)] == [
        child.details["trigger"]["variables"]["executionId"] for child in children
    ]
    assert str(children[0].id) == second.outputs["sub"]["executionId"]


def test_one_that_was_retried_is_replayed_by_itself(record: Store) -> None:
    """The replay of the first of a chain begins a chain of its own, which counts from one again."""
    retry = "retry: {type: constant, interval: PT1M, maxAttempts: 2, behavior: CREATE_NEW_EXECUTION}"
    run(f"- {{id: a, {BAD}, {retry}}}")
    second, first = record.flow_runs(FlowRunFilter())
    third = go_on(replay(now_of(first)))
    fourth = latest()
    told = [
        (each.state, document(each)["metadata"]["attemptNumber"], each.row.details["parent"])
        for each in (third, fourth)
    ]
    assert [("RETRIED", 1, str(first.id)), ("FAILED", 2, str(third.row.id))] == told
    assert {str(first.id)} == {each.details["original"] for each in (second, third.row, fourth.row)}


def test_there_is_nothing_to_replay_from_a_task_run_of_another() -> None:
    first, other = run(THREE, NUMBER), run(THREE, NUMBER)
    unknown = task_run_id(first.row.id, 99)
    for wrong in (other.task_runs[0].id, unknown, uuid4()):
        with pytest.raises(NotOnRecord, match="No task found to restart execution from!"):
            ExecutionRunner(declared(THREE, NUMBER)).replay(first.row, wrong)


def test_a_replay_in_another_revision_runs_what_comes_later_as_it_is_there(record: Store) -> None:
    """What has run stays as it was; tasks that are new after it run."""
    first = run(THREE, NUMBER)
    register(f"{THREE.replace('c{{', 'new {{')}\n- {{id: d, {OK}}}", NUMBER, flow_id="main")
    service = ExecutionService(record, lambda _: None)
    second = go_on(now_of(service.replay(first.row, str(one(first, "c").id), revision=2)))
    assert (2, ["a SUCCESS", "b SUCCESS", "c SUCCESS", "d SUCCESS"]) == (second.row.flow_version, kept(second))
    assert ({"value": "new 1"}, {"a": 1, "b": 1, "c": 2, "d": 1}) == (second.outputs["c"], second.attempts)
    assert 2 == service.replay(first.row, revision=2).flow_version


@pytest.mark.parametrize(
    "tasks",
    [
        f"- {{id: a, {OK}}}\n- {{id: x, {OK}}}\n- {{id: b, {OK}}}\n- {{id: c, {OK}}}",
        f"- {{id: b, {OK}}}\n- {{id: c, {OK}}}",
        f"- {{id: a, type: flow.Sequential, tasks: [{{id: x, {OK}}}]}}\n- {{id: b, {OK}}}\n- {{id: c, {OK}}}",
        f"- {{id: a, {OK}}}",
    ],
    ids=["a task between", "a task less", "a task of another kind", "nothing to go on with"],
)
def test_a_revision_in_which_what_has_run_is_not_the_same_is_refused(record: Store, tasks: str) -> None:
    """And nothing is recorded of it."""
    first = run(THREE, NUMBER)
    register(tasks, flow_id="main")
    with pytest.raises(IllegalTransition, match="in revision 2 it is not where it was"):
        ExecutionService(record, lambda _: None).replay(first.row, str(one(first, "c").id), revision=2)
    assert [first.row.id] == [row.id for row in record.flow_runs(FlowRunFilter())]


NESTED = f"- {{id: s, type: flow.Sequential, tasks: [{{id: a, {OK}}}, {{id: b, {BAD}}}], errors: [{{id: e, {OK}}}, {{id: e2, {OK}}}], finally: [{{id: f, {OK}}}]}}"
FLAT = (
    f"- {{id: a, {OK}}}\n- {{id: b, {BAD}}}",
    f"errors: [{{id: e, {OK}}}, {{id: e2, {OK}}}]\nfinally: [{{id: f, {OK}}}]",
)


@pytest.mark.parametrize("again", [0, 2], ids=["as it ran", "after it was restarted twice"])
@pytest.mark.parametrize("parts", [(NESTED, ""), FLAT], ids=["nested", "flat"])
@pytest.mark.parametrize(
    ("task", "taken", "runs"),
    [
        ("a", [], "a b e e2 f"),
        ("b", ["a"], "b e e2 f"),
        ("e", ["a", "b"], "e e2 f"),
        ("e2", ["a", "b", "e"], "e2 f"),
        ("f", ["a", "b", "e", "e2"], "f"),
    ],
)
def test_a_replay_begins_at_any_task_that_ran_also_after_a_failure(
    again: int, parts: tuple[str, str], task: str, taken: list[str], runs: str
) -> None:
    """What is for errors and for the end comes after the tasks, wherever it is written; what was restarted can be replayed, too."""
    first = run(*parts)
    for _ in range(again):
        first = restart(first)
    second = replay(first, one(first, task))
    above = [] if parts == FLAT else ["s RUNNING"]
    ends = {name: "FAILED" if name == "b" else "SUCCESS" for name in ("a", "b", "e", "e2", "f")}
    assert [*above, *(f"{name} {ends[name]}" for name in taken), f"{task} RESTARTED"] == kept(second)
    third = go_on(second)
    begun = [row.slug for row in third.task_runs if row.slug != "s" and row.end_time > first.row.end_time]
    assert ("FAILED", runs.split()) == (third.state, begun)
    assert [f"{name} {end}" for name, end in ends.items()] == kept(third)[len(above) :]


def test_what_ran_after_the_end_is_not_where_a_replay_begins() -> None:
    first = run(f"- {{id: a, {OK}}}", f"afterExecution: [{{id: z, {OK}}}]")
    with pytest.raises(IllegalTransition, match="ran after the end"):
        replay(first, one(first, "z"))
