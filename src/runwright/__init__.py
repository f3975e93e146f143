"""Runwright: a workflow engine that always knows what happened to a task.

    from runwright import Flow, task

    @task
    def double(x):
        return x + x

    with Flow("doubling") as flow:
        double.map([1, 2, 3])

    state = flow.run()

The names below are the public ones; everything else may move.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

# `task`, `context` and `tags` are named like modules or used by all: they are bound here and now. What fewer flows need
# comes when it is asked for.
from runwright import signals, states, triggers
from runwright.context import context
from runwright.edge import Edge
from runwright.flow import Flow
from runwright.mapping import flatten, mapped, unmapped
from runwright.parameter import Parameter
from runwright.tagging import tags
from runwright.task import Task, task

if TYPE_CHECKING:
    from runwright import cache_validators
    from runwright.attribute_defaults import defaults_from_attrs
    from runwright.control_flow import FilterTask, case, ifelse, merge, switch
    from runwright.mapped_functions import apply_map
    from runwright.metrics import record_metric
    from runwright.parameter import DateTimeParameter
    from runwright.pausing import pause_task
    from runwright.resource_manager import resource_manager

__all__ = [
    "DateTimeParameter",
    "Edge",
    "FilterTask",
    "Flow",
    "Parameter",
    "Task",
    "apply_map",
    "cache_validators",
    "case",
    "context",
    "defaults_from_attrs",
    "flatten",
    "ifelse",
    "mapped",
    "merge",
    "pause_task",
    "record_metric",
    "resource_manager",
    "signals",
    "states",
    "switch",
    "tags",
    "task",
    "triggers",
    "unmapped",
]

_LATER = {
    "DateTimeParameter": "parameter",
    "FilterTask": "control_flow",
    "apply_map": "mapped_functions",
    "case": "control_flow",
    "defaults_from_attrs": "attribute_defaults",
    "ifelse": "control_flow",
    "merge": "control_flow",
    "pause_task": "pausing",
    "record_metric": "metrics",
    "resource_manager": "resource_manager",
    "switch": "control_flow",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    module = _LATER.get(name)
    if module is None:
        raise AttributeError(f"module 'runwright' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415  only the rarer names pay for it

    value = getattr(import_module(f"runwright.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names, those not yet imported too."""
    return sorted({*globals(), *__all__})
