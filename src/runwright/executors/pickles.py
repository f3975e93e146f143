"""Pickles: values as bytes for another process of the same program, and which code has to go along with them.

The other process has the same module path. What it can import travels by name; functions and classes of the main
script, of flow files and of files that were loaded by path travel by value. Plain pickle is tried first: it is many
times faster.
"""

from __future__ import annotations

import os
import pickle
import sys
from typing import TYPE_CHECKING, Any

from runwright.flow import Flow
from runwright.results import serializers

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

_looked_at: set[str] = {"__main__"}
_marks: list[bytes] = [b"__main__"]

loads = pickle.loads


def dumps(value: Any) -> bytes:
    """Return a pickle; raises whatever the value raises."""
    try:
        data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    except Exception:  # noqa: BLE001  lambdas and the like; what nobody can pickle raises again
        return serializers.pickle_by_value(value)
    # A name of a module that only this process has would be found too late, by the process that reads it.
    for mark in _marks:
        if mark in data:
            return serializers.pickle_by_value(value)
    return data


def look_at(things: Iterable[Any]) -> None:
    """Let the modules of these functions and classes travel by value where another process could not import them."""
    for thing in things:
        name = getattr(thing, "__module__", None)
        if isinstance(name, str) and name not in _looked_at:
            _looked_at.add(name)
            module = sys.modules.get(name)
            if module is not None and (is_flow_file(module) or not is_importable(module)):
                serializers.register_by_value(module)
                _marks.append(name.encode())


def is_flow_file(module: ModuleType) -> bool:
    """Say whether a module outside of any package declares a flow: a script, which to import could mean to run it."""
    return "." not in module.__name__ and any(isinstance(value, Flow) for value in vars(module).values())


def is_importable(module: ModuleType) -> bool:
    """Say whether another process with the same module path gets the same module by its name."""
    file = getattr(module, "__file__", None)
    if file is None:
        return module.__spec__ is not None
    parent = module.__name__.rpartition(".")[0]
    package = sys.modules.get(parent)
    path = getattr(package, "__path__", None)
    if parent and (package is None or path is None or not is_importable(package)):
        return False
    for finder in sys.meta_path:
        spec = finder.find_spec(module.__name__, path)
        if spec is not None:
            return not spec.has_location or os.path.realpath(spec.origin or "") == os.path.realpath(file)
    return False
