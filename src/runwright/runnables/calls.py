"""Calls: the task that calls a Python function where the flow runs."""

from __future__ import annotations

import asyncio
import importlib
import inspect
from functools import reduce
from typing import TYPE_CHECKING, Any

from runwright.errors import RunnableFailed, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.scope import Scope
    from runwright.spec.tasks import programs


def call(task: programs.PythonCall, scope: Scope) -> dict[str, Any]:
    """Call the function and hand on what it returns as `value`; a coroutine is waited for."""
    function = _function(task.callable)
    value = function(*scope.evaluate(task.args), **{name: scope.evaluate(each) for name, each in task.kwargs.items()})
    if inspect.iscoroutine(value):
        value = asyncio.run(value)
    return {"value": value}


def _function(place: str) -> Callable[..., Any]:
    module_name, _, name = place.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as missing:
        if missing.name is None or not f"{module_name}.".startswith(f"{missing.name}."):
            raise
        raise RunnableFailed(
            f"There is no module {missing.name!r} to call {place} from: install it, or add its folder to PYTHONPATH."
        ) from missing
    try:
        found: Any = reduce(getattr, name.split("."), module)
    except AttributeError as missing:
        near = did_you_mean(name, [each for each, value in vars(module).items() if callable(value)])
        raise RunnableFailed(f"The module {module_name} has no {name!r} to call.{near}") from missing
    if not callable(found):
        raise RunnableFailed(f"{place} is no function: it is a {type(found).__name__}.")
    return found
