"""Inputs: what each type takes and refuses, and how an execution comes by its values."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, time, timedelta

import pytest
from tests.unit.spec.flow_texts import HEAD, TASKS

from runwright.errors import InputError, RunwrightError
from runwright.spec import parse_flow_spec
from runwright.spec.resolving import resolve


def declared(*inputs):
    """Return the inputs that are written, each in one line."""
    return parse_flow_spec(HEAD + "inputs:\n" + "".join(f"  - {each}\n" for each in inputs) + TASKS).inputs


def taken(keys, value):
    """Return what the input `x` makes of a value."""
    return resolve(declared(f"{{id: x, {keys}}}"), {"x": value})["x"]


def refusal(keys, value):
    """Return why the input `x` refuses a value."""
    with pytest.raises(InputError) as caught:
        taken(keys, value)
    return caught.value.problems["x"]


@pytest.mark.parametrize(
    ("expected", "keys", "value"),
    [
        ("abc", "type: STRING", "abc"),
        ("", "type: STRING", ""),
        ("5", "type: STRING", 5),
        ("true", "type: STRING", True),
        ("A1", "type: STRING, validator: '[A-Z][0-9]'", "A1"),
        ("RED", "type: ENUM, values: [RED]", "RED"),
        ("BLUE", "type: SELECT, values: [RED], allowCustomValue: true", "BLUE"),
        (["a"], "type: MULTISELECT, values: [a, b]", ["a"]),
        (["a", "b"], "type: MULTISELECT, values: [a, b]", '["a", "b"]'),
        (42, "type: INT", "42"),
        (42, "type: INT, min: 42, max: 42", 42),
        (0.42, "type: FLOAT", "0.42"),
        (3.0, "type: FLOAT", 3),
        (True, "type: BOOLEAN", "yes"),
        (False, "type: BOOL", "false"),
        ("2019-10-06T18:27:49Z", "type: DATETIME", "2019-10-06T18:27:49Z"),
        ("2024-01-31T00:00:00+00:00", "type: DATETIME", datetime(2024, 1, 31, tzinfo=UTC)),
        ("2024-02-29", "type: DATE", "2024-02-29"),
        ("2024-02-29", "type: DATE", date(2024, 2, 29)),
        ("x" * 3000, "type: STRING, validator: '.{1,4000}'", "x" * 3000),
        ("18:27:49", "type: TIME", "18:27:49"),
        ("18:27:00", "type: TIME", time(18, 27)),
        ("PT5M6S", "type: DURATION", "PT5M6S"),
        ("PT1H", "type: DURATION", timedelta(hours=1)),
        ("kestra:///a", "type: FILE", "kestra:///a"),
        ("nsfile:///sql/a.SQL", "type: FILE, allowedFileExtensions: [.csv, .sql]", "nsfile:///sql/a.SQL"),
        ({"a": [1]}, "type: JSON", '{"a": [1]}'),
        ({"a": [1]}, "type: JSON", {"a": [1]}),
        ({"a": [1]}, "type: YAML", "a: [1]"),
        ("https://example.com", "type: URI", "https://example.com"),
        ("mailto:a@example.com", "type: URI", "mailto:a@example.com"),
        ("a@example.com", "type: EMAIL", "a@example.com"),
        ("hidden", "type: SECRET", "hidden"),
        ([1, 2], "type: ARRAY, itemType: INT", "[1, 2]"),
        (["PT1S"], "type: ARRAY, itemType: DURATION", ["PT1S"]),
        (None, "type: INT, required: false", ""),
    ],
)
def test_an_input_takes(expected, keys, value):
    assert expected == taken(keys, value)


@pytest.mark.parametrize(
    ("reason", "keys", "value"),
    [
        ("missing required input, but received `null`", "type: STRING", None),
        ("missing required input, but received `null`", "type: INT", ""),
        ("Expected `STRING` but received `[1]`, but received `[1]`", "type: STRING", [1]),
        ("it must match the pattern `[a-z]+`, but received `A`", "type: STRING, validator: '[a-z]+'", "A"),
        ("it must match the pattern `(a+)+`", "type: STRING, validator: '(a+)+'", "a" * 60 + "!"),
        ("it takes too long to see whether it matches the pattern `.*`", "type: STRING, validator: '.*'", "a" * 999_999),
        ("it must match the values `[A, B]`, but received `C`", "type: ENUM, values: [A, B]", "C"),
        ("it must match the values `[A]`, but received `B`", "type: SELECT, values: [A]", "B"),
        ('it must match the values `[a]`, but received `["a","b"]`', "type: MULTISELECT, values: [a]", ["a", "b"]),
        ("Expected `INT` but received `4.5`, but received `4.5`", "type: INT", "4.5"),
        ("Expected `INT` but received `true`, but received `true`", "type: INT", True),
        ("Expected `INT` but received", "type: INT", 2**63),
        ("Expected `INT` but received", "type: INT", "9" * 5000),
        ("it must be more than `3`, but received `2`", "type: INT, min: 3", 2),
        ("it must be less than `20`, but received `21`", "type: INT, max: 20", "21"),
        ("Expected `FLOAT` but received `nan`", "type: FLOAT", "nan"),
        ("Expected `FLOAT` but received `1e999`", "type: FLOAT", "1e999"),
        ("it must be less than `0.5`, but received `1.01`", "type: FLOAT, max: 0.5", "1.01"),
        ("Expected `BOOLEAN` but received `maybe`", "type: BOOLEAN", "maybe"),
        ("Expected `DATETIME` but received `2024-01-31`", "type: DATETIME", "2024-01-31"),
        ("it must be after `2024-01-01T00:00:00Z`", "type: DATETIME, after: '2024-01-01T00:00:00Z'", "2023-12-31T23:59:59Z"),
        ("Expected `DATE` but received `2023-02-29`", "type: DATE", "2023-02-29"),
        ("it must be before `2024-01-01`", "type: DATE, before: 2024-01-01", "2024-01-01"),
        ("it must be after `01:00`, but received `00:00:01`", "type: TIME, after: '01:00:00'", "00:00:01"),
        ("Expected `DURATION` but received `5 minutes`", "type: DURATION", "5 minutes"),
        ("It must be more than `PT10S`, but received `PT1S`", "type: DURATION, min: PT10S", "PT1S"),
        ("It must be less than `PT20S`, but received `PT30S`", "type: DURATION, max: PT20S", "PT30S"),
        ("Expected `JSON` but received `{a`", "type: JSON", "{a"),
        ("Expected `YAML` but received", "type: YAML", "a: [1"),
        ("Expected `YAML` but received", "type: YAML", "a: !!python/name:os.system"),
        ("Expected `URI` but received `http:/bla`", "type: URI", "http:/bla"),
        ("Expected `URI` but received `example.com`", "type: URI", "example.com"),
        ("it must be the address of a stored file, kestra:///... or nsfile:///..., ", "type: FILE", "/etc/passwd"),
        ("it must be the address of a stored file", "type: FILE", "kestra:///a/../b"),
        ("Expected `FILE` but received `5`, but received `5`", "type: FILE", 5),
        ("the name of the file must end in one of `[.csv]`", "type: FILE, allowedFileExtensions: [.csv]", "kestra:///a.sh"),
        ("Expected `EMAIL` but received `nobody`", "type: EMAIL", "nobody"),
        ("Expected `ARRAY` but received `5`", "type: ARRAY, itemType: INT", "5"),
        ("Unable to parse array element as `INT` on `s1`", "type: ARRAY, itemType: INT", '["s1", "s2"]'),
    ],
)  # fmt: skip
def test_an_input_refuses_and_says_why(reason, keys, value):
    assert refusal(keys, value).startswith(f"Invalid input for `x`, {reason}")


def test_a_refusal_tells_a_long_value_in_short():
    assert len(refusal("type: JSON", "[" * 1_000_000)) < 200_000


def test_a_secret_that_is_refused_is_not_shown():
    text = refusal("type: SECRET, validator: '[a-z]+'", "HUSH")

    assert "HUSH" not in text
    assert text.endswith("but received `********`")
    assert "HUSH" not in refusal("type: SECRET", ["HUSH"])


def test_all_refusals_are_told_at_once():
    with pytest.raises(InputError) as caught:
        resolve(declared("{id: a, type: INT}", "{id: b, type: INT}", "{id: c, type: INT}"), {"a": "x", "b": 1})

    assert ["a", "c"] == list(caught.value.problems)
    assert 2 == len(str(caught.value).splitlines())
    assert caught.value.problems == pickle.loads(pickle.dumps(caught.value)).problems


def test_ids_with_dots_make_nested_values():
    inputs = declared("{id: a.b, type: INT}", "{id: a.c.d, type: INT}")

    expected = {"a": {"b": 1, "c": {"d": 2}}}
    assert expected == resolve(inputs, {"a.b": 1, "a.c.d": "2"})
    assert expected == resolve(inputs, {"a": {"b": 1, "c": {"d": 2}}})


def test_what_is_given_for_no_input_is_ignored():
    assert {"a": 1} == resolve(declared("{id: a, type: INT}"), {"a": 1, "z": 2})


def test_defaults_fill_what_is_missing():
    inputs = declared(
        "{id: a, type: INT, defaults: 5}",
        "{id: b, type: STRING, required: false}",
        "{id: c, type: STRING, defaults: ''}",
    )

    assert {"a": 5, "b": None, "c": ""} == resolve(inputs, {})


def render(template, variables):
    """Stand in for the evaluator: `{{ inputs.x }}` alone, compared with a word after `==`."""
    name, _, wanted = template.strip("{} ").removeprefix("inputs.").partition(" == ")
    if name not in variables["inputs"]:
        raise RunwrightError(f"Unable to find {name}")
    value = variables["inputs"][name]
    return value if not wanted else str(value == wanted).lower()


def test_defaults_are_rendered_after_what_they_depend_on():
    inputs = declared(
        '{id: a, type: STRING, defaults: "{{ inputs.b }}", dependsOn: {inputs: [b]}}', "{id: b, type: STRING}"
    )

    assert {"b": "x", "a": "x"} == resolve(inputs, {"b": "x"}, render)


def test_an_input_is_left_out_when_its_condition_is_false():
    inputs = declared(
        "{id: a, type: STRING}", '{id: b, type: STRING, dependsOn: {inputs: [a], condition: "{{ inputs.a == yes }}"}}'
    )

    assert {"a": "no"} == resolve(inputs, {"a": "no", "b": "ignored"}, render)
    assert {"a": "yes", "b": "x"} == resolve(inputs, {"a": "yes", "b": "x"}, render)


def test_choices_may_come_from_an_expression():
    inputs = declared(
        "{id: a, type: JSON}", "{id: b, type: SELECT, expression: '{{ inputs.a }}', dependsOn: {inputs: [a]}}"
    )

    assert "x" == resolve(inputs, {"a": '["x", "y"]', "b": "x"}, render)["b"]
    with pytest.raises(InputError, match=r"must match the values `\[x, y\]`"):
        resolve(inputs, {"a": '["x", "y"]', "b": "z"}, render)


def test_an_expression_that_fails_is_a_problem_of_its_input():
    with pytest.raises(InputError, match="Invalid input for `a`, its expression cannot be rendered: Unable to find z"):
        resolve(declared('{id: a, type: STRING, defaults: "{{ inputs.z }}"}'), {}, render)
