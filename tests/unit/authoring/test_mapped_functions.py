"""Mapped functions: mapping a function that builds part of a flow."""

from __future__ import annotations

import pytest

from runwright import Edge, Flow, Parameter, apply_map, case, flatten, resource_manager, task, unmapped
from runwright.collecting import Constant
from runwright.control_flow import CompareValue
from runwright.errors import FlowError


@task
def numbers():
    return [1, 2, 3]


@task
def inc(x):
    return x + 1


@task
def add(x, y):
    return x + y


@task
def note(): ...


def test_each_task_of_the_function_is_mapped():
    def both(x, y):
        return add(inc(x), y)

    with Flow("f") as flow:
        xs, y = numbers(), numbers()
        result = apply_map(both, xs, unmapped(y))
    (incremented,) = flow.get_tasks(name="inc")
    assert {
        Edge(xs, incremented, "x", mapped=True),
        Edge(incremented, result, "x", mapped=True),
        Edge(y, result, "y"),
        Edge(y, incremented),
    } == flow.edges
    assert [xs, y, incremented, result] == list(flow.sorted_tasks())


def test_a_list_is_mapped_over_as_one_task():
    with Flow("f") as flow:
        result = apply_map(inc, [1, 2, 3])
    (edge,) = flow.edges
    assert isinstance(edge.upstream_task, Constant)
    assert (result, "x", True) == (edge.downstream_task, edge.key, edge.mapped)


def test_plain_values_stay_as_they_are():
    def scaled(x, by):
        return add(x, by * 2)

    with Flow("f") as flow:
        result = apply_map(scaled, numbers(), by=unmapped(5))
    assert {"y": 10} == flow.constants[result]


def test_flatten_is_kept():
    with Flow("f") as flow:
        xss = numbers()
        result = apply_map(inc, flatten(xss))
    assert {Edge(xss, result, "x", mapped=True, flattened=True)} == flow.edges


def test_a_task_that_uses_no_argument_is_mapped_all_the_same():
    def noted(x):
        return note()

    with Flow("f") as flow:
        xs = numbers()
        result = apply_map(noted, xs)
    assert {Edge(xs, result, mapped=True)} == flow.edges


def test_a_value_to_wait_for_is_the_same_for_every_child():
    with Flow("f") as flow:
        xs = numbers()
        result = apply_map(lambda x: inc(x, upstream_tasks=[5]), xs)
    (five,) = flow.get_tasks(task_type=Constant)
    assert {Edge(five, result), Edge(xs, result, "x", mapped=True)} == flow.edges


def test_case_works_inside():
    def chosen(x):
        with case(x, 2):
            return inc(x)

    with Flow("f") as flow:
        xs = numbers()
        result = apply_map(chosen, xs)
    (matches,) = flow.get_tasks(task_type=CompareValue)
    assert {
        Edge(xs, matches, "value", mapped=True),
        Edge(matches, result, mapped=True),
        Edge(xs, result, "x", mapped=True),
    } == (flow.edges)


def test_it_works_inside_case():
    with Flow("f") as flow:
        xs = numbers()
        with case(numbers(), 1):
            result = apply_map(inc, xs)
    (matches,) = flow.get_tasks(task_type=CompareValue)
    assert {Edge(xs, result, "x", mapped=True), Edge(matches, result)} == flow.edges_to(result)


def test_parameters_can_be_mapped_over():
    with Flow("f") as flow:
        p = Parameter("p")
        result = apply_map(inc, p)
    assert {Edge(p, result, "x", mapped=True)} == flow.edges


def test_a_flow_can_be_given():
    flow = Flow("f")
    assert apply_map(inc, [1], flow=flow) in flow.tasks
    with pytest.raises(FlowError, match="Could not infer an active Flow context"):
        apply_map(inc, [1])


def test_what_has_no_elements_is_refused():
    with Flow("f") as flow, pytest.raises(TypeError, match="Cannot map over unsubscriptable object of type int: 5"):
        apply_map(inc, 5)
    assert not flow.tasks


def test_maps_inside_are_refused():
    with Flow("f"):
        xs = numbers()
        with pytest.raises(FlowError, match="from inside a mapped context"):
            apply_map(inc.map, xs)
        with pytest.raises(FlowError, match="from inside a mapped context"):
            apply_map(lambda x: apply_map(inc, x), xs)


def test_what_is_made_in_a_block_of_a_resource_belongs_to_it():
    @resource_manager
    class Shelf:
        def setup(self):
            return 1

        def cleanup(self, shelf): ...

    with Flow("f") as flow, Shelf() as shelf:
        made = apply_map(lambda x, y: add(inc(x), y), numbers(), unmapped(shelf))
    (incremented,) = flow.get_tasks(name="inc")
    (cleaning,) = flow.get_tasks(name="Shelf.cleanup")
    (numbered,) = flow.get_tasks(name="numbers")
    assert {shelf} == set(flow.upstream_tasks(numbered))
    assert {incremented, shelf} == set(flow.upstream_tasks(made))
    assert made in flow.upstream_tasks(cleaning)
