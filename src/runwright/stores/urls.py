"""URLs: how the URL of a record is shown, and which is the address of a server."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from runwright.errors import RecordError


def without_password(url: str) -> str:
    """Return a URL without its passwords; what is not one of a server is returned as it is."""
    if not url.startswith(("postgresql://", "postgres://")):
        return url
    try:
        parts = urlsplit(url)
    except ValueError:  # what is no URL is shown by its scheme alone, for it may hold anything
        return url.partition("://")[0] + "://..."
    user, at, host = parts.netloc.rpartition("@")
    query = urlencode([pair for pair in parse_qsl(parts.query) if "password" not in pair[0]], safe="/,")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}{at}{host}", query=query))


def is_address(url: str) -> bool:
    """Say whether a URL is the address of a server."""
    return url.startswith(("http://", "https://"))


def runs_nothing(url: str) -> RecordError:
    """Return what is wrong with running flows, and doing what else takes the database, on the record that a server has."""
    return RecordError(
        f"The record behind {url} is read and steered only: `runwright flow start NAME` has the server run a flow. What runs flows "
        "itself, and what is not among those commands, needs the database: let RUNWRIGHT_RECORD name that."
    )
