"""URLs: how the URL of a record is shown."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit


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
