"""Compiling: which nodes and links a YAML flow has, and what applies to each."""

from __future__ import annotations

from runwright.flowables.compiling import compile_spec
from runwright.spec import parse_flow_spec


def graph(tasks, more=""):
    text = f"id: f\nnamespace: n\n{more}\ntasks:\n{tasks}"
    return compile_spec(parse_flow_spec(text), lambda task: lambda *_: task.id)


def test_every_task_is_a_node_those_above_before_those_below():
    found = graph(
        "- {id: a, type: flow.Parallel, tasks: [{id: b, type: debug.Return}, {id: c, type: flow.Sequential, tasks: [{id: d, type: debug.Return}]}]}\n"
        "- {id: e, type: debug.Return}",
        "errors: [{id: f, type: debug.Return}]\nfinally: [{id: g, type: debug.Return}]\nafterExecution: [{id: h, type: debug.Return}]",
    )
    assert list("abcdefgh") == [node.slug for node in found.nodes]
    bodies = found.flowable.bodies
    assert ((0, 4), (5,), (6,), {"afterExecution": (7,)}) == tuple(bodies)
    assert ((1, 2), (3,)) == (found.nodes[0].flowable.bodies.tasks, found.nodes[2].flowable.bodies.tasks)
    assert "n/f" == found.name


def test_what_is_disabled_is_no_node():
    found = graph(
        "- {id: a, type: debug.Return, disabled: true}\n- {id: b, type: flow.Sequential, disabled: true, tasks: [{id: c, type: debug.Return}]}\n- {id: d, type: debug.Return}"
    )
    assert ["d"] == [node.slug for node in found.nodes]


def test_the_nearest_retry_counts():
    near, far = (f"{{type: constant, interval: PT{seconds}S, maxAttempts: 2}}" for seconds in (1, 2))
    found = graph(
        f"- {{id: a, type: flow.Sequential, retry: {near}, tasks: [{{id: b, type: debug.Return}}]}}\n- {{id: c, type: debug.Return}}",
        f"retry: {far}",
    )
    assert [1.0, 1.0, 2.0] == [node.task.retry.interval.total_seconds() for node in found.nodes]


def test_tasks_of_a_dag_are_linked_but_not_to_what_is_disabled():
    found = graph(
        "- id: d\n  type: flow.Dag\n  tasks:\n"
        "  - {task: {id: a, type: debug.Return}}\n"
        "  - {task: {id: b, type: debug.Return, disabled: true}}\n"
        "  - {task: {id: c, type: debug.Return}, dependsOn: [a, b]}"
    )
    slugs = [node.slug for node in found.nodes]
    assert [("a", "c")] == [
        (slugs[link.upstream], slugs[link.downstream]) for node in found.nodes for link in node.inputs
    ]


def test_tasks_of_a_folder_know_whose_it_is():
    found = graph(
        "- {id: w, type: flow.WorkingDirectory, tasks: [{id: a, type: debug.Return}]}\n- {id: b, type: debug.Return}"
    )
    assert ["w", "w", None] == [node.task.folder_of for node in found.nodes]


def test_a_flow_for_each_item_is_three_tasks():
    found = graph("- {id: e, type: flow.ForEachItem, items: x, namespace: n, flowId: g, timeout: PT1M}")
    assert ["e", "e_split", "e_items", "e_merge"] == [node.slug for node in found.nodes]
    assert (1, 2, 3) == found.nodes[0].flowable.bodies.tasks
    assert {60.0} == {node.task.spec.timeout.total_seconds() for node in found.nodes[1:]}
