"""Execution inputs: what a request brings for a new execution: inputs in a form, with files read, and when and what to run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.clock import from_datetime
from runwright.executions.uploads import Upload
from runwright.server.execution_terms import moment_in
from runwright.server.multipart import read_form
from runwright.server.problems import Problem

if TYPE_CHECKING:
    from starlette.requests import Request

_LONGEST_NUMBER = 9


async def read_inputs(request: Request) -> dict[str, Any]:
    """Return texts and uploads by the id of their input; raises `Problem` as `read_form`."""
    async with read_form(request) as form:
        given: dict[str, Any] = dict(form.texts)
        for name, sent in form.files.items():
            given[name] = Upload(sent.name or name, b"".join([chunk async for chunk in sent.chunks()]))
        return given


def due_in(request: Request) -> int | None:
    """Return the time (ns) that `scheduleDate` says; raises `Problem` 422 for none."""
    text = request.query_params.get("scheduleDate")
    return from_datetime(moment_in("scheduleDate", text)) if text else None


def revision_in(request: Request) -> int | None:
    """Return the number that `revision` says; raises `Problem` 422 for no number."""
    text = request.query_params.get("revision")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > _LONGEST_NUMBER:
        raise Problem(422, "Illegal argument: revision must be a number.")
    return int(text)
