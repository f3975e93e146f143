"""Hostile templates: whatever is tried, there is a typed error, little work and no way to Python, files or other processes."""

from __future__ import annotations

import tracemalloc

import pytest

from runwright.errors import ExpressionError, ExpressionOverBudget
from runwright.expression import render

LONG = "a" * 100_000


def refused(template, kind=ExpressionError, **variables):
    with pytest.raises(kind):
        render(template, variables)


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ ''['__class__'] }}",
        "{{ x.__init__.__globals__ }}",
        "{{ x | attr('__class__') }}",
        "{{ '{0.__class__}'.format(x) }}",
        "{{ x.get('a') }}",
        "{{ x.keys }}",
        "{{ x.items() }}",
        "{{ render.__globals__ }}",
        "{{ loop.__class__ }}",
        "{{ __import__('os') }}",
        "{{ eval('1') }}",
        "{{ self }}",
        "{{ joiner }}",
    ],
)
def test_no_attribute_of_python_is_reached(template):
    refused(template, x={"a": 1})


def test_an_object_of_python_is_no_plain_data():
    class Secret:
        key = "hidden"

    refused("{{ x.key }}", x=Secret())
    refused("{{ x }}", x=Secret())
    refused("{{ [x] }}", x=Secret())
    refused("{{ x ~ '' }}", x=object)


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'a' * 1000000000 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ 'a'.center(1000000000) }}",
        "{{ 10**10000000 }}",
        "{{ 'a' | indent(1000000000) }}",
        "{{ 'a' | nindent(1000000000) }}",
        "{{ 'a' | nindent(100, long) }}",
        "{{ 'a' | jq('. * 1000000000') }}",
        "{{ 'a' | jq('[range(1000000000)]') }}",
        "{{ 'a' | jq('[recurse(.)]') }}",
        "{{ 'a' | jq('reduce range(1000000000) as $x (0; . + $x)') }}",
        "{{ 1..1000000000 }}",
        "{{ range(1, 1000000000) }}",
        "{{ long | replace({'a': long}) }}",
        "{{ long | replace({'a': long}, regexp=true) }}",
        "{{ [long, long, long] | join(long) }}",
        "{% set x = long %}{% for i in 1..100 %}{% set x = x ~ x %}{% endfor %}{{ x }}",
        "{% set x = [1] %}{% for i in 1..100 %}{% set x = [x, x] %}{% endfor %}{{ x }}",
        "{% set x = [1] %}{% for i in 1..45 %}{% set x = [x, x] %}{% endfor %}{{ x }}",
        "{% set x = [1] %}{% for i in 1..45 %}{% set x = x | merge(x) %}{% endfor %}{{ x }}",
        "{% set x = 2 %}{% for i in 1..60 %}{% set x = x * x %}{% endfor %}{{ x }}",
        "{% for i in 1..100 %}{% for j in 1..100 %}{% for k in 1..100 %}{{ i }}{% endfor %}{% endfor %}{% endfor %}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
        "{% block a %}{{ block('a') }}{% endblock %}",
        "{{ render(self) }}",
        "{{ render(raws) }}",
        "{{ 1 | numberFormat(commas) }}",
        "{{ letters | date(existingFormat=days) }}",
        "{{ letters matches ranges }}",
        "{{ huge }}",
        "{{ huge + 1 }}",
        "{{ huge * huge }}",
        "{{ huge | numberFormat }}",
        "{{ 1.0 | number('BIGINTEGER') }}",
        "{{ '1e999999999' | number }}",
        "{{ '1e999' | numberFormat('0') }}",
        "{{ now('" + "y" * 60 + "') }}",
        "{{ now() | dateAdd(1000000000000, 'DAYS') }}",
        "{{ now() | dateAdd(1000000000, 'CENTURIES') }}",
        "{{ yaml('a: &a [*a]') }}",
        "{{ yaml('!!python/object/apply:os.system [id]') }}",
        "{{ fromJson(deep) }}",
        "{{ yaml(deep) }}",
        "{{ fromIon(deep) }}",
        "{{ 1 | jq(deep) }}",
        "{{ 'a' matches deep }}",
        "{{ 'a' matches '((((a{1000}){1000}){1000}){1000})' }}",
        "{{ fromJson(digits) }}",
        "{{ 1" + "0" * 5_000 + " }}",
        "{{ " + "(" * 3_000 + "1" + ")" * 3_000 + " }}",
        "{{ " + "[" * 3_000 + " }}",
        "{{ " + "1+" * 3_000 + "1 }}",
        "{{ x" + ".a" * 3_000 + " }}",
        "{{ " + "-" * 3_000 + "1 }}",
        "{{ " + "not " * 1_500 + "1 }}",
        "{{ 1" + " | string" * 800 + " }}",
        "{{ 1" + " ? 1 : 1" * 800 + " }}",
        "{% if 1 %}" * 500 + "{% endif %}" * 500,
        "x" * 10_000,
    ],
)
def test_no_bomb_goes_off(template):
    tracemalloc.start()
    try:
        refused(
            template,
            long=LONG, deep="[" * 20_000, digits="1" * 10_000, huge=10**10_000, raws="{% raw %}" * 20_000, commas="," * 100_000 + "x", letters="a" * 150, days="E'a'" * 40,
            ranges="[" + "a-z" * 1_000 + "]", self="{{ render(self) }}", x={},
        )  # fmt: skip
        assert tracemalloc.get_traced_memory()[1] < 64_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "(a*)*b", "(.*)*x", "^(([a-z])+.)+[A-Z]$", "(?=(a+)+b)a"])
def test_a_pattern_that_explodes_elsewhere_ends_here(pattern):
    assert "false" == render("{{ text matches pattern }}", {"text": "a" * 40 + "!", "pattern": pattern})


def test_a_pattern_on_a_long_text_is_counted():
    refused("{{ text matches '(a|a)*b' }}", ExpressionOverBudget, text=LONG)


@pytest.mark.parametrize(
    "template",
    ["{{ envs.HOME }}", "{{ read('/etc/passwd') }}", "{{ http('http://example.com') }}", "{% include '/etc/passwd' %}"],
)
def test_there_is_no_way_out(template):
    refused(template)


def test_a_zone_is_no_path():
    for zone in ["../../etc/passwd", "/etc/localtime", "", "a" * 1_000, "\0", "posixrules/.."]:
        refused("{{ now(timeZone=zone) }}", zone=zone)


def test_what_was_rendered_is_not_rendered_again():
    assert "{{ secret('x') }}" == render("{{ a ~ b }}", {"a": "{{ secret(", "b": "'x') }}"})
