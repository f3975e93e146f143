"""Search: the language of the search box, from text to terms, with the place of what cannot be read.

    state:failed flow:etl -tag:nightly duration:>30s error:"timed out" after:24h extract

A term is `qualifier:value`, `-` before it means the opposite, quotes keep spaces, words alone look for names. What terms
mean for a record is for `selection`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from runwright.cli.filters import states_named
from runwright.cli.text import moment_from, seconds_from
from runwright.clock import NANOSECONDS
from runwright.errors import RunwrightError, did_you_mean
from runwright.states import TABLE, Phase

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

MOST_TEXT = 2_000
_TOKEN = re.compile(r'(?P<no>-)?(?:(?P<key>[A-Za-z_]+):)?(?P<op>>=|<=|>|<)?(?P<value>"(?:[^"\\]|\\.)*"?|[^\s"]+)')
_QUOTED = re.compile(r"\\(.)")
_PLAIN = re.compile(r"[^\s\"<>][^\s\"]*")


class SearchError(RunwrightError, ValueError):
    """A search cannot be read: `start` and `end` say which part, `suggestion` is a search that can, or empty."""

    exit_code = 2

    def __init__(self, message: str, start: int, end: int, suggestion: str = "") -> None:
        """Hold the place in the text."""
        super().__init__(message)
        self.start, self.end, self.suggestion = start, end, suggestion


class Term(NamedTuple):
    """One condition. `value` is checked: names, numbers, seconds or nanoseconds, whatever the qualifier takes."""

    key: str
    operator: str
    value: tuple[str, ...] | str | int | float
    is_negated: bool
    text: str


class Qualifier(NamedTuple):
    """What a term may begin with: how its value is read, whether it can be compared, and what to say of it."""

    name: str
    read: Callable[[str, int], tuple[str, ...] | str | int | float]
    is_ordered: bool
    says: str
    example: str


def _text(value: str, _: int) -> str:
    return value


def _states(value: str, _: int) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for word in value.split(","):
        names = states_named(word.strip())
        if not names:
            known = [kind.name for kind in TABLE]
            raise ValueError(f"There is no state {word!r}.{did_you_mean(word.strip().title(), known)}")
        found.update(dict.fromkeys(names))
    return tuple(found)


def _phase(value: str, _: int) -> tuple[str, ...]:
    phases = {phase.value: phase for phase in Phase}
    if value.lower() not in phases:
        raise ValueError(f"There is no phase {value!r}: there are {', '.join(phases)}.")
    return tuple(kind.name for kind in TABLE if kind.phase is phases[value.lower()])


def _whole(value: str, _: int) -> int:
    if not re.fullmatch(r"-?\d{1,12}", value):
        raise ValueError(f"{value!r} is no whole number.")
    return int(value)


def _seconds(value: str, _: int) -> float:
    try:
        return float(value[:-2]) / 1_000 if value.endswith("ms") else seconds_from(value)
    except ValueError:
        raise ValueError(f"{value!r} is no duration: write 500ms, 90s, 10m or 2h.") from None


def _moment(value: str, now: int) -> int:
    try:
        return moment_from(value.removeprefix("-"), now) if not value.startswith("-") else moment_from(value[1:], now)
    except (ValueError, OverflowError):
        raise ValueError(f"{value!r} is no time: write 24h, 10m, 7d, or 2026-11-21T07:30:00Z.") from None


QUALIFIERS: dict[str, Qualifier] = {
    each.name: each
    for each in (
        Qualifier("state", _states, is_ordered=False, says="in one of these states", example="state:failed"),
        Qualifier("phase", _phase, is_ordered=False, says="waiting, active, ok or bad", example="phase:bad"),
        Qualifier("flow", _text, is_ordered=False, says="of the flow with this name", example="flow:etl"),
        Qualifier(
            "run", _text, is_ordered=False, says="of the flow run with this name or id", example="run:brave-otter"
        ),
        Qualifier("task", _text, is_ordered=False, says="of the task with this name or slug", example="task:extract"),
        Qualifier("name", _text, is_ordered=False, says="with this in the name", example="name:report"),
        Qualifier("tag", _text, is_ordered=False, says="with this tag", example="tag:nightly"),
        Qualifier(
            "map_index", _whole, is_ordered=True, says="the place among mapped children", example="map_index:>10"
        ),
        Qualifier("attempt", _whole, is_ordered=True, says="the number of the latest attempt", example="attempt:>1"),
        Qualifier(
            "worker",
            _text,
            is_ordered=False,
            says="whose flow run this process ran, or this host",
            example="worker:host-7",
        ),
        Qualifier("duration", _seconds, is_ordered=True, says="from start to end", example="duration:>30s"),
        Qualifier("error", _text, is_ordered=False, says="with this in the message", example='error:"timed out"'),
        Qualifier("after", _moment, is_ordered=False, says="changed since", example="after:24h"),
        Qualifier("before", _moment, is_ordered=False, says="not changed after", example="before:7d"),
    )
}


def parse(text: str, now: int, offered: Collection[str] = QUALIFIERS) -> tuple[Term, ...]:
    """Return the terms of a search; raises `SearchError`, which tells of the qualifiers that the page has `offered`."""
    if len(text) > MOST_TEXT:
        raise SearchError(
            f"A search may be {MOST_TEXT} characters long: this one has {len(text)}.", MOST_TEXT, len(text)
        )
    return tuple(_terms(text, now, offered))


def _terms(text: str, now: int, offered: Collection[str]) -> Iterator[Term]:
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        found = _TOKEN.match(text, place)
        if found is None:
            raise SearchError("A value is missing here.", place, len(text), text[:place].strip())
        yield _term(text, found, now, offered)
        place = found.end()


def _term(text: str, found: re.Match[str], now: int, offered: Collection[str]) -> Term:
    start, end = found.span()
    others = f"{text[:start]}{{}}{text[end:]}"
    value = found["value"]
    if value.startswith('"'):
        if len(value) == 1 or not value.endswith('"'):
            raise SearchError("A quotation mark is missing at the end.", start, end, f'{text}"')
        value = _QUOTED.sub(r"\1", value[1:-1])
    key = (found["key"] or "name").lower().replace("index", "map_index").replace("map_map_index", "map_index")
    qualifier = QUALIFIERS.get(key)
    if qualifier is None:
        hint = did_you_mean(key, offered)
        nearest = re.search(r"\w+(?=\?)|'(\w+)'", hint)
        better = (nearest.group(1) or nearest.group()) if nearest else ""
        suggestion = others.format(f"{better}:{found['value']}") if better else ""
        raise SearchError(
            f"There is no qualifier {key!r}.{hint} There are {', '.join(offered)}.", start, end, suggestion
        )
    operator = found["op"] or "="
    if operator != "=" and not qualifier.is_ordered:
        raise SearchError(f"{key} cannot be compared with {operator}: write {qualifier.example}.", start, end)
    try:
        return Term(key, operator, qualifier.read(value, now), bool(found["no"]), text[start:end])
    except ValueError as error:
        raise SearchError(str(error), start, end) from None


def without(terms: tuple[Term, ...], term: Term) -> str:
    """Return the search that is left when one term goes."""
    return " ".join(each.text for each in terms if each is not term)


def written(key: str, value: object) -> str:
    """Return a term as one writes it."""
    text = str(value)
    return (
        f"{key}:{text}"
        if _PLAIN.fullmatch(text)
        else '{}:"{}"'.format(key, text.replace("\\", "\\\\").replace('"', '\\"'))
    )


def cents(seconds: float) -> int:
    """Return seconds as nanoseconds."""
    return int(seconds * NANOSECONDS)
