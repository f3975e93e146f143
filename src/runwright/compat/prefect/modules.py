"""Modules: what stands in `sys.modules` for each module of Prefect 1, and how Python finds it.

A module resolves a name by the table when it is first asked for, or at once where that imports nothing, and keeps it. A name
that is not there says what to use instead.
"""

from __future__ import annotations

import importlib
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from runwright.compat.prefect.names import INSTEAD, MODULES
from runwright.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runwright.compat.prefect.names import Target

ROOT = "prefect"
VERSION = "1.4.1"


class AliasModule(ModuleType):
    """A module whose names are those of the table."""

    def __init__(self, name: str) -> None:
        """Stand for the module of this name."""
        super().__init__(name, f"The names of {name}, as Runwright's own objects.")
        self.__all__ = list(MODULES[name])
        if name == ROOT:
            self.__version__ = VERSION

    def __getattr__(self, name: str) -> Any:
        """Return what a name stands for, or a module below; raises an error that says what to use instead."""
        path = f"{self.__name__}.{name}"
        target = MODULES[self.__name__].get(name)
        if target is not None:
            found = resolve(target)
            super().__setattr__(name, found)
            return found
        if path in MODULES:
            return importlib.import_module(path)
        if path in INSTEAD:
            raise ImportError(missing(path))
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}.{did_you_mean(name, self.__all__)}")

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; a module below does not hide a name of the table, as `case` is both."""
        if not (isinstance(value, AliasModule) and name in MODULES[self.__name__]):
            super().__setattr__(name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        """Be found anew in another process, where the alias is installed for it."""
        return in_another_process, (self.__name__,)

    def __dir__(self) -> list[str]:
        """Return the names, those not yet resolved too."""
        return sorted({*super().__dir__(), *MODULES[self.__name__]})


class Finder(MetaPathFinder, Loader):
    """Finds the modules of the table, before any that are installed."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how to load a module; raises `ModuleNotFoundError` that says what to use instead."""
        if fullname.partition(".")[0] != ROOT:
            return None
        if fullname not in MODULES:
            raise ModuleNotFoundError(missing(fullname), name=fullname)
        return ModuleSpec(fullname, self, origin=__file__, is_package=_has_children(fullname))

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module."""
        return AliasModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Set the names whose home is loaded already, so that `vars` shows them; others are resolved when asked for."""
        for name, target in MODULES[module.__name__].items():
            home, _, attribute = target.partition(":") if isinstance(target, str) else ("", "", "")
            if home in sys.modules and attribute in vars(sys.modules[home]):
                setattr(module, name, vars(sys.modules[home])[attribute])


FINDER = Finder()


def in_another_process(name: str) -> ModuleType:
    """Return an alias module for what was pickled with it; installs the alias."""
    from runwright.compat.prefect.installing import install  # noqa: PLC0415  it stands on this module

    install()
    return importlib.import_module(name)


def resolve(target: Target) -> Any:
    """Return what a target of the table is; raises `ImportError` when no candidate is there."""
    candidates = (target,) if isinstance(target, str) else target
    for candidate in candidates:
        module, _, name = candidate.partition(":")
        try:
            return getattr(importlib.import_module(module), name)
        except (ModuleNotFoundError, AttributeError) as error:
            reason = error
    raise ImportError(f"Runwright has no {candidates[-1].replace(':', '.')} in this version: {reason}.")


def missing(path: str) -> str:
    """Return why there is no such module or name, and what to use instead."""
    nearest = next((known for known in _upwards(path) if known in INSTEAD), None)
    if nearest is not None:
        return f"Runwright has no {path}: {INSTEAD[nearest]}"
    return f"Runwright has no {path}.{did_you_mean(path, MODULES)}"


def _upwards(path: str) -> list[str]:
    parts = path.split(".")
    return [".".join(parts[:count]) for count in range(len(parts), 1, -1)]


def _has_children(name: str) -> bool:
    return any(other.startswith(f"{name}.") for other in (*MODULES, *INSTEAD))


def loaded() -> list[str]:
    """Return the names of the alias modules that stand in `sys.modules`."""
    return [name for name, module in sys.modules.items() if isinstance(module, AliasModule)]
