"""HTTP options: what tasks that send requests may say about time limits, authentication, certificates and answers.

Older names of options are options here too; those that only tuned the client of another system have no effect.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from runwright import decoding
from runwright.errors import RunnableFailed, did_you_mean
from runwright.runnables.rendering import as_text, entries_of
from runwright.spec.durations import parse_duration

if TYPE_CHECKING:
    from runwright.scope import Scope

MEGABYTE = 1 << 20

_TEXTS = ("user", "username", "password", "token", "address")


class _Options(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A part of the options."""


class Timeouts(_Options, frozen=True, kw_only=True):
    """How long to wait: for a connection, and for the next bytes of the answer."""

    connect_timeout: timedelta | None = None
    read_idle_timeout: timedelta | None = None


class Auth(_Options, frozen=True, kw_only=True):
    """Who asks: a name and a password, or a token."""

    type: Literal["BASIC", "BEARER"] = "BASIC"
    username: str = ""
    password: str = ""
    token: str = ""


class Ssl(_Options, frozen=True, kw_only=True):
    """How certificates are checked."""

    insecure_trust_all_certificates: bool = False


class Proxy(_Options, frozen=True, kw_only=True):
    """The server that requests go through."""

    type: Literal["DIRECT", "HTTP", "SOCKS"] = "HTTP"
    address: str = ""
    port: int | None = None
    username: str = ""
    password: str = ""


class Options(_Options, frozen=True, kw_only=True):
    """All that can be said about a request."""

    timeout: Timeouts = Timeouts()
    auth: Auth | None = None
    ssl: Ssl = Ssl()
    proxy: Proxy | None = None
    follow_redirects: bool = True
    max_redirects: int = 5
    allow_failed: bool = False
    allowed_response_codes: tuple[int, ...] = ()
    max_content_length: int | None = None
    default_charset: str = "UTF-8"
    connect_timeout: timedelta | None = None
    read_timeout: timedelta | None = None
    read_idle_timeout: timedelta | None = None
    basic_auth_user: str = ""
    basic_auth_password: str = ""
    connection_pool_idle_timeout: Any = None
    logs: Any = None
    log_level: Any = None

    @property
    def connect_seconds(self) -> float:
        """Return how long to wait for a connection."""
        return _seconds(self.timeout.connect_timeout or self.connect_timeout, 30.0)

    @property
    def read_seconds(self) -> float:
        """Return how long to wait for the next bytes."""
        return _seconds(self.timeout.read_idle_timeout or self.read_idle_timeout or self.read_timeout, 300.0)

    @property
    def who(self) -> Auth | None:
        """Return who asks."""
        if self.auth is None and self.basic_auth_user:
            return Auth(username=self.basic_auth_user, password=self.basic_auth_password)
        return self.auth

    @property
    def proxy_url(self) -> str | None:
        """Return the address of the proxy, None for what the environment says."""
        if self.proxy is None or self.proxy.type == "DIRECT" or not self.proxy.address:
            return None
        scheme = "socks5" if self.proxy.type == "SOCKS" else "http"
        port = "" if self.proxy.port is None else f":{self.proxy.port}"
        return f"{scheme}://{self.proxy.address}{port}"

    def is_allowed(self, code: int) -> bool:
        """Say whether an answer with this code is no failure."""
        return code < 400 or self.allow_failed or code in self.allowed_response_codes  # noqa: PLR2004  as HTTP has it


def options_of(scope: Scope, written: dict[str, Any]) -> Options:
    """Return the options of a task; raises `RunnableFailed` for one that there is not, and for values that are none."""
    given = _with_seconds(entries_of(scope, written, "options"))
    try:
        return decoding.from_plain(given, Options, strict=False)
    except (msgspec.ValidationError, ValueError) as refused:
        unknown = str(refused).partition("unknown field `")[2].partition("`")[0]
        near = (
            did_you_mean(unknown, [field.encode_name for field in msgspec.structs.fields(Options)]) if unknown else ""
        )
        raise RunnableFailed(f"options: {refused}.{near}") from refused


def _with_seconds(given: dict[str, Any]) -> dict[str, Any]:
    """Return options with durations in the place of their texts, and texts where a name or password was written as a number."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        if isinstance(value, dict):
            found[name] = _with_seconds(value)
        elif name.lower().endswith(_TEXTS) and value is not None:
            found[name] = as_text(value)
        elif name.endswith("Timeout") and isinstance(value, str):
            try:
                found[name] = parse_duration(value)
            except ValueError as refused:
                raise RunnableFailed(f"options: {name}: {refused}.") from refused
        else:
            found[name] = value
    return found


def _seconds(duration: timedelta | None, default: float) -> float:
    return default if duration is None else max(duration.total_seconds(), 0.001)
