"""Execution inputs: what a form brings for the inputs of an execution, with its files read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.executions.runner import Upload
from runwright.server.multipart import read_form

if TYPE_CHECKING:
    from starlette.requests import Request


async def read_inputs(request: Request) -> dict[str, Any]:
    """Return texts and uploads by the id of their input; raises `Problem` as `read_form`."""
    async with read_form(request) as form:
        given: dict[str, Any] = dict(form.texts)
        for name, sent in form.files.items():
            given[name] = Upload(sent.name or name, b"".join([chunk async for chunk in sent.chunks()]))
        return given
