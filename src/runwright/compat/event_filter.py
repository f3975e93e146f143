"""Event filter: which events a client of the events API asks for, as it is written in requests, and what it matches.

Unknown keys are refused. An empty list does not restrict; conditions of different keys must all hold.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import msgspec
from msgspec.structs import replace

from runwright.clock import from_datetime

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable

    AnyFilter = TypeVar("AnyFilter", "ResourceFilter", "AnyResourceFilter")

MONTHS_BACK = timedelta(days=180)
LONGEST_QUERY = 200

_Labels = dict[str, str | list[str]]
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2262, 1, 1, tzinfo=UTC)


class Occurred(msgspec.Struct, forbid_unknown_fields=True):
    """When: both ends belong to it. Times without a zone are UTC."""

    since: datetime | None = None
    until: datetime | None = None


class EventName(msgspec.Struct, forbid_unknown_fields=True):
    """What happened: whole names, or how they begin."""

    prefix: list[str] | None = None
    exclude_prefix: list[str] | None = None
    name: list[str] | None = None
    exclude_name: list[str] | None = None

    def matches(self, name: str) -> bool:
        """Say whether an event's name is asked for."""
        if self.prefix and not name.startswith(tuple(self.prefix)):
            return False
        if self.exclude_prefix and name.startswith(tuple(self.exclude_prefix)):
            return False
        return (not self.name or name in self.name) and not (self.exclude_name and name in self.exclude_name)


class ResourceFilter(msgspec.Struct, forbid_unknown_fields=True):
    """What it happened to. With `distinct`, the newest event of each resource only."""

    id: list[str] | None = None
    id_prefix: list[str] | None = None
    labels: _Labels | None = None
    distinct: bool = False

    def matches(self, resource: dict[str, str]) -> bool:
        """Say whether a resource is asked for."""
        return _matches_resource(resource, self.id, self.id_prefix, self.labels)


class RelatedFilter(msgspec.Struct, forbid_unknown_fields=True):
    """A resource that an event is related to: all conditions must hold for the same one."""

    id: list[str] | None = None
    role: list[str] | None = None
    resources_in_roles: list[tuple[str, str]] | None = None
    labels: _Labels | None = None

    def matches(self, related: Iterable[dict[str, str]]) -> bool:
        """Say whether one of these is asked for."""
        if not (self.id or self.role or self.resources_in_roles or self.labels):
            return True
        return any(self._matches_one(each) for each in related)

    def _matches_one(self, resource: dict[str, str]) -> bool:
        role = resource.get("prefect.resource.role", "")
        if self.role and role not in self.role:
            return False
        if self.resources_in_roles and (resource.get("prefect.resource.id", ""), role) not in self.resources_in_roles:
            return False
        return _matches_resource(resource, self.id, None, self.labels)


class AnyResourceFilter(msgspec.Struct, forbid_unknown_fields=True):
    """A resource that the event happened to or is related to."""

    id: list[str] | None = None
    id_prefix: list[str] | None = None
    labels: _Labels | None = None

    def matches(self, document: dict[str, Any]) -> bool:
        """Say whether one of an event's resources is asked for."""
        return any(
            _matches_resource(each, self.id, self.id_prefix, self.labels)
            for each in (document["resource"], *document["related"])
        )


class EventIds(msgspec.Struct, forbid_unknown_fields=True):
    """Events by their ids."""

    id: list[str] | None = None


class Words(msgspec.Struct, forbid_unknown_fields=True):
    """Words that an event holds anywhere: one of them, all with a plus, none with a minus; quotes hold words together."""

    query: Annotated[str, msgspec.Meta(max_length=LONGEST_QUERY)]

    def matches(self, document: dict[str, Any]) -> bool:
        """Say whether an event holds what is asked for, whatever its case."""
        wanted, needed, unwanted = _words_of(self.query)
        if not (wanted or needed or unwanted):
            return True
        text = msgspec.json.encode(document).decode().lower()
        if any(word in text for word in unwanted) or not all(word in text for word in needed):
            return False
        return not wanted or any(word in text for word in wanted)

    def can_match(self, can_hold: Callable[[str], bool]) -> bool:
        """Say whether an event can hold what is asked for, by which words it can hold."""
        wanted, needed, _ = _words_of(self.query)
        return all(map(can_hold, needed)) and (not wanted or any(map(can_hold, wanted)))


