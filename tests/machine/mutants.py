"""Mutants: the machine with one guard switched off, made from its own source.

A guard is named by the text that is replaced. When the text is no longer there the guard has moved, and the table says so.
"""

from __future__ import annotations

import inspect
import sys
import types
from typing import NamedTuple

from runwright import engine
from runwright.engine import cells, machine

MODULES = {"cells": cells, "machine": machine}


class Edit(NamedTuple):
    """Put `new` in the place of `old`, which stands exactly once in the module."""

    old: str
    new: str
    module: str = "machine"


def mutant(*edits: Edit) -> type[machine.Machine]:
    """Return the class of a machine with these edits."""
    sources = {name: inspect.getsource(module) for name, module in MODULES.items()}
    for edit in edits:
        found = sources[edit.module].count(edit.old)
        assert found == 1, f"a guard has moved, found {found} times in {edit.module}.py: {edit.old}"
        sources[edit.module] = sources[edit.module].replace(edit.old, edit.new)
    made = _module("cells", sources["cells"])
    sys.modules[cells.__name__], engine.cells = made, made  # type: ignore[attr-defined]  set by the import system
    try:
        return _module("machine", sources["machine"]).Machine
    finally:
        sys.modules[cells.__name__], engine.cells = cells, cells  # type: ignore[attr-defined]  as above


def _module(name: str, source: str) -> types.ModuleType:
    module = types.ModuleType(f"mutant_{name}")
    exec(compile(source, f"mutant_{name}.py", "exec", dont_inherit=True), module.__dict__)  # noqa: S102  our own source
    return module
