"""Mutants: the machine with one guard switched off, made from its own source.

A guard is named by the text that is replaced. When the text is no longer there the guard has moved, and the table says so.
"""

from __future__ import annotations

import inspect
import sys
import types
from typing import NamedTuple

from runwright import engine
from runwright.engine import branches, cells, ledger, machine, recorder, requests

# In the order in which they import each other.
MODULES = {
    module.__name__.rpartition(".")[2]: module for module in (cells, branches, ledger, recorder, requests, machine)
}


class Edit(NamedTuple):
    """Put `new` in the place of `old`, which stands exactly once in the modules of the machine, or in that one."""

    old: str
    new: str
    module: str = ""


def mutant(*edits: Edit) -> type[machine.Machine]:
    """Return the class of a machine with these edits."""
    sources = {name: inspect.getsource(module) for name, module in MODULES.items()}
    for edit in edits:
        places = [name for name in sources if edit.module in {"", name} for _ in range(sources[name].count(edit.old))]
        assert len(places) == 1, f"a guard has moved, found in {places}: {edit.old}"
        sources[places[0]] = sources[places[0]].replace(edit.old, edit.new)
    try:
        for name, module in MODULES.items():
            made = _module(name, sources[name])
            sys.modules[module.__name__] = made
            setattr(engine, name, made)
        return made.Machine
    finally:
        for name, module in MODULES.items():
            sys.modules[module.__name__] = module
            setattr(engine, name, module)


def _module(name: str, source: str) -> types.ModuleType:
    module = types.ModuleType(f"mutant_{name}")
    exec(compile(source, f"mutant_{name}.py", "exec", dont_inherit=True), module.__dict__)  # noqa: S102  our own source
    return module
