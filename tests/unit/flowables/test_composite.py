"""Composite: what follows tasks that ended well, badly, or with a warning: errors, then finally, then the end."""

from __future__ import annotations

import pytest
from tests.unit.flowables.seen import FAILED, KILLED, OK, RETRIED, WARNED, flowable, scope

from runwright.flowable import Children, Tally
from runwright.flowables.composite import worst

TASK = "{id: %s, type: debug.Return}"
WHOLE = f"type: flow.Sequential\ntasks: [{TASK % 'a'}]\nerrors: [{TASK % 'b'}]\nfinally: [{TASK % 'c'}]"
PLAIN = f"type: flow.Sequential\ntasks: [{TASK % 'a'}]"


def after(keys, **tallies):
    """Return the branch that follows, or the state that it ends in."""
    found = flowable(keys).settle({name.removesuffix("_"): tally for name, tally in tallies.items()}, scope())
    return found.branch if isinstance(found, Children) else found.state


@pytest.mark.parametrize(
    ("expected", "tallies"),
    [
        ("Success", [OK, Tally(ok=2)]),
        ("Success", []),
        ("Success", [Tally(cancelled=1)]),
        ("Warning", [WARNED, OK]),
        ("Retried", [WARNED, RETRIED]),
        ("Failed", [RETRIED, FAILED]),
        ("Failed", [Tally(failed=2, retried=1)]),
        ("Killed", [FAILED, KILLED, OK]),
    ],
)
def test_the_worst_of_the_children_counts(expected, tallies):
    assert expected == worst(tallies)


@pytest.mark.parametrize(
    ("expected", "tallies"),
    [
        ("finally", {"tasks": OK}),
        ("errors", {"tasks": FAILED}),
        ("finally", {"tasks": FAILED, "errors": OK}),
        ("finally", {"tasks": RETRIED}),
        ("Killed", {"tasks": KILLED}),
        ("Killed", {"tasks": FAILED, "errors": KILLED}),
        ("Success", {"tasks": OK, "finally": OK}),
        ("Warning", {"tasks": OK, "finally": WARNED}),
        ("Failed", {"tasks": OK, "finally": FAILED}),
        ("Failed", {"tasks": FAILED, "errors": OK, "finally": OK}),
        ("Retried", {"tasks": RETRIED, "finally": OK}),
    ],
)
def test_errors_and_finally_run_once_each_and_make_nothing_better(expected, tallies):
    assert expected == after(WHOLE, **tallies)


@pytest.mark.parametrize(
    ("expected", "more", "tally"),
    [
        ("Failed", "", FAILED),
        ("Warning", "allowFailure: true", FAILED),
        ("Success", "allowFailure: true\nallowWarning: true", FAILED),
        ("Success", "allowWarning: true", WARNED),
        ("Failed", "allowWarning: true", FAILED),
        ("Killed", "allowFailure: true\nallowWarning: true", KILLED),
        ("Retried", "allowFailure: true", RETRIED),
    ],
)
def test_what_is_allowed_is_no_failure(expected, more, tally):
    assert expected == after(f"{PLAIN}\n{more}", tasks=tally)


def test_allow_failure_allows_it_by_its_type():
    assert "Warning" == after(f"type: flow.AllowFailure\ntasks: [{TASK % 'a'}]", tasks=FAILED)


def test_without_tasks_there_is_finally_or_the_end():
    disabled = "{id: a, type: debug.Return, disabled: true}"
    keys = f"type: flow.Sequential\ntasks: [{disabled}]"
    assert "Success" == flowable(keys).expand(scope()).state
    assert "finally" == flowable(f"{keys}\nfinally: [{TASK % 'c'}]").expand(scope()).branch
