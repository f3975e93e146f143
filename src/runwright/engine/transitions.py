"""Transitions: which state may follow which, as one table for the engine, the stores and the model tests.

The table speaks of the *record*, where a final state is final: what state handlers see inside one attempt
(Success -> Cached, Failed -> Retrying) is never recorded as two transitions. Only a restart reopens a final state.
"""

from __future__ import annotations

from itertools import product

from runwright.states import KIND_BY_NAME, TABLE, Phase

_WAITING = {kind.name for kind in TABLE if kind.phase is Phase.WAITING}
_FINAL = {kind.name for kind in TABLE if kind.phase.is_final}
_NEVER_STARTED = {"Cancelled"}
_PLANNED = {"Scheduled", "Queued", "Paused", "Retrying"}

# What may follow, by name. Waiting runs may be re-planned (to another time in the same state too), started, or end without
# ever starting; a running one may end, wait again, go round a loop, or be told to stop; what was told to stop may still
# end as what it was.
TABLE_OF_NAMES: dict[str, frozenset[str]] = {
    **{name: frozenset(_WAITING | _FINAL | {"Running", "Cancelling"}) - ({name} - _PLANNED) for name in _WAITING},
    "Running": frozenset(_FINAL - _NEVER_STARTED | _WAITING - {"Pending"} | {"Looped", "Cancelling"}),
    "Looped": frozenset(_FINAL - _NEVER_STARTED | _WAITING - {"Pending"} | {"Running", "Cancelling"}),
    "Cancelling": frozenset(_FINAL),
    **{name: frozenset() for name in _FINAL},
}

# A restart reopens a run that has ended, as an explicit event: what does work waits again, what stands for others is Running.
RESTARTS: frozenset[str] = frozenset({"Resume", "Running"})

LEGAL: frozenset[tuple[int, int]] = frozenset(
    (KIND_BY_NAME[before].code, KIND_BY_NAME[after].code)
    for before, afters in TABLE_OF_NAMES.items()
    for after in afters
)
REOPENING: frozenset[tuple[int, int]] = frozenset(
    (KIND_BY_NAME[before].code, KIND_BY_NAME[after].code) for before, after in product(_FINAL, RESTARTS)
)
FINAL_CODES: frozenset[int] = frozenset(KIND_BY_NAME[name].code for name in _FINAL)


def is_legal(before: int, after: int, *, restart: bool = False) -> bool:
    """Say whether the state code `after` may follow `before`; `restart` also allows a final state to be reopened."""
    return (before, after) in LEGAL or (restart and (before, after) in REOPENING)
