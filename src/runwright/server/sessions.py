"""Sessions: browsers that have signed in, known by a cookie instead of a key.

A one-time code, printed when the server starts, or the key itself lets a browser in. Sessions live in the memory of the server, which
keeps only their digests; they end after a day without use, with a sign-out, or with the server. What a session may change, it
must ask for from a page of the server itself: the cookie is never sent from another site, and `admit` looks too.
"""

from __future__ import annotations

import hmac
import secrets
import time
from typing import TYPE_CHECKING, NamedTuple

from runwright.server.auth import LOCAL, Principal, digest_of

if TYPE_CHECKING:
    from collections.abc import Callable

COOKIE = "runwright_session"
IDLE_SECONDS = 24 * 3_600.0
CODE_SECONDS = 15 * 60.0
MOST_SESSIONS = 1_000


class _Session(NamedTuple):
    principal: Principal
    ends: float


class Sessions:
    """The browsers that are signed in. `now` (s) is the clock that they end by."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        """Begin with none."""
        self._now = now
        self._sessions: dict[bytes, _Session] = {}
        self._codes: dict[bytes, _Session] = {}

    def make_code(self, principal: Principal = LOCAL) -> str:
        """Return a code that lets one browser in as somebody, once, within a quarter of an hour."""
        code = secrets.token_urlsafe(32)
        self._codes[digest_of(code)] = _Session(principal, self._now() + CODE_SECONDS)
        return code

    def redeem(self, code: str) -> str | None:
        """Return a new session for a code, which is worth nothing after that; None for one that is worth nothing."""
        wanted = digest_of(code)
        found = next((each for each in self._codes if hmac.compare_digest(each, wanted)), None)
        held = self._codes.pop(found) if found is not None else None
        return self.begin(held.principal) if held is not None and held.ends > self._now() else None

    def begin(self, principal: Principal) -> str:
        """Return the text of a new session's cookie; the session that began first ends when there are too many."""
        while len(self._sessions) >= MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        text = secrets.token_urlsafe(32)
        self._sessions[digest_of(text)] = _Session(principal, self._now() + IDLE_SECONDS)
        return text

    def principal_of(self, text: str | None) -> Principal | None:
        """Return who a cookie stands for, None for nobody; using a session keeps it."""
        if not text:
            return None
        digest = digest_of(text)
        session = self._sessions.get(digest)
        if session is None or session.ends <= self._now():
            self._sessions.pop(digest, None)
            return None
        self._sessions[digest] = session._replace(ends=self._now() + IDLE_SECONDS)
        return session.principal

    def end(self, text: str | None) -> None:
        """End a session."""
        if text:
            self._sessions.pop(digest_of(text), None)
