"""Problems: what a request is told when it cannot be served, in the shape that clients of its surface read.

A problem is raised anywhere below a route; `answer` writes it. Clients of the events and runs surface read `detail`, clients of
executions `message`; all others get both words in one small object. No stack, path or query ever leaves the server.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response

from runwright.errors import (
    EventTaken,
    FileMissing,
    FilesError,
    FlowError,
    IllegalTransition,
    KeyTaken,
    LeaseHeld,
    LeaseLost,
    NotOnRecord,
    QueryError,
    RecordError,
    RunwrightError,
    SettingError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

EXECUTIONS = "/api/v1/"
EVENTS = "/api/"

_STATUS_OF: tuple[tuple[type[RunwrightError], int], ...] = (
    (NotOnRecord, 404),
    (LeaseHeld, 409),
    (LeaseLost, 409),
    (RecordError, 503),
    (FileMissing, 404),
    (FilesError, 422),
    (QueryError, 422),
    (IllegalTransition, 409),
    (KeyTaken, 409),
    (EventTaken, 409),
    (FlowError, 422),
    (SettingError, 422),
)


class Problem(Exception):
    """Why a request is not served: an HTTP status, a word for programs, a sentence for people.

    `places` lists what is wrong in the request's body, each as `{type, loc, msg, input}`; `headers` go with the answer, `more`
    into the body that clients of executions read.
    """

    def __init__(
        self,
        status: int,
        message: str,
        code: str = "",
        *,
        places: list[dict[str, Any]] | None = None,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        """Hold all of it."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code or HTTPStatus(status).name.lower()
        self.places = places
        self.headers = dict(headers or {})
        self.more = dict(more or {})


def problem_from(error: RunwrightError) -> Problem:
    """Return what a request is told of an error that Runwright raised on purpose."""
    status = next((status for kind, status in _STATUS_OF if isinstance(error, kind)), 500)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return Problem(status, "The record cannot be used now: try again.", "record_unavailable")
    return Problem(status, str(error), type(error).__name__)


def answer(problem: Problem, path: str, request_id: str = "") -> Response:
    """Return the response that says what is wrong, in the shape of the surface that `path` belongs to."""
    body = _body_of(problem, path)
    if request_id and problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        body["request_id"] = request_id
    return Response(msgspec.json.encode(body), problem.status, problem.headers, "application/json")


def _body_of(problem: Problem, path: str) -> dict[str, Any]:
    if path.startswith(EXECUTIONS):
        embedded = {"errors": [{"message": problem.message}]}
        return {"message": problem.message, "_links": {}, "_embedded": embedded, **problem.more}
    if path.startswith(EVENTS):
        if problem.places is not None:
            return {
                "exception_message": problem.message,
                "exception_detail": problem.places,
                "request_body": None,
            }
        return {"detail": problem.message}
    return {"code": problem.code, "message": problem.message}
