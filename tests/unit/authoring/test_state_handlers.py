"""State handlers: checked where they are declared."""

from __future__ import annotations

import pytest

from runwright import Flow, Task, states


def note(owner, old_state, new_state):
    return new_state


@pytest.mark.parametrize("declare", [Task, lambda **options: Flow("f", **options)])
def test_handlers_are_kept_in_order(declare):
    assert [note, note] == declare(state_handlers=[note, note]).state_handlers
    assert [] == declare().state_handlers


@pytest.mark.parametrize("declare", [Task, lambda **options: Flow("f", **options)])
def test_a_lone_function_is_refused(declare):
    with pytest.raises(TypeError, match=r"must be an iterable of functions: write state_handlers=\[handler\]"):
        declare(state_handlers=note)


@pytest.mark.parametrize("declare", [Task, lambda **options: Flow("f", **options)])
def test_what_is_no_function_is_refused(declare):
    with pytest.raises(TypeError, match="Each of state_handlers must be a function; got 'mail'"):
        declare(state_handlers=["mail"])
    with pytest.raises(TypeError, match="on_failure must be a function; got 'mail'"):
        declare(on_failure="mail")


@pytest.mark.parametrize("declare", [Task, lambda **options: Flow("f", **options)])
def test_on_failure_hears_of_failures_only(declare):
    heard = []
    owner = declare(state_handlers=[note], on_failure=lambda who, state: heard.append((who, state)))
    handler = owner.state_handlers[-1]
    failed = states.TriggerFailed("no")

    handler(owner, states.Running(), states.Success())
    assert [] == heard

    assert handler(owner, states.Running(), failed) is None
    assert [(owner, failed)] == heard
