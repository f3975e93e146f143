"""Tasks: the library of ready-made tasks, and under one roof those that the authoring layer makes by itself.

Each is loaded when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runwright.collecting import Constant, Dict, List, Set, Tuple
    from runwright.control_flow import AsBool, CompareValue, FilterTask, Merge, case, ifelse, merge, switch
    from runwright.operators import (
        Add,
        And,
        Div,
        Equal,
        FloorDiv,
        GetAttr,
        GetItem,
        GreaterThan,
        GreaterThanOrEqual,
        LessThan,
        LessThanOrEqual,
        Mod,
        Mul,
        Not,
        NotEqual,
        Or,
        Pow,
        Sub,
    )
    from runwright.task import FunctionTask
    from runwright.tasks.secrets import EnvVarSecret, Secret, SecretBase
    from runwright.tasks.shell import ShellTask

__all__ = [
    "Add",
    "And",
    "AsBool",
    "CompareValue",
    "Constant",
    "Dict",
    "Div",
    "EnvVarSecret",
    "Equal",
    "FilterTask",
    "FloorDiv",
    "FunctionTask",
    "GetAttr",
    "GetItem",
    "GreaterThan",
    "GreaterThanOrEqual",
    "LessThan",
    "LessThanOrEqual",
    "List",
    "Merge",
    "Mod",
    "Mul",
    "Not",
    "NotEqual",
    "Or",
    "Pow",
    "Secret",
    "SecretBase",
    "Set",
    "ShellTask",
    "Sub",
    "Tuple",
    "case",
    "ifelse",
    "merge",
    "switch",
]

_HOMES = {
    "runwright.collecting": ("Constant", "Dict", "List", "Set", "Tuple"),
    "runwright.control_flow": ("AsBool", "CompareValue", "FilterTask", "Merge", "case", "ifelse", "merge", "switch"),
    "runwright.task": ("FunctionTask",),
    "runwright.tasks.secrets": ("EnvVarSecret", "Secret", "SecretBase"),
    "runwright.tasks.shell": ("ShellTask",),
}


def __getattr__(name: str) -> Any:
    """Load a task when it is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = next((module for module, names in _HOMES.items() if name in names), "runwright.operators")
    return getattr(import_module(home), name)
