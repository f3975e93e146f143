"""Auth: who is asking, and what they may do. One gate for HTTP and websockets.

A key is sent as a bearer token or as the password of basic authentication, never in a URL. The gate knows keys by their
SHA-256 only, and compares all of them in constant time. Without any key the gate is open: such a server answers on loopback
only, which `runwright.server.serving` sees to.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import time
from collections import deque
from enum import IntEnum
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from runwright.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from runwright.server.kept_keys import KeptKeys

LONGEST_KEY = 4_096
FAILURES_PER_MINUTE = 10

_MINUTE = 60.0
_ADDRESSES_KEPT = 10_000
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="runwright", Basic realm="runwright"'}


class Role(IntEnum):
    """What a principal may do; each may do what those before may. ANYONE needs no key."""

    ANYONE = 0
    VIEWER = 1
    """Reads runs, flows, logs and events."""
    OPERATOR = 2
    """Starts and controls runs."""
    AUTHOR = 3
    """Registers flows, keeps key-values, sends events."""
    ADMIN = 4
    """Does everything."""


class Principal(msgspec.Struct, frozen=True):
    """Who asks: a name for the audit, the role, and the name of the kept key that lets them in, if one does."""

    name: str
    role: Role
    key: str = ""


class ApiKey(msgspec.Struct, frozen=True):
    """A key as the server keeps it: its digest, and whose it is."""

    digest: bytes
    principal: Principal

    @classmethod
    def from_text(cls, key: str, principal: Principal) -> ApiKey:
        """Return what is kept of a key's text."""
        return cls(digest_of(key), principal)


class Gate:
    """Says who a request comes from. `keys` empty: everybody is an admin, for a server that only this machine reaches.

    `kept` are the keys that the record knows besides.
    """

    def __init__(
        self, keys: Iterable[ApiKey] = (), *, kept: KeptKeys | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Hold the keys; `now` (s) is the clock that failures are counted by."""
        self.keys = tuple(keys)
        self._kept = kept
        self._failures = Failures(now)

    @property
    def is_open(self) -> bool:
        """Say whether no key is asked for."""
        return not self.keys

    def principal_from_header(self, header: str | None, address: str = "") -> Principal | None:
        """Return who an Authorization header stands for, None without one; raises `Problem` 401 or 429."""
        if self.is_open:
            return LOCAL
        if not header:
            return None
        return self.principal_from_key(key_from_header(header), address)

    def principal_from_key(self, key: str | None, address: str = "") -> Principal:
        """Return whose key it is; raises `Problem` 401 for one that is unknown, 429 after too many of those."""
        if self.is_open:
            return LOCAL
        self._failures.check(address)
        found = None if key is None else self._find(key)
        if found is None:
            self._failures.add(address)
            raise unauthorized(
                "The key is not known here: send one as a bearer token, or as the password of basic auth."
            )
        return found

    def _find(self, key: str) -> Principal | None:
        digest, found = digest_of(key), None
        for each in self.keys:  # all of them, whichever it is
            if hmac.compare_digest(each.digest, digest):
                found = each.principal
        return found if found is not None or self._kept is None else self._kept.principal_from_key(key)

    def knows(self, principal: Principal) -> bool:
        """Say whether somebody who was let in would be let in as before: a key may be revoked, or have expired."""
        return self._kept is None or self._kept.knows(principal)


class Failures:
    """How often each address gave a wrong key in the last minute."""

    def __init__(self, now: Callable[[], float]) -> None:
        """Begin with none."""
        self._now = now
        self._times: dict[str, deque[float]] = {}

    def check(self, address: str) -> None:
        """Raise `Problem` 429 when an address has failed too often."""
        times = self._times.get(address)
        while times and times[0] <= self._now() - _MINUTE:
            times.popleft()
        if times and len(times) >= FAILURES_PER_MINUTE:
            wait = max(1, int(times[0] + _MINUTE - self._now()))
            raise Problem(429, f"Too many wrong keys: try again in {wait} s.", headers={"Retry-After": str(wait)})

    def add(self, address: str) -> None:
        """Count a failure; the address that failed longest ago is forgotten when there are too many."""
        if address not in self._times and len(self._times) >= _ADDRESSES_KEPT:
            del self._times[next(iter(self._times))]
        self._times.setdefault(address, deque()).append(self._now())


LOCAL = Principal("local", Role.ADMIN)


def digest_of(key: str) -> bytes:
    """Return the SHA-256 of a key."""
    return sha256(key.encode("utf-8", "surrogateescape")).digest()


def key_from_header(header: str) -> str | None:
    """Return the key that an Authorization header carries, None for one that carries none."""
    scheme, _, value = header.strip().partition(" ")
    value = value.strip()
    if not value or len(value) > LONGEST_KEY:
        return None
    if scheme.lower() == "bearer":
        return value
    if scheme.lower() != "basic":
        return None
    try:
        user_and_password = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user_and_password.partition(":")[2] or None


def key_from_auth_string(text: str) -> str:
    """Return the key in what a websocket client sends as its token: the key, or `user:key`."""
    return text.partition(":")[2] or text


def unauthorized(message: str) -> Problem:
    """Return the problem of a request that needs a key."""
    return Problem(401, message, headers=_CHALLENGE)
