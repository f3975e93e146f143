"""Storing: where a task run's value goes, and what the templates of names, targets and locations may say.

How a result writes and reads is its own business; whether it is asked to is decided here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.context import current
from runwright.result import Result, ResultNotImplementedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def store(value: Any, task: Any, result: Result, inputs: Mapping[str, Result]) -> Result:
    """Write a value where checkpointing is on, and return its result; else hold it in memory. None is never written."""
    if type(result) is Result:
        return Result(value)
    is_kept = value is not None and task.checkpoint is not False
    context = current() or {}
    if not is_kept or context.get("checkpointing") is not True or not result.can_store:
        return result.from_value(value)
    if result.kind == "pack" and result.location is None and result.formatter is None:
        return result.write(value, flow_run_id=context.get("flow_run_id"))  # it needs no other keyword
    try:
        return result.write(value, **keywords_of(inputs))
    except ResultNotImplementedError:
        return result.from_value(value)


def keywords_of(inputs: Mapping[str, Result]) -> dict[str, Any]:
    """Return what templates may name: parameters, then the context, then the inputs, the later winning."""
    context = current() or {}
    keywords = {
        **(context.get("parameters") or {}),
        **context,
        **{key: held.value for key, held in inputs.items()},
    }
    keywords.pop("self", None)
    return keywords


def aimed(result: Result, target: str | Callable[..., str]) -> Result:
    """Return a copy of a result that is stored at the target."""
    copy = result.copy()
    copy.formatter = target if callable(target) else None
    copy.location = None if callable(target) else str(target)
    return copy
