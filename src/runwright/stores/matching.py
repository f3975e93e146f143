"""Matching: what the conditions of a filter mean, the same in every store."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from runwright.codec import USUAL_MESSAGES
from runwright.errors import did_you_mean
from runwright.states import KIND_BY_CODE, KIND_BY_NAME, TABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runwright.events import Event
    from runwright.views import TaskRunFilter

_RUNNING = KIND_BY_NAME["Running"].code
_RETRYING = KIND_BY_NAME["Retrying"].code
_PARENTS = {kind.name: kind.parent for kind in TABLE} | {"Finished": "State", "MetaState": "State"}


@cache
def codes_of(states: tuple[str, ...]) -> frozenset[int]:
    """Return the codes of the states named, those of their kinds included; raises `ValueError` for an unknown name."""
    known = {*_PARENTS, "State"}
    for name in states:
        if name not in known:
            raise ValueError(f"There is no state {name!r}.{did_you_mean(name, known)}")
    return frozenset(kind.code for kind in TABLE if not {kind.name, *_ancestors(kind.name)}.isdisjoint(states))


def counts_rows(which: TaskRunFilter) -> bool:
    """Say whether counting needs to look at rows: only then are children that have no row yet left out."""
    of_rows = which.parent, which.since, which.until, which.cache_key
    return bool(which.map_index or which.ordinals) or any(each is not None for each in of_rows)


def starter_of(extra: Mapping[str, Any]) -> str | None:
    """Return the flow run whose task started one, by what came with the creation of that one; None where nobody did."""
    return ((extra.get("trigger") or {}).get("variables") or {}).get("executionId")


def message_of(state: int, message: str | None) -> str | None:
    """Return the message of a task run: the usual one where none was recorded."""
    return USUAL_MESSAGES.get(state) if message is None else message


def id_range(prefix: str) -> tuple[bytes, bytes]:
    """Return the least and the greatest id that begin with these hex digits; raises `ValueError` for anything else."""
    digits = prefix.replace("-", "").lower()
    if len(digits) > 32 or not set(digits) <= set("0123456789abcdef"):  # noqa: PLR2004  digits of an id
        raise ValueError(f"{prefix!r} is no beginning of an id: give up to 32 hex digits.")
    return bytes.fromhex(digits.ljust(32, "0")), bytes.fromhex(digits.ljust(32, "f"))


def histories(events: Iterable[Event]) -> dict[int, list[tuple[str, int]]]:
    """Return the states of each attempt with their times, from all events of one task run, oldest first."""
    found: dict[int, list[tuple[str, int]]] = {}
    is_open = False
    for event in events:
        if not event.state:
            continue
        if event.state == _RUNNING:
            is_open = True
        if is_open:
            found.setdefault(event.attempt, []).append((_own_name(event), event.at))
            is_open = KIND_BY_CODE[event.state].phase.value == "active"
    return found


def _own_name(event: Event) -> str:
    """Return the state that an attempt was in itself where its task run went on to Retrying."""
    failed = (event.data or {}).get("failed") or {} if event.state == _RETRYING else {}
    kind = KIND_BY_CODE.get(failed.get("state", event.state), KIND_BY_CODE[event.state])
    return kind.name if kind.phase.is_final else KIND_BY_CODE[event.state].name


def _ancestors(name: str) -> list[str]:
    found = []
    while name in _PARENTS:
        name = _PARENTS[name]
        found.append(name)
    return found
