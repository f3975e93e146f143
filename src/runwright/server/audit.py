"""Audit: who asked for what that changes something, and what became of it. Entries are only ever added.

An entry has no key, no body and no query. What programs send all the time and what the record keeps anyway, events and log lines,
has no entry.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import msgspec

from runwright import clock, decoding
from runwright.cards import Card
from runwright.clock import to_iso
from runwright.errors import RunwrightError
from runwright.server.auth import Role
from runwright.server.routes import address_of

if TYPE_CHECKING:
    from starlette.types import Scope

    from runwright.store import Store

KIND = "audit"
MOST_IN_A_PAGE = 1_000

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_UNKNOWN, _REFUSED = 401, 403
_log = logging.getLogger("runwright.server")


class Entry(msgspec.Struct, frozen=True):
    """One thing that somebody asked for: when (ns), who, with which role, from where, what, and the status it was answered with."""

    at: int
    who: str
    role: str
    address: str
    method: str
    path: str
    status: int
    id: str

    def row(self) -> dict[str, Any]:
        """Return it as people and programs read it."""
        return {**msgspec.to_builtins(self), "at": to_iso(self.at)}


class Audit:
    """The entries of one record."""

    def __init__(self, record: Store) -> None:
        """Add to a record."""
        self._record = record

    def add(self, entry: Entry) -> None:
        """Add an entry; one that cannot be written is in the server's log."""
        try:
            self._record.keep_card(Card(KIND, _name(entry), msgspec.to_builtins(entry)))
        except RunwrightError:
            _log.exception("the audit lacks %s", entry)

    def read(self, *, before: str | None = None, limit: int = 100) -> list[Entry]:
        """Return entries, the newest first; `before` is the place of the last one of the page before, see `place`."""
        cards = self._record.list_cards(KIND, after=before, newest_first=True, limit=min(limit, MOST_IN_A_PAGE))
        return [decoding.from_plain(each.data, Entry) for each in cards]

    @staticmethod
    def place(entry: Entry) -> str:
        """Return what leads to the page after an entry."""
        return _name(entry)


def entry_of(scope: Scope, status: int, path: str) -> Entry | None:
    """Return the entry of a request that was answered, None for one that changes nothing; `path` is what may be told of it."""
    if scope["type"] != "http" or scope["method"] in _READS:
        return None
    principal = scope.get("principal")
    is_change = (
        scope.get("role", Role.ANYONE) > Role.VIEWER and scope.get("is_audited", False) and principal is not None
    )
    is_wrong_key = status == _UNKNOWN and any(name == b"authorization" for name, _ in scope["headers"])
    if not (is_change or is_wrong_key or (status == _REFUSED and principal is not None)):
        return None
    return Entry(
        clock.now(),
        principal.name if principal else "",
        principal.role.name.lower() if principal else "",
        address_of(scope),
        scope["method"],
        path,
        status,
        scope["request_id"],
    )


def _name(entry: Entry) -> str:
    return f"{entry.at:020d}-{entry.id}"
