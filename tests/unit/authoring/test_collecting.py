"""Collecting: plain values as tasks."""

from __future__ import annotations

import pytest

from runwright import Edge, Flow, Task, task, unmapped
from runwright.collecting import Constant, Dict, List, Set, Tuple, as_task, holds_tasks


@task
def one():
    return 1


@task
def use(x):
    return x


class TestConstant:
    @pytest.mark.parametrize(
        ("value", "name"),
        [
            (5, "5"),
            ("abc", "'abc'"),
            ("abcdef", "'abcdef'"),
            ("abcdefg", "Constant[str]"),
            ([1, 2], "[1, 2]"),
            ([1, 2, 3], "Constant[list]"),
            (range(10), "Constant[range]"),
            (None, "None"),
        ],
    )
    def test_a_short_value_is_its_name(self, value, name):
        constant = Constant(value)
        assert name == constant.name
        assert value is constant.run()

    def test_a_name_can_be_given(self):
        assert "answer" == Constant(42, name="answer").name

    def test_a_value_that_cannot_be_shown_is_no_problem(self):
        class Shy:
            def __repr__(self):
                raise RuntimeError("no")

        assert "Constant[Shy]" == Constant(Shy()).name


class TestCollections:
    def test_what_they_return(self):
        assert [1, 2, 3] == List().run(arg_1=1, arg_2=2, arg_3=3)
        assert list(range(1, 12)) == List().run(**{f"arg_{n}": n for n in range(1, 12)})
        assert (1, 2) == Tuple().run(arg_2=2, arg_1=1)
        assert {1, 2} == Set().run(arg_1=1, arg_2=2, arg_3=1)
        assert {"a": 1} == Dict().run(keys=["a"], values=[1])

    def test_keys_and_values_go_in_pairs(self):
        with pytest.raises(ValueError, match="argument 2 is shorter"):
            Dict().run(keys=["a", "b"], values=[1])

    def test_their_items_go_by_place(self):
        with Flow("f") as flow:
            a = one()
            items = List()(a, 5)
        assert {Edge(a, items, "arg_1")} == flow.edges
        assert {"arg_2": 5} == flow.constants[items]


class TestConversion:
    def test_a_task_stays_as_it_is(self):
        a = Task()
        assert a is as_task(a)
        assert a is as_task(unmapped(a))

    def test_a_value_without_tasks_is_a_constant(self):
        converted = as_task({"a": [1, (2, {3})]})
        assert isinstance(converted, Constant)
        assert {"a": [1, (2, {3})]} == converted.value
        assert converted.auto_generated

    @pytest.mark.parametrize(
        ("make", "kind"),
        [(lambda a: [a], List), (lambda a: (a,), Tuple), (lambda a: {a}, Set), (lambda a: {"k": a}, Dict)],
    )
    def test_a_collection_with_a_task_is_collected(self, make, kind):
        with Flow("f") as flow:
            a = one()
            result = use(make(a))
        (collected,) = flow.upstream_tasks(result)
        assert isinstance(collected, kind)
        assert collected.auto_generated
        assert flow.sorted_tasks() in {(a, collected, result), (a, *flow.upstream_tasks(collected), collected, result)}

    def test_a_dict_keeps_keys_and_values_together(self):
        with Flow("f") as flow:
            a = one()
            result = use({"k": a, "l": 2})
        (collected,) = flow.upstream_tasks(result)
        (values,) = flow.upstream_tasks(collected)
        assert {"keys": ["k", "l"]} == flow.constants[collected]
        assert {Edge(values, collected, "values"), Edge(a, values, "arg_1")} <= flow.edges
        assert {"arg_2": 2} == flow.constants[values]

    def test_collections_nest(self):
        with Flow("f") as flow:
            a = one()
            use([1, [2, (a,)]])
        assert ["one", "Tuple", "List", "List", "use"] == [each.name for each in flow.sorted_tasks()]

    def test_a_value_that_is_no_task_costs_no_task(self):
        with Flow("f") as flow:
            result = use([1, 2, 3])
            explicit = use(Constant(5))
        assert {result, explicit} == flow.tasks
        assert {"x": [1, 2, 3]} == flow.constants[result]
        assert {"x": 5} == flow.constants[explicit]

    def test_a_constant_that_is_in_the_flow_already_stays_a_task(self):
        with Flow("f") as flow:
            five = flow.add_task(Constant(5))
            result = use(five)
        assert {Edge(five, result, "x")} == flow.edges

    def test_outside_of_a_flow_there_is_nothing_to_join(self):
        with pytest.raises(ValueError, match="Could not infer an active Flow context"):
            as_task([Task()])


def test_tasks_are_found_at_any_depth_and_circles_do_no_harm():
    circle = [1]
    circle.append(circle)
    assert not holds_tasks(circle)
    circle.append({"deep": [({Task()},)]})
    assert holds_tasks(circle)
    assert holds_tasks({Task(): 1})
    assert holds_tasks([unmapped(1)])
    assert not holds_tasks("a string")
