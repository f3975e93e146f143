"""Multipart: the inputs that a request brings as a form: texts, and files that are named by the id of their input.

A file part is named by its input, or `files` with the input's id as its file name. A file name never becomes a path here.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException

from runwright.server import limits
from runwright.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

MOST_FILES = 100
MOST_TEXTS = 1_000
TYPE = "multipart/form-data"

_ANY_INPUT = "files"
_CHUNK = 64 * 1024


class SentFile(NamedTuple):
    """A file of a form, still to be read; `name` is what its sender calls it, without folders."""

    name: str
    size: int
    content: UploadFile

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the bytes of the file."""
        while chunk := await self.content.read(_CHUNK):
            yield chunk


class Form(NamedTuple):
    """What a form brought, by the id of the input."""

    texts: dict[str, str]
    files: dict[str, SentFile]


@asynccontextmanager
async def read_form(request: Request) -> AsyncIterator[Form]:
    """Give the inputs of a request, none for one without a body; the files are there until the block ends.

    Raises `Problem` 415 for a body that is no form, 400 for one that is damaged or has too many parts.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != TYPE:
        if await request.body():
            raise Problem(415, f"Inputs are sent as {TYPE}.")
        yield Form({}, {})
        return
    try:
        form = await request.form(max_files=MOST_FILES, max_fields=MOST_TEXTS, max_part_size=limits.MEBIBYTE)
    except HTTPException as error:
        raise Problem(400, f"The form cannot be read: {error.detail}") from None
    except MultiPartException as error:
        raise Problem(400, f"The form cannot be read: {error.message}") from None
    try:
        yield _inputs_of(form)
    finally:
        await form.close()


def _inputs_of(form: FormData) -> Form:
    texts: dict[str, str] = {}
    files: dict[str, SentFile] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            sent = SentFile(_bare(value.filename), value.size or 0, value)
            files[sent.name if name == _ANY_INPUT and sent.name else name] = sent
        else:
            texts[name] = value
    return Form(texts, files)


def _bare(name: str | None) -> str:
    """Return a file name without the folders that its sender put before it."""
    return (name or "").replace("\\", "/").rpartition("/")[2].replace("\x00", "")
