"""Choices: which list of tasks an If and a Switch run, and what they hand on."""

from __future__ import annotations

import pytest
from tests.unit.flowables.seen import flowable, scope

from runwright.errors import ExpressionUndefined
from runwright.flowable import Children

IF = "type: flow.If\ncondition: '{{ c }}'\nthen: [{id: a, type: debug.Return}]\nelse: [{id: b, type: debug.Return}]"
SWITCH = (
    "type: flow.Switch\nvalue: '{{ v }}'\ncases: {x: [{id: a, type: debug.Return}], '1': [{id: b, type: debug.Return}]}"
)


@pytest.mark.parametrize("value", ["", "false", "0", "-0", False, 0, None])
def test_few_values_are_no(value):
    assert Children(body=(2,), branch="else", outputs={"evaluationResult": False}) == flowable(IF).expand(
        scope(c=value)
    )


@pytest.mark.parametrize("value", ["true", "False", " ", "no", "00", 1, 0.5, [], {}])
def test_all_others_are_yes(value):
    assert Children(body=(1,), branch="then", outputs={"evaluationResult": True}) == flowable(IF).expand(scope(c=value))


def test_without_else_the_end_is_a_success_that_says_so():
    found = flowable(IF.rpartition("\n")[0]).expand(scope(c="false"))
    assert ("Success", {"evaluationResult": False}) == (found.state, found.outputs)


def test_a_condition_that_cannot_be_read_is_no_answer():
    with pytest.raises(ExpressionUndefined):
        flowable(IF).expand(scope())


@pytest.mark.parametrize(("value", "body"), [("x", (1,)), (1, (2,)), ("1", (2,))])
def test_a_case_is_the_text_of_the_value(value, body):
    expected = Children(body=body, branch=f"cases.{value}", outputs={"value": str(value), "defaults": False})
    assert expected == flowable(SWITCH).expand(scope(v=value))


def test_a_value_without_a_case_has_defaults_or_fails():
    defaults = f"{SWITCH}\ndefaults: [{{id: d, type: debug.Return}}]"
    expected = Children(body=(3,), branch="defaults", outputs={"value": "X", "defaults": True})
    assert expected == flowable(defaults).expand(scope(v="X"))
    found = flowable(SWITCH).expand(scope(v="X"))
    assert ("Failed", {"value": "X", "defaults": True}) == (found.state, found.outputs)
    assert found.message.endswith("the cases are 1, x.")
    assert "Warning" == flowable(f"{SWITCH}\nallowFailure: true").expand(scope(v="X")).state
