"""Python environments: interpreters with packages, made once for each list of packages and kept in Runwright's home."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from runwright import defaults
from runwright.errors import RunnableFailed
from runwright.runnables.runners import inherited, started

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runwright.scope import Scope

DEFAULT_HOME = "~/.runwright"

_LOOK = 0.2


def python_with(packages: Sequence[str], version: str | None, scope: Scope) -> str:
    """Return the path of an interpreter that has these packages; the one that runs the flow where none are asked for.

    Raises `RunnableFailed` when there is no Python of the version, or when a package cannot be installed.
    """
    python = _python(version)
    if not packages:
        return python
    folder = _home() / _name_of(python, packages)
    made = folder / "bin" / "python"
    if not (folder / "made").exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _alone(folder.with_suffix(".lock"), scope):
            if not (folder / "made").exists():
                _make(folder, python, packages, scope)
    return str(made)


def _python(version: str | None) -> str:
    if version is None or version in {"3", f"3.{sys.version_info.minor}"}:
        return sys.executable
    found = shutil.which(f"python{version}")
    if found is None:
        raise RunnableFailed(
            f"There is no Python {version!r:.20} on this machine: install it, or leave pythonVersion out to use "
            f"{sys.version_info.major}.{sys.version_info.minor}."
        )
    return found


def _home() -> Path:
    home = defaults.active().home or os.environ.get("RUNWRIGHT_HOME") or DEFAULT_HOME
    return Path(os.path.expanduser(home), "python")  # noqa: PTH111  pathlib raises where there is no home


def _name_of(python: str, packages: Sequence[str]) -> str:
    text = "\n".join([os.path.realpath(python), *sorted(packages)])
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _make(folder: Path, python: str, packages: Sequence[str], scope: Scope) -> None:
    scope.logger.info(f"Installing packages for Python: {', '.join(packages)}")  # noqa: G004  once for each list
    shutil.rmtree(folder, ignore_errors=True)
    _do([python, "-m", "venv", str(folder)], scope)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    _do([*pip, "install", "--quiet", "--", *packages], scope)
    (folder / "made").touch()


def _do(arguments: list[str], scope: Scope) -> None:
    said: list[str] = []
    environment = {name: value for name, value in inherited().items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    ending = started(arguments, environment, scope, lambda line, _: said.append(line))
    if ending.was_stopped:
        raise RunnableFailed("The installation of packages was ended, because the task was to stop.")
    if ending.status:
        raise RunnableFailed("The packages could not be installed. Check `dependencies`:\n" + "\n".join(said[-20:]))


@contextmanager
def _alone(path: Path, scope: Scope) -> Iterator[None]:
    """Hold a lock file, so that one process at a time makes an environment; whoever dies lets it go."""
    import fcntl  # noqa: PLC0415  where programs run as groups of processes, it is there

    with path.open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if scope.wait(_LOOK):
                    raise RunnableFailed("The task was to stop while it waited for packages.") from None
            else:
                break
        yield
