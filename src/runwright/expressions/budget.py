"""Budget: what one rendering has left of its limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runwright.expressions.faults import Overrun

if TYPE_CHECKING:
    from runwright.expression import Limits

_CHARACTERS_PER_STEP = 256
_ELEMENTS_PER_STEP = 16
_INSTRUCTIONS_PER_STEP = 64
_DEEPEST_LEVEL = 20


class Budget:
    """Counts down; raises `Overrun` when something has run out. `output` is taken by the frame, which writes."""

    __slots__ = ("_instructions", "_level", "limits", "output", "steps")

    def __init__(self, limits: Limits) -> None:
        """Begin with everything."""
        self.limits = limits
        self.steps = limits.steps
        self.output = limits.output
        self._instructions = 0
        self._level = 0

    def charge(self, steps: int) -> None:
        """Take steps."""
        self.steps -= steps
        if self.steps < 0:
            raise Overrun("steps", self.limits.steps)

    def text(self, length: int) -> None:
        """Take what a text of this length costs, before it is made."""
        if length > self.limits.output:
            raise Overrun("characters of text", self.limits.output)
        self.charge(length // _CHARACTERS_PER_STEP)

    def elements(self, count: int) -> None:
        """Take what a list of this length costs, before it is made or gone through."""
        self.charge(count // _ELEMENTS_PER_STEP)

    def instructions(self, count: int) -> None:
        """Take small steps: those of a regular expression."""
        self._instructions += count
        if self._instructions >= _INSTRUCTIONS_PER_STEP:
            self.charge(self._instructions // _INSTRUCTIONS_PER_STEP)
            self._instructions %= _INSTRUCTIONS_PER_STEP

    def enter(self) -> None:
        """Go into a macro, a block or a rendering within this one."""
        self._level += 1
        if self._level > _DEEPEST_LEVEL:
            raise Overrun("macros, blocks and renderings within each other", _DEEPEST_LEVEL)

    def leave(self) -> None:
        """Come back from it."""
        self._level -= 1

    def weigh(self, value: Any) -> Any:
        """Take what going through all of a value costs, and return it; deep and endless values do not pass."""
        if isinstance(value, str):
            self.text(len(value))
        elif isinstance(value, list | tuple | Mapping):
            self._weigh_all([value], 0)
        return value

    def _weigh_all(self, values: Any, depth: int) -> None:
        if depth > self.limits.depth:
            raise Overrun("levels of nested data", self.limits.depth)
        for value in values:
            if isinstance(value, str):
                self.text(len(value))
            elif isinstance(value, list | tuple):
                self.elements(len(value) + _ELEMENTS_PER_STEP)
                self._weigh_all(value, depth + 1)
            elif isinstance(value, Mapping):
                self.elements(len(value) + _ELEMENTS_PER_STEP)
                self._weigh_all(value.values(), depth + 1)
