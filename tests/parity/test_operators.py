"""Operators as documented: which tasks they make, what those are called and what they return."""

from __future__ import annotations

import operator

import pytest

from runwright import Flow, Parameter, Task, operators, task
from runwright.results import LocalResult

BINARY = [
    (operator.add, "Add", 7, 3, 10),
    (operator.sub, "Sub", 7, 3, 4),
    (operator.mul, "Mul", 7, 3, 21),
    (operator.truediv, "Div", 7, 2, 3.5),
    (operator.floordiv, "FloorDiv", 7, 2, 3),
    (operator.mod, "Mod", 7, 4, 3),
    (operator.pow, "Pow", 2, 3, 8),
    (operator.and_, "And", True, 5, 5),
    (operator.gt, "GreaterThan", 7, 3, True),
    (operator.ge, "GreaterThanOrEqual", 3, 3, True),
    (operator.lt, "LessThan", 7, 3, False),
    (operator.le, "LessThanOrEqual", 3, 3, True),
]


def nothing():
    return {"a": 1}


@task
def value(x):
    return x


@pytest.mark.parametrize(("symbol", "name", "left", "right", "outcome"), BINARY, ids=[each[1] for each in BINARY])
class TestBinary:
    def test_between_tasks(self, runwright_home, symbol, name, left, right, outcome):
        with Flow("f") as flow:
            made = symbol(value(left), value(right))
        assert isinstance(made, getattr(operators, name))
        assert name == made.name
        assert outcome == flow.run().result[made].result

    def test_with_a_plain_value(self, runwright_home, symbol, name, left, right, outcome):
        with Flow("f") as flow:
            made = symbol(Parameter("x"), right)
        assert outcome == flow.run(x=left).result[made].result
        assert 2 == len(flow.tasks)

    def test_reflected(self, runwright_home, symbol, name, left, right, outcome):
        with Flow("f") as flow:
            made = symbol(left, Parameter("x"))
        assert outcome == flow.run(x=right).result[made].result


def test_methods_stand_in_for_words(runwright_home):
    with Flow("f") as flow:
        x = Parameter("x")
        made = [x.is_equal(1), x.is_not_equal(1), x.not_(), x.or_(5)]
    assert ["Equal", "NotEqual", "Not", "Or"] == [each.name for each in made]
    state = flow.run(x=0)
    assert [False, True, True, 5] == [state.result[each].result for each in made]


def test_equality_is_identity():
    a, b = Task(), Task()
    assert a != b
    assert a == a  # noqa: PLR0124  the operator is what is tested
    assert 2 == len({a, b})


def test_the_bar_is_no_or():
    with Flow("f") as flow:
        a, b = Task(), Task()
        assert b is (a | b)
    assert {a} == flow.upstream_tasks(b)


class TestItems:
    def test_an_item_is_named_after_its_key(self):
        with Flow("f"):
            x = Parameter("x")
            assert ["x['a']", "x[0]", "x['a'][1]"] == [x["a"].name, x[0].name, x["a"][1].name]
            assert "x[<Parameter: y>]" == x[Parameter("y")].name

    def test_an_item_is_stored_like_the_whole(self):
        result = LocalResult(dir=".")
        with Flow("f"):
            whole = task(nothing, name="whole", checkpoint=True, result=result)()
            assert (True, result) == (whole["a"].checkpoint, whole["a"].result)

    def test_a_default_stands_in(self):
        assert 5 == operators.GetItem(default=5).run({}, "a")
        assert 5 == operators.GetItem().run({}, "a", default=5)
        assert operators.GetItem(default=None).run([], 0) is None
        with pytest.raises(KeyError):
            operators.GetItem().run({}, "a")

    def test_an_attribute(self):
        assert "Fraction" == operators.GetAttr().run(type("Fraction", (), {}), "__name__")
        assert 5 == operators.GetAttr(default=5).run(object(), "a")
        with pytest.raises(AttributeError):
            operators.GetAttr().run(object(), "a")
