"""Rendering: keys of tasks whose values may be expressions, turned into what the keys are declared to be."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from runwright.errors import RunnableFailed
from runwright.expression import is_true
from runwright.spec.durations import parse_duration
from runwright.spec.moments import parse_moment

if TYPE_CHECKING:
    from runwright.scope import Scope

LEVELS = {"ERROR": logging.ERROR, "WARN": logging.WARNING, "INFO": logging.INFO, "DEBUG": logging.DEBUG, "TRACE": 5}
"""The levels of YAML flows as numbers of `logging`, the most important first."""


def truth_of(scope: Scope, value: bool | str) -> bool:  # noqa: FBT001  the key of a task is what it is about
    """Return a boolean, given as such or as an expression."""
    return value if isinstance(value, bool) else is_true(scope.render(value))


def text_of(scope: Scope, value: str | None) -> str | None:
    """Return a rendered text; an empty one counts as not given."""
    return None if value is None else scope.render(value) or None


def namespace_of(scope: Scope, value: str | None) -> str:
    """Return a rendered namespace, that of the flow where none is given."""
    return text_of(scope, value) or scope.namespace


def level_of(scope: Scope, value: str) -> int:
    """Return a level as a number of `logging`."""
    return level_number(scope.render(value))


def level_number(name: str) -> int:
    """Return the number of a level; raises `RunnableFailed` for a word that is none."""
    number = LEVELS.get(name.strip().upper())
    if number is None:
        raise RunnableFailed(f"{name!r} is no level of log lines: write one of {', '.join(LEVELS)}.")
    return number


def seconds_of(scope: Scope, value: timedelta | str) -> float:
    """Return a duration in seconds, given as such or as an expression that yields `PT30S`."""
    duration: timedelta = value if isinstance(value, timedelta) else told(parse_duration, scope.render(value))
    return max(duration.total_seconds(), 0.0)


def moment_of(scope: Scope, value: str | None) -> int | None:
    """Return a rendered moment in nanoseconds since 1970."""
    text = text_of(scope, value)
    return None if text is None else int(told(parse_moment, text).timestamp() * 1_000_000) * 1_000


def told(parse: Any, text: str) -> Any:
    """Return what a parser makes of a text; what it refuses fails the task in its words."""
    try:
        return parse(text)
    except ValueError as refused:
        raise RunnableFailed(f"{refused}.") from refused


def entries_of(scope: Scope, value: Mapping[str, Any] | str | None, what: str, **more: Any) -> dict[str, Any]:
    """Return a mapping with its keys rendered and its values evaluated, also where an expression or JSON text yields it."""
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return {scope.render(key, **more): scope.evaluate(each, **more) for key, each in value.items()}
    found = data_of(scope.evaluate(value, **more), what)
    if not isinstance(found, Mapping):
        raise RunnableFailed(f"{what} must be a mapping, and not {found!r:.100}.")
    return {str(key): each for key, each in found.items()}


def items_of(scope: Scope, value: Any, what: str) -> list[Any]:
    """Return a list with its items evaluated, also where an expression or JSON text yields it."""
    if isinstance(value, list | tuple):
        return [scope.evaluate(each) for each in value]
    found = data_of(scope.evaluate(value), what)
    if not isinstance(found, list | tuple):
        raise RunnableFailed(f"{what} must be a list, and not {found!r:.100}.")
    return list(found)


def data_of(value: Any, what: str) -> Any:
    """Return data, read where it is JSON text."""
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as refused:
        raise RunnableFailed(f"{what} is neither data nor JSON: {value[:100]!r}.") from refused


def as_text(value: Any) -> str:
    """Return a value as text: text as it is, nothing for null, other data as JSON."""
    if isinstance(value, str):
        return value
    return "" if value is None else msgspec.json.encode(value).decode()
