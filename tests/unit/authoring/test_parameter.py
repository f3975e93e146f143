"""Parameter: a value that is given when the flow runs."""

from __future__ import annotations

import copy
import pickle

import pytest

from runwright import Flow, Parameter, context, signals, task
from runwright.errors import FlowError
from runwright.parameter import no_default


@task
def inc(x):
    return x + 1


def test_a_parameter_is_required_unless_it_has_a_default():
    assert Parameter("x").required
    assert not Parameter("x", default=1).required
    assert not Parameter("x", default=None).required
    assert not Parameter("x", required=False).required
    assert Parameter("x", default=1, required=True).required


def test_its_slug_is_its_name_and_its_value_is_always_stored():
    parameter = Parameter("x", tags=["t"])
    assert ("x", "x", {"t"}, True) == (parameter.name, parameter.slug, parameter.tags, parameter.checkpoint)
    assert "<Parameter: x>" == repr(parameter)


def test_it_returns_what_the_run_was_given():
    with context(parameters={"x": 5}):
        assert 5 == Parameter("x").run()
        assert 5 == Parameter("x", default=1).run()


def test_it_returns_the_default_otherwise():
    assert 1 == Parameter("x", default=1).run()
    assert Parameter("x", default=None).run() is None
    with context(parameters={"y": 5}):
        assert Parameter("x", required=False).run() is None


def test_none_is_a_value():
    with context(parameters={"x": None}):
        assert Parameter("x").run() is None


def test_a_required_value_that_is_missing_fails_the_task():
    with pytest.raises(signals.FAIL, match=r'^Parameter "x" was required but not provided.$'):
        Parameter("x").run()


def test_it_joins_the_flow_as_an_input_or_by_itself():
    with Flow("f") as flow:
        x = Parameter("x")
        result = inc(x)
        y = Parameter("y", default=1)
        assert y is y()
    assert [x, y] == list(flow.parameters())
    assert {x} == flow.upstream_tasks(result)
    assert {x: "x", y: "y", result: "inc-1"} == flow.slugs


def test_a_flow_has_one_parameter_of_a_name():
    flow, twin = Flow("f"), Parameter("x")
    inc(Parameter("x"), flow=flow)
    with pytest.raises(FlowError, match="slug 'x' already exists in this flow: give one of them another name"):
        flow.add_task(twin)


def test_nothing_can_come_before_a_parameter():
    with Flow("f"):
        result = inc(1)
        x = Parameter("x")()
        with pytest.raises(ValueError, match="Parameters must be root tasks and can not have upstream dependencies"):
            x.set_upstream(result)


def test_a_name_is_needed():
    with pytest.raises(TypeError, match="The name of a parameter must be a string; got 5"):
        Parameter(5)


def test_the_absence_of_a_default_is_one_thing_everywhere():
    assert no_default is pickle.loads(pickle.dumps(no_default))
    assert no_default is copy.deepcopy(no_default)
    assert "<no default>" == repr(no_default)
