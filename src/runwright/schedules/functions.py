"""Functions: filters and adjustments as plain data, and back.

Those of Runwright come back from their data. Of a function of the user's own the data has the name, which tells two schedules
apart; it is never imported by that name, since data must not choose which code runs.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from runwright import decoding
from runwright.errors import FlowError
from runwright.schedules import adjustments, filters

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_KINDS = filters.WITH_ARGUMENTS | adjustments.WITH_ARGUMENTS


def function_to_data(function: Callable[..., Any]) -> dict[str, Any]:
    """Return a filter or adjustment as plain data."""
    if isinstance(function, _KINDS):
        return msgspec.to_builtins(function)
    if filters.WITHOUT_ARGUMENTS.get(getattr(function, "__name__", "")) is function:
        return {"type": function.__name__}
    return {"type": "function", "name": _name_of(function)}


def function_from_data(data: Mapping[str, Any]) -> Callable[..., Any]:
    """Return the filter or adjustment; raises `FlowError` for a function of the user's own."""
    kind = data["type"]
    if kind == "function":
        raise FlowError(f"The function {data['name']!r} of a schedule is your own: make that schedule in code.")
    if kind in filters.WITHOUT_ARGUMENTS:
        return filters.WITHOUT_ARGUMENTS[kind]
    try:
        return decoding.from_plain(data, _KINDS)
    except msgspec.ValidationError as error:
        raise FlowError(f"There is no filter or adjustment {kind!r} of such arguments: {error}.") from None


def _name_of(function: Any) -> str:
    while isinstance(function, partial):
        function = function.func
    named = function if hasattr(function, "__qualname__") else type(function)
    return f"{named.__module__}:{named.__qualname__}"
