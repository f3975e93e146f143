"""Log page: some of the lines that runs logged: counted by level, searched, a piece at a time, each with its number."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec

from runwright.ui import rows
from runwright.ui.words import clean_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runwright.events import LogLine
    from runwright.ui.ask import Ask

LIMIT = 1_000
LAST = 8
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class Line(msgspec.Struct, frozen=True):
    """One line; `number` counts all lines of the run, whatever is shown. `name` and `link` are of who logged it."""

    number: int
    timestamp: str
    level: str
    logger: str
    message: str
    attempt: int
    name: str = ""
    link: str = ""


Who = tuple[str, str]
"""The name of whoever logged a line, and the link to their page."""


class Level(msgspec.Struct, frozen=True):
    """How many lines are of a level or above it, and the link that shows just them."""

    name: str
    count: int
    link: str
    is_chosen: bool


class LogPage(msgspec.Struct):
    """The lines that are shown, and what there is beside them."""

    lines: list[Line]
    levels: list[Level]
    total: int
    matching: int
    find: str
    level: str
    start: int
    before: str = ""
    behind: str = ""


def last_of(lines: Sequence[LogLine], ask: Ask) -> LogPage:
    """Return the last few lines of a log under the numbers that they have in all of it."""
    found = page_of(lines[-LAST:], ask)
    before = max(0, len(lines) - LAST)
    found.lines = [msgspec.structs.replace(line, number=line.number + before) for line in found.lines]
    return found


def page_of(lines: Sequence[LogLine], ask: Ask, who: Callable[[set[int]], dict[int, Who]] | None = None) -> LogPage:
    """Return what `find`, `level` and `from` of the query leave; `who` tells of ordinals who they are."""
    find, level = ask.get("find").strip()[:200], ask.one_of("level", "ALL", *LEVELS)
    least = 0 if level == "ALL" else logging.getLevelNamesMapping()[level]
    wanted = clean_line(find).lower()
    matching = [
        (number, line)
        for number, line in enumerate(lines, start=1)
        if line.level >= least and (not wanted or wanted in line.message.lower())
    ]
    start = ask.number("from", 1, most=len(lines) or 1)
    shown = [pair for pair in matching if pair[0] >= start][:LIMIT]
    known = {} if who is None else who({line.ordinal for _, line in shown})
    page = LogPage(
        [_line(*pair, known) for pair in shown],
        _levels(lines, ask, level),
        len(lines),
        len(matching),
        find,
        level,
        start,
    )
    if start > 1 and matching and matching[0][0] < start:
        page.before = ask.link(**{"from": None})
    if shown and matching[-1][0] > shown[-1][0]:
        page.behind = ask.link(**{"from": next(number for number, _ in matching if number > shown[-1][0])})
    return page


def _line(number: int, line: LogLine, known: dict[int, Who]) -> Line:
    name, link = known.get(line.ordinal, ("", ""))
    level = logging.getLevelName(line.level)
    return Line(number, rows.iso(line.at) or "", level, line.logger, line.message, line.attempt, name, link)


def _levels(lines: Sequence[LogLine], ask: Ask, chosen: str) -> list[Level]:
    numbers = logging.getLevelNamesMapping()
    found = [Level("ALL", len(lines), ask.link(level=None), chosen == "ALL")]
    for name in LEVELS[1:]:
        count = sum(line.level >= numbers[name] for line in lines)
        if count:
            found.append(Level(name, count, ask.link(level=name), chosen == name))
    return found
