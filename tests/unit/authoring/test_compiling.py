"""Compiling: from tasks and edges to the graph that runs."""

from __future__ import annotations

import sys

import pytest

from runwright import Edge, Flow, Task, task
from runwright.collecting import Constant


@task
def inc(x):
    return x + 1


@task
def add(x, y=1):
    return x + y


def calls_of(function):
    """Return how many Python functions `function` enters."""
    count = 0

    def profile(frame, event, arg):
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(profile)
    try:
        function()
    finally:
        sys.setprofile(None)
    return count


def test_nodes_stand_in_order_and_carry_their_tasks():
    with Flow("etl") as flow:
        a = inc(1)
        b = inc(a, task_args={"tags": ["z", "a"], "name": "second"})
    graph = flow.compile()
    assert "etl" == graph.name
    assert [(0, "inc-1", "inc", a, ()), (1, "second-a-z-1", "second", b, ("a", "z"))] == [
        (node.index, node.slug, node.name, node.task, node.tags) for node in graph.nodes
    ]


def test_links_carry_their_edges():
    with Flow("f") as flow:
        a = inc(1)
        b = add.map([1, 2], a)
    graph = flow.compile()
    (numbers,) = flow.get_tasks(task_type=Constant)
    assert [a, numbers, b] == [node.task for node in graph.nodes]
    assert [(1, 2, "x", True, False), (0, 2, "y", True, False)] == [
        (link.upstream, link.downstream, link.key, link.mapped, link.flattened) for link in graph.nodes[2].inputs
    ]
    assert [Edge(numbers, b, "x", mapped=True), Edge(a, b, "y", mapped=True)] == [
        link.payload for link in graph.nodes[2].inputs
    ]
    assert [False, False, True] == [node.is_mapped for node in graph.nodes]


def test_reference_tasks_are_marked():
    with Flow("f") as flow:
        a = inc(1)
        inc(a)
    assert [False, True] == [node.is_reference for node in flow.compile().nodes]
    flow.set_reference_tasks([a])
    assert [True, False] == [node.is_reference for node in flow.compile().nodes]


def test_constants_are_not_in_the_graph():
    with Flow("f") as flow:
        result = add(1, [2])
    assert 1 == len(flow.compile().nodes)
    assert {result: {"x": 1, "y": [2]}} == dict(flow.constants)


@pytest.mark.parametrize("change", ["add_task", "add_edge", "constant", "reference"])
def test_the_graph_is_made_again_only_when_the_flow_has_changed(change):
    with Flow("f") as flow:
        a, b = inc(1), inc(2)
    graph = flow.compile()
    assert graph is flow.compile()
    changes = {
        "add_task": lambda: flow.add_task(Task()),
        "add_edge": lambda: flow.add_edge(a, b),
        "constant": lambda: b.set_upstream(5, flow=flow, key="x"),
        "reference": lambda: flow.set_reference_tasks([a]),
    }
    changes[change]()
    assert graph is not flow.compile()


def test_an_empty_flow_compiles():
    assert () == Flow("f").compile().nodes


def test_the_same_declaration_gives_the_same_order():
    def build():
        with Flow("f") as flow:
            sources = [inc(number) for number in range(20)]
            add(sources, [inc(each) for each in reversed(sources)])
        return [node.slug for node in flow.compile().nodes]

    assert build() == build()


@pytest.mark.parametrize("shape", ["chain", "fan"])
def test_the_work_grows_with_the_size_and_no_faster(shape):
    def build(size):
        flow = Flow("f")
        tasks = [Task(name="t") for _ in range(size)]
        if shape == "chain":
            flow.chain(*tasks)
        else:
            for each in tasks[1:]:
                flow.add_edge(tasks[0], each)
        flow.compile()

    build(10)
    small, large = calls_of(lambda: build(100)), calls_of(lambda: build(200))
    assert 1.8 < large / small < 2.2


def test_a_long_chain_compiles_without_recursion():
    flow = Flow("f")
    tasks = [Task(name="t") for _ in range(3_000)]
    flow.chain(*tasks)
    assert tasks == [node.task for node in flow.compile().nodes]
