"""Bodies: JSON that requests bring, read into what a route declares, and JSON that answers are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from starlette.responses import Response

from runwright import decoding
from runwright.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    Read = TypeVar("Read")

_DEEPEST = 64


async def read_json(request: Request, kind: type[Read], default: Read | None = None) -> Read:
    """Return the request's body as a `kind`; an empty one as `default`, where there is one.

    Raises `Problem` 422 with the place of what does not fit, 400 for what is no JSON.
    """
    body = await request.body()
    if not body and default is not None:
        return default
    return decoded(body, kind)


def decoded(body: bytes | str, kind: type[Read]) -> Read:
    """Return JSON as a `kind`; raises `Problem` 422 with the place of what does not fit, 400 for what is no JSON."""
    try:
        return decoding.from_json(body, kind)
    except msgspec.ValidationError as error:
        raise Problem(422, "Invalid request received.", places=[_place_of(str(error))]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Problem(400, "The body is no JSON that can be read.") from None


def check_depth(value: Any, depth: int = 0) -> None:
    """Raise `Problem` 400 for data of users that is nested too deeply to be kept."""
    if depth > _DEEPEST:
        raise Problem(400, f"The body is nested deeper than {_DEEPEST} levels.")
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        check_depth(each, depth + 1)


def json_answer(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a response with `content` as JSON."""
    return Response(msgspec.json.encode(content), status, headers, "application/json")


def empty_answer(status: int = 204) -> Response:
    """Return a response without a body."""
    return Response(status_code=status)


def _place_of(text: str) -> dict[str, Any]:
    """Return what msgspec says as event clients read it: the place as a list, from the body down."""
    message, _, place = text.partition(" - at `$")
    parts = [part.rstrip("]") for part in place.rstrip("`").replace("[", ".").split(".") if part]
    return {
        "type": "value_error",
        "loc": ["body", *(int(part) if part.isdigit() else part for part in parts)],
        "msg": message,
        "input": None,
    }
