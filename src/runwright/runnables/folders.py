"""Folders: what is put into the working directory before a task runs, and what is kept of it afterwards."""

from __future__ import annotations

import os
import re
import shutil
import uuid
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runwright.drive import NAMESPACE_SCHEME, SCHEME, UNSAFE, namespace_files
from runwright.errors import RunnableFailed
from runwright.runnables.globs import Globs
from runwright.runnables.rendering import as_text, data_of, entries_of, items_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from runwright.drive import Drive
    from runwright.scope import Scope
    from runwright.spec.tasks.files import NamespaceFiles

PRIVATE = ".runwright"
"""A folder in the working directory for what tasks need and do not hand on: its files are never kept."""

_URI = re.compile(f"{SCHEME}[^{UNSAFE}]+")


def put_inputs(scope: Scope, inputs: Any, **more: Any) -> None:
    """Write the declared input files: contents or URIs by name, or a list of URIs, which keep their last name."""
    if inputs is None:
        return
    given = (
        inputs if isinstance(inputs, list | tuple | Mapping) else data_of(scope.evaluate(inputs, **more), "inputFiles")
    )
    if isinstance(given, Mapping):
        files = entries_of(scope, given, "inputFiles", **more)
    else:
        uris = items_of(scope, given, "inputFiles")
        files = {_last_name(each): each for each in uris}
    for name, value in files.items():
        path = inside(scope.folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(value, str) and value.startswith((SCHEME, NAMESPACE_SCHEME)) and "\n" not in value.strip():
            copy_file(scope, value.strip(), path)
        else:
            path.write_text(as_text(value), encoding="utf-8")


def _last_name(uri: Any) -> str:
    if not isinstance(uri, str) or not uri.startswith((SCHEME, NAMESPACE_SCHEME)):
        raise RunnableFailed(
            f"A list of input files has URIs ({SCHEME}...), and not {uri!r:.100}: write name: content."
        )
    return uri.rstrip("/").rpartition("/")[2]


def put_namespace_files(scope: Scope, which: NamespaceFiles | None) -> None:
    """Copy the files of the namespace that are asked for."""
    if which is None or not which.enabled:
        return
    included = Globs([scope.render(each) for each in which.include])
    excluded = Globs([scope.render(each) for each in which.exclude])
    prefix = namespace_files(scope.namespace)
    for info in scope.drive.list(prefix):
        name = info.uri.removeprefix(prefix)
        if (not included or included.fit(name)) and not excluded.fit(name):
            copy_file(scope, info.uri, inside(scope.folder, name))


def fetch_named(scope: Scope, text: str) -> str:
    """Return a text in which the URIs of files are replaced by paths: of copies in the working directory."""
    return _URI.sub(lambda found: str(_fetched(scope, found[0])), text)


def _fetched(scope: Scope, uri: str) -> Path:
    path = inside(scope.folder, f"{PRIVATE}/{uri.removeprefix(SCHEME)}")
    if not path.exists():
        copy_file(scope, uri, path)
    return path


def copy_file(scope: Scope, uri: str, path: Path, drive: Drive | None = None) -> None:
    """Copy a file of the drive, or of the namespace, to a path; `drive` is another than that of the scope."""
    if uri.startswith(NAMESPACE_SCHEME):
        uri = namespace_files(scope.namespace) + uri.removeprefix(NAMESPACE_SCHEME)
    with (drive or scope.drive).open(uri) as source:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as copy:
            shutil.copyfileobj(source, copy)


def keep_outputs(
    scope: Scope, patterns: Iterable[str], is_own: Callable[[str], bool] = lambda _: False
) -> dict[str, str]:
    """Write the files of the working directory that patterns mean to the drive, and return URIs by path.

    `is_own` says of a path that it is no output, whatever the patterns say.
    """
    globs = Globs(patterns)
    if not globs:
        return {}
    paths = [path for path in paths_in(scope.folder) if globs.fit(path) and not is_own(path)]
    return {path: scope.keep(path, scope.folder / path) for path in paths}


def paths_in(folder: Path) -> Iterator[str]:
    """Yield the paths of the files in a folder, relative to it and in order; links that lead out of it are left out."""
    whole = folder.resolve()
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != PRIVATE)
        for name in sorted(names):
            path = Path(place, name)
            if path.is_file() and (not path.is_symlink() or path.resolve().is_relative_to(whole)):
                yield path.relative_to(folder).as_posix()


def inside(folder: Path, name: str) -> Path:
    """Return the path of a name in a folder; raises `RunnableFailed` when it leads out of it."""
    path = Path(os.path.normpath(folder / name.lstrip("/")))
    if "\x00" in name or path == folder or not path.is_relative_to(folder) or _leaves(folder, path):
        raise RunnableFailed(f"The file name {name!r:.200} leads out of the working directory, or is none.")
    return path


def _leaves(folder: Path, path: Path) -> bool:
    """Say whether a link leads out of a folder: a program that ran there, or an archive that it unpacked, may have left one."""
    try:
        return not path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # links that lead to each other, or a name that is too long
        return True


@contextmanager
def scratch(scope: Scope, name: str) -> Iterator[Path]:
    """Give the path of a new file that is gone after the block."""
    folder = scope.folder / PRIVATE / uuid.uuid4().hex
    folder.mkdir(parents=True)
    try:
        yield folder / name
    finally:
        shutil.rmtree(folder, ignore_errors=True)
