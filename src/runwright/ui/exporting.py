"""Exporting: all task runs that a search finds, as CSV or as JSON lines, sent while they are read; all lines of a log."""

from __future__ import annotations

import csv
import io
import logging
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from starlette.concurrency import iterate_in_threadpool
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from runwright import clock
from runwright.clock import to_iso
from runwright.errors import NotOnRecord
from runwright.ids import flow_run_of, ordinal_of
from runwright.ui import rows, search
from runwright.ui.search import SearchError
from runwright.ui.selection import Selection, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.requests import Request

    from runwright.events import LogLine
    from runwright.ui.surface import Surface

PAGE = 500
MOST_CHOSEN = 500
COLUMNS = (
    "id", "name", "state", "flow", "flow_run", "flow_run_id", "map_index", "run_count", "start_time", "end_time", "duration",
    "state_message",
)  # fmt: skip
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


async def export(surface: Surface, request: Request) -> Response:
    """Answer with a file; a search that cannot be read is told in plain text."""
    shape = request.path_params["shape"]
    if shape not in _WRITERS:
        return PlainTextResponse(f"There is no export as {shape[:20]}: there are {', '.join(_WRITERS)}.\n", 404)
    try:
        pages = _chosen(surface, request) if "chosen" in request.query_params else _matching(surface, request)
    except (SearchError, ValueError) as error:
        return PlainTextResponse(f"{error}\n", 400)
    kind, write = _WRITERS[shape]
    headers = {"Content-Disposition": f'attachment; filename="task-runs.{shape}"'}
    return StreamingResponse(iterate_in_threadpool(write(pages)), media_type=kind, headers=headers)


def export_logs(surface: Surface, request: Request) -> Response:
    """Answer with all that a run logged as plain text; of one attempt where `attempt` of the query names it."""
    try:
        identity = UUID(request.path_params["id"])
        rows.find_flow_run(surface.views, identity)
    except (ValueError, NotOnRecord):
        return PlainTextResponse("No such run is on this record.\n", 404)
    ordinal = ordinal_of(identity) or None
    attempt = request.query_params.get("attempt", "")
    lines = surface.views.logs(flow_run_of(identity), ordinal)
    text = "".join(_as_text(line) for line in lines if attempt in {"", str(line.attempt)})
    headers = {"Content-Disposition": f'attachment; filename="{identity}.log"'}
    return Response(text.encode("utf-8", "replace"), 200, headers, "text/plain; charset=utf-8")


def _as_text(line: LogLine) -> str:
    return f"{to_iso(line.at)} {logging.getLevelName(line.level)} {line.logger}: {line.message}\n"


def _chosen(surface: Surface, request: Request) -> Iterator[list[dict[str, Any]]]:
    """Return the rows that were chosen as one page, in their order; raises `ValueError` for none, and for what is no id."""
    wanted = [UUID(each) for each in request.query_params.getlist("id")[:MOST_CHOSEN]]
    if not wanted:
        raise ValueError("Nothing is chosen: go back, and choose some rows.")
    return iter([[rows.task_run_row(row) for row in rows_of(surface.views, wanted)]])


def _matching(surface: Surface, request: Request) -> Iterator[list[dict[str, Any]]]:
    """Return all that match as pages, newest first; raises `SearchError`."""
    return _pages(Selection(surface.views, search.parse(request.query_params.get("q", ""), clock.now())))


def _pages(selection: Selection) -> Iterator[list[dict[str, Any]]]:
    after: str | None = ""
    while after is not None:
        page = selection.page(sort="newest", after=after, limit=PAGE)
        yield [rows.task_run_row(row) for row in page.rows]
        after = page.after


def _as_json(pages: Iterator[list[dict[str, Any]]]) -> Iterator[bytes]:
    encoder = msgspec.json.Encoder(enc_hook=str)
    for page in pages:
        yield encoder.encode_lines(page)


def _as_csv(pages: Iterator[list[dict[str, Any]]]) -> Iterator[bytes]:
    yield _written([list(COLUMNS)])
    for page in pages:
        yield _written([[_cell(row, column) for column in COLUMNS] for row in page])


def _written(lines: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue().encode("utf-8", "replace")


def _cell(row: dict[str, Any], column: str) -> str:
    """Return a value as text; what a table program would take for a formula is quoted."""
    value = row[column]["name"] if column in {"flow", "flow_run"} else row[column]
    if not isinstance(value, str):
        return "" if value is None else str(value)
    return f"'{value}" if value.startswith(_FORMULAS) else value


_WRITERS: dict[str, tuple[str, Callable[[Iterator[list[dict[str, Any]]]], Iterator[bytes]]]] = {
    "csv": ("text/csv; charset=utf-8", _as_csv),
    "jsonl": ("application/x-ndjson", _as_json),
}
