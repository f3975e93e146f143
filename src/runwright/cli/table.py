"""Table: rows for people: aligned and coloured on a terminal, as lines of tab-separated fields for programs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from runwright import clock
from runwright.cli.text import age, clean_line, duration
from runwright.states import KIND_BY_NAME, Phase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runwright.cli.session import Session

Form = Literal["text", "path", "state", "age", "seconds", "number"]

SYMBOLS = {"Retrying": "\u21bb", "Skipped": "\u2298", "Cancelled": "\u25a0", "Killed": "\u25a0", "Paused": "\u2016"}
PHASE_SYMBOLS = {Phase.OK: "\u2713", Phase.BAD: "\u2717", Phase.ACTIVE: "\u25b6", Phase.WAITING: "\u2026"}
_FULL_CIRCLE = "\u25cf"
_GAP = 2
_NARROWEST = 8
_CUT = frozenset({"text", "path"})


class Column(NamedTuple):
    """One column: its title, the field of the row it shows (dots lead inside), and how people read it.

    A `wide` column is left out unless it is asked for. Ages and durations are exact values in lines for programs. Where a
    table is too wide, text is cut off at its end and a path at its beginning.
    """

    title: str
    field: str
    form: Form = "text"
    wide: bool = False


def pick(row: Any, field: str) -> Any:
    """Return the value of a field, None where it is not there; see `path_of`."""
    path = path_of(row, field)
    for key in path:
        row = row[key]
    return row if path else None


def path_of(row: Any, field: str) -> list[str]:
    """Return the keys that lead to a field: `a.b` leads inside, and keys with dots of their own are found too."""
    if not isinstance(row, dict):
        return []
    if field in row:
        return [field]
    parts = field.split(".")
    for count in range(len(parts) - 1, 0, -1):
        head = ".".join(parts[:count])
        rest = path_of(row.get(head), ".".join(parts[count:]))
        if rest:
            return [head, *rest]
    return []


def symbol(state: str) -> str:
    """Return the mark of a state, which tells it apart without colours."""
    kind = KIND_BY_NAME.get(state)
    return SYMBOLS.get(state) or (PHASE_SYMBOLS[kind.phase] if kind is not None else _FULL_CIRCLE)


def print_lines(columns: Sequence[Column], rows: Sequence[dict[str, Any]]) -> None:
    """Print one line per row, fields separated by tabs, titles first."""
    write = sys.stdout.write
    write("\t".join(column.title for column in columns) + "\n")
    for row in rows:
        write("\t".join(_exact(pick(row, column.field)) for column in columns) + "\n")


def print_table(columns: Sequence[Column], rows: Sequence[dict[str, Any]], session: Session) -> None:
    """Print an aligned table; on a terminal it fits the width and states have their colours."""
    now = clock.now()
    cells = [[_readable(pick(row, column.field), column.form, now) for column in columns] for row in rows]
    if session.is_interactive or session.is_colored:
        _print_rich(columns, rows, cells, session)
    else:
        _print_plain(columns, cells)


def natural_widths(columns: Sequence[Column], cells: Sequence[Sequence[str]]) -> list[int]:
    """Return how wide each column is when nothing is cut off."""
    return [max(map(len, (column.title, *texts))) for column, *texts in zip(columns, *cells, strict=True)]


def fitted(widths: Sequence[int], columns: Sequence[Column], room: int) -> list[int]:
    """Return widths that fit: texts give way, the last column first; states, times and numbers are never cut off."""
    fit = list(widths)
    excess = sum(fit) + _GAP * (len(fit) - 1) - room
    for place, column in reversed(list(enumerate(columns))):
        if excess > 0 and column.form in _CUT:
            given = min(excess, max(0, fit[place] - _NARROWEST))
            fit[place] -= given
            excess -= given
    return fit


def _cut(text: str, width: int, form: Form) -> str:
    if len(text) <= width:
        return text
    return f"\u2026{text[1 - width :]}" if form == "path" else f"{text[: width - 1]}\u2026"


def _print_plain(columns: Sequence[Column], cells: Sequence[Sequence[str]]) -> None:
    titles = [column.title for column in columns]
    widths = natural_widths(columns, cells)
    for line in [titles, *cells]:
        padded = [
            text.rjust(width) if _is_number(column) and line is not titles else text.ljust(width)
            for text, width, column in zip(line, widths, columns, strict=True)
        ]
        sys.stdout.write("  ".join(padded).rstrip() + "\n")


def _print_rich(
    columns: Sequence[Column],
    rows: Sequence[dict[str, Any]],
    cells: Sequence[Sequence[str]],
    session: Session,
) -> None:
    from rich.console import Console  # noqa: PLC0415  only terminals need it
    from rich.table import Table  # noqa: PLC0415  only terminals need it
    from rich.text import Text  # noqa: PLC0415  only terminals need it

    is_colored = session.is_colored
    # Rich is told every width: left to itself it takes from all columns alike, until short ones are gone.
    widths = natural_widths(columns, cells)
    if session.is_interactive:
        widths = fitted(widths, columns, Console().width)
    total = sum(widths) + _GAP * len(widths)
    console = Console(no_color=not is_colored, force_terminal=is_colored, width=total, highlight=False)
    table = Table(
        box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold" if is_colored else "", show_edge=False
    )
    for column, width in zip(columns, widths, strict=True):
        justify = "right" if _is_number(column) else "left"
        table.add_column(column.title, justify=justify, no_wrap=True, overflow="ellipsis", width=width)
    for row, line in zip(rows, cells, strict=True):
        table.add_row(
            *(
                Text(
                    _cut(text, width, column.form),
                    style=_style(pick(row, column.field)) if column.form == "state" else "",
                )
                for text, width, column in zip(line, widths, columns, strict=True)
            )
        )
    console.print(table)


def _style(state: Any) -> str:
    kind = KIND_BY_NAME.get(state)
    return kind.colour if kind is not None else ""


def _is_number(column: Column) -> bool:
    return column.form in {"seconds", "number"}


def _readable(value: Any, form: Form, now: int) -> str:
    """Return a value as people read it."""
    if form == "state" and value:
        return f"{symbol(value)} {value}"
    if form == "seconds":
        return duration(value)
    if value is None or value in ("", [], {}):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if form == "age":
        from datetime import datetime  # noqa: PLC0415  only tables with times need it

        return age(clock.from_datetime(datetime.fromisoformat(value)), now)
    return _exact(value)


def _exact(value: Any) -> str:
    """Return a value as programs read it: no tab or line break of its own."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return ",".join(clean_line(item) for item in value)
    if isinstance(value, dict | list | tuple):
        import msgspec  # noqa: PLC0415  few tables hold data

        return clean_line(msgspec.json.encode(value).decode())
    return clean_line(str(value))
