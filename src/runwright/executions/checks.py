"""Checks: what a flow asserts about the inputs of an execution before that begins, and what becomes of one that fails."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NamedTuple

from runwright.errors import CheckFailed, RunwrightError
from runwright.events import LogLine
from runwright.expression import is_true

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from uuid import UUID

    from runwright.spec.flow_spec import Check

    Render = Callable[[str], str]

_LEVELS = {"ERROR": logging.ERROR, "WARNING": logging.WARNING}


class Failed(NamedTuple):
    """A check that does not hold: how it is declared, and its message, rendered."""

    check: Check
    message: str

    def document(self) -> dict[str, Any]:
        """Return what people are told before they start an execution."""
        return {
            "condition": self.check.condition,
            "message": self.message,
            "style": self.check.style,
            "behavior": self.check.behavior,
        }


def failed_among(checks: Iterable[Check], render: Render, hide: Callable[[str], str]) -> list[Failed]:
    """Return the checks that do not hold, without the secrets that `hide` takes out; raises `CheckFailed` for what cannot be decided."""
    return [
        Failed(each, hide(_rendered(each.message, render)))
        for each in checks
        if not is_true(_rendered(each.condition, render))
    ]


def refuse_blocked(failed: Iterable[Failed]) -> None:
    """Raise `CheckFailed` when a check lets no execution begin."""
    blocked = [each.message for each in failed if each.check.behavior == "BLOCK_EXECUTION"]
    if blocked:
        raise CheckFailed("\n".join(blocked))


def refusal_in(failed: Iterable[Failed]) -> str | None:
    """Return why an execution is to fail before it runs anything; None when no check says so."""
    return next((each.message for each in failed if each.check.behavior == "FAIL_EXECUTION"), None)


def lines_of(failed: Iterable[Failed], flow_run: UUID, name: str, at: int) -> list[LogLine]:
    """Return what the log of the execution has of them."""
    return [
        LogLine(at, flow_run, 0, 0, _LEVELS.get(each.check.style, logging.INFO), name, each.message) for each in failed
    ]


def _rendered(text: str, render: Render) -> str:
    try:
        return render(text)
    except RunwrightError as error:
        raise CheckFailed(f"The check {text!r} cannot be decided: {error} Correct it in the flow.") from error
