"""Hostile expressions: a typed error within the budget of memory, no way to Python, and the same in an execution that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.executions import run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hostile.confined import Confined

OVER, SYNTAX, UNDEFINED, OTHER = (
    "ExpressionOverBudget",
    "ExpressionSyntaxError",
    "ExpressionUndefined",
    "ExpressionError",
)
GROWS = "{% set x = 'aaaaaaaaaa' %}{% for i in 1..100 %}{% set x = x ~ x %}{% endfor %}{{ x }}"

BOMBS = {
    # ---- text that multiplies
    "a text times a number": "{{ 'a' * 1000000000 }}",
    "a format of Python": "{{ '%1000000000d' % 1 }}",
    "a method that pads": "{{ 'a'.center(1000000000) }}",
    "a filter that indents": "{{ 'a' | indent(1000000000) }}",
    "a text that doubles": GROWS,
    "a list that doubles": "{% set x = [1] %}{% for i in 1..100 %}{% set x = [x, x] %}{% endfor %}{{ x }}",
    "a join of a join": "{% set x = range(1, 2000) | join('aaaaaaaaaa') %}{% for i in 1..20 %}{% set x = [x, x] | join(x) %}{% endfor %}{{ x }}",
    # ---- numbers
    "a power": "{{ 10**10000000 }}",
    "a shift": "{{ 1 << 100000000 }}",
    "a factorial": "{% set x = 1 %}{% for i in 1..9000 %}{% set x = x * i %}{% endfor %}{{ x }}",
    "a square of a square": "{% set x = 2 %}{% for i in 1..60 %}{% set x = x * x %}{% endfor %}{{ x }}",
    "a factorial in jq": "{{ 1 | jq('reduce range(1; 9000) as $i (1; . * $i)') }}",
    "a decimal that squares": "{% set x = '2' | number('BIGDECIMAL') %}{% for i in 1..60 %}{% set x = x * x %}{% endfor %}{{ x }}",
    "digits without end": "{% set x = '9' %}{% for i in 1..14 %}{% set x = x ~ x %}{% endfor %}{{ x | number }}",
    "an exponent": "{{ '1E999999999' | number('BIGDECIMAL') }}",
    # ---- steps and depth
    "a range of ranges": "{% for i in 1..1000000000 %}{% set x = range(1, 1000000000) %}{% endfor %}",
    "loops that say nothing": "{% for i in 1..1000 %}{% for j in 1..1000 %}{% set x = i %}{% endfor %}{% endfor %}",
    "sorts of sorts": "{% for i in 1..1000 %}{% set x = range(1, 1000) | rsort | sort %}{% endfor %}",
    "aliases of aliases": "{{ yaml('a: &a [1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b]\n"
    "d: &d [*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d]') }}",
    "a billion numbers": "{{ range(1, 1000000000) }}",
    "a million rounds": "{% for i in 1..100 %}{% for j in 1..100 %}{% for k in 1..100 %}{{ k }}{% endfor %}{% endfor %}{% endfor %}",
    "a macro that calls itself": "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
    "3000 brackets": "{{ " + "(" * 3_000 + "1" + ")" * 3_000 + " }}",
    "a template of 10 KB": "x" * 10_000,
    # ---- jq
    "jq without end": "{{ 1 | jq('[recurse(.)]') }}",
    "jq until never": "{{ 1 | jq('[while(true; .)]') }}",
    "jq that repeats": "{{ 1 | jq('[repeat(.)]') }}",
    "jq over a billion": "{{ 1 | jq('[range(1000000000)]') }}",
    # ---- what filters are told
    "a date of bombs": "{{ now() | date('" + "y" * 60 + "') }}",
    "a zone that is a path": "{{ now(timeZone='../../etc/passwd') }}",
    "a zone of another planet": "{{ now(timeZone='Mars/Base') }}",
    "a number that is none": "{{ 'many' | number }}",
    "a list where a text belongs": "{{ [1] | indent('x') }}",
    "years without end": "{{ now() | dateAdd(1000000000, 'CENTURIES') }}",
    # ---- Python
    "the class of a text": "{{ ''.__class__.__mro__ }}",
    "a filter that gives attributes": "{{ '' | attr('__class__') }}",
    "a format that gives attributes": "{{ '{0.__class__}'.format(x) }}",
    "the globals of a function": "{{ x.__init__.__globals__ }}",
    "an import": "{{ __import__('os').system('id') }}",
    "an object of Python in YAML": "{{ yaml('!!python/object/apply:os.system [id]') }}",
    # ---- ways out
    "an include": "{% include '/etc/passwd' %}",
    "a file": "{{ read('/etc/passwd') }}",
    "the environment": "{{ envs.HOME }}",
}


@pytest.mark.parametrize("name", BOMBS)
def test_no_bomb_goes_off(confined: Confined, name: str) -> None:
    """One typed error, and the process that rendered it is still there."""
    found = confined.ask(template=BOMBS[name], variables={"x": {}})
    assert found.keys() == {"error", "message"}, found
    assert found["error"].startswith("Expression")
    assert "/site-packages/" not in found["message"]


@pytest.mark.parametrize(
    "name",
    [
        "a text that doubles", "a list that doubles", "a join of a join", "a filter that indents",
        "a factorial", "a square of a square", "a factorial in jq", "a decimal that squares", "digits without end", "an exponent",
        "a billion numbers", "a range of ranges", "a million rounds", "loops that say nothing", "sorts of sorts",
        "a macro that calls itself", "3000 brackets", "a template of 10 KB", "aliases of aliases",
        "jq without end", "jq over a billion",
    ],
)  # fmt: skip
def test_what_grows_is_over_its_budget(confined: Confined, name: str) -> None:
    """It is told so, and not found out by a lack of memory."""
    assert OVER == confined.ask(template=BOMBS[name], variables={})["error"]


@pytest.mark.parametrize(
    ("template", "budget"),
    [
        ("{% for i in 1..2000 %}{{ i }}{% endfor %}", "steps"),
        ("{% set x = long %}{% for i in 1..10 %}{{ x }}{% endfor %}", "output"),
    ],
)
def test_what_is_within_its_budget_is_rendered(confined: Confined, template: str, budget: str) -> None:
    """A budget is no excuse to refuse what people write."""
    found = confined.ask(template=template, variables={"long": "x" * 20_000})
    assert "text" in found, (budget, found)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "(a*)*b", "(.*)*x", "^(([a-z])+.)+[A-Z]$", "(?=(a+)+b)a"])
@pytest.mark.parametrize(
    "template", ["{{ text matches pattern }}", "{{ text | replace({pattern: ''}, regexp=true) == text }}"]
)
def test_a_pattern_that_backtracks_elsewhere_ends(confined: Confined, template: str, pattern: str) -> None:
    """By counted steps: an answer, or that the budget is used up."""
    found = confined.ask(template=template, variables={"text": "a" * 60 + "!", "pattern": pattern})
    assert found.get("text") in {"true", "false"} or OVER == found.get("error") or OTHER == found.get("error"), found


def test_what_was_rendered_is_not_rendered_again(confined: Confined) -> None:
    found = confined.ask(template="{{ given }}", variables={"given": "{{ secret('x') }}"})
    assert {"text": "{{ secret('x') }}"} == found


# ---- in executions


@pytest.fixture
def record(runwright_record: Any) -> Any:
    """Give a record that is checked in the end."""
    return runwright_record


@pytest.mark.usefixtures("record")
def test_bombs_in_an_execution_fail_their_tasks_and_nothing_else() -> None:
    """Each is a failure with words; the tasks after it run."""
    names = ["a text that doubles", "a factorial", "jq without end", "the class of a text", "a file", "the environment"]
    tasks = "\n".join(
        f"- {{id: t{number}, type: debug.Return, allowFailure: true, format: {BOMBS[name]!r}}}".replace("\\'", "''")
        for number, name in enumerate(names)
    )
    found = run(f"{tasks}\n- {{id: last, type: debug.Return, format: done}}")
    assert ("WARNING", {"last": {"value": "done"}}) == (found.state, found.outputs)
    assert len(names) == len([line for line in found.logs if "Traceback" not in line])


@pytest.mark.usefixtures("record")
def test_what_is_given_is_no_template_of_the_flow() -> None:
    """An input with braces is text, wherever it goes: no second order."""
    given = "{{ secret('x') }}{{ envs.home }}"
    found = run(
        '- {id: a, type: debug.Return, format: "{{ inputs.x }}"}\n- {id: b, type: debug.Return, format: "{{ outputs.a.value }}!"}',
        "inputs: [{id: x, type: STRING}]",
        {"x": given},
    )
    assert ("SUCCESS", {"value": given}, {"value": f"{given}!"}) == (
        found.state,
        found.outputs["a"],
        found.outputs["b"],
    )


@pytest.mark.usefixtures("record")
@pytest.mark.parametrize(
    "task",
    [
        "{id: a, type: shell.Commands, env: {X: '{{ inputs.x }}'}, commands: ['printf %s \"$X\" > $OUT']}",
        "{id: a, type: shell.Commands, commands: [\"printf %s '{{ inputs.x | escapeChar('shell') }}' > $OUT\"]}",
    ],
    ids=["by the environment", "escaped"],
)
def test_what_is_given_does_not_run_in_a_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: str) -> None:
    """As long as it goes there by the environment, or escaped."""
    given = f"'; touch {tmp_path}/was; echo '"
    monkeypatch.setenv("OUT", str(tmp_path / "out"))
    found = run(f"- {task}", "inputs: [{id: x, type: STRING}]", {"x": given})
    assert ("SUCCESS", False) == (found.state, (tmp_path / "was").exists())
    assert given == (tmp_path / "out").read_text()
