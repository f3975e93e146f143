"""Notations: Ion, YAML, jq and regular expressions, read by readers of their own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from runwright.errors import ExpressionError
from runwright.expression import compile_template, render


def value_of(template, **variables):
    return compile_template(template).render_value(variables)


@pytest.mark.parametrize(
    ("expected", "ion"),
    [
        ({"a": 1, "b c": [1.5, -2, "x"]}, "{a: 1, 'b c': [1.5, -2, \"x\"]}"),
        ({"a": None, "b": None}, "{a: null, b: null.int,}"),
        ([True, False, "symbol", "quoted symbol"], "[true, false, symbol, 'quoted symbol']"),
        ([1_000, 1.5, 250.0], "[1_000, 1.5d0, 2.5e2]"),
        ({"a": 1}, "// a comment\n{ a: /* another */ kind::1 }"),
        ('a\n"é"', '"a\\n\\"\\u00e9\\""'),
        (datetime(2013, 9, 8, 17, 19, tzinfo=timezone(timedelta(hours=2))), "2013-09-08T17:19:00+02:00"),
        ("2013-09-08", "2013-09-08"),
    ],
)  # fmt: skip
def test_ion_is_read(expected, ion):
    assert expected == value_of("{{ fromIon(ion) }}", ion=ion)


@pytest.mark.parametrize("ion", ["", "{", "{a}", "{a 1}", "[1 2]", "1 2", "{{}}", "(a b)", "'a", "{1: 2}", "]"])
def test_what_is_no_ion_is_refused(ion):
    with pytest.raises(ExpressionError, match="This is no Ion"):
        render("{{ fromIon(ion) }}", {"ion": ion})


def test_ion_is_written():
    variables = {
        "value": {"a": datetime(2013, 9, 8, tzinfo=UTC), "null": 1e10, "it's": Decimal("1.10"), "n": float("nan")}
    }
    assert "{a:2013-09-08T00:00:00+00:00,'null':1.0E10,'it\\'s':1.10,n:nan}" == render("{{ value | toIon }}", variables)


@pytest.mark.parametrize(
    ("expected", "yaml"),
    [
        ({"a": [1, 2.5, True, None, None, "yes", "on", "012x"]}, "a: [1, 2.5, true, null, ~, yes, on, 012x]"),
        ({"a": "1", "b": "true"}, "a: '1'\nb: \"true\""),
        ({"a": "x\ny\n"}, "a: |\n  x\n  y\n"),
        ({"1": {"true": 2}}, "1: {true: 2}"),
        ("2024-01-01", "2024-01-01"),
        (None, ""),
    ],
)
def test_yaml_is_read(expected, yaml):
    assert expected == value_of("{{ yaml(yaml) }}", yaml=yaml)


@pytest.mark.parametrize("yaml", ["a: !!set {b}", "a: !secret b", "a\n---\nb", "[1]: 2", "a: [", "\ta: 1"])
def test_yaml_beyond_plain_data_is_refused(yaml):
    with pytest.raises(ExpressionError, match="YAML"):
        render("{{ yaml(yaml) }}", {"yaml": yaml})


@pytest.mark.parametrize(
    "value",
    [
        {"a": ["1", "true", "null", "", " x", "a: b", "- a", "#a", "é", "a\nb"]},
        [[1, [2]], {"a": {"b": []}}, {}],
        "x",
        1,
        None,
    ],
)
def test_yaml_is_read_back_as_it_was_written(value):
    assert value == value_of("{{ yaml(value | yaml) }}", value=value)


# --------------------------------------------------------------------------------------------------------------- jq

DATA = {
    "a": {"b": [1, 2, 3], "c d": "x"},
    "rows": [{"n": "x", "v": 2}, {"n": "y", "v": 1}, {"n": "x", "v": None}],
    "none": None,
}


@pytest.mark.parametrize(
    ("expected", "query"),
    [
        ([DATA], "."),
        ([[1, 2, 3]], ".a.b"),
        (["x"], '.a["c d"]'),
        (["x"], '.a."c d"'),
        ([3, None], ".a.b[-1], .a.b[9]"),
        ([[2, 3], [1]], ".a.b[1:], .a.b[:1]"),
        ([None], ".missing.deeper"),
        (["x", "y", "x"], ".rows[].n"),
        ([], ".a.b.c?"),
        ([7, 1, 6.0, 1.5, 1], "1 + 2 * 3, 3 - 2, 2.0 * 3, 3 / 2, 7 % 3"),
        (["ab", [1, 2], {"a": 1, "b": 2}, [1]], '"a" + "b", [1] + [2], {a: 1} + {b: 2}, [1, 2] - [2]'),
        ([True, False, True], "1 < 2, 1 == 2, (true and (false or true))"),
        (["none"], '.none // "none"'),
        ([2], ".rows | map(.v) | map(select(. != null)) | max"),
        ([["x", "y"]], "[.rows[].n] | unique"),
        ([[None, 1, 2]], "[.rows[].v] | sort"),
        ([["y", "x"]], "[.rows | map(select(.v)) | sort_by(.v)[] | .n]"),
        ([[2, 1]], ".rows | group_by(.n) | map(length)"),
        ([{"x": 2, "y": 1}], ".rows | map(select(.v) | {key: .n, value: .v}) | from_entries"),
        ([{"b": [2, 4, 6]}], ".a | {b: (.b | map(. * 2))}"),
        ([{"n": "x", "w": 2}, {"n": "x", "w": 3}], '{n: "x", w: (2, 3)}'),
        ([{"n": "y"}], ".rows[1] | {n}"),
        (["v is 2"], '.rows[0] | "v is \\(.v)"'),
        ([6], "reduce .a.b[] as $x (0; . + $x)"),
        ([[1, 2], [2, 4]], ".a.b[0:2][] as $x | [$x, $x * 2]"),
        (["small", "big"], '.a.b[0], .a.b[2] | if . > 2 then "big" else "small" end'),
        (["caught"], 'try error("x") catch "caught"'),
        ([[0, 1, 2]], "[limit(3; range(10))]"),
        ([{"A": 1}], "{a: 1} | with_entries({key: (.key | ascii_upcase), value: .value})"),
        ([4], "[.a.b | ..] | length"),
        (["a-b", ["a", "b"], True], '(["a", "b"] | join("-")), ("a-b" | split("-")), ("abc" | test("b.$"))'),
        ([3, "number", "3", 3], '.a.b | length, (.[0] | type), (.[2] | tostring), ("3" | tonumber)'),
        ([], "empty"),
    ],
)  # fmt: skip
def test_a_query_gives_its_results(expected, query):
    assert expected == value_of("{{ data | jq(query) }}", data=DATA, query=query)


@pytest.mark.parametrize(
    "query",
    [
        ".a.",
        ".[",
        "{",
        "a b",
        "|",
        "if . then",
        "$x",
        "foo",
        "map()",
        "1 +",
        '"a',
        "def f: .; f",
        ".a = 1",
        "input",
        "env",
        "@base64",
    ],
)
def test_what_is_no_query_is_refused(query):
    with pytest.raises(ExpressionError, match="jq"):
        render("{{ data | jq(query) }}", {"data": DATA, "query": query})


def test_a_query_sees_dates_as_texts():
    assert ["2024-01-01T00:00:00.000Z"] == value_of("{{ at | jq('.') }}", at=datetime(2024, 1, 1, tzinfo=UTC))


# ----------------------------------------------------------------------------------------------- regular expressions


@pytest.mark.parametrize(
    ("expected", "pattern", "text"),
    [
        (True, r"\d{3}-\d{2,}", "123-4567"),
        (False, r"\d", "٣"),
        (True, r"[\w.+-]+@[a-z]+(\.[a-z]{2,})+", "a.b+c@example.co.uk"),
        (True, r"(?i)HELLO|b", "hello"),
        (True, r"(?s)a.b", "a\nb"),
        (False, r"a.b", "a\nb"),
        (True, r"(?m)a$\n^b", "a\nb"),
        (True, r"\Qa.b\E+", "a.bb"),
        (False, r"\Qa.b\E", "axb"),
        (True, r"(?=.*\d)(?!.*x)\w+", "ab1"),
        (True, r"\x41\u0042\t", "AB\t"),
        (True, r"[^\]a-c-]+", "def"),
        (True, r"[]a]+", "]a"),
        (True, r"\p{Lu}\p{L}*\P{L}", "Éa1"),
        (True, r"(?<year>\d{4})", "2024"),
        (True, r"(?i:a)B", "AB"),
        (True, r"", ""),
    ],
)
def test_a_pattern_matches_the_whole_text(expected, pattern, text):
    assert expected is value_of("{{ text matches pattern }}", text=text, pattern=pattern)


@pytest.mark.parametrize(
    ("expected", "pairs"),
    [
        ("<2024>/<03>", {r"(?<y>\d+)-(\d+)": "<${y}>/<$2>"}),
        ("cost $2024", {r"(\d{4}).*": r"cost \$$1"}),
        ("0-0", {r"\d+": "0"}),
        ("-2-0-2-4---0-3-", {"": "-"}),
    ],
)
def test_groups_stand_in_a_replacement(expected, pairs):
    assert expected == render("{{ '2024-03' | replace(pairs, regexp=true) }}", {"pairs": pairs})


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        ")",
        "[",
        "*",
        "a**",
        "a++",
        "\\",
        "(?<=a)b",
        r"(a)\1",
        "(?>a)",
        "[b-a]",
        "a{3,1}",
        "[a&&b]",
        r"\y",
        r"\p{Nope}",
        "(?#a)",
        "a{5000}",
    ],
)
def test_a_pattern_that_cannot_be_read_is_refused(pattern):
    with pytest.raises(ExpressionError, match="The regular expression"):
        render("{{ 'a' matches pattern }}", {"pattern": pattern})


@pytest.mark.parametrize("replacement", ["$2", "${no}", "$"])
def test_a_group_that_is_not_there_is_refused(replacement):
    with pytest.raises(ExpressionError, match="group"):
        render("{{ 'a' | replace({'(a)': new}, regexp=true) }}", {"new": replacement})
