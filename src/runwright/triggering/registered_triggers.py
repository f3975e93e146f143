"""Registered triggers: the triggers that the flows of one record declare in their newest revisions.

They are read again when a version of a flow was added, which one cheap look tells; a text is parsed once.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from runwright.errors import FlowError
from runwright.executions.declared_flow import DeclaredFlow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runwright.runs import FlowVersion
    from runwright.spec.triggers import Trigger
    from runwright.store import Store

    Kind = TypeVar("Kind", bound="Trigger")

_logger = logging.getLogger("runwright.Triggers")


class Registered(NamedTuple):
    """A trigger and the flow that it starts, in its newest revision; it has been declared `since` (ns) without a break."""

    flow: DeclaredFlow
    revision: int
    trigger: Trigger
    since: int

    @property
    def place(self) -> tuple[str, str, str]:
        """Return what the record knows it by: namespace, flow, trigger."""
        return self.flow.spec.namespace, self.flow.spec.id, self.trigger.id

    @property
    def is_idle(self) -> bool:
        """Say whether the flow or the trigger is turned off in the text."""
        return self.flow.spec.disabled or self.trigger.disabled


class RegisteredTriggers:
    """The triggers of one record."""

    def __init__(self, record: Store) -> None:
        """Read nothing yet."""
        self._record = record
        self._count = -1
        self._by_place: dict[tuple[str, str, str], Registered] = {}
        self._parsed: dict[tuple[str, int], DeclaredFlow | None] = {}
        self._lock = threading.Lock()

    def refresh(self) -> bool:
        """Read what was registered since the last look, and say whether that was anything."""
        with self._lock:
            count = self._record.count_flow_versions()
            if count == self._count:
                return False
            self._by_place = {each.place: each for each in self._read()}
            self._count = count
            return True

    def find(self, namespace: str, flow: str, trigger: str) -> Registered | None:
        """Return a trigger, None where its flow does not declare it."""
        return self._by_place.get((namespace, flow, trigger))

    def all(self) -> list[Registered]:
        """Return all, those that are turned off too, by their places."""
        return [each for _, each in sorted(self._by_place.items())]

    def of(self, kind: type[Kind]) -> list[tuple[Registered, Kind]]:
        """Return those of one kind."""
        return [(each, each.trigger) for each in self.all() if isinstance(each.trigger, kind)]

    def _read(self) -> Iterator[Registered]:
        by_name: dict[str, list[FlowVersion]] = {}
        for version in self._record.flows():
            if "yaml" in version.source:
                by_name.setdefault(version.name, []).append(version)
        parsed = self._parsed
        self._parsed = {}
        for name, versions in by_name.items():
            newest = versions[0]
            if "deleted" in newest.source:
                continue
            key = name, newest.version
            flow = self._parsed[key] = parsed[key] if key in parsed else _parse(newest)
            for trigger in flow.spec.triggers if flow else ():
                yield Registered(flow, newest.version, trigger, _since(versions, trigger.id))  # type: ignore[arg-type]  it has triggers


def _parse(version: FlowVersion) -> DeclaredFlow | None:
    if "trigger" not in version.source["yaml"]:
        return None
    try:
        return DeclaredFlow.from_version(version)
    except FlowError:
        _logger.exception("The flow %s cannot be read: its triggers start nothing.", version.name)
        return None


def _since(versions: list[FlowVersion], trigger: str) -> int:
    """Return when the oldest of the newest revisions was registered that all name a trigger."""
    since = versions[0].created
    for each in versions:
        if "deleted" in each.source or trigger not in each.source["yaml"]:
            break
        since = each.created
    return since
