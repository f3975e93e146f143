"""Preview: what a result looks like, as far as that can be told without running code and without reading too much."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import msgspec

from runwright.backend import record
from runwright.codec import to_plain
from runwright.errors import RunwrightError
from runwright.ui.words import number

if TYPE_CHECKING:
    from runwright.result import ResultRef

MOST_BYTES = 256 * 1024
MOST_ROWS = 50
MOST_COLUMNS = 12
_IMAGES = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg", b"GIF87a": "gif", b"GIF89a": "gif"}
"""How the bytes of pictures begin that have nothing in them that runs."""


class Preview(msgspec.Struct):
    """Where a result is and how it looks: as an `image`, as `text`, as a table of `columns` and `cells`, or not at all, and `why`.

    `image` is an address that holds the whole picture.
    """

    kind: str = ""
    location: str = ""
    serializer: str = ""
    size: int | None = None
    text: str = ""
    image: str = ""
    columns: list[str] = []
    cells: list[list[str]] = []
    count: int | None = None
    why: str = ""
    command: str = ""


def preview_of(ref: ResultRef | None, task_run: str) -> Preview | None:
    """Return the preview of a reference, None where there is none; a pickle is never loaded."""
    if ref is None:
        return None
    page = Preview(ref.kind, ref.location, ref.serializer, ref.size)
    value, page.why = _value_of(ref)
    if not page.why:
        page.image = _image(value)
        _show(page, "" if page.image else to_plain(value))
    elif not record.is_plain_data(ref):
        page.command = f"runwright tr result {task_run} --unpickle"
    elif _is_long(ref):
        page.command = f"runwright tr result {task_run}"
    return page


def plain_value(ref: ResultRef) -> tuple[Any, str]:
    """Return the value of a reference as plain data, and why it is not shown, which is empty where it is."""
    value, why = _value_of(ref)
    return (None if why else to_plain(value)), why


def _value_of(ref: ResultRef) -> tuple[Any, str]:
    if not record.is_plain_data(ref):
        return None, "It is pickled: loading it would run code that it contains, and this page runs none."
    if _is_long(ref):
        return None, f"It is {number(ref.size)} bytes long: previews end at {number(MOST_BYTES)}."
    try:
        return record.read(ref), ""
    except (RunwrightError, TypeError, ValueError, OSError) as error:
        return None, f"It cannot be read here: {error}"


def as_text(value: Any) -> str:
    """Return plain data as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2).decode("utf-8", "replace")


def _is_long(ref: ResultRef) -> bool:
    return (ref.size or 0) > MOST_BYTES


def _show(page: Preview, value: Any) -> None:
    if _is_table(value):
        page.columns = list(dict.fromkeys(key for row in value for key in row))[:MOST_COLUMNS]
        page.cells = [[_cell(row.get(column)) for column in page.columns] for row in value[:MOST_ROWS]]
        page.count = len(value)
    else:
        page.count = len(value) if isinstance(value, list | dict) else None
        page.text = as_text(value)


def _image(value: Any) -> str:
    """Return a picture as an address that holds it; empty for what is none."""
    if not isinstance(value, bytes):
        return ""
    kind = next((kind for start, kind in _IMAGES.items() if value.startswith(start)), "")
    if not kind and value[:4] == b"RIFF" and value[8:12] == b"WEBP":
        kind = "webp"
    return f"data:image/{kind};base64,{base64.b64encode(value).decode()}" if kind else ""


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 1 and all(isinstance(row, dict) and row for row in value)


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value, enc_hook=str).decode("utf-8", "replace")
