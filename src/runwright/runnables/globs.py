"""Globs: which paths of a folder patterns such as `out/**/*.csv` mean.

`*` and `?` stay within a name, `**` goes through any number of folders, none among them, also beside other signs (`**.csv`);
`[ab]` and `{one,two}` are choices.
"""

from __future__ import annotations

import fnmatch
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from runwright.errors import RunnableFailed

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_CHOICES = 1_000

_CHOICE = re.compile(r"\{([^{}]*)\}")
_BESIDE = re.compile(r"(?<!\*)\*\*(?![*/]|$)|(?<=[^/*])\*\*(?!\*)")
_DEEP = "**"


class Globs:
    """A few patterns; a path is meant when one of them fits it. Slashes at the beginning do not count."""

    def __init__(self, patterns: Iterable[str]) -> None:
        """Read the patterns."""
        self._patterns = [_names_of(choice) for pattern in patterns for choice in _choices(pattern)]

    def __bool__(self) -> bool:
        """Say whether there are any."""
        return bool(self._patterns)

    def fit(self, path: str) -> bool:
        """Say whether a path, with `/` between its names, is meant."""
        names = path.strip("/").split("/")
        return any(_fits(pattern, names) for pattern in self._patterns)


def _choices(pattern: str) -> list[str]:
    """Return a pattern with each of its choices written out."""
    waiting, whole = [pattern], list[str]()
    while waiting:
        each = waiting.pop()
        found = _CHOICE.search(each) or _BESIDE.search(each)
        if found is None:
            whole.append(each)
        else:
            choices = ["*", "*/**/*"] if found[0] == _DEEP else found[1].split(",")
            waiting += [each[: found.start()] + choice + each[found.end() :] for choice in choices]
        if len(waiting) + len(whole) > MOST_CHOICES:
            raise RunnableFailed(
                f"The pattern {pattern!r:.100} stands for more than {MOST_CHOICES} others: write fewer choices."
            )
    return whole


def _names_of(pattern: str) -> tuple[str, ...]:
    names = [name for name in pattern.split("/") if name not in {"", "."}]
    if pattern.endswith("/") or names[-1:] == [_DEEP]:
        names = [*(names[:-1] if names[-1:] == [_DEEP] else names), _DEEP, "*"]
    return tuple(name for name, after in zip(names, [*names[1:], ""], strict=True) if (name, after) != (_DEEP, _DEEP))


def _fits(pattern: tuple[str, ...], names: list[str]) -> bool:
    """Go through the names once, with all the places of the pattern that they may have led to."""
    places = _with_skipped({0}, pattern)
    for name in names:
        reached = {place for place in places if pattern[place : place + 1] == (_DEEP,)}
        reached |= {
            place + 1 for place in places - reached if place < len(pattern) and _expression(pattern[place]).match(name)
        }
        places = _with_skipped(reached, pattern)
    return len(pattern) in places


def _with_skipped(places: set[int], pattern: tuple[str, ...]) -> set[int]:
    """Return places with those that are reached by going through no folder; no `**` follows another."""
    return places | {place + 1 for place in places if pattern[place : place + 1] == (_DEEP,)}


@lru_cache(maxsize=1_024)
def _expression(name: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(name))
