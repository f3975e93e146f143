"""Rendering: what keys of tasks are, given as such, as an expression, or as JSON text."""

from __future__ import annotations

from datetime import timedelta

import pytest

from runwright.errors import RunnableFailed
from runwright.runnables import rendering


def test_values_are_taken_as_such_or_as_an_expression(scope):
    scope.variables.update(yes="true", no="false", level="warn", time="PT1M30S", empty="", day="2026-01-02")
    assert (True, False, False) == tuple(rendering.truth_of(scope, each) for each in (True, "{{ no }}", "{{ empty }}"))
    assert (30, 5) == (rendering.level_of(scope, "{{ level }}"), rendering.level_of(scope, " trace "))
    assert (90.0, 2.0) == (rendering.seconds_of(scope, "{{ time }}"), rendering.seconds_of(scope, timedelta(seconds=2)))
    assert 0.0 == rendering.seconds_of(scope, "PT-5S")
    assert ("x", None, None) == tuple(rendering.text_of(scope, each) for each in ("x", "{{ empty }}", None))
    assert ("a.b", "company.team") == (
        rendering.namespace_of(scope, "a.b"),
        rendering.namespace_of(scope, "{{ empty }}"),
    )
    assert 1_767_312_000 * 10**9 == rendering.moment_of(scope, "{{ day }}T00:00:00Z")


def test_mappings_and_lists_come_in_three_ways(scope):
    scope.variables.update(data={"a": [1]}, text='{"a": [1]}', items=[1, "b"], key="k")
    for written in ({"a": [1]}, "{{ data }}", "{{ text }}", '{"a": [1]}'):
        assert {"a": [1]} == rendering.entries_of(scope, written, "x")
    assert {"k": "k!"} == rendering.entries_of(scope, {"{{ key }}": "{{ key }}!"}, "x")
    for written in ([1, "b"], "{{ items }}", '[1, "b"]'):
        assert [1, "b"] == rendering.items_of(scope, written, "x")
    assert {} == rendering.entries_of(scope, None, "x")


@pytest.mark.parametrize(
    ("message", "call"),
    [
        ("headers must be a mapping, and not [1]", lambda scope: rendering.entries_of(scope, "[1]", "headers")),
        ("files must be a list, and not {}", lambda scope: rendering.items_of(scope, "{}", "files")),
        ("files is neither data nor JSON: 'a, b'", lambda scope: rendering.items_of(scope, "a, b", "files")),
        ("'LOUD' is no level of log lines: write one of ERROR", lambda scope: rendering.level_of(scope, "LOUD")),
        ("'5' is no duration", lambda scope: rendering.seconds_of(scope, "5")),
        ("'soon'", lambda scope: rendering.moment_of(scope, "soon")),
    ],
)
def test_what_is_none_of_it_fails_the_task_in_words(scope, message, call):
    with pytest.raises(RunnableFailed) as caught:
        call(scope)
    assert str(caught.value).startswith(message)


def test_a_deep_text_is_no_data(scope):
    with pytest.raises(RunnableFailed, match="neither data nor JSON"):
        rendering.data_of("[" * 100_000, "values")


@pytest.mark.parametrize(
    ("expected", "value"), [("a", "a"), ("", None), ('{"a":[1,true]}', {"a": [1, True]}), ("1.5", 1.5)]
)
def test_a_value_as_text(expected, value):
    assert expected == rendering.as_text(value)
