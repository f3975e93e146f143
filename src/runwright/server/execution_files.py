"""Execution files: the files that an execution was given or has written, over REST: their content, size and first lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import StreamingResponse

from runwright.errors import FileMissing
from runwright.hosting.locations import execution_prefix
from runwright.server.bodies import json_answer
from runwright.server.problems import Problem
from runwright.server.routes import get

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from starlette.requests import Request
    from starlette.responses import Response

    from runwright.drive import FileInfo
    from runwright.executions.service import ExecutionService
    from runwright.server.routes import GuardedRoute

PREVIEW_ROWS = 100
MOST_PREVIEW_ROWS = 1_000
MOST_PREVIEW_BYTES = 1 << 20

_CHUNK = 1 << 16
_ROWS = frozenset({"ion", "jsonl", "ndjson"})
_IMAGES = frozenset({"png", "jpg", "jpeg", "gif", "webp", "svg"})


class ExecutionFiles:
    """The endpoints."""

    def __init__(self, service: ExecutionService) -> None:
        """Read the drive of a service."""
        self._service = service

    def routes(self, one: str) -> list[GuardedRoute]:
        """Return the routes below the path of one execution."""
        return [
            get(f"{one}/file", self.content),
            get(f"{one}/file/metas", self.info),
            get(f"{one}/file/preview", self.preview),
        ]

    def content(self, request: Request) -> Response:
        """Return the content of a file."""
        content = self._open(self._find(request))
        return StreamingResponse(chunks_of(content), media_type="application/octet-stream")

    def info(self, request: Request) -> Response:
        """Return the size of a file."""
        return json_answer({"size": self._find(request).size})

    def preview(self, request: Request) -> Response:
        """Return the first rows of a file of rows, or the beginning of a text; `truncated` says whether there is more."""
        info = self._find(request)
        extension = info.uri.rpartition("/")[2].rpartition(".")[2].lower()
        with self._open(info) as content:
            start = content.read(MOST_PREVIEW_BYTES)
        if extension in _IMAGES:
            raise Problem(422, "There is no preview of images: read the file itself.")
        most = _rows_asked_for(request)
        lines = start.decode("utf-8", "replace").splitlines()
        is_whole = info.size <= len(start) and len(lines) <= most
        shown = lines[:most]
        found: dict[str, Any] = {"extension": extension, "truncated": not is_whole, "maxLine": most}
        if extension in _ROWS:
            return json_answer({**found, "type": "LIST", "content": [_row_in(line) for line in shown if line.strip()]})
        return json_answer({**found, "type": "TEXT", "content": "\n".join(shown)})

    # ---- what they share

    def _open(self, info: FileInfo) -> BinaryIO:
        return self._service.host.drive.open(info.uri)

    def _find(self, request: Request) -> FileInfo:
        """Return the file that a request names; raises `Problem` 422 for one of another execution, `FileMissing` for none."""
        row = self._service.find(request.path_params["id"])
        uri = request.query_params.get("path", "")
        namespace, _, flow_id = row.flow_name.partition("/")
        prefixes = [execution_prefix(namespace, flow_id, str(row.id))]
        if not uri.startswith(prefixes[0]):
            prefixes += [execution_prefix(*place) for place in self._service.executions.relatives(str(row.id))]
        if not uri.startswith(tuple(prefixes)) or "/../" in f"{uri}/":
            raise Problem(422, "Illegal argument: the file is none of this execution.")
        info = self._service.host.drive.find(uri)
        if info is None:
            raise FileMissing(f"There is no file {uri}.")
        return info


def chunks_of(content: BinaryIO) -> Iterator[bytes]:
    """Yield the content of a file, and close it."""
    with content:
        while chunk := content.read(_CHUNK):
            yield chunk


def _rows_asked_for(request: Request) -> int:
    text = request.query_params.get("maxRows") or str(PREVIEW_ROWS)
    if not text.isascii() or not text.isdigit() or int(text[:9]) < 1:
        raise Problem(422, "Illegal argument: maxRows must be a number from 1.")
    return min(int(text[:9]), MOST_PREVIEW_ROWS)


def _row_in(line: str) -> Any:
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return line
