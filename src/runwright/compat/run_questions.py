"""Run questions: what clients of Prefect 3 ask of task runs as one query, which a database answers by itself.

What a query cannot say exactly as documents show it (states that follow from more than the table, tags that are not all wanted) has
none, and `run_search` looks at rows.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from runwright.clock import recordable
from runwright.compat.task_run_body import FINAL_TYPES
from runwright.query import And, Compare, Not, Or, Order
from runwright.states import TABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from runwright.compat.run_filters import Among, Span, StateFilter, TaskRunFilter
    from runwright.query import Condition

RENAMED = frozenset({"Running", "Scheduled", "Paused"})
"""States whose name follows from more than the table."""

_MOST_IDS = 500
_LAST = (1 << 63) - 1_001
_ENDING = tuple(kind.name for kind in TABLE if kind.event_type in FINAL_TYPES)
_HAS_BEGUN: Condition = Compare("start_time", "is_null", value=False)
_HAS_ENDED: Condition = Compare("state", "in", _ENDING)
_ALWAYS, _NEVER = And(), Or()


class Sort(NamedTuple):
    """An order by a column; rows that do not fulfil `is_shown` show nothing there, and come last."""

    column: str
    is_descending: bool
    is_shown: Condition

    @property
    def order(self) -> tuple[Order, ...]:
        """Return it as a query takes it; of equal ones the newest comes first."""
        return Order(self.column, self.is_descending), Order("id", is_descending=True)


_SHOWN: dict[str, tuple[str, Condition]] = {
    "ID": ("id", _ALWAYS),
    "NAME": ("full_name", _ALWAYS),
    "CREATED": ("created", _ALWAYS),
    "UPDATED": ("updated", _ALWAYS),
    "START_TIME": ("start_time", _HAS_BEGUN),
    "END_TIME": ("end_time", _HAS_ENDED),
    "DURATION": ("duration_seconds", And((_HAS_ENDED, _HAS_BEGUN))),
    "EXPECTED_START_TIME": ("created", _ALWAYS),
    "NEXT_SCHEDULED_START_TIME": (
        "state_start_time",
        And((Compare("state", "eq", "Scheduled"), Compare("state_start_time", "is_null", value=False))),
    ),
}


def sort_of(text: str) -> Sort | None:
    """Return a documented order, None for a word that is none."""
    name, _, direction = text.rpartition("_")
    if name not in _SHOWN or direction not in {"ASC", "DESC"}:
        return None
    column, is_shown = _SHOWN[name]
    return Sort(column, direction == "DESC", is_shown)


def is_any(flow_runs: set[UUID]) -> Condition | None:
    """Return the condition that task runs are of one of these flow runs, None where they are too many for a query."""
    return Compare("flow_run_id", "in", tuple(sorted(flow_runs))) if len(flow_runs) <= _MOST_IDS else None


def uuids_in(texts: Iterable[str]) -> set[UUID]:
    """Return the ids among texts: what is no id cannot be one of a run."""
    found = set()
    for text in texts:
        try:
            found.add(UUID(text))
        except ValueError:
            continue
    return found


def condition_of(which: TaskRunFilter | None) -> Condition | None:
    """Return what a filter asks for as a condition of a query, None where no query says exactly that."""
    if which is None:
        return _ALWAYS
    parts = list(_parts_of(which))
    given = [part for part in parts if part is not None]
    if len(given) < len(parts):
        return None
    return Or(tuple(given)) if which.operator == "or_" and given else And(tuple(given))


def _parts_of(which: TaskRunFilter) -> Iterator[Condition | None]:
    if which.id is not None:
        yield None
    if which.tags is not None and (which.tags.all_ is not None or which.tags.any_ or which.tags.is_null_ is not None):
        yield None
    if which.subflow_runs is not None and which.subflow_runs.exists_ is not None:
        yield _NEVER if which.subflow_runs.exists_ else _ALWAYS
    if which.state is not None:
        yield _state(which.state)
    if which.name is not None:
        yield _name(which.name)
    if which.flow_run_id is not None:
        yield _flow_run(which.flow_run_id)
    if which.start_time is not None:
        yield _span("start_time", which.start_time, _HAS_BEGUN)
    if which.end_time is not None:
        yield _span("end_time", which.end_time, _HAS_ENDED)
    if which.expected_start_time is not None:
        yield _span("created", which.expected_start_time, _ALWAYS)


def _state(state: StateFilter) -> Condition | None:
    is_renamed = state.name is not None and not RENAMED.isdisjoint(state.kinds)
    return None if is_renamed else Compare("state", "in", state.kinds)


def _name(name: Among) -> Condition:
    parts: list[Condition] = []
    if name.any_ is not None:
        parts.append(Or(tuple(Compare("full_name", "ilike", _escaped(each)) for each in name.any_)))
    if name.not_any_ is not None:
        parts.append(Compare("full_name", "nin", tuple(name.not_any_)))
    if name.like_ is not None:
        parts.append(Compare("full_name", "ilike", f"%{_escaped(name.like_)}%"))
    if name.is_null_ is not None:
        parts.append(_NEVER if name.is_null_ else _ALWAYS)
    return Or(tuple(parts)) if name.operator == "or_" and parts else And(tuple(parts))


def _flow_run(flow_run: Among) -> Condition | None:
    listed = flow_run.any_
    return is_any(uuids_in(listed)) if flow_run.is_list and listed is not None else None


def _span(column: str, span: Span, is_shown: Condition) -> Condition:
    """Return a condition on a time: documents show it to the microsecond, and both ends belong to the span."""
    parts: list[Condition] = []
    if span.is_null_ is not None:
        parts.append(Not(is_shown) if span.is_null_ else is_shown)
    if span.after_ is not None:
        parts += is_shown, Compare(column, "gte", _ns(span.after_))
    if span.before_ is not None:
        parts += is_shown, Compare(column, "lt", min(_ns(span.before_), _LAST) + 1_000)
    return And(tuple(parts))


def _ns(moment: datetime) -> int:
    return recordable(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
