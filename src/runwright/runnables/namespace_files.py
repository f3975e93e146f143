"""Namespace files: tasks that write, read and delete the files that the flows of a namespace share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runwright.drive import SCHEME, namespace_files
from runwright.errors import RunnableFailed
from runwright.runnables.folders import copy_file, inside, paths_in
from runwright.runnables.globs import Globs
from runwright.runnables.rendering import data_of, entries_of, namespace_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runwright.drive import Drive
    from runwright.scope import Scope
    from runwright.spec.tasks import plain

CONFLICTS = ("OVERWRITE", "ERROR", "SKIP")


def upload(task: plain.UploadFiles, scope: Scope) -> dict[str, Any]:
    """Write files of the namespace: those of the working directory that globs mean, and files on the drive by name."""
    conflict = scope.render(task.conflict).upper()
    if conflict not in CONFLICTS:
        raise RunnableFailed(f"conflict must be one of {', '.join(CONFLICTS)}, and not {conflict!r:.40}.")
    namespace = namespace_of(scope, task.namespace)
    prefix, drive = namespace_files(namespace), scope.files_of(namespace)
    written: dict[str, str] = {}
    for name, source in _sources(task, scope):
        path = _joined(scope.render(task.destination), name)
        uri = prefix + path
        if conflict != "OVERWRITE" and drive.find(uri) is not None:
            if conflict == "ERROR":
                raise RunnableFailed(f"The namespace has a file {path} already: choose another conflict, or delete it.")
            continue
        with scope.drive.open(source) if source else (scope.folder / name).open("rb") as file:
            written[path] = drive.put(uri, file)
    return {"files": written}


def _sources(task: plain.UploadFiles, scope: Scope) -> Iterator[tuple[str, str]]:
    """Yield the names of files, each with its URI, or an empty one for a file of the working directory."""
    given = scope.evaluate(task.files)
    if isinstance(given, str):
        given = data_of(given, "files") if given.lstrip().startswith(("[", "{")) else [given]
    named = entries_of(scope, task.files_map, "filesMap")
    if isinstance(given, Mapping):
        named, given = {**given, **named}, ()
    yield from ((uri.rpartition("/")[2], uri) for uri in given if uri.startswith(SCHEME))
    globs = Globs([each for each in given if not each.startswith(SCHEME)])
    yield from ((path, "") for path in paths_in(scope.folder) if globs.fit(path))
    yield from named.items()


def download(task: plain.DownloadFiles, scope: Scope) -> dict[str, Any]:
    """Copy files of the namespace into the working directory, and keep them with this execution."""
    kept: dict[str, str] = {}
    drive = scope.files_of(namespace_of(scope, task.namespace))
    for name, uri in _meant(task, scope, drive):
        path = _joined(scope.render(task.destination), name)
        copy = inside(scope.folder, path)
        copy_file(scope, uri, copy, drive)
        kept[path] = scope.keep(path, copy)
    return {"files": kept}


def delete(task: plain.DeleteFiles, scope: Scope) -> dict[str, Any]:
    """Delete files of the namespace."""
    drive = scope.files_of(namespace_of(scope, task.namespace))
    return {"files": {name: uri for name, uri in _meant(task, scope, drive) if drive.delete(uri)}}


def _meant(task: plain.DownloadFiles | plain.DeleteFiles, scope: Scope, drive: Drive) -> list[tuple[str, str]]:
    """Return name and URI of the files of the namespace that globs mean."""
    globs = Globs([scope.render(each) for each in task.files])
    prefix = namespace_files(namespace_of(scope, task.namespace))
    names = [info.uri.removeprefix(prefix) for info in drive.list(prefix)]
    return [(name, prefix + name) for name in names if globs.fit(name)]


def _joined(folder: str, name: str) -> str:
    """Return a path in a folder of the namespace; raises `RunnableFailed` when it would lead out of it."""
    names = [part for part in f"{folder}/{name}".split("/") if part not in {"", "."}]
    if ".." in names or not names:
        raise RunnableFailed(f"The file name {name!r:.200} leads out of the namespace, or is none.")
    return "/".join(names)
