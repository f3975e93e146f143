"""Moments: dates, times of day and moments as ISO 8601 texts, and the kinds that read them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from runwright.spec.kinds import Schema, refuse
from runwright.spec.nodes import Node, Scalar

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.spec.findings import Findings, Path


def parse_moment(text: str) -> datetime:
    """Return a moment, in UTC where the text says nothing else; raises `ValueError`."""
    try:
        moment = datetime.fromisoformat(text if len(text) > len("2024-01-31") else "")
    except ValueError:
        raise ValueError(f"{text!r} is no date and time: write one as 2024-01-31T09:30:00Z") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def parse_date(text: str) -> date:
    """Return a day; raises `ValueError`."""
    return date.fromisoformat(text)


def parse_time(text: str) -> time:
    """Return a time of day without a zone; raises `ValueError`."""
    return time.fromisoformat(text).replace(tzinfo=None)


class _Moment:
    """A text that a parser takes; the value stays the text."""

    def __init__(self, name: str, format_: str, parse: Callable[[str], Any]) -> None:
        self.name = name
        self.format = format_
        self.parse = parse

    def read(self, node: Node, path: Path, findings: Findings) -> Any:
        """Return the text."""
        if not isinstance(node, Scalar):
            return refuse(self, node, path, findings)
        try:
            self.parse(node.text)
        except ValueError:
            return refuse(self, node, path, findings, "invalid_value")
        return node.text

    def schema(self) -> Schema:
        """Return the schema."""
        return {"type": "string", "format": self.format}


class _Zone:
    """The name of a time zone."""

    name = "a time zone such as Europe/Paris"

    def read(self, node: Node, path: Path, findings: Findings) -> Any:
        """Return the name."""
        if not isinstance(node, Scalar):
            return refuse(self, node, path, findings)
        try:
            ZoneInfo(node.text)
        except (ValueError, OSError, ZoneInfoNotFoundError):
            return refuse(self, node, path, findings, "invalid_value")
        return node.text

    def schema(self) -> Schema:
        """Return the schema."""
        return {"type": "string"}


ZONE = _Zone()
DATETIME = _Moment("a date and time such as 2024-01-31T09:30:00Z", "date-time", parse_moment)
DATE = _Moment("a date such as 2024-01-31", "date", parse_date)
TIME = _Moment("a time such as 09:30:00", "time", parse_time)