class EventFilter(msgspec.Struct, forbid_unknown_fields=True):
    """The whole filter; `order` is by the time of the events."""

    occurred: Occurred = msgspec.field(default_factory=Occurred)
    event: EventName | None = None
    resource: ResourceFilter | None = None
    related: RelatedFilter | list[RelatedFilter] | None = None
    any_resource: AnyResourceFilter | list[AnyResourceFilter] | None = None
    id: EventIds | None = None
    text: Words | None = None
    order: Literal["ASC", "DESC"] = "DESC"

    def resolve(self, now: datetime, since: datetime | None = None) -> None:
        """Put the times that hold: from the start of the day 180 days ago until now, where none are given.

        With `since`, nothing from before that is asked for, whatever was given.
        """
        start = (now - MONTHS_BACK).replace(hour=0, minute=0, second=0, microsecond=0)
        self.occurred.since = _within(self.occurred.since or start)
        if since is not None:
            self.occurred.since = max(self.occurred.since, since)
        self.occurred.until = _within(self.occurred.until or now)

    @property
    def since(self) -> int:
        """Return the least time (ns) of a filter that was resolved."""
        return from_datetime(self.occurred.since or _EARLIEST)

    @property
    def until(self) -> int:
        """Return the greatest time (ns) of a filter that was resolved."""
        return from_datetime(self.occurred.until or _LATEST)

    @property
    def related_filters(self) -> list[RelatedFilter]:
        """Return the conditions on related resources, which must all hold."""
        return _listed(self.related)

    @property
    def is_about_names_only(self) -> bool:
        """Say whether time and name decide."""
        resource = self.resource
        is_plain = resource is None or not (resource.id or resource.id_prefix or resource.labels or resource.distinct)
        ids = self.id.id if self.id else None
        return is_plain and not (self.related_filters or _listed(self.any_resource) or ids or self.text)

    def without_unknown(self, labels: Container[str]) -> EventFilter:
        """Return a filter that lets pass what this one does, and asks for no text and no label of the resource but these.

        It is this one itself where nothing else is asked for.
        """
        resource = self.resource and _without_unknown(self.resource, labels)
        found = [_without_unknown(each, labels) for each in _listed(self.any_resource)]
        if self.text is None and resource is self.resource and found == _listed(self.any_resource):
            return self
        return replace(self, resource=resource, any_resource=found or None, text=None)

    def matches(self, document: dict[str, Any]) -> bool:
        """Say whether an event, its time apart, is asked for."""
        if self.event and not self.event.matches(document["event"]):
            return False
        if self.id and self.id.id and document["id"] not in _lowered(self.id.id):
            return False
        if self.resource and not self.resource.matches(document["resource"]):
            return False
        if not all(each.matches(document["related"]) for each in self.related_filters):
            return False
        if not all(each.matches(document) for each in _listed(self.any_resource)):
            return False
        return self.text is None or self.text.matches(document)


def _without_unknown(which: AnyFilter, labels: Container[str]) -> AnyFilter:
    kept = {label: wanted for label, wanted in (which.labels or {}).items() if label in labels}
    return which if kept == (which.labels or {}) else replace(which, labels=kept)


def matches_labels(resource: dict[str, str], wanted: _Labels) -> bool:
    """Say whether a resource has all of these labels, each with one of its values; see `ResourceFilter.labels`."""
    return _matches_resource(resource, None, None, wanted)


def _matches_resource(
    resource: dict[str, str], ids: list[str] | None, prefixes: list[str] | None, labels: _Labels | None
) -> bool:
    name = resource.get("prefect.resource.id", "")
    if ids and name not in ids:
        return False
    if prefixes and not name.startswith(tuple(prefixes)):
        return False
    return all(_matches_label(resource.get(label), wanted) for label, wanted in (labels or {}).items())


def _matches_label(value: str | None, wanted: str | list[str]) -> bool:
    """Say whether a label has one of the values wanted, where `*` and `?` stand for anything and `!` says not."""
    patterns = [wanted] if isinstance(wanted, str) else wanted
    return any(_matches_pattern(value, each) for each in patterns)


def _matches_pattern(value: str | None, pattern: str) -> bool:
    if pattern.startswith("!"):
        return not _matches_pattern(value, pattern[1:])
    return value is not None and bool(_compiled(pattern).fullmatch(value))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    pieces = re.split(r"\*+", pattern)
    return re.compile(".*".join(re.escape(piece).replace(r"\?", ".") for piece in pieces), re.DOTALL)


def _words_of(query: str) -> tuple[list[str], list[str], list[str]]:
    """Return the words of which one is wanted, those that are needed, and those that must not be there."""
    found: dict[str, list[str]] = {"": [], "+": [], "-": [], "!": []}
    for sign, phrase, word in re.findall(r'([+\-!]?)(?:"([^"]*)"|(\S+))', query):
        if text := (phrase or word).strip().lower():
            found[sign].append(text)
    return found[""], found["+"], found["-"] + found["!"]


def _within(moment: datetime) -> datetime:
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(moment, _EARLIEST), _LATEST)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _lowered(texts: list[str]) -> set[str]:
    return {text.lower() for text in texts}
