"""Purity: which tasks change nothing but the record, and look at nothing but what expressions see.

What a crash takes of them with the record, nobody has seen: they wait for no commit.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from runwright.expressions.functions import HOST_FUNCTIONS
from runwright.spec.tasks import plain

if TYPE_CHECKING:
    from runwright.spec.tasks import Task

PURE: frozenset[type[Any]] = frozenset(
    {plain.Log, plain.Echo, plain.Return, plain.Fail, plain.Labels, plain.OutputValues}
)
"""Types that do nothing in the world."""

# Texts may render others, which may ask the host.
_ASKING = re.compile(rf"\b(?:{'|'.join([*HOST_FUNCTIONS, 'render', 'renderOnce'])})\s*\(")


def is_pure(task: Task) -> bool:
    """Say whether a task is of such a type, and no expression of it asks the host for anything."""
    return type(task) in PURE and not any(_asks(getattr(task, field)) for field in type(task).__struct_fields__)


def _asks(value: Any) -> bool:
    if isinstance(value, str):
        return _ASKING.search(value) is not None
    if isinstance(value, dict):
        parts: Any = (*value.keys(), *value.values())
        return any(_asks(each) for each in parts)
    return isinstance(value, list | tuple) and any(_asks(each) for each in value)  # pyright: ignore[reportUnknownVariableType]  data of users
