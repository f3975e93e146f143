"""Served: a record that a server has, read over HTTP by its address. It keeps nothing; flows do not run on it.

Every read is one request. A connection is kept for each thread, and made again when the server has closed it.
"""

from __future__ import annotations

import http.client
import os
import stat
import threading
import time
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from runwright import decoding, errors
from runwright.errors import RecordError, RecordUnreachable, RecordUnreadable
from runwright.record_calls import ASK, BEGINNINGS, CALLS, CHANGE_TAGS, MEDIA_TYPE, PATH, WRITES, Refusal
from runwright.stores.urls import runs_nothing
from runwright.views import EventFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from urllib.parse import SplitResult
    from uuid import UUID

    from runwright.events import Event
    from runwright.record_calls import Call
    from runwright.request import Request

KEY = "RUNWRIGHT_API_KEY"
_KEY_FILE = "server/api-key"
_SECONDS = 60.0
_PAGE = 5_000
_LOOK = 0.25
_UNAUTHORIZED, _FORBIDDEN, _OK = 401, 403, 200


class ServedRecord:
    """The record behind an address such as `http://127.0.0.1:4200`.

    The key is that of `RUNWRIGHT_API_KEY`; on this machine also the one that a server keeps in `home`.
    """

    def __init__(self, url: str, home: Path | None = None) -> None:
        """Look whether a server answers there; raises `RecordUnreachable`, and `RecordUnreadable` without the right key."""
        self._parts = urlsplit(url)
        if not _is_whole(self._parts):
            raise RecordUnreadable(
                f"{url!r} is no address of a server: give one such as http://127.0.0.1:4200, the key in {KEY}."
            )
        self.url = f"{self._parts.scheme}://{self._parts.netloc}{self._parts.path.rstrip('/')}"
        self._key = os.environ.get(KEY) or (_kept_key(home) if home and _is_here(self._parts.hostname or "") else None)
        if self._key and not (self._key.isascii() and self._key.isprintable()):
            raise RecordUnreadable(f"The key in {KEY} has characters that no key has: copy it again.")
        self._local = threading.local()
        try:
            self._call("now", CALLS["now"], {})
        except RecordError:
            self.close()
            raise

    def __getattr__(self, name: str) -> Any:
        """Return a call of the tables; what else a record can do is refused."""
        call = CALLS.get(name) or WRITES.get(name) or BEGINNINGS.get(name)
        if call is None:
            if name.startswith("__"):
                raise AttributeError(name)
            return self._refuse
        return self._method(name, call)

    def ask(self, request: Request) -> Request:
        """Keep a request, and return it with the time it came; the server sees that it is heeded."""
        return self._call("ask", ASK, {"request": request})

    def change_tags(
        self, task_runs: Sequence[UUID], add: Sequence[str] = (), remove: Sequence[str] = (), *, by: str = ""
    ) -> int:
        """Change the tags of task runs, and return how many of those have changed."""
        given = {"task_runs": list(task_runs), "add": list(add), "remove": list(remove), "by": by}
        return self._call("change_tags", CHANGE_TAGS, given)

    def iterate_events(self, flow_run: UUID | None = None) -> Iterator[Event]:
        """Yield all events of a flow run, or of the record, oldest first."""
        cursor = 0
        while page := self._read_events(EventFilter(cursor, flow_run, limit=_PAGE)):
            yield from page
            cursor = page[-1].cursor

    def await_events(self, after: int, seconds: float) -> int:
        """Return the last cursor as soon as it is beyond `after`, or after so many seconds what it is then."""
        end = time.monotonic() + seconds
        while True:
            newest = self._read_events(EventFilter(limit=1, newest_first=True))
            cursor = newest[0].cursor if newest else 0
            if cursor > after or time.monotonic() >= end:
                return cursor
            time.sleep(min(_LOOK, max(0.0, end - time.monotonic())))

    def close(self) -> None:
        """Let go of the connection of this thread."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            del self._local.connection

    # ---- the wire

    def _method(self, name: str, call: Call) -> Callable[..., Any]:
        names = call.arguments.__struct_fields__

        def method(*arguments: Any, **named: Any) -> Any:
            return self._call(name, call, {**dict(zip(names, arguments, strict=False)), **named})

        return method

    def _read_events(self, which: EventFilter) -> list[Event]:
        return self._call("events", CALLS["events"], {"which": which})

    def _call(self, name: str, call: Call, arguments: dict[str, Any]) -> Any:
        try:
            body = msgspec.msgpack.encode(call.arguments(**arguments))
            status, answer = self._send(f"{self._parts.path.rstrip('/')}{PATH}/{name}", body)
        except (OSError, http.client.HTTPException) as error:
            raise RecordUnreachable(
                f"The server {self.url} does not answer ({error}): check that it runs, and the address."
            ) from error
        if status != _OK:
            raise self._error(status, answer)
        try:
            return decoding.from_msgpack(answer, call.answer)
        except msgspec.MsgspecError:
            raise self._stranger(status) from None

    def _send(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Return status and body of an answer; a connection that the server has closed meanwhile is made once again."""
        headers = {"Content-Type": MEDIA_TYPE, "Accept": MEDIA_TYPE}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        known = getattr(self._local, "connection", None)
        for connection in [known] if known is not None else []:
            try:
                return _exchange(connection, path, body, headers)
            except (OSError, http.client.HTTPException):
                self.close()
        self._local.connection = self._connect()
        return _exchange(self._local.connection, path, body, headers)

    def _connect(self) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
        return kind(self._parts.hostname or "", self._parts.port, timeout=_SECONDS)

    def _error(self, status: int, answer: bytes) -> Exception:
        if status == _FORBIDDEN:
            return RecordUnreadable(f"The key for {self.url} may not do this: set {KEY} to one with a role that may.")
        if status == _UNAUTHORIZED:
            why = "takes another key" if self._key else "asks for a key"
            return RecordUnreadable(f"The server {self.url} {why}: set {KEY} to one that may do this.")
        try:
            told = decoding.from_msgpack(answer, Refusal)
        except msgspec.MsgspecError:
            return self._stranger(status)
        if told.error == ValueError.__name__:
            return ValueError(told.message)
        kind = getattr(errors, told.error, None)
        if isinstance(kind, type) and issubclass(kind, errors.RunwrightError):
            return kind(told.message)
        return RecordError(told.message)

    def _stranger(self, status: int) -> RecordUnreadable:
        return RecordUnreadable(
            f"{self.url} is no server of Runwright, or one of another version: it answered {status}, and not what was asked."
        )

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise runs_nothing(self.url)


def _exchange(
    connection: http.client.HTTPConnection, path: str, body: bytes, headers: dict[str, str]
) -> tuple[int, bytes]:
    connection.request("POST", path, body, headers)
    response = connection.getresponse()
    return response.status, response.read()


def _is_whole(parts: SplitResult) -> bool:
    """Say whether an address has a host, a port that there can be, and no user."""
    try:
        return bool(parts.hostname) and not parts.username and parts.port != 0
    except ValueError:
        return False


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _kept_key(home: Path) -> str | None:
    """Return the key that a server of this home keeps, if nobody else can read it."""
    path = home / _KEY_FILE
    try:
        is_private = not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
        return path.read_text("utf-8").strip() if is_private else None
    except (OSError, UnicodeDecodeError):
        return None
