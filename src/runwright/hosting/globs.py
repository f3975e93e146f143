"""Globs: patterns for paths of files. Whatever a pattern says, matching takes time in proportion to it and the path.

`*` and `?` stand for anything but slashes, `**` for folders too. A pattern without a slash is for names in every folder.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Part = re.Pattern[str] | None
    """A part of a pattern, between slashes; None for any number of folders."""


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Say whether one of the patterns is for a path."""
    names = path.split("/")
    given = (patterns,) if isinstance(patterns, str) else patterns
    return any(_fits(names, _parts_of(pattern)) for pattern in given)


def _fits(names: Sequence[str], parts: tuple[Part, ...]) -> bool:
    """Follow all ways through the pattern at once."""
    places = _open({0}, parts)
    for name in names:
        ahead: set[int] = set()
        for place in places:
            if place == len(parts):
                continue
            part = parts[place]
            if part is None:
                ahead.add(place)
            elif part.fullmatch(name):
                ahead.add(place + 1)
        places = _open(ahead, parts)
    return len(parts) in places


def _open(places: set[int], parts: tuple[Part, ...]) -> set[int]:
    """Return the places with those that are reached without a folder."""
    for place in sorted(places):
        while place < len(parts) and parts[place] is None:
            place += 1  # noqa: PLW2901  one way on
            places.add(place)
    return places


@lru_cache(maxsize=1_024)
def _parts_of(pattern: str) -> tuple[Part, ...]:
    texts = [text for text in pattern.lstrip("/").split("/") if text]
    if not texts:
        return (_expression(""),)
    if "/" not in pattern.lstrip("/"):
        texts.insert(0, "**")
    parts: list[Part] = []
    for text in texts:
        if text.startswith("**"):
            parts += [None] if parts[-1:] != [None] else []
        if text != "**":
            parts.append(_expression(text))
    return (*parts, _expression("*")) if texts[-1:] == ["**"] else tuple(parts)


def _expression(text: str) -> re.Pattern[str]:
    """Return the regular expression of a part: what stands between stars is taken where it is found first, for good."""
    first, *rest = map(_literal, re.split(r"\*+", text))
    if not rest:
        return re.compile(first, re.DOTALL)
    *middle, last = rest
    return re.compile(first + "".join(f"(?>.*?{each})" for each in middle) + ".*" + last, re.DOTALL)


def _literal(text: str) -> str:
    return ".".join(map(re.escape, text.split("?")))
