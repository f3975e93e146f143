"""Lineage: where a flow run comes from and what came of it: who started it, what it repeats, what it started."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from runwright.query import Compare, Order, Query, columns
from runwright.ui import rows
from runwright.views import FlowRunFilter

if TYPE_CHECKING:
    from runwright.runs import FlowRun
    from runwright.views import Views

MOST = 200
MOST_LATER = 1_000


class Relative(msgspec.Struct, frozen=True):
    """A flow run that has to do with another: `how` says what."""

    how: str
    run: dict[str, Any]


class Lineage(msgspec.Struct):
    """What comes before a flow run and what follows from it; `starter` is the id of the task run that started it.

    `is_cut` says that there are more than are shown.
    """

    before: list[Relative]
    after: list[Relative]
    trigger: dict[str, Any]
    starter: str = ""
    is_cut: bool = False


def lineage_of(views: Views, flow_run: FlowRun) -> Lineage:
    """Return the relatives of a flow run, as far as they are on the record."""
    trigger: dict[str, Any] = flow_run.details.get("trigger") or {}
    variables: dict[str, Any] = trigger.get("variables") or {}
    found = Lineage([], [], {key: value for key, value in trigger.items() if key != "variables"})
    found.starter = str(variables.get("taskRunId") or "")
    _add(found.before, views, "started by", variables.get("executionId"))
    parent, original = flow_run.details.get("parent"), flow_run.details.get("original")
    _add(found.before, views, "repeats", parent)
    _add(found.before, views, "first of the chain", None if original in {parent, str(flow_run.id)} else original)
    where = Compare("started_by", "eq", str(flow_run.id))
    started = Query("flow_run", columns("id"), where, (Order("created"),), MOST + 1, without_deleted=True)
    for row in msgspec.json.decode(views.query(started)):
        _add(found.after, views, "started", row["id"])
    found.is_cut = len(found.after) > MOST
    found.after += _repetitions(views, flow_run)
    return found


def _repetitions(views: Views, flow_run: FlowRun) -> list[Relative]:
    later = views.flow_runs(
        FlowRunFilter(flow=flow_run.flow_name, since=flow_run.created, limit=MOST_LATER, without_deleted=True)
    )
    repeated = [row for row in reversed(later) if row.details.get("parent") == str(flow_run.id)]
    return [Relative("repeated by", rows.flow_run_row(row)) for row in repeated]


def _add(relatives: list[Relative], views: Views, how: str, identity: Any) -> None:
    try:
        found = views.flow_runs(FlowRunFilter(id=UUID(str(identity)))) if identity else []
    except ValueError:  # what other programs wrote there
        return
    relatives += [Relative(how, rows.flow_run_row(row)) for row in found]
