"""Places: where results are kept on this machine, and the rule that no location leads out of its folder."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from runwright import defaults
from runwright.errors import ResultError, SettingError

DEFAULT_HOME = "~/.runwright"


def results_root() -> Path:
    """Return the folder of results in the home that the defaults or the environment say now; it may not exist yet."""
    home = defaults.active().home or os.environ.get("RUNWRIGHT_HOME") or DEFAULT_HOME
    if home.startswith("~"):
        home = os.path.expanduser(home)  # noqa: PTH111  pathlib raises where there is no home
    return _root_in(home)


@lru_cache(maxsize=16)
def _root_in(home: str) -> Path:
    if home.startswith("~"):
        raise SettingError("This user has no home directory: set RUNWRIGHT_HOME to an absolute path.")
    return Path(os.path.abspath(home), "results")  # noqa: PTH100  `..` is resolved without following links


def confined(folder: str, location: str) -> str:
    """Return the absolute path of a `location` in `folder`; raises `ResultError` when it leads out of it."""
    path = os.path.join(folder, checked(location))  # noqa: PTH118  locations are text, and kept as written
    if not is_inside(folder, path):
        raise ResultError(
            f"The location {location!r} leads out of {folder}. Check the values that its template is filled in with."
        )
    return os.path.abspath(path)  # noqa: PTH100  locations are text


def is_inside(folder: str, path: str) -> bool:
    """Say whether a path is below a folder, by name: links are not followed."""
    folder, path = os.path.abspath(folder), os.path.abspath(path)  # noqa: PTH100  locations are text
    return path != folder and path.startswith(os.path.join(folder, ""))  # noqa: PTH118  locations are text


def checked(location: str) -> str:
    """Return the location; raises `ResultError` when it cannot name a file, or climbs with `..`."""
    if not location or "\x00" in location or os.pardir in Path(location).parts:
        raise ResultError(
            f"The location {location!r} cannot be the name of a result: it is empty, or has `..` or a null character. "
            "Check the values that its template is filled in with."
        )
    return location
