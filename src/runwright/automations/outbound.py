"""Outbound: requests that automations send, to the web and not to what is behind the server. Needs the extra `runwright[http]`.

A name is resolved once, every address of it is looked at, and the connection goes to the one that was looked at: no answer of a name
server changes where it goes. Redirects are not followed. Addresses that are not public are refused, unless the host is allowed.
"""

from __future__ import annotations

import socket
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from runwright.errors import RunwrightError
from runwright.runnables.http import http_library

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    Resolve = Callable[[str, int], Collection[str]]

SECONDS = 10.0
LONGEST_TEXT = 200

_PORTS = {"http": 80, "https": 443}
_LEAST_PORT = 1_024
_FIRST_REFUSAL = 300


class Refused(RunwrightError):
    """A request was not sent, or not taken."""


class Target(NamedTuple):
    """Where a request goes: the address that was looked at, and what it is called."""

    url: str
    address: str
    host: str
    port: int


def send(
    method: str,
    url: str,
    headers: Mapping[str, str],
    content: bytes,
    *,
    allowed: Collection[str] = (),
) -> int:
    """Send a request and return the status of its answer; raises `Refused` for all but a status from 200 to 299.

    `allowed` are hosts (`name` or `name:port`) that may be anywhere.
    """
    library = http_library()
    target = target_of(url, allowed=allowed)
    parts = urlsplit(target.url)
    where = f"[{target.address}]" if ":" in target.address else target.address
    pinned = parts._replace(netloc=f"{where}:{target.port}").geturl()
    default = _PORTS[parts.scheme] == target.port
    named = target.host if default else f"{target.host}:{target.port}"
    try:
        with library.Client(timeout=SECONDS, follow_redirects=False, trust_env=False) as client:
            request = client.build_request(
                method,
                pinned,
                headers={**headers, "Host": named},
                content=content,
                extensions={"sni_hostname": target.host},
            )
            answer = client.send(request, stream=True)
            status = answer.status_code
            answer.close()
    except (library.HTTPError, library.InvalidURL) as error:
        raise Refused(f"{target.host} gave no answer: {error or type(error).__name__}") from error
    if status >= _FIRST_REFUSAL:
        raise Refused(f"{target.host} answered {status}.")
    return status


def target_of(url: str, *, allowed: Collection[str] = (), resolve: Resolve | None = None) -> Target:
    """Return where a request to a URL goes; raises `Refused` for what is no address of a web server, or not a public one."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        raise Refused(f"{url[:LONGEST_TEXT]!r} is no address of a web server.") from None
    host = (parts.hostname or "").rstrip(".").lower()
    if parts.scheme not in _PORTS or not host or parts.username is not None or parts.password is not None:
        raise Refused(
            f"{url[:LONGEST_TEXT]!r} is no address that automations send to: it begins with http:// or https://, and names "
            "a host and no user."
        )
    is_allowed = not {host, f"{host}:{port}"}.isdisjoint(allowed)
    if not is_allowed and port not in _PORTS.values() and port < _LEAST_PORT:
        raise Refused(f"Automations do not send to port {port}.")
    try:
        addresses = sorted((resolve or _resolve)(host, port))
    except OSError as error:
        raise Refused(f"{host} cannot be found: {error}") from error
    if not addresses:
        raise Refused(f"{host} cannot be found.")
    hidden = [each for each in addresses if not is_public(each)]
    if hidden and not is_allowed:
        raise Refused(
            f"{host} is {hidden[0]}, which is no public address: name it in the setting automation_hosts if automations may "
            "send there."
        )
    return Target(url, addresses[0], host, port)


def is_public(text: str) -> bool:
    """Say whether an address belongs to the public network."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is not None:
            return is_public(str(inner))
    return address.is_global and not address.is_multicast


def _resolve(host: str, port: int) -> set[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return {str(each[4][0]) for each in found}
