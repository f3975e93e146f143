"""Frame: where one rendering stands: what it can read, what it has written, what it has left to use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.expressions.faults import Overrun

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runwright.expressions.budget import Budget


class Frame:
    """What the compiled parts of a template share while they run.

    `local` holds what `set`, `for` and macros name; it goes before the caller's `variables`.
    """

    __slots__ = ("blocks", "budget", "functions", "local", "macros", "out", "read", "variables")

    def __init__(
        self,
        variables: Mapping[str, Any],
        budget: Budget,
        functions: Mapping[str, Callable[..., Any]],
        read: Callable[[str], Any],
    ) -> None:
        """Begin with nothing written; `read` gives the template of a text."""
        self.variables = variables
        self.budget = budget
        self.functions = functions
        self.read = read
        self.local: dict[str, Any] = {}
        self.out: list[str] = []
        self.macros: dict[str, Callable[..., str]] = {}
        self.blocks: dict[str, Callable[[Frame], None]] = {}

    def write(self, text: str) -> None:
        """Add to the output, and take it from what is left."""
        self.budget.output -= len(text)
        if self.budget.output < 0:
            raise Overrun("characters of output", self.budget.limits.output)
        self.out.append(text)

    def known(self) -> dict[str, Any]:
        """Return all variables."""
        return {**self.variables, **self.local}

    def captured(self, body: Callable[[Frame], None]) -> str:
        """Return what a body writes, instead of writing it."""
        outer, self.out = self.out, []
        self.budget.enter()
        try:
            body(self)
            return "".join(self.out)
        finally:
            self.out = outer
            self.budget.leave()
