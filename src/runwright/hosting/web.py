"""Web: the answer of a web server as a value, for expressions. Needs the extra `runwright[http]`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from runwright.errors import RunwrightError
from runwright.runnables.http import http_library

if TYPE_CHECKING:
    from collections.abc import Mapping

SECONDS = 10.0
LONGEST = 1024 * 1024
MOST_REDIRECTS = 3

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_FIRST_REFUSAL = 400


def fetch(
    uri: str,
    method: str = "GET",
    query: Mapping[str, Any] | None = None,
    body: Any = None,
    contentType: str | None = None,  # noqa: N803  as flows write it
    headers: Mapping[str, Any] | None = None,
    accept: str | None = None,
) -> Any:
    """Return the body that a web server answers with: the value of JSON, else the text.

    Raises `MissingExtra`, and `RunwrightError` for a status of 400 and more, an answer of more than 1 MiB, and one that takes
    over 10 seconds.
    """
    library = http_library()
    if not isinstance(uri, str) or not uri.startswith(("http://", "https://")):
        raise RunwrightError(f"{uri!r} is no address of a web server: it begins with http:// or https://")
    if not isinstance(method, str) or method.upper() not in _METHODS:
        raise RunwrightError(f"There is no method {method!r}: it may be {', '.join(_METHODS)}")
    content, kind = _content(body, contentType)
    sent = {
        **({"Content-Type": kind} if kind else {}),
        **({"Accept": accept} if accept else {}),
        **{str(name): str(value) for name, value in (headers or {}).items()},
    }
    try:
        with (
            library.Client(timeout=SECONDS, follow_redirects=True, max_redirects=MOST_REDIRECTS) as client,
            client.stream(
                method.upper(), uri, params=dict(query or {}) or None, content=content, headers=sent
            ) as answer,
        ):
            data = _read(uri, answer)
    except (library.HTTPError, library.InvalidURL) as error:
        raise RunwrightError(f"{uri} gave no answer: {error or type(error).__name__}") from error
    text = data.decode(answer.charset_encoding or "utf-8", "replace")
    if answer.status_code >= _FIRST_REFUSAL:
        raise RunwrightError(f"{uri} answered {answer.status_code}: {text[:200]}")
    return _value(text, answer.headers.get("content-type", ""))


def _content(body: Any, content_type: str | None) -> tuple[bytes | None, str | None]:
    if body is None:
        return None, content_type
    if isinstance(body, str):
        return body.encode(), content_type
    return json.dumps(body).encode(), content_type or "application/json"


def _read(uri: str, answer: Any) -> bytes:
    data = bytearray()
    for chunk in answer.iter_bytes():
        data += chunk
        if len(data) > LONGEST:
            raise RunwrightError(f"{uri} answered with more than {LONGEST} bytes: let a task download it")
    return bytes(data)


def _value(text: str, content_type: str) -> Any:
    if "json" not in content_type:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
