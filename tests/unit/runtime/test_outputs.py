"""Outputs: what expressions see of task runs, by task and by the values of loops, also while it grows."""

from __future__ import annotations

from runwright.expression import render
from runwright.runtime.outputs import Outputs


def test_outputs_are_found_by_task_and_by_the_values_around_it():
    outputs = Outputs()
    outputs.keep("a", (), {"value": 1}, "SUCCESS")
    outputs.keep("b", ("x", "1"), {"value": 2}, "SUCCESS")
    outputs.keep("b", ("x", "2"), {"value": 3}, "WARNING")
    outputs.keep("c", ("x",), None, "FAILED")

    assert {"a": {"value": 1}, "b": {"x": {"1": {"value": 2}, "2": {"value": 3}}}} == outputs.tree
    assert "WARNING FAILED" == render("{{ tasks.b.x['2'].state }} {{ tasks.c.x.state }}", {"tasks": outputs.states})
    assert ({"value": 3}, None, None) == (outputs.of("b", ("x", "2")), outputs.of("b", ("y",)), outputs.of("c", ("x",)))


def test_what_runs_again_takes_the_place_of_what_was():
    outputs = Outputs()
    outputs.keep("a", (), {"value": 1}, "FAILED")
    outputs.keep("a", (), {"other": 2}, "SUCCESS")
    assert ({"other": 2}, {"state": "SUCCESS"}) == (outputs.tree["a"], outputs.states["a"])
    outputs.drop("a")
    assert ({}, {}) == (outputs.tree, outputs.states)


def test_whoever_goes_through_it_sees_what_was_there_when_it_began():
    outputs = Outputs()
    for number in range(3):
        outputs.keep("a", (str(number),), {"value": number}, "SUCCESS")
    seen = []
    for key, value in outputs.tree["a"].items():
        outputs.keep("a", (f"later{key}",), {}, "SUCCESS")
        seen.append((key, value["value"]))
    assert [("0", 0), ("1", 1), ("2", 2)] == seen
    assert 6 == len(list(outputs.tree["a"])) == len(outputs.tree["a"].keys()) == len(outputs.tree["a"].values())


def test_a_task_that_was_in_no_loop_may_be_in_one_later():
    outputs = Outputs()
    outputs.keep("a", (), {"value": 1}, "SUCCESS")
    outputs.keep("a", ("x",), {"value": 2}, "SUCCESS")
    assert {"x": {"value": 2}} == outputs.tree["a"]
