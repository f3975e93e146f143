"""Mapping: the marks that say how a value reaches a task."""

from __future__ import annotations

import pytest

from runwright import Edge, Flow, Task, flatten, mapped, task, unmapped
from runwright.collecting import Constant, List
from runwright.mapping import EdgeAnnotation


@task
def numbers():
    return [1, 2, 3]


@task
def add(x, y=1):
    return x + y


def test_marks_nest_and_the_outer_one_wins():
    assert {"flattened": True, "mapped": False} == unmapped(flatten(mapped([1]))).annotations
    assert {"mapped": True} == mapped(unmapped([1])).annotations
    assert [1] == unmapped(flatten(mapped([1]))).value


def test_a_mark_shows_what_it_holds():
    assert "unmapped([1, 2])" == repr(unmapped([1, 2]))


def test_a_mark_can_be_piped():
    with Flow("f") as flow:
        result = flatten(numbers()).pipe(add.map)
    (edge,) = flow.edges_to(result)
    assert (True, True) == (edge.mapped, edge.flattened)


def test_map_takes_each_argument_element_by_element_unless_it_is_unmapped():
    with Flow("f") as flow:
        xs, y = numbers(), numbers()
        result = add.map(xs, unmapped(y))
    assert {Edge(xs, result, "x", mapped=True), Edge(y, result, "y")} == flow.edges_to(result)


def test_a_plain_list_that_is_mapped_over_becomes_a_task():
    with Flow("f") as flow:
        result = add.map([1, 2, 3], y=unmapped(10))
    (edge,) = flow.edges_to(result)
    assert isinstance(edge.upstream_task, Constant)
    assert [1, 2, 3] == edge.upstream_task.value
    assert edge.upstream_task.auto_generated
    assert {"y": 10} == flow.constants[result]


def test_a_list_of_tasks_that_is_mapped_over_is_collected_first():
    with Flow("f") as flow:
        a, b = numbers(), numbers()
        result = add.map([a, b])
    (edge,) = flow.edges_to(result)
    assert isinstance(edge.upstream_task, List)
    assert {a, b} == flow.upstream_tasks(edge.upstream_task)


def test_mapped_maps_one_argument_of_an_ordinary_call():
    with Flow("f") as flow:
        xs, y = numbers(), numbers()
        result = add(mapped(xs), y)
    assert {Edge(xs, result, "x", mapped=True), Edge(y, result, "y")} == flow.edges_to(result)


def test_flatten_marks_the_edge_and_leaves_mapping_to_the_call():
    with Flow("f") as flow:
        nested = numbers()
        whole = add(flatten(nested))
        each = add.map(flatten(nested))
    assert {Edge(nested, whole, "x", flattened=True)} == flow.edges_to(whole)
    assert {Edge(nested, each, "x", mapped=True, flattened=True)} == flow.edges_to(each)


def test_upstream_tasks_of_a_map_are_mapped_too_unless_marked():
    with Flow("f") as flow:
        a, b = numbers(), numbers()
        result = add.map(numbers(), upstream_tasks=[a, unmapped(b)])
    assert Edge(a, result, mapped=True) in flow.edges
    assert Edge(b, result) in flow.edges


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        (5, r"write x=unmapped\(...\)"),
        ({1, 2}, r"Make it a list: x=list\(...\)"),
        (iter([1]), r"Make it a list: x=list\(...\)"),
        ({"a": 1}, r"Map over list\(d.items\(\)\)"),
    ],
)
def test_what_has_no_elements_cannot_be_mapped_over(value, advice):
    with Flow("f"), pytest.raises(TypeError, match=f"Cannot map over unsubscriptable object.*'add'.*'x'.*{advice}"):
        add.map(value)


def test_an_argument_by_name_is_checked_as_well():
    with Flow("f"), pytest.raises(TypeError, match="one element of 'y'"):
        add.map([1, 2], y=3)


def test_a_long_value_is_cut_in_the_error():
    with Flow("f"), pytest.raises(TypeError, match=r"of type set: \{.{39}\.\.\.\. Task"):
        add.map(set(range(1000)))


def test_a_failed_map_leaves_no_trace_in_the_flow():
    with Flow("f") as flow, pytest.raises(TypeError):
        add.map(5)
    assert not flow.tasks


def test_an_annotation_alone_says_nothing():
    assert {} == EdgeAnnotation(Task()).annotations
