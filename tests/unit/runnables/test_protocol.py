"""What programs say in their lines."""

from __future__ import annotations

import pytest

from runwright.runnables.protocol import Speech


@pytest.fixture
def speech(scope):
    return Speech(scope)


def test_outputs_are_taken(speech):
    assert speech.hear('::{"outputs": {"a": 1, "b": {"c": [null, "}::"]}}}::')
    assert speech.hear('before ::{"outputs": {"a": 2}}:: between ::{"outputs": {"d": "x"}}:: after')
    assert {"a": 2, "b": {"c": [None, "}::"]}, "d": "x"} == speech.outputs


def test_metrics_are_recorded(speech, scope):
    line = (
        '::{"metrics": [{"name": "rows", "type": "counter", "value": 3, "tags": {"t": "x", "n": 1}}, '
        '{"name": "took", "type": "timer", "value": 1.5}, {"name": "free", "type": "gauge", "value": 0}]}::'
    )
    assert speech.hear(line)
    expected = [("rows", 3.0, "counter", {"t": "x", "n": "1"}), ("took", 1.5, "timer", {}), ("free", 0.0, "gauge", {})]
    assert expected == scope.numbers


def test_lines_are_logged(speech, scope):
    assert speech.hear('::{"logs": [{"level": "warn", "message": "careful %d"}, {"message": {"a": 1}}]}::')
    assert speech.hear('::{"logs": {"level": "CRITICAL", "message": "oh"}}::')
    assert [("WARNING", "careful %d"), ("INFO", '{"a":1}'), ("ERROR", "oh")] == scope.lines.seen


@pytest.mark.parametrize("line", ["", "plain", "std::vector", "::{", "}::", '::{"outputs": {"a": 1}}', '::["a"]::'])
def test_other_lines_say_nothing(speech, scope, line):
    assert not speech.hear(line)
    assert [] == scope.lines.seen


@pytest.mark.parametrize(
    "line",
    [
        "::{outputs}::",
        '::{"outputs": {"a": }}::',
        '::{"outputs": {"a": NaN}}::',
        '::{"outputs": {"a": 1}} }::',
        '::{"a":' * 50 + "}::",
        '::{"a":' + "[" * 100_000 + "}::",
    ],
    ids=["no JSON", "a hole", "no number", "not ended", "many beginnings", "too deep"],
)
def test_what_is_malformed_is_told_and_left_in_the_line(speech, scope, line):
    assert not speech.hear(line)
    assert {} == speech.outputs
    ((level, text),) = scope.lines.seen
    assert ("WARNING", True) == (level, "no JSON" in text)


def test_what_is_well_formed_in_a_malformed_line_is_taken(speech):
    assert speech.hear('::{broken}:: ::{"outputs": {"a": 1}}::')
    assert {"a": 1} == speech.outputs


@pytest.mark.parametrize(
    "message",
    [
        '{"outputs": [1]}',
        '{"metrics": [{"value": 1}]}',
        '{"metrics": [{"name": "a", "value": "x"}]}',
        '{"metrics": [{"name": "a", "value": true}]}',
        '{"metrics": [{"name": "a", "value": 1, "type": "sum"}]}',
        '{"metrics": [{"name": "a", "value": 1e999}]}',
        '{"metrics": [3]}',
        '{"logs": ["x"]}',
        '{"logs": [{"level": "LOUD", "message": "x"}]}',
    ],
)
def test_what_cannot_be_taken_is_told(speech, scope, message):
    assert speech.hear(f"::{message}::")
    assert ([], {}) == (scope.numbers, speech.outputs)
    ((level, text),) = scope.lines.seen
    assert ("WARNING", True) == (level, "cannot be taken" in text)


def test_a_line_of_megabytes_is_taken(speech):
    assert speech.hear('::{"outputs": {"a": "' + "x" * 4_000_000 + '"}}::')
    assert 4_000_000 == len(speech.outputs["a"])
    assert not speech.hear("::{" * 1_000_000 + "}::")
