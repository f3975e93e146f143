"""Executors: the adapters of `runwright.executor`, found by name. Each is loaded when it is first used."""

from __future__ import annotations

import importlib
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from runwright.errors import MissingExtra, SettingError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.executor import Executor
    from runwright.executors.inline import InlineExecutor, InlineExecutor as LocalExecutor
    from runwright.executors.processes import ProcessExecutor
    from runwright.executors.threads import ThreadExecutor

__all__ = ["InlineExecutor", "LocalExecutor", "ProcessExecutor", "ThreadExecutor", "executor_named"]

ENTRY_POINTS = "runwright.executors"
"""The group in which other packages register a URL scheme: a function from the URL to an executor."""

_HOMES = {
    "InlineExecutor": ("inline", "InlineExecutor"),
    "LocalExecutor": ("inline", "InlineExecutor"),
    "ProcessExecutor": ("processes", "ProcessExecutor"),
    "ThreadExecutor": ("threads", "ThreadExecutor"),
}
_BY_NAME = {"inline": "InlineExecutor", "threads": "ThreadExecutor", "processes": "ProcessExecutor"}
_EXTRAS = ("dask", "ray")


def executor_named(name: str) -> Executor:
    """Return a new executor: `inline`, `threads`, `processes`, the last two with a number of slots as in `threads:8`.

    A URL such as `dask://host:8786` is left to the package that registered its scheme. Raises `SettingError` for any
    other name and `MissingExtra` when nobody registered the scheme.
    """
    scheme, separator, _ = name.partition("://")
    if separator:
        return _factory_for(scheme, name)(name)
    kind, separator, slots = name.partition(":")
    if kind not in _BY_NAME or (separator and kind == "inline"):
        raise SettingError(
            f"There is no executor {name!r}; there are inline, threads and processes, the last two also with a number "
            f"of slots: threads:8.{did_you_mean(kind, _BY_NAME)}"
        )
    make: Any = __getattr__(_BY_NAME[kind])
    return make(_slots(name, slots)) if separator else make()


def __getattr__(name: str) -> Any:
    """Load an executor when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(importlib.import_module(f"{__name__}.{module}"), attribute)


def _slots(name: str, text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise SettingError(f"Executor {name!r} has no number of slots after the colon: write it as in threads:8.")
    return int(text)


def _factory_for(scheme: str, name: str) -> Callable[[str], Executor]:
    for registered in entry_points(group=ENTRY_POINTS, name=scheme):
        return registered.load()
    if scheme in _EXTRAS:
        raise MissingExtra(f"executor {name!r} needs the extra runwright[{scheme}]")
    raise MissingExtra(
        f"executor {name!r} needs a package that registers {scheme!r} in the entry points {ENTRY_POINTS!r}; without "
        "one there are inline, threads and processes."
    )
