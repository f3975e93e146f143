"""Laws of expressions: any text at all is rendered or refused in words, plain text is left alone, budgets hold."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, strategies as st

from runwright.errors import ExpressionError
from runwright.expression import Limits, compile_template, render
from runwright.expressions.budget import Budget
from runwright.expressions.filters import FILTERS
from runwright.expressions.functions import FUNCTIONS
from runwright.expressions.parser import OPERATORS
from runwright.expressions.patterns import pattern_of
from runwright.expressions.tags import TAGS
from runwright.expressions.value_tests import TESTS

LIMITS = Limits(steps=2_000, output=20_000)
VARIABLES = {"a": 1, "b": "text", "c": [1, 2.5, None], "d": {"e": {"f": True}}}

words = st.sampled_from(
    ["{{", "}}", "{%", "%}", "{#", "#}", "-", " ", "\n", "(", ")", "[", "]", "{", "}", ",", ":", "?", ".", "=", "'", '"', "\\",
     "a", "b", "c", "d", "e", "f", "x", "in", "is", "not", "null", "true", "0", "1", "2.5", "'s'", "loop", "end",
     *OPERATORS, *TESTS, *TAGS, *(f"end{tag}" for tag in TAGS), "else", "elseif", *FILTERS, *FUNCTIONS]
)  # fmt: skip
templates = st.lists(words, max_size=30).map("".join)
spaced = st.lists(words, max_size=30).map(" ".join)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def rendered(template, variables=VARIABLES, limits=LIMITS):
    """Return the text, or None where an error in words was raised; anything else goes through."""
    try:
        return render(template, variables, limits=limits)
    except ExpressionError:
        return None


@given(st.text() | templates | spaced | templates.map(lambda text: f"{{{{ {text} }}}}"))
def test_any_text_is_rendered_or_refused_in_words(text):
    rendered(text)


@given(st.text().filter(lambda text: not re.search(r"\{[{%#]", text)))
def test_a_text_without_delimiters_is_left_alone(text):
    assert text == rendered(text)


@given(st.text(), st.text())
def test_what_a_value_holds_is_never_read_as_a_template(before, value):
    assert value == rendered("{{ value }}", {"value": value, "before": before})


@given(st.sampled_from(sorted(FILTERS)), values, st.lists(values, max_size=3))
def test_a_filter_takes_any_value_or_refuses_it_in_words(name, value, arguments):
    given_ = ", ".join(f"arguments[{index}]" for index in range(len(arguments)))
    rendered(f"{{{{ value | {name}({given_}) }}}}", {"value": value, "arguments": arguments})


@given(st.sampled_from(sorted(FUNCTIONS)), st.lists(values, max_size=3))
def test_a_function_takes_any_value_or_refuses_it_in_words(name, arguments):
    given_ = ", ".join(f"arguments[{index}]" for index in range(len(arguments)))
    rendered(f"{{{{ {name}({given_}) }}}}", {"arguments": arguments})


@given(st.sampled_from(sorted(set(OPERATORS) - {"is", "|"})), values, values)
def test_an_operator_takes_any_values_or_refuses_them_in_words(operator, left, right):
    rendered(f"{{{{ left {operator} right }}}}", {"left": left, "right": right})


@given(st.text(max_size=30) | st.text('.[]|,:()"ab01 $?{}', max_size=30), values)
def test_a_query_gives_a_list_or_is_refused_in_words(query, value):
    rendered("{{ value | jq(query) }}", {"query": query, "value": value})


@given(values)
def test_json_is_read_back_as_it_was_written(value):
    text = rendered("{{ value | toJson }}", {"value": [value]})
    if text is not None and "NaN" not in text and "Infinity" not in text:
        assert text == rendered("{{ fromJson(text) | toJson }}", {"text": text})


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
    )
)
def test_ion_and_json_say_the_same(value):
    ion, as_json = rendered("{{ value | toIon }}", {"value": value}), rendered("{{ value | toJson }}", {"value": value})
    if ion is not None:
        assert as_json == rendered("{{ fromIon(ion) | toJson }}", {"ion": ion})
        assert json.loads(as_json) == value


# ---------------------------------------------------------------------------------------------------------- budgets


@given(st.integers(0, 300), st.integers(1, 200))
def test_no_output_is_longer_than_the_limit(count, limit):
    text = rendered("{% for i in 1..count %}ab{% endfor %}", {"count": count}, Limits(output=limit))
    assert (text is None) == (2 * count > limit)


@given(st.integers(1, 60), st.integers(1, 50))
def test_no_brackets_nest_deeper_than_the_limit(depth, limit):
    text = rendered("{{ " + "[" * depth + "]" * depth + " }}", {}, Limits(depth=limit))
    assert (text is None) == (depth > limit)


@given(st.integers(0, 90) | st.integers(200, 400))
def test_each_round_of_a_loop_takes_steps(count):
    text = rendered("{% for i in values %}{{ i }}{% endfor %}", {"values": [1] * count}, Limits(steps=400))
    assert (text is None) == (count >= 200)


# --------------------------------------------------------------------------------------------------------- patterns

pieces = st.sampled_from(
    ["a", "b", "ab", ".", "[ab]", "[^a]", "\\w", "\\d", "^", "$", "\\b", "(?:a|b)", "(a)", "(b|ab)", "(?=a)", "(?!b)"]
)
quantifiers = st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,3}", "*?", "+?", "??"])
atoms = st.tuples(pieces, quantifiers).map(
    lambda each: (
        each[0]
        + ("" if each[0] in {"^", "$", "\\b"} or (each[0].startswith("(?") and each[0] != "(?:a|b)") else each[1])
    )
)
patterns = st.lists(st.lists(atoms, max_size=4).map("".join), min_size=1, max_size=3).map("|".join)


@given(patterns, st.text("ab1 \n", max_size=12))
def test_a_pattern_finds_what_the_engine_of_python_finds(pattern, text):
    for start in range(len(text) + 1):
        expected, found = (
            re.compile(pattern).search(text, start),
            pattern_of(pattern).find(text, start, Budget(Limits())),
        )
        assert (None if expected is None else (*expected.span(), [expected[0], *expected.groups()])) == found


@given(patterns, st.text("ab1 ", max_size=12))
def test_a_whole_match_is_the_one_of_python(pattern, text):
    assert bool(re.fullmatch(pattern, text)) == pattern_of(pattern).is_full_match(text, Budget(Limits()))


@given(st.text("ab()[]|*+?{}\\d^$.1,-:=!<>", max_size=15))
def test_any_pattern_is_read_or_refused_in_words(pattern):
    rendered("{{ 'aab' matches pattern }}", {"pattern": pattern})


def test_the_same_text_is_read_once():
    assert compile_template("{{ a }}") is compile_template("{{ a }}")


def test_a_template_is_a_text():
    with pytest.raises(TypeError, match="A template is a text"):
        compile_template(b"{{ a }}")
