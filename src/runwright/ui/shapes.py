"""Shapes: the mark of each state. A state is told by its shape, its word and its colour: any one of them is enough.

Shapes are paths in a box of 16 by 16. What is over and fine is round, what is over and bad has corners, what is open is a line.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

from runwright.states import TABLE, StateKind


class Shape(NamedTuple):
    """A path that is filled (holes where it overlaps itself) and one that is drawn as a line; either may be empty."""

    fill: str = ""
    line: str = ""


_LINE = "stroke-width='1.8' stroke-linecap='round' stroke-linejoin='round'"
_PLAIN = " :/='."
_DISC = "M8 1a7 7 0 1 0 0 14A7 7 0 1 0 8 1Z"
_RING = "M8 2a6 6 0 1 0 0 12A6 6 0 1 0 8 2Z"
_SQUARE = "M2 2h12v12H2Z"
_OCTAGON = "M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1Z"
_LOOP = (
    "M8 8C6.7 5.9 5.6 5 4.3 5a3 3 0 0 0 0 6C5.6 11 6.7 10.1 8 8c1.3-2.1 2.4-3 3.7-3a3 3 0 0 1 0 6C10.4 11 9.3 10.1 8 8Z"
)
_LID = "M8 1.5C4.7 1.5 2 2.6 2 4s2.7 2.5 6 2.5S14 5.4 14 4 11.3 1.5 8 1.5Z"
_CROSS_HOLE = "M5.2 4.1 8 6.9l2.8-2.8 1.1 1.1L9.1 8l2.8 2.8-1.1 1.1L8 9.1l-2.8 2.8-1.1-1.1L6.9 8 4.1 5.2Z"

SHAPES: dict[str, Shape] = {
    "Pending": Shape(line=_RING),
    "Scheduled": Shape(line=_RING + "M8 4.6V8l2.4 1.6"),
    "Queued": Shape(line="M2.5 4h11M2.5 8h11M2.5 12h6"),
    "Submitted": Shape(line="M8 10.5V2.5M4.8 5.6 8 2.4l3.2 3.2M2.5 10v3.5h11V10"),
    "Paused": Shape(fill="M4 2.5h3v11H4ZM9 2.5h3v11H9Z"),
    "Resume": Shape(fill="M2.5 2.5h2.2v11H2.5Z", line="M7.5 3.2v9.6L14 8Z"),
    "Retrying": Shape(line="M13.5 8A5.5 5.5 0 1 1 11.6 3.8M12.2 1.2v3.2H9"),
    "Running": Shape(fill="M4 2v12l10-6Z"),
    "Looped": Shape(line=_LOOP),
    "Cancelling": Shape(line=_SQUARE + "M5.5 8h5"),
    "Success": Shape(fill=_DISC + "M6.9 11.4 3.8 8.3l1.1-1.1 2 2 4.2-4.2 1.1 1.1Z"),
    "Cached": Shape(_LID, "M2.7 4v8c0 1.2 2.4 2 5.3 2s5.3-.8 5.3-2V4M2.7 8c0 1.2 2.4 2 5.3 2s5.3-.8 5.3-2"),
    "Mapped": Shape(fill="M1.5 1.5h5.6v5.6H1.5ZM8.9 1.5h5.6v5.6H8.9ZM1.5 8.9h5.6v5.6H1.5ZM8.9 8.9h5.6v5.6H8.9Z"),
    "Skipped": Shape(line="M3 3.5 7.5 8 3 12.5M8.5 3.5 13 8l-4.5 4.5"),
    "Warning": Shape(fill="M8 1.2 15.4 14.5H.6ZM7.2 5.8v4.2h1.6V5.8ZM7.2 11.2v1.6h1.6v-1.6Z"),
    "Failed": Shape(fill=_OCTAGON + _CROSS_HOLE),
    "TimedOut": Shape(fill="M2.5 1h11v2.2L9.2 8l4.3 4.8V15h-11v-2.2L6.8 8 2.5 3.2Z"),
    "ValidationFailed": Shape(fill="M8 1 14 3v5c0 3.5-2.5 6-6 7-3.5-1-6-3.5-6-7V3ZM7.2 4.2v4.6h1.6V4.2ZM7.2 10.2v1.6h1.6v-1.6Z"),
    "TriggerFailed": Shape(line="M2.5 13.5 13.5 2.5M8 2v4M8 10v4M5.5 4.2 8 1.8l2.5 2.4"),
    "Crashed": Shape(fill="M9.5.8 2.5 9h4L5.5 15.2 13.5 6.5H9Z"),
    "Retried": Shape(fill="M1.5 5h6V1.5L14.5 8l-7 6.5V11h-6Z"),
    "Cancelled": Shape(fill=_SQUARE),
    "Killed": Shape(fill="M8 .6 15.4 8 8 15.4.6 8ZM5.3 7.2v1.6h5.4V7.2Z"),
    "ClientFailed": Shape(line="M2 5.5c3.6-3.3 8.4-3.3 12 0M4.5 8.5c2-1.8 5-1.8 7 0M8 12.5v.1M3 14 13 3"),
}  # fmt: skip


def style_sheet() -> str:
    """Return the colours and marks of all states as CSS, from the table of states.

    A mark is a mask over its colour: a list has hundreds, and drawing each as elements of its own doubles what a page lays out.
    """
    return "\n".join(_rules(kind) for kind in TABLE) + "\n"


def _rules(kind: StateKind) -> str:
    colour = f".st-{kind.name} {{ --state: {kind.colour}; }}"
    return (
        f'{colour}\n.st-{kind.name}.mark, .st-{kind.name} > .mark {{ mask-image: url("{_image(SHAPES[kind.name])}"); }}'
    )


def _image(shape: Shape) -> str:
    """Return a shape as the address of a picture."""
    line = f"<path fill='none' stroke='black' {_LINE} d='{shape.line}'/>" if shape.line else ""
    fill = f"<path fill-rule='evenodd' d='{shape.fill}'/>" if shape.fill else ""
    picture = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>{fill}{line}</svg>"
    return f"data:image/svg+xml,{quote(picture, safe=_PLAIN)}"
