"""Documented behaviour of expressions: each operator, filter, function, test and tag, as people who come from YAML flows know it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from runwright import clock
from runwright.errors import ExpressionError, ExpressionUndefined
from runwright.expression import is_true, render
from runwright.expressions.filters import FILTERS
from runwright.expressions.functions import FUNCTIONS
from runwright.expressions.parser import OPERATORS
from runwright.expressions.tags import TAGS
from runwright.expressions.value_tests import TESTS
from runwright.testing.fake_clock import FakeClock

PARIS = ZoneInfo("Europe/Paris")
VARIABLES = {
    "name": "ada",
    "nothing": None,
    "flag": True,
    "one": 1,
    "half": 0.5,
    "list": [3, 1, 2],
    "map": {"b": 1, "a": {"values": {"y": "key"}}},
    "empty": {"list": [], "map": {}, "text": " "},
    "at": datetime(2024, 2, 29, 13, 5, 9, 123456, tzinfo=PARIS),
}

PRINTED = [
    ("ada", "{{ name }}"),
    ("", "{{ nothing }}"),
    ("true", "{{ flag }}"),
    ("1 0.5 1.0 1.0E10 1.5E-4", "{{ one }} {{ half }} {{ 1.0 }} {{ 1e10 }} {{ 0.00015 }}"),
    ("[3,1,2]", "{{ list }}"),
    ('{"b":1,"a":{"values":{"y":"key"}}}', "{{ map }}"),
    ("2024-02-29T13:05:09.123456+01:00", "{{ at }}"),
    ("2024-01-01T00:00:00.000Z", "{{ midnight }}"),
    ('["é","\\"","\\n"]', "{{ ['é', '\"', '\n'] }}"),
]

OPERATOR_CASES = [
    ("or", "true", "{{ false or flag }}"),
    ("or", "true", "{{ flag or missing }}"),
    ("and", "false", "{{ false and missing }}"),
    ("and", "true", "{{ flag and name }}"),
    ("is", "true", "{{ nothing is null }}"),
    (
        "contains",
        "true true true false",
        "{{ list contains 1 }} {{ list contains [1, 2] }} {{ name contains 'd' }} {{ map contains 'c' }}",
    ),
    ("matches", "true false", "{{ name matches '[a-d]+' }} {{ name matches 'a' }}"),
    ("==", "true false true false", "{{ 1 == 1.0 }} {{ 1 == '1' }} {{ list == [3, 1.0, 2] }} {{ flag == 1 }}"),
    ("equals", "true", "{{ {'a': 1} equals {'a': 1} }}"),
    ("!=", "true", "{{ name != 'eve' }}"),
    ("<", "true true", "{{ 1 < 1.5 }} {{ 'a' < 'b' }}"),
    (">", "true true", "{{ 2 > 1 }} {{ at > midnight }}"),
    ("<=", "true", "{{ 1 <= 1 }}"),
    (">=", "false", "{{ 1 >= 2 }}"),
    ("+", "3 1.5", "{{ 1 + 2 }} {{ 1 + half }}"),
    ("-", "-1", "{{ 1 - 2 }}"),
    ("*", "6 0.5", "{{ 2 * 3 }} {{ 1 * half }}"),
    ("/", "3 -3 3.5", "{{ 7 / 2 }} {{ -7 / 2 }} {{ 7.0 / 2 }}"),
    ("%", "1 -1 1.5", "{{ 7 % 2 }} {{ -7 % 2 }} {{ 5.5 % 2 }}"),
    ("|", "ADA", "{{ name | upper }}"),
    ("~", "ada1", "{{ name ~ 1 ~ nothing }}"),
    ("??", "x x x ada", "{{ missing ?? 'x' }} {{ missing.a.b ?? 'x' }} {{ nothing ?? 'x' }} {{ name ?? 'x' }}"),
    ("???", "x ", "{{ map.c ??? 'x' }} {{ nothing ??? 'x' }}"),
    ("..", '[1,2,3] ["a","b"]', "{{ 1..3 }} {{ 'a'..'b' }}"),
]

PRECEDENCE = [
    ("7", "{{ 1 + 2 * 3 }}"),
    ("9", "{{ (1 + 2) * 3 }}"),
    ("1", "{{ 3 - 1 - 1 }}"),
    ("true", "{{ 1 + 1 == 2 and 2 < 3 }}"),
    ("true", "{{ true or false and false }}"),
    ("false", "{{ not true and false }}"),
    ("true", "{{ not nothing is defined }}"),
    ("2", "{{ 1 + -1 | abs }}"),
    ("ADA", "{{ missing ?? name | upper }}"),
    ("ADAX", "{{ name ~ 'x' | upper }}"),
    ("b", "{{ missing is defined ? 'a' : flag ? 'b' : 'c' }}"),
    ("x", "{{ map.c ?? map.d ?? 'x' }}"),
    ("[2,3]", "{{ [1 + 1, 3] }}"),
]

FILTER_CASES = [
    ("abbreviate", "a tex...", "{{ 'a text that is long' | abbreviate(8) }}"),
    ("abs", "1 0.5", "{{ -1 | abs }} {{ -0.5 | abs }}"),
    ("base64decode", "ada", "{{ 'YWRh' | base64decode }}"),
    ("base64encode", "YWRh", "{{ name | base64encode }}"),
    ("capitalize", "Ada Of", "{{ 'ada Of' | capitalize }}"),
    ("chunk", "[[3,1],[2]]", "{{ list | chunk(2) }}"),
    (
        "className",
        "java.lang.String java.lang.Integer java.lang.Long",
        "{{ name | className }} {{ 1 | className }} {{ 2147483648 | className }}",
    ),
    ("contains", "true", "{{ list | contains(3) }}"),
    ("date", "29/02/2024 13:05", "{{ at | date('dd/MM/yyyy HH:mm') }}"),
    ("dateAdd", "2024-03-01T13:05:09.123456+01:00", "{{ at | dateAdd(1, 'DAYS') }}"),
    (
        "default",
        "x x x ada",
        "{{ missing | default('x') }} {{ empty.text | default('x') }} {{ empty.list | default('x') }} {{ name | default('x') }}",
    ),
    ("distinct", "[1,2]", "{{ [1, 2, 1] | distinct }}"),
    ("endsWith", "true", "{{ name | endsWith('da') }}"),
    (
        "escapeChar",
        "\\'a\\' \\\"a\\\" '\\''a'\\''",
        "{{ \"'a'\" | escapeChar('single') }} {{ '\"a\"' | escapeChar('double') }} {{ \"'a'\" | escapeChar('shell') }}",
    ),
    ("first", "3 a ", "{{ list | first }} {{ name | first }} {{ [] | first }}"),
    ("flatten", "[1,2,3]", "{{ [1, [2, [3]]] | flatten }}"),
    ("indent", "a\n    b", "{{ 'a\nb' | indent(4) }}"),
    ("join", "3-1-2", "{{ list | join('-') }}"),
    ("jq", "[3] [1,2]", "{{ list | jq('.[0]') }} {{ list | jq('.[1:]') | first }}"),
    ("json", '"ada"', "{{ name | json }}"),
    ("keys", '["b","a"] [0,1,2]', "{{ map | keys }} {{ list | keys }}"),
    ("last", "2 a", "{{ list | last }} {{ name | last }}"),
    ("length", "3 2 3 0", "{{ list | length }} {{ map | length }} {{ name | length }} {{ nothing | length }}"),
    ("lower", "ada", "{{ 'ADA' | lower }}"),
    ("md5", "8c8d357b5e872bbacd45197626bd5759", "{{ name | md5 }}"),
    ("merge", '[3,1,2,4] {"a":2,"b":3}', "{{ list | merge([4]) }} {{ {'a': 1, 'b': 3} | merge({'a': 2}) }}"),
    ("nindent", "\n  a\n  b", "{{ 'a\nb' | nindent(2) }}"),
    ("number", "12.5 7", "{{ '12.5' | number }} {{ '7' | number('INT') }}"),
    (
        "numberFormat",
        "1,234.50 12.35 50%",
        "{{ 1234.5 | numberFormat('#,##0.00') }} {{ 12.345001 | numberFormat('#.##') }} {{ half | numberFormat('0%') }}",
    ),
    ("numberformat", "1,234.5", "{{ 1234.5 | numberformat }}"),
    (
        "replace",
        "Ada a-1-b-2-",
        "{{ name | replace({'a': 'A', 'dA': 'da'}) }} {{ 'a1b2' | replace({'([0-9])': '-$1-'}, regexp=true) }}",
    ),
    ("reverse", "[2,1,3]", "{{ list | reverse }}"),
    ("rsort", "[3,2,1]", "{{ list | rsort }}"),
    ("sha1", "a9993e364706816aba3e25717850c26c9cd0d89d", "{{ 'abc' | sha1 }}"),
    ("sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "{{ 'abc' | sha256 }}"),
    ("sha512", "ddaf35a1", "{{ 'abc' | sha512 | slice(0, 8) }}"),
    ("slice", "[1,2] d", "{{ list | slice(1) }} {{ name | slice(1, 2) }}"),
    ("slugify", "hello-world-ete", "{{ ' Hello, World: été! ' | slugify }}"),
    ("sort", "[1,2,3]", "{{ list | sort }}"),
    ("split", '["a","b"] ["a","b,c"]', "{{ 'a,b' | split(',') }} {{ 'a,b,c' | split(',', 2) }}"),
    ("startsWith", "false", "{{ name | startsWith('da') }}"),
    ("string", "1", "{{ 1 | string }}"),
    ("substringAfter", "b.c ", "{{ 'a.b.c' | substringAfter('.') }} {{ 'a' | substringAfter('.') }}"),
    ("substringAfterLast", "c", "{{ 'a.b.c' | substringAfterLast('.') }}"),
    ("substringBefore", "a a", "{{ 'a.b.c' | substringBefore('.') }} {{ 'a' | substringBefore('.') }}"),
    ("substringBeforeLast", "a.b a", "{{ 'a.b.c' | substringBeforeLast('.') }} {{ 'a' | substringBeforeLast('.') }}"),
    ("timestamp", "1709208309", "{{ at | timestamp }}"),
    ("timestampMicro", "1709208309123456", "{{ at | timestampMicro }}"),
    ("timestampMilli", "1709208309123", "{{ at | timestampMilli }}"),
    ("timestampNano", "1709208309123456000", "{{ at | timestampNano }}"),
    ("title", "Ada Of Love", "{{ 'ada of love' | title }}"),
    ("toIon", "{b:1,'a b':[1.5e0,\"x\",null,true]}", "{{ {'b': 1, 'a b': [1.5, 'x', null, true]} | toIon }}"),
    ("toJson", '[1,"a",null,true,{"b":0.5}]', "{{ [1, 'a', null, true, {'b': 0.5}] | toJson }}"),
    ("trim", "ada", "{{ ' ada ' | trim }}"),
    ("upper", "ADA", "{{ name | upper }}"),
    ("urldecode", "a b&c", "{{ 'a+b%26c' | urldecode }}"),
    ("urlencode", "a+b%26%C3%A9", "{{ 'a b&é' | urlencode }}"),
    ("values", '[1,{"values":{"y":"key"}}]', "{{ map | values }}"),
    ("yaml", 'a:\n- 1\n- b: null\n  c: "x: y"\n', "{{ {'a': [1, {'b': null, 'c': 'x: y'}]} | yaml }}"),
]

FUNCTION_CASES = [
    ("block", "x-x", "{% block a %}x{% endblock %}-{{ block('a') }}"),
    ("currentEachOutput", "2", "{{ currentEachOutput(outputs.inner).value }}"),
    ("fetchContext", "ada", "{{ fetchContext().name }}"),
    ("fromIon", '{"a":[1,"b"]}', "{{ fromIon('{a: [1, \"b\"]}') }}"),
    ("fromJson", "2", "{{ fromJson('{\"a\": [1, 2]}').a[1] }}"),
    ("json", "true", "{{ json('true') }}"),
    ("max", "3 3", "{{ max(1, 3, 2) }} {{ max(list) }}"),
    ("min", "1", "{{ min(list) }}"),
    ("now", "2024-02-29T12:00:00.000001Z 13:00", "{{ now() }} {{ now('HH:mm', timeZone='Europe/Paris') }}"),
    ("range", "[1,3,5]", "{{ range(1, 5, 2) }}"),
    ("render", "ada", "{{ render('{{ render(twice) }}') }}"),
    ("renderOnce", "{{ name }}", "{{ renderOnce(twice) }}"),
    ("yaml", "2", "{{ yaml('a: [1, 2]').a[1] }}"),
]  # fmt: skip

TEST_CASES = [
    (
        "defined",
        "true false false true",
        "{{ name is defined }} {{ map.c.d is defined }} {{ nothing is defined }} {{ missing is not defined }}",
    ),
    ("null", "true false", "{{ nothing is null }} {{ name is null }}"),
    (
        "empty",
        "true true true true false",
        "{{ nothing is empty }} {{ empty.list is empty }} {{ empty.map is empty }} {{ empty.text is empty }} {{ 0 is empty }}",
    ),
    ("iterable", "true false", "{{ list is iterable }} {{ name is iterable }}"),
    ("map", "true false", "{{ map is map }} {{ list is map }}"),
    (
        "json",
        "true true false false",
        "{{ '{\"a\": 1}' is json }} {{ '[1]' is json }} {{ '{a' is json }} {{ '1' is json }}",
    ),
    ("even", "true", "{{ 2 is even }}"),
    ("odd", "true true", "{{ 3 is odd }} {{ -3 is odd }}"),
    ("equalTo", "true", "{{ 1 is equalTo(1.0) }}"),
]

TAG_CASES = [
    ("if", "a", "{% if one == 1 %}a{% elseif flag %}b{% else %}c{% endif %}"),
    ("if", "b", "{% if nothing %}a{% elseif flag %}b{% else %}c{% endif %}"),
    ("if", "c", "{% if empty.list %}a{% elseif 0 %}b{% else %}c{% endif %}"),
    ("for", "0:3/2 1:1/1 2:2/0.", "{% for x in list %}{{ loop.index }}:{{ x }}/{{ loop.revindex }}{{ loop.last ? '.' : ' ' }}{% endfor %}"),
    ("for", "b=1 true2", "{% for e in {'b': 1, 'a': 2} %}{% if loop.first %}{{ e.key }}={{ e.value }} {{ loop.first }}{{ loop.length }}{% endif %}{% endfor %}"),
    ("for", "none", "{% for x in [] %}{{ x }}{% else %}none{% endfor %}"),
    ("set", "6", "{% set sum = 0 %}{% for x in list %}{% set sum = sum + x %}{% endfor %}{{ sum }}"),
    ("block", "xx", "{% block a %}x{% endblock %}{{ block('a') }}"),
    ("macro", "<a:1><b:2>", "{{ tag('a') }}{{ tag(n=2, name='b') }}{% macro tag(name, n=1) %}<{{ name }}:{{ n }}>{% endmacro %}"),
    ("filter", "ADA!", "{% filter lower | upper %}{{ name }}!{% endfilter %}"),
    ("raw", "{{ name }} {% if %}", "{% raw %}{{ name }} {% if %}{% endraw %}"),
    ("verbatim", "a {{ name }} b", "a {% verbatim %}{{ name }}{% endverbatim %} b"),
    ("verbatim", "a{{ name }}b", "a {%- verbatim -%} {{ name }} {%- endverbatim -%} b"),
]  # fmt: skip

WHITESPACE = [
    ("a\nb", "a{# a comment {{ #}\nb"),
    ("ab", "a {#- a comment -#} b"),
    ("a ada b", "a {{ name }} b"),
    ("aadab", "a {{- name -}} b"),
    ("x\n1\n\n2\n", "x\n{{ 1 }}\n\n{{ 2 }}\n"),
    ("\n1\n\n2\n", "{% for i in 1..2 %}\n{{ i }}\n{% endfor %}"),
    ("12", "{% for i in 1..2 -%}\n{{ i }}\n{%- endfor %}"),
    ("See {{ it }}", "See {%-  raw%}{{ it }}{%endraw -%}"),
    ("{ % { name } %", "{ % { name } %"),
    ('it\'s "ok" \\d', "{{ 'it\\'s \"ok\" \\d' }}"),
    ('{"a":{"b":{}}}', "{{ {'a': {'b': {}}}}}"),
]


@pytest.fixture(autouse=True)
def _at_noon():
    before = clock.install(FakeClock(clock.from_datetime(datetime(2024, 2, 29, 12, tzinfo=UTC))))
    yield
    clock.install(before)


def variables():
    return {
        **VARIABLES,
        "midnight": datetime(2024, 1, 1, tzinfo=UTC),
        "twice": "{{ '{{ name }}' }}",
        "taskrun": {"value": "b"},
        "parents": [{"taskrun": {"value": "2"}}, {"taskrun": {"value": "1"}}],
        "outputs": {"inner": {"1": {"2": {"b": {"value": 2}}}}},
    }


@pytest.mark.parametrize(("expected", "template"), [*PRINTED, *PRECEDENCE, *WHITESPACE])
def test_a_template_renders(expected, template):
    assert expected == render(template, variables())


@pytest.mark.parametrize(
    ("expected", "template"),
    [
        pytest.param(expected, template, id=f"{name}: {template[:40]}")
        for name, expected, template in [*OPERATOR_CASES, *FILTER_CASES, *FUNCTION_CASES, *TEST_CASES, *TAG_CASES]
    ],
)
def test_each_part_does_what_is_documented(expected, template):
    assert expected == render(template, variables())


@pytest.mark.parametrize(
    ("known", "cases"),
    [(OPERATORS, OPERATOR_CASES), (FILTERS, FILTER_CASES), (TESTS, TEST_CASES), (TAGS, TAG_CASES)],
    ids=["operators", "filters", "tests", "tags"],
)
def test_no_part_is_without_a_case(known, cases):
    assert set(known) == {name for name, *_ in cases}


def test_no_function_is_without_a_case():
    random_ones = {"id", "uuid", "nanoId", "randomInt", "printContext"}
    assert set(FUNCTIONS) == random_ones | {name for name, *_ in FUNCTION_CASES}


def test_random_values_have_their_form():
    template = (
        "{{ uuid() | length }} {{ id() matches '[0-9A-Za-z]{16,22}' }} {{ nanoId() | length }} {{ nanoId(5, 'a') }}"
    )
    assert "36 true 21 aaaaa" == render(template, {})
    assert "1" == render("{{ randomInt(1, 2) }}", {})


def test_the_context_can_be_looked_at():
    assert '{"a":1}' == render("{{ printContext() }}", {"a": 1})


@pytest.mark.parametrize(
    "template",
    [
        "{{ missing }}",
        "{{ map.c }}",
        "{{ name.c }}",
        "{{ nothing.c }}",
        "{{ list[3] }}",
        "{{ missing.a is null }}",
        "{{ missing | upper }}",
        "{{ missing == 1 }}",
        "{{ missing is defined ? 1 : missing2 }}",
    ],
)
def test_what_is_not_there_is_an_error(template):
    with pytest.raises(ExpressionUndefined, match="Unable to find `"):
        render(template, variables())


def test_a_key_goes_before_everything_that_is_called_alike():
    assert "key" == render("{{ map.a.values.y }}", variables())


@pytest.mark.parametrize(
    ("expected", "template"),
    [
        ("x", "{{ outputs.each['a a'].value }}"),
        ("x", "{{ outputs.each[key].value }}"),
        ("y", "{{ outputs['my-task'].value }}"),
        ("z", "{{ outputs.each.1.value }}"),
        ("z", "{{ outputs.each[1].value }}"),
        ("b", "{{ list[1] }}{{ list.2 ?? '' }}"),
    ],
)
def test_entries_are_reached_by_dots_and_brackets(expected, template):
    outputs = {"each": {"a a": {"value": "x"}, "1": {"value": "z"}}, "my-task": {"value": "y"}}
    assert expected == render(template, {"outputs": outputs, "key": "a a", "list": ["a", "b"]})


def test_what_a_value_says_is_not_rendered():
    assert "{{ secret('x') }}" == render("{{ text }}", {"text": "{{ secret('x') }}"})


def test_a_text_that_renders_to_itself_for_ever_is_an_error():
    with pytest.raises(ExpressionError, match="Too many rendering attempts"):
        render("{{ render(a) }}", {"a": "{{ b }}", "b": "{{ a }}"})


def test_maps_and_lists_are_rendered_deep():
    values = {"first": "1", "second": "{{ first }}", "map": {"x": ["{{ second }}", 2]}}
    assert '{"x":["1",2]}' == render("{{ render(map) }}", values)
    assert '{"x":["{{ first }}",2]}' == render("{{ render(map, recursive=false) }}", values)


def test_raw_text_stays_raw_when_it_is_rendered_again():
    assert "{{ a }} 1" == render("{{ render(b) }}", {"a": 1, "b": "{% raw %}{{ a }}{% endraw %} {{ a }}"})


# ------------------------------------------------------------------------------------------------------------ dates


@pytest.mark.parametrize(
    ("expected", "filters"),
    [
        ("2024-02-29T13:05:09.123456+01:00", "date"),
        ("2024-02-29T12:05:09.123456Z", "date(timeZone='UTC')"),
        ("2024-02-29T17:35:09+05:30", "date('iso_sec', timeZone='Asia/Kolkata')"),
        ("2024-02-29T13:05:09.123+01:00", "date('iso_milli')"),
        ("2024-02-29 13:05:09.123456", "date('sql')"),
        ("2024-02-29 13:05:09", "date('sql_seq')"),
        ("2024-02-29", "date('iso_local_date')"),
        ("2024-02-29T13:05:09.123456+01:00[Europe/Paris]", "date('iso_date_time')"),
        ("2024-02-29T12:05:09.123456Z", "date('iso_instant')"),
        ("Thu, 29 Feb 2024 13:05:09 +0100", "date('rfc_1123_date_time')"),
        ("Thu, 29 Feb 2024 12:05:09 GMT", "date('rfc_1123_date_time', timeZone='UTC')"),
        ("2/29/24, 1:05 PM", "date('short')"),
        ("Feb 29, 2024, 1:05:09 PM", "date('medium')"),
        ("24 2 Feb February Thu Thursday 60 09 1 PM", "date('yy M MMM MMMM E EEEE D ss h a')"),
        ("day o'clock 13", "date(\"'day o''clock' H\")"),
        ("123 CET +01 +0100 +01:00 Europe/Paris", "date('SSS z X Z XXX VV')"),
        ("2024-03-31T13:05:09.123456+02:00", "dateAdd(31, 'DAYS')"),
        ("2023-02-28T13:05:09.123456+01:00", "dateAdd(-1, 'YEARS')"),
        ("2024-03-29", "dateAdd(1, 'MONTHS', 'yyyy-MM-dd')"),
        ("2024-02-29T13:04:54.123456+01:00", "dateAdd(-15, 'seconds')"),
    ],
)
def test_dates_are_written_in_every_format(expected, filters):
    assert expected == render(f"{{{{ at | {filters} }}}}", variables())


@pytest.mark.parametrize(
    ("expected", "text", "arguments"),
    [
        ("2013-09-08T17:19:12.000000+02:00", "2013-09-08T17:19:12+02:00", ""),
        ("2013-09-08T15:19:12.000000Z", "2013-09-08T17:19:12+02:00", "timeZone='UTC'"),
        ("2013-09-08T17:19:12.000000+02:00", "2013-09-08T17:19:12", "timeZone='Europe/Paris'"),
        ("2013-09-08T00:00:00.000000Z", "2013-09-08", ""),
        ("2013-09-08T17:19:00.000000+02:00", "2013-09-08T17:19:00+02:00[Europe/Paris]", ""),
        ("2013-09-08T17:19:12.123456Z", "2013-09-08T17:19:12.123456789Z", ""),
        ("2013-09-08T17:19:12.000000Z", "Sun, 08 Sep 2013 17:19:12 GMT", ""),
        ("2013-09-08T17:19:00.000000Z", "08/09/2013 5:19 PM", "existingFormat='dd/MM/yyyy h:mm a'"),
        ("2013-09-08T17:19:12.500000+02:00", "8 September 2013 17:19:12.5", "existingFormat='d MMMM yyyy HH:mm:ss.S', timeZone='Europe/Paris'"),
        ("2013-09-08T17:19:12.000000Z", "2013-09-08 17:19:12", "existingFormat='sql_seq'"),
    ],
)  # fmt: skip
def test_dates_are_read_from_texts(expected, text, arguments):
    assert expected == render(f"{{{{ text | date({arguments}) }}}}", {"text": text})


def test_an_hour_passes_by_the_clock_and_a_day_by_the_calendar():
    before = {"at": datetime(2024, 3, 30, 12, tzinfo=PARIS), "night": datetime(2024, 3, 31, 1, 30, tzinfo=PARIS)}
    assert "2024-03-31T12:00+02:00" == render("{{ at | dateAdd(1, 'DAYS', \"yyyy-MM-dd'T'HH:mmXXX\") }}", before)
    assert "2024-03-31T03:30+02:00" == render("{{ night | dateAdd(1, 'HOURS', \"yyyy-MM-dd'T'HH:mmXXX\") }}", before)


# ------------------------------------------------------------------------------------------------------- conditions


@pytest.mark.parametrize("text", ["", "false", "0", "-0", None])
def test_these_texts_are_false(text):
    assert not is_true(text)


@pytest.mark.parametrize("text", ["true", "False", " ", "0.0", "no", "[]"])
def test_every_other_text_is_true(text):
    assert is_true(text)
