"""Executors: the adapters of `runwright.executor`, found by name. Each is loaded when it is first used."""

from __future__ import annotations

import importlib
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from runwright.errors import MissingExtra, SettingError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.executor import Executor
    from runwright.executors.dask import DaskExecutor
    from runwright.executors.inline import InlineExecutor, InlineExecutor as LocalExecutor
    from runwright.executors.processes import ProcessExecutor
    from runwright.executors.threads import ThreadExecutor

__all__ = [
    "DaskExecutor",
    "InlineExecutor",
    "LocalDaskExecutor",
    "LocalExecutor",
    "ProcessExecutor",
    "ThreadExecutor",
    "executor_named",
]

ENTRY_POINTS = "runwright.executors"
"""The group in which other packages register a URL scheme: a function from the URL to an executor."""

_HOMES = {
    "DaskExecutor": ("dask", "DaskExecutor"),
    "InlineExecutor": ("inline", "InlineExecutor"),
    "LocalExecutor": ("inline", "InlineExecutor"),
    "ProcessExecutor": ("processes", "ProcessExecutor"),
    "ThreadExecutor": ("threads", "ThreadExecutor"),
}
_BY_NAME = {
    "inline": "InlineExecutor",
    "threads": "ThreadExecutor",
    "processes": "ProcessExecutor",
    "dask": "DaskExecutor",
}
_EXTRAS = ("ray",)
_SCHEDULERS = {
    "threads": "threads",
    "threading": "threads",
    "processes": "processes",
    "multiprocessing": "processes",
    "sync": "inline",
    "synchronous": "inline",
    "single-threaded": "inline",
}


def executor_named(name: str) -> Executor:
    """Return a new executor: `inline`, `threads`, `processes`, `dask`, all but the first also as in `threads:8`.

    `dask://host:8786` is the Dask cluster there; any other URL is left to the package that registered its scheme. Raises
    `SettingError` for any other name and `MissingExtra` when nobody registered the scheme or Dask is not installed.
    """
    scheme, separator, _ = name.partition("://")
    if separator:
        return __getattr__("DaskExecutor").from_url(name) if scheme == "dask" else _factory_for(scheme, name)(name)
    kind, separator, slots = name.partition(":")
    if kind not in _BY_NAME or (separator and kind == "inline"):
        raise SettingError(
            f"There is no executor {name!r}; there are inline, threads, processes and dask, all but the first also with "
            f"a number of slots: threads:8.{did_you_mean(kind, _BY_NAME)}"
        )
    make: Any = __getattr__(_BY_NAME[kind])
    if not separator:
        return make()
    count = _slots(name, slots)
    return make(cluster_kwargs={"n_workers": count}) if kind == "dask" else make(count)


def LocalDaskExecutor(scheduler: str = "threads", num_workers: int | None = None, **_: Any) -> Executor:  # noqa: N802  a documented name
    """Return the executor of this machine that does what Dask's `threads`, `processes` or `sync` scheduler did.

    `num_workers` is the number of slots. Needs no Dask; its further settings have no meaning here and are ignored.
    Raises `SettingError` for another scheduler.
    """
    if scheduler not in _SCHEDULERS:
        raise SettingError(
            f"There is no local scheduler {scheduler!r}: there are threads, processes and sync."
            f"{did_you_mean(scheduler, _SCHEDULERS)}"
        )
    kind = _SCHEDULERS[scheduler]
    make: Any = __getattr__(_BY_NAME[kind])
    return make() if kind == "inline" else make(num_workers)


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
        "one there are inline, threads, processes and dask."
    )
