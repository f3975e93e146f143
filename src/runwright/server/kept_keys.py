"""Kept keys: the API keys that a record knows, each with a name, a role and perhaps an end. Their texts are shown once and kept nowhere.

A gate asks here for every key that is not the admin's. What it is told is a second old at most: a key that was revoked, or has
expired, opens nothing after that.
"""

from __future__ import annotations

import hmac
import re
import secrets
import threading
import time
from typing import TYPE_CHECKING

import msgspec

from runwright import clock, decoding
from runwright.cards import Card
from runwright.errors import KeyTaken, NotOnRecord, SettingError
from runwright.server.auth import Principal, Role, digest_of
from runwright.server.keys import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.store import Store

KIND = "api key"
OLDEST = 1.0
"""How old (seconds) what a gate knows may be."""

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._@-]{0,62}")
_TAKEN = frozenset({"admin", "local"})
_HINT = len(PREFIX) + 4


class KeptKey(msgspec.Struct, frozen=True):
    """A key as the record keeps it: `digest` is its SHA-256 in hex digits, `hint` how it begins, `expires` (ns) its end, if any."""

    name: str
    role: Role
    digest: str
    hint: str
    by: str
    created: int
    expires: int | None = None

    @property
    def principal(self) -> Principal:
        """Return whose it is."""
        return Principal(self.name, self.role, self.name)


class KeptKeys:
    """The keys of one record. `now` (s) is the clock by which what is known grows old."""

    def __init__(self, record: Store, *, now: Callable[[], float] = time.monotonic) -> None:
        """Read nothing yet."""
        self._record = record
        self._now = now
        self._lock = threading.Lock()
        self._known: dict[str, KeptKey] = {}
        self._read_at: float | None = None

    # ---- for administrators

    def all(self) -> list[KeptKey]:
        """Return all keys, by name."""
        return [decoding.from_plain(each.data, KeptKey) for each in self._record.list_cards(KIND)]

    def create(self, name: str, role: Role, *, by: str, expires: int | None = None) -> tuple[KeptKey, str]:
        """Return a new key and its text, which nobody can find out again; `expires` is in ns.

        Raises `SettingError` for a name that is none, `KeyTaken` for one that another key has.
        """
        if not _NAME.fullmatch(name) or name in _TAKEN:
            raise SettingError(
                f"{name!r:.80} is no name of a key: up to 63 letters, digits, and . _ @ - after the first."
            )
        if role is Role.ANYONE:
            raise SettingError("A key has the role viewer, operator, author or admin.")
        text = PREFIX + secrets.token_urlsafe(32)
        key = KeptKey(name, role, digest_of(text).hex(), text[:_HINT], by, clock.now(), expires)
        if self._record.keep_card(Card(KIND, name, msgspec.to_builtins(key))) is None:
            raise KeyTaken(f"There is a key {name} already: revoke it, or choose another name.")
        self._read_at = None
        return key, text

    def revoke(self, name: str) -> None:
        """Let a key open nothing any more; raises `NotOnRecord`."""
        if not self._record.delete_card(KIND, name):
            raise NotOnRecord(f"There is no key {name}.")
        self._read_at = None

    # ---- for the gate

    def principal_from_key(self, text: str) -> Principal | None:
        """Return whose key it is, None for one that is unknown or has expired."""
        digest, found = digest_of(text).hex(), None
        for each in self._fresh().values():  # all of them, whichever it is
            if hmac.compare_digest(each.digest, digest):
                found = each
        return found.principal if found is not None and _is_valid(found) else None

    def knows(self, principal: Principal) -> bool:
        """Say whether somebody who came in with a kept key may still do the same as then."""
        if not principal.key:
            return True
        key = self._fresh().get(principal.key)
        return key is not None and _is_valid(key) and key.role == principal.role

    def _fresh(self) -> dict[str, KeptKey]:
        with self._lock:
            if self._read_at is None or self._now() - self._read_at >= OLDEST:
                self._known = {each.name: each for each in self.all()}
                self._read_at = self._now()
            return self._known


def _is_valid(key: KeptKey) -> bool:
    return key.expires is None or key.expires > clock.now()
