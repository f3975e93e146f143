"""Faults: what goes wrong in a template, inside the evaluator, before it has become an error for a reader.

A fault is cheap to raise and to catch, because `??` and `is defined` do so all the time; its message, with the line and a
caret, is made only when it leaves the template.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from runwright.errors import ExpressionError, ExpressionOverBudget, ExpressionUndefined, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

_WIDEST = 120
_LONGEST_NAME = 100
_MOST_COMPARED = 200  # each comparison costs some ten microseconds


class Fault(Exception):
    """Something is wrong at `at` in `source`; both may be filled in later by those who know them."""

    error: type[ExpressionError] = ExpressionError

    def __init__(self, message: str, at: int | None = None) -> None:
        """Say what is wrong."""
        super().__init__(message)
        self.at = at
        self.source: str | None = None

    def __reduce__(self) -> tuple[type[Fault], tuple[str, int | None]]:
        """Travel as the context of an error, which is all that a fault is elsewhere."""
        return Fault, (self.args[0], self.at)

    def sentence(self, shown: str, place: str) -> str:
        """Return the sentence for the reader; `shown` is what stands in the line."""
        return f"{self.args[0]} ({place})"

    def to_error(self, source: str) -> ExpressionError:
        """Return the error that shows the place."""
        text = source if self.source is None else self.source
        line, column = place_of(text, self.at or 0)
        shown, caret = _excerpt(text.splitlines()[line - 1] if text else "", column)
        sentence = self.sentence(shown.strip(), f"line {line}, column {column}")
        return self.error(f"{sentence}\n    {shown}\n    {' ' * caret}^", line, column)


class Missing(Fault):
    """A variable or entry is not there; `known` are the names that are."""

    error = ExpressionUndefined

    def __init__(self, name: str, at: int | None, known: Iterable[str] = ()) -> None:
        """Name what was looked for."""
        super().__init__(name, at)
        self.known = known

    def sentence(self, shown: str, place: str) -> str:
        """Return the documented sentence and the nearest known name."""
        name = self.args[0][:_LONGEST_NAME]
        near = did_you_mean(name, [each for each in islice(self.known, _MOST_COMPARED) if isinstance(each, str)])
        return f"Unable to find `{name}` used in the expression `{shown}` at {place}.{near}"


class Overrun(Fault):
    """A limit was reached."""

    error = ExpressionOverBudget

    def __init__(self, limit: str, allowed: int, at: int | None = None) -> None:
        """Name the limit."""
        super().__init__(f"The expression goes over its budget of {allowed} {limit}: do less in one expression.", at)


def place_of(text: str, at: int) -> tuple[int, int]:
    """Return the line and column, from 1, of an offset in a text."""
    lines = text[: at + 1].splitlines() or [""]
    return len(lines), max(1, len(lines[-1]))


def _excerpt(line: str, column: int) -> tuple[str, int]:
    """Return what to show of a line, and how far in the caret stands."""
    start = max(0, column - _WIDEST // 2) if len(line) > _WIDEST else 0
    shown = "".join(each if each.isprintable() else " " for each in line[start : start + _WIDEST])
    return shown, column - 1 - start
