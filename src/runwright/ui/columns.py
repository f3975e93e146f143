"""Columns: what a table of task runs shows of each, as the address of the page says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from runwright.query import Compare, Query, columns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runwright.ui.ask import Ask
    from runwright.views import Views

TITLES = {
    "flow_run": "Flow run",
    "task": "Task",
    "index": "Index",
    "attempt": "Attempt",
    "started": "Started",
    "ended": "Ended",
    "waited": "Waited",
    "duration": "Duration",
    "worker": "Worker",
    "tags": "Tags",
    "message": "Message",
}
"""All that can be shown beside the state and the name, in the order that it is shown in."""
USUAL = ("flow_run", "attempt", "started", "waited", "duration", "message")


class Column(msgspec.Struct, frozen=True):
    """A column that can be chosen, and whether it is."""

    name: str
    title: str
    is_chosen: bool


def shown_columns(ask: Ask) -> tuple[str, ...]:
    """Return the columns that are asked for, the usual ones where none is."""
    words = set(ask.get("columns").split(","))
    return tuple(name for name in TITLES if name in words) or USUAL


def column_choice(shown: Iterable[str]) -> list[Column]:
    """Return all columns, and which are shown."""
    names = set(shown)
    return [Column(name, title, name in names) for name, title in TITLES.items()]


def add_workers(views: Views, rows: list[dict[str, Any]]) -> None:
    """Say of each row which process ran its flow run last."""
    wanted = tuple({row["flow_run_id"] for row in rows})
    workers = workers_of(views, wanted) if wanted else {}
    for row in rows:
        row["worker"] = workers.get(row["flow_run_id"])


def workers_of(views: Views, flow_runs: tuple[str, ...] | None = None) -> dict[str, str | None]:
    """Return by id who ran flow runs last, of all flow runs or of some; None where nobody has."""
    where = None if flow_runs is None else Compare("id", "in", flow_runs)
    answer = msgspec.json.decode(views.query(Query("flow_run", columns("id", "worker"), where)))
    return {row["id"]: row["worker"] for row in answer}
