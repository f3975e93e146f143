"""Patterns: regular expressions that end: no place of the text is tried twice for the same alternative.

Python's own engine takes exponential time for some patterns and cannot be stopped. This one backtracks in the same order, so
it finds the same matches, but it remembers where it has failed; each instruction is taken from the budget.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from runwright.expressions.faults import Fault
from runwright.expressions.pattern_parser import Instruction, Op, Program, program_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runwright.expressions.budget import Budget

_BATCH = 64


class Found(NamedTuple):
    """A match: where it stands, and the texts of its groups, the whole first; None for one that took no part."""

    start: int
    end: int
    groups: list[str | None]


@lru_cache(maxsize=128)
def pattern_of(text: str) -> Pattern:
    """Return the pattern of a text, from the last ones if it is among them; raises `Fault`."""
    return Pattern(program_of(text))


class Pattern:
    """A compiled regular expression."""

    def __init__(self, program: Program) -> None:
        """Keep the program."""
        self.program = program

    def is_full_match(self, text: str, budget: Budget) -> bool:
        """Say whether the whole text matches."""
        self._pay_for_reading(budget)
        return _match(self.program.instructions, text, 0, set(), budget, is_full=True) is not None

    def find(self, text: str, start: int, budget: Budget) -> Found | None:
        """Return the first match at or after `start`."""
        self._pay_for_reading(budget)
        return self._next(text, start, budget)

    def _next(self, text: str, start: int, budget: Budget) -> Found | None:
        failed: set[int] = set()
        for at in range(start, len(text) + 1):
            slots = _match(self.program.instructions, text, at, failed, budget)
            if slots is not None:
                return self._found(text, at, slots)
        return None

    def find_all(self, text: str, budget: Budget) -> Iterator[Found]:
        """Yield the matches, one after the other."""
        self._pay_for_reading(budget)
        at = 0
        while at <= len(text) and (found := self._next(text, at, budget)):
            yield found
            at = found.end + (found.end == found.start)

    def replace(self, text: str, replacement: str, budget: Budget) -> str:
        """Return the text with every match replaced; `$1` and `${name}` in the replacement are groups."""
        parts, at, length = list[str](), 0, 0
        for found in self.find_all(text, budget):
            new = self._filled(replacement, found)
            length += found.start - at + len(new)
            budget.text(length)
            parts += [text[at : found.start], new]
            at = found.end
        return "".join([*parts, text[at:]])

    def split(self, text: str, limit: int, budget: Budget) -> list[str]:
        """Return the texts between the matches; a `limit` above 0 is the most there are, at 0 empty ones at the end go."""
        parts, at = list[str](), 0
        for found in self.find_all(text, budget):
            if limit > 0 and len(parts) == limit - 1:
                break
            if found.end == 0 or (found.start == found.end == len(text)):
                continue
            parts.append(text[at : found.start])
            at = found.end
        parts.append(text[at:])
        while limit == 0 and at > 0 and parts and not parts[-1]:
            parts.pop()
        return parts

    def _pay_for_reading(self, budget: Budget) -> None:
        """Take what the program cost: an expression may make up patterns, and whether one is remembered is chance."""
        budget.instructions(len(self.program.instructions))

    def _found(self, text: str, start: int, slots: dict[int, int]) -> Found:
        groups: list[str | None] = [text[start : slots[1]]]
        for group in range(1, self.program.groups + 1):
            first, last = slots.get(2 * group), slots.get(2 * group + 1)
            groups.append(None if first is None or last is None else text[first:last])
        return Found(start, slots[1], groups)

    def _filled(self, replacement: str, found: Found) -> str:
        if "$" not in replacement and "\\" not in replacement:
            return replacement
        parts, at = list[str](), 0
        while at < len(replacement):
            sign = replacement[at]
            if sign == "\\" and at + 1 < len(replacement):
                parts.append(replacement[at + 1])
                at += 2
            elif sign == "$":
                group, at = self._group(replacement, at + 1)
                parts.append(found.groups[group] or "")
            else:
                parts.append(sign)
                at += 1
        return "".join(parts)

    def _group(self, replacement: str, at: int) -> tuple[int, int]:
        """Return the number of the group that stands after a `$`, and where it ends."""
        if replacement.startswith("{", at) and (end := replacement.find("}", at)) > 0:
            name = replacement[at + 1 : end]
            if name in self.program.names:
                return self.program.names[name], end + 1
            raise Fault(f"The regular expression has no group `{name}`.")
        end = at + 1
        if not replacement[at:end].isdecimal() or int(replacement[at:end]) > self.program.groups:
            raise Fault(
                f"After `$` stands no group of the regular expression: `{replacement[:60]}`. Write `\\$` for the sign."
            )
        while replacement[end : end + 1].isdecimal() and int(replacement[at : end + 1]) <= self.program.groups:
            end += 1
        return int(replacement[at:end]), end


def _match(  # noqa: C901  one loop over instructions: to call a function for each would double its time
    program: list[Instruction], text: str, start: int, failed: set[int], budget: Budget, *, is_full: bool = False
) -> dict[int, int] | None:
    """Return the slots of the match that begins at `start`; `failed` holds where alternatives have been tried in vain."""
    size, taken = len(program), 0
    waiting: list[tuple[int, int, dict[int, int]]] = [(0, start, {})]
    while waiting:
        at, position, slots = waiting.pop()
        while True:
            taken += 1
            if taken >= _BATCH:
                budget.instructions(taken)
                taken = 0
            step = program[at]
            op = step.op
            if op is Op.CHARACTER:
                if position >= len(text) or not step.test(text[position]):  # pyright: ignore[reportOptionalCall]  it has one
                    break
                position += 1
            elif op is Op.SPLIT:
                tried = position * size + at
                if tried in failed:
                    break
                failed.add(tried)
                waiting.append((step.second, position, slots))
                at = step.first
                continue
            elif op is Op.JUMP:
                at = step.first
                continue
            elif op is Op.SAVE:
                slots = {**slots, step.first: position}
                taken += len(slots)
            elif op is Op.MATCH:
                if is_full and position < len(text):
                    break
                budget.instructions(taken)
                return {**slots, 1: position}
            elif not _holds(step, text, position, budget):
                break
            at += 1
    budget.instructions(taken)
    return None


def _holds(step: Instruction, text: str, position: int, budget: Budget) -> bool:
    """Say whether an assertion holds at a position, or what looks ahead finds."""
    if step.check is not None:
        return step.check(text, position)
    found = _match(step.program or [], text, position, set(), budget)
    return (found is None) is bool(step.first)
