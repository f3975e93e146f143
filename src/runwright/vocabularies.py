"""Vocabularies: a state in the words of event clients and of executions, and back.

Everything comes from the state table and from `DERIVED`, the few event names that follow from what is known beside the
state. Foreign words lead to the first row that has them. What an event or an execution looks like is built elsewhere.
"""

from __future__ import annotations

from typing import NamedTuple

from runwright.states import KIND_BY_NAME, TABLE, StateKind


class Details(NamedTuple):
    """What is known of a run beside its state: the number of its attempts, and whether it is overdue or out of memory."""

    run_count: int = 1
    is_late: bool = False
    is_suspended: bool = False


class Derived(NamedTuple):
    """An event name that a state (by name) has under certain details; `details` are the least that give the name back."""

    state: str
    event_name: str
    details: Details


DERIVED: tuple[Derived, ...] = (
    Derived("Scheduled", "Late", Details(is_late=True)),
    Derived("Paused", "Suspended", Details(is_suspended=True)),
    Derived("Running", "Retrying", Details(run_count=2)),
)

_DERIVED_BY_STATE = {each.state: each for each in DERIVED}
_BY_EVENT: dict[tuple[str, str], tuple[StateKind, Details]] = {}
_BY_TYPE: dict[str, StateKind] = {}
_BY_EXECUTION: dict[str, StateKind] = {}

for _kind in TABLE:
    _BY_EVENT.setdefault((_kind.event_type, _kind.event_name), (_kind, Details()))
    _BY_TYPE.setdefault(_kind.event_type, _kind)
    _BY_EXECUTION.setdefault(_kind.execution, _kind)
for _each in DERIVED:
    _row = KIND_BY_NAME[_each.state]
    _BY_EVENT[_row.event_type, _each.event_name] = _row, _each.details

EVENT_TYPES: tuple[str, ...] = tuple(_BY_TYPE)
EVENT_NAMES: tuple[tuple[str, str], ...] = tuple(_BY_EVENT)
EXECUTION_STATES: tuple[str, ...] = tuple(_BY_EXECUTION)


def event_name(
    kind: StateKind, *, run_count: int = 1, is_late: bool = False, is_suspended: bool = False
) -> tuple[str, str]:
    """Return the type and name that event clients know a state by.

    `run_count` is the number of attempts including this one; `is_late` says that the time to start is over, `is_suspended`
    that a paused run has left memory.
    """
    derived = _DERIVED_BY_STATE.get(kind.name)
    if derived is None:
        return kind.event_type, kind.event_name
    needed = derived.details
    is_so = run_count >= needed.run_count and is_late >= needed.is_late and is_suspended >= needed.is_suspended
    return kind.event_type, derived.event_name if is_so else kind.event_name


def kind_from_event(event_type: str, name: str) -> tuple[StateKind, Details]:
    """Return the first row of the table with this event type and name, and the details that the name stands for.

    A name of somebody's own counts as the first row of its type. Raises `ValueError` for a type that is not documented.
    """
    known = _BY_EVENT.get((event_type, name))
    if known is not None:
        return known
    if event_type not in _BY_TYPE:
        raise ValueError(f"There is no event state type {event_type!r}: use one of {', '.join(EVENT_TYPES)}.")
    return _BY_TYPE[event_type], Details()


def kind_from_execution(word: str) -> StateKind:
    """Return the first row of the table with this execution state; raises `ValueError` for an unknown one."""
    kind = _BY_EXECUTION.get(word)
    if kind is None:
        raise ValueError(f"There is no execution state {word!r}: use one of {', '.join(EXECUTION_STATES)}.")
    return kind
