"""LoopRounds: what a round of a `Loop` sees of its item and of outputs, where loops stand in each other, beside each other, and have ended."""

from __future__ import annotations

import pytest
from tests.integration.executions import run

from runwright.executions.catalogue import handed_on_by
from runwright.executions.looking_back import evaluate, evaluate_outside

pytestmark = pytest.mark.usefixtures("runwright_record")


def values(found, task):
    """Return the texts that the runs of a task handed on, in the order of their rounds."""
    assert "SUCCESS" == found.state, [str(row.message) for row in found.task_runs]
    rows = sorted((row for row in found.task_runs if row.slug == task), key=lambda row: row.ordinal)
    return [(handed_on_by(row) or {}).get("value") for row in rows]


def shows(text, name="show"):
    return f'{{id: {name}, type: debug.Return, format: "{text}"}}'


def loop(name, items, *tasks, more=""):
    inner = ", ".join(tasks)
    return f"{{id: {name}, type: flow.Loop, concurrencyLimit: 1, values: {items}{more}, tasks: [{inner}]}}"


def test_equal_items_are_rounds_of_their_own():
    found = run(f"- {loop('l', '[x, x, x]', shows('{{ item.index }}', 'first'), shows('{{ outputs.first.value }}'))}")
    assert ["0", "1", "2"] == values(found, "show")


def test_the_outputs_of_a_task_before_the_loop_are_seen_and_those_of_another_round_are_not():
    before = shows("out", "before")
    seen = shows("{{ outputs.before.value }} {{ outputs.last.value ?? 'none' }}")
    found = run(f"- {before}\n- {loop('l', '[a, b]', seen, shows('{{ item.value }}', 'last'))}")
    assert ["out none", "out none"] == values(found, "show")


def test_a_round_does_not_see_what_the_same_task_left_in_the_round_before():
    """Not even while it has handed on nothing itself."""
    seen = shows("{{ outputs.shown.value ?? 'none' }}")
    then = shows("{{ item.value }}", "shown")
    some = f"{{id: some, type: flow.If, condition: '{{{{ item.index == 0 }}}}', then: [{then}]}}"
    found = run(f"- {loop('l', '[1, 2]', some, seen)}")
    assert ["1", "none"] == values(found, "show")


def test_items_in_items_know_those_around_them_however_deep():
    deepest = shows(
        "{{ item.parent.parent.value }}{{ item.parent.value }}{{ item.value }}{{ item.parent.parent.parent is null }}"
    )
    found = run(f"- {loop('a', '[1, 2]', loop('b', '[x]', loop('c', '[p, q]', deepest)))}")
    assert ["1xptrue", "1xqtrue", "2xptrue", "2xqtrue"] == values(found, "show")


def test_keys_of_a_mapping_stay_with_their_values_in_loops_in_loops():
    inner = loop("inner", "'{{ item.value }}'", shows("{{ item.parent.key }}.{{ item.key }}={{ item.value }}"))
    found = run(f"- {loop('outer', '{n: {a: 1}, s: {b: [2], c: null}}', inner)}")
    assert ["n.a=1", "s.b=[2]", "s.c="] == values(found, "show")


def test_the_tasks_of_an_inner_loop_are_those_of_its_own_round():
    """The same number in another outer round is another one."""
    inner = loop(
        "inner", "[1, 2]", shows("{{ item.parent.value }}{{ item.value }}", "made"), shows("{{ outputs.made.value }}!")
    )
    found = run(f"- {loop('outer', '[a, b]', inner)}")
    assert ["a1!", "a2!", "b1!", "b2!"] == values(found, "show")


def test_a_loop_inside_of_for_each_has_the_values_of_both():
    inner = loop("inner", "['{{ taskrun.value }}']", shows("{{ parent.taskrun.value ?? 'none' }}:{{ item.value }}"))
    found = run(f"- {{id: e, type: flow.ForEach, values: [a, b], tasks: [{inner}]}}")
    assert 2 == len(values(found, "show"))
    assert ["a", "b"] == [each.partition(":")[2] for each in values(found, "show")]


def test_a_for_each_inside_of_a_loop_sees_the_item():
    inner = f"{{id: e, type: flow.ForEach, values: [a, b], tasks: [{shows('{{ item.value }}{{ taskrun.value }}')}]}}"
    found = run(f"- {loop('outer', '[1, 2]', inner)}")
    assert ["1a", "1b", "2a", "2b"] == values(found, "show")


def test_two_loops_one_after_the_other_have_nothing_in_common():
    found = run(
        f"- {loop('one', '[a]', shows('{{ item.value }}', 'first'))}\n"
        f"- {loop('two', '[b]', shows('{{ item.value }}{{ item.parent is null }}'))}"
    )
    assert ["btrue"] == values(found, "show")


def test_branches_of_a_loop_see_its_rounds():
    more = f", errors: [{shows('e{{ item.value }}', 'wrong')}], transmitFailed: false"
    fails = "{id: f, type: execution.Fail, condition: '{{ item.value == 2 }}'}"
    found = run(f"- {loop('l', '[1, 2, 3]', fails, shows('{{ item.value }}'), more=more)}")
    assert ["1", "3"] == values(found, "show")


def test_outside_of_a_loop_there_is_no_item():
    found = run(f"- {loop('l', '[a]', shows('{{ item.value }}', 'first'))}\n- {shows('{{ item is defined }}')}")
    assert ["false"] == values(found, "show")


def test_looking_back_an_ended_loop_still_tells_the_text_of_its_items():
    found = run(f"- {loop('l', '[7, {k: v}]', shows('{{ item.value }}'))}")
    rows = sorted((row for row in found.task_runs if row.slug == "show"), key=lambda row: row.ordinal)
    assert ["0:7", '1:{"k":"v"}'] == [evaluate(row.id, "{{ item.index }}:{{ item.value }}") for row in rows]
    assert "false" == evaluate_outside(found.row.id, "{{ item is defined }}")


def test_no_items_are_no_rounds():
    found = run(f"- {loop('l', '[]', shows('{{ item.value }}'))}\n- {shows('{{ outputs.l.iterationCount }}', 'after')}")
    assert ([], ["0"]) == (values(found, "show"), values(found, "after"))
