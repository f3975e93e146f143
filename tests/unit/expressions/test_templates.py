"""Templates: what they know before they run, what the host gives them, typed values, and what their errors show."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from runwright.errors import ExpressionError, ExpressionOverBudget, ExpressionUndefined, FlowError
from runwright.expression import Limits, compile_template, render


def shown(template, variables=None, **options):
    with pytest.raises(ExpressionError) as caught:
        render(template, variables or {}, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("expected", "template"),
    [
        ({("a", "b", "c")}, "{{ a.b['c'] }}"),
        ({("a", "b"), ("c", "d")}, "{{ a.b[c.d].e }}"),
        ({("a",), ("b",), ("c",)}, "{{ a | default(b) is equalTo(c) }}"),
        ({("a",), ("b",), ("c",), ("d",)}, "{% if a %}{{ b }}{% elseif c %}{% else %}{{ d }}{% endif %}"),
        ({("values",)}, "{% for x in values %}{{ x.y }}{{ loop.index }}{% endfor %}"),
        ({("x",), ("values",)}, "{{ x }}{% for x in values %}{{ x }}{% endfor %}"),
        ({("a",)}, "{% set b = a %}{{ b }}"),
        ({("a",)}, "{{ f(a) }}{% macro f(x, y=1) %}{{ x ~ y }}{% endmacro %}"),
        ({("a",), ("b",), ("k",)}, "{{ {k: a} }}{{ [b] }}"),
        ({("a",)}, "{% filter replace({'x': a}) %}x{% endfilter %}"),
        (set(), "{% raw %}{{ a }}{% endraw %}{# {{ b }} #}"),
    ],
)
def test_what_is_read_is_known_before_the_run(expected, template):
    assert expected == compile_template(template).paths
    assert {path[0] for path in expected} == compile_template(template).names


def test_what_is_called_is_known_before_the_run():
    template = compile_template("{{ secret('a') }}{{ f(kv('b')) }}{% macro f(x) %}{{ now() }}{% endmacro %}")
    assert {"secret", "kv", "now"} == template.calls


def test_the_host_gives_functions():
    functions = {"secret": {"KEY": "s3cret"}.__getitem__, "kv": lambda key, namespace="here": f"{namespace}/{key}"}
    template = compile_template("{{ secret('KEY') }} {{ kv('a', namespace='there') }}")
    assert "s3cret there/a" == template.render({}, functions=functions)


def test_the_host_may_give_its_own_form_of_a_function():
    assert "noon" == render("{{ now() }}", {}, functions={"now": lambda: "noon"})


def test_functions_of_the_host_are_there_in_renderings_within():
    assert "x" == render("{{ render(text) }}", {"text": "{{ secret('x') }}"}, functions={"secret": str})


def test_without_a_host_its_functions_are_not_available():
    assert "The function `secret` is not available here" in shown("{{ secret('a') }}")


def test_what_a_function_of_the_host_raises_is_told():
    def read(_):
        raise OSError("no such file")

    assert "The function `read` failed: no such file. (line 1, column 4)" in shown(
        "{{ read('a') }}", functions={"read": read}
    )


@pytest.mark.parametrize(
    ("expected", "template"),
    [
        ([1, 2], "{{ values }}"),
        (2, "{{ values[0] + 1 }}"),
        (None, "{{ nothing }}"),
        (True, "{{ values is defined }}"),
        ("[1,2] ", "{{ values }} "),
        ("a", "a"),
        ("1", "{% if true %}{{ 1 }}{% endif %}"),
    ],
)
def test_one_expression_alone_has_a_typed_value(expected, template):
    assert expected == compile_template(template).render_value({"values": [1, 2], "nothing": None})


def test_variables_may_be_any_mapping():
    class Lazy(Mapping):
        def __getitem__(self, key):
            if key != "a":
                raise KeyError(key)
            return {"b": 1}

        def __iter__(self):
            return iter(["a"])

        def __len__(self):
            return 1

    assert "1 x" == render("{{ a.b }} {{ c ?? 'x' }}", Lazy())


def test_variables_are_not_changed():
    variables = {"a": 1, "values": [1, 2]}
    assert "2 [1,2]" == render("{% set a = 2 %}{% for values in values %}{% endfor %}{{ a }} {{ values }}", variables)
    assert {"a": 1, "values": [1, 2]} == variables


def test_what_a_loop_sets_is_gone_after_it():
    assert "gone" == render("{% for x in [1] %}{% set y = x %}{% endfor %}{{ y ?? x ?? loop ?? 'gone' }}", {})


def test_one_template_renders_in_many_threads_at_once():
    template = compile_template("{% set y = x %}{% for i in 1..20 %}{% set y = y + i %}{% endfor %}{{ y }}")
    with ThreadPoolExecutor(8) as pool:
        assert [str(x + 210) for x in range(200)] == list(pool.map(lambda x: template.render({"x": x}), range(200)))


# ----------------------------------------------------------------------------------------------------------- errors


def test_an_error_shows_the_place_and_the_nearest_name():
    with pytest.raises(ExpressionUndefined) as caught:
        render("Hello\n  {{ outputs.fetch.cuont }}", {"outputs": {"fetch": {"count": 1}}})
    assert (2, 20) == (caught.value.line, caught.value.column)
    assert [
        "Unable to find `cuont` used in the expression `{{ outputs.fetch.cuont }}` at line 2, column 20. Did you mean 'count'?",
        "      {{ outputs.fetch.cuont }}",
        "                       ^",
    ] == str(caught.value).splitlines()


def test_an_error_in_a_rendering_within_shows_the_text_that_it_is_in():
    assert "    a {{ missing }}\n         ^" in shown("{{ render(text) }}", {"text": "a {{ missing }}"})


def test_a_long_line_is_shown_in_part():
    message = shown("x" * 500 + "{{ missing }}" + "y" * 500)
    line, caret = message.splitlines()[1:]
    assert "missing" == line[caret.index("^") :][:7]
    assert len(line) < 130


def test_an_error_is_one_of_the_flow_and_survives_a_pickle():
    with pytest.raises(FlowError) as caught:
        render("{{ a }}", {})
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(caught.value), 1, 4) == (str(again), again.line, again.column)
    context = pickle.loads(pickle.dumps(caught.value.__context__))
    assert "a" == str(context)


@pytest.mark.parametrize(
    ("expected", "template"),
    [
        ("There is no filter `uper`. Did you mean 'upper'?", "{{ a | uper }}"),
        ("There is no test `emty`. Did you mean 'empty'?", "{{ a is emty }}"),
        ("There is no function `secrt`. Did you mean 'secret'?", "{{ secrt('a') }}"),
        ("There is no tag `fr`. Did you mean 'for'?", "{% fr x in a %}"),
        ("There is no tag `elif`: write `elseif`.", "{% if a %}{% elif b %}{% endif %}"),
        ("The tag `include` is not available", "{% include 'a' %}"),
        ("This `if` is never closed: write {% endif %} after it.", "{% if true %}"),
        ("This `endif` closes nothing.", "{% endif %}"),
        ("This `{{` is never closed: write `}}` after it.", "{{ a"),
        ("This text is never closed: write ' after it.", "{{ 'a }}"),
        ("This comment is never closed", "{# a"),
        ("This `raw` is never closed", "{% raw %}"),
        ("Here a value is missing, before `}}`.", "{{ }}"),
        ("Here the expression should end, before `b`.", "{{ a b }}"),
        ("This `)` closes nothing.", "{{ (a]) }}".replace("]", ")")),
        ("'&' has no meaning in an expression.", "{{ a && b }}"),
        ("`upper` takes no argument, not 1.", "{{ a | upper(1) }}"),
        ("`chunk` needs the argument `size`.", "{{ a | chunk }}"),
        ("`chunk` has no free argument `sise`. Did you mean 'size'?", "{{ a | chunk(sise=1) }}"),
        ("`+` is for numbers; here are a text and a number. Join texts with `~`.", "{{ 'a' + 1 }}"),
        ("A number cannot be divided by zero.", "{{ 1 / 0 }}"),
        ("A number cannot be divided by zero.", "{{ 1 % 0.0 }}"),
        ("By size, a text cannot be compared with a number.", "{{ 'a' < 1 }}"),
        ("`for` goes through a list or map; this is a text.", "{% for x in 'abc' %}{% endfor %}"),
        ("This is for lists, not for a number.", "{{ 1 | chunk(2) }}"),
        ("`upper` cannot be called: values have no methods.", "{{ 'a'.upper() }}"),
        ("The macro `f` takes 1 arguments, not 2.", "{% macro f(x) %}{% endmacro %}{{ f(1, 2) }}"),
        ("There is no time zone `Mars/Base`", "{{ now(timeZone='Mars/Base') }}"),
        ("In a date format the letter `b` has no meaning", "{{ now('b') }}"),
        ("is no date: write it as", "{{ 'tomorrow' | date }}"),
        ("This is no JSON", "{{ fromJson('{') }}"),
        ("This is no YAML", "{{ yaml('a: [') }}"),
        ("This is no Ion", "{{ fromIon('{a') }}"),
        ('jq says of `.a`: Cannot index number with "a".', "{{ 1 | jq('.a') }}"),
        ("The jq expression `.[` cannot be read at its end.", "{{ 1 | jq('.[') }}"),
        ("back references are not available", "{{ 'aa' matches '(a)\\1' }}"),
    ],
)
def test_errors_say_what_is_wrong(expected, template):
    assert expected in shown(template, {"a": 1})


# ---------------------------------------------------------------------------------------------------------- budgets


@pytest.mark.parametrize(
    ("expected", "limits"),
    [
        ("10 characters of source", Limits(source=10)),
        ("2 steps", Limits(steps=2)),
        ("3 characters of output", Limits(output=3)),
        ("2 levels of nesting", Limits(depth=2)),
    ],
)
def test_an_error_says_which_limit_was_reached(expected, limits):
    with pytest.raises(ExpressionOverBudget, match=f"over its budget of {expected}"):
        render("{% if [[1]] %}{{ 'abcd' }}{% endif %}", {}, limits=limits)


def test_what_is_just_within_the_limits_is_rendered():
    assert "abcd" == render("{{ 'abcd' }}", {}, limits=Limits(source=12, steps=2, output=4, depth=1))


def test_renderings_within_share_the_budget():
    with pytest.raises(ExpressionOverBudget, match="steps"):
        render(
            "{% for i in 1..100 %}{{ render(text) }}{% endfor %}", {"text": "{{ 1 ~ 2 ~ 3 }}"}, limits=Limits(steps=500)
        )
