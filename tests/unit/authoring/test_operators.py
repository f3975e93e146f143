"""Operators: the tasks that operators make."""

from __future__ import annotations

import operator

import pytest

from runwright import Edge, Flow, Task, operators, task
from runwright.operators import GetAttr, GetItem
from runwright.result import Result


@task
def number():
    return 7


SYMBOLS = [
    (operator.add, "Add", 9, 9),
    (operator.sub, "Sub", 5, -5),
    (operator.mul, "Mul", 14, 14),
    (operator.truediv, "Div", 3.5, 2 / 7),
    (operator.floordiv, "FloorDiv", 3, 0),
    (operator.mod, "Mod", 1, 2),
    (operator.pow, "Pow", 49, 128),
    (operator.and_, "And", 2, 7),
]
COMPARISONS = [
    (operator.gt, "GreaterThan", True),
    (operator.ge, "GreaterThanOrEqual", True),
    (operator.lt, "LessThan", False),
    (operator.le, "LessThanOrEqual", False),
]


@pytest.mark.parametrize(("symbol", "name", "left", "right"), SYMBOLS, ids=str)
def test_a_symbol_makes_a_task_on_either_side(symbol, name, left, right):
    with Flow("f") as flow:
        seven = number()
        first, second = symbol(seven, 2), symbol(2, seven)
    assert (name, name) == (first.name, second.name)
    assert left == first.run(7, 2)
    assert right == second.run(2, 7)
    assert {Edge(seven, first, "x"), Edge(seven, second, "y")} == flow.edges
    assert ({"y": 2}, {"x": 2}) == (flow.constants[first], flow.constants[second])


@pytest.mark.parametrize(("symbol", "name", "outcome"), COMPARISONS, ids=str)
def test_a_comparison_makes_a_task(symbol, name, outcome):
    with Flow("f") as flow:
        seven = number()
        result = symbol(seven, 2)
    assert name == result.name
    assert outcome is result.run(7, 2)
    assert {seven} == flow.upstream_tasks(result)


def test_what_python_keeps_for_itself_has_methods():
    with Flow("f"):
        seven = number()
        made = [seven.is_equal(7), seven.is_not_equal(7), seven.or_(0), seven.not_()]
    assert ["Equal", "NotEqual", "Or", "Not"] == [each.name for each in made]
    assert [True, False, 7] == [each.run(7, 7) for each in made[:3]]
    assert made[3].run(7) is False


def test_tasks_stay_comparable_for_python():
    a = Task()
    assert a == a  # noqa: PLR0124  that is the point
    assert a != Task()
    assert a in [Task(), a]


def test_an_item_is_named_after_its_key_and_stored_like_the_whole():
    result = Result()
    with Flow("f") as flow:
        whole = number(task_args={"checkpoint": True, "result": result})
        by_name, by_task = whole["a"], whole[whole]
    assert "number['a']" == by_name.name
    assert "number[<Task: number>]" == by_task.name
    assert (True, result) == (by_name.checkpoint, by_name.result)
    assert {"key": "a"} == flow.constants[by_name]
    assert {Edge(whole, by_task, "task_result"), Edge(whole, by_task, "key")} == flow.edges_to(by_task)


def test_an_item_that_is_missing():
    assert 2 == GetItem().run({"a": 2}, "a")
    assert 5 == GetItem(default=5).run({}, "a")
    assert GetItem(default=5).run({}, "a", default=None) is None
    with pytest.raises(KeyError):
        GetItem().run({}, "a")
    with pytest.raises(IndexError):
        GetItem().run([], 0)
    with pytest.raises(TypeError):
        GetItem(default=5).run(None, 0)


def test_an_attribute_that_is_missing():
    assert 1 == GetAttr().run(1 + 2j, "real")
    assert 5 == GetAttr(default=5).run(1, "colour")
    assert 6 == GetAttr(default=5).run(1, "colour", default=6)
    with pytest.raises(AttributeError):
        GetAttr().run(1, "colour")


def test_operators_need_a_flow():
    with pytest.raises(ValueError, match="Could not infer an active Flow context for task 'Add'"):
        _ = number + 1


def test_every_operator_says_what_it_does():
    kinds = [each for each in vars(operators).values() if isinstance(each, type) and issubclass(each, Task)]
    assert 18 == len([each for each in kinds if each is not Task])
    assert all(each.__doc__ and each.run.__doc__ for each in kinds)
