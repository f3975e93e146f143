"""Files: tasks about whole files: keeping those of the working directory, writing, joining, measuring and deleting others."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runwright.errors import FileMissing, RunnableFailed
from runwright.runnables.folders import keep_outputs, put_inputs, scratch
from runwright.runnables.rendering import data_of, text_of, truth_of

if TYPE_CHECKING:
    from runwright.scope import Scope
    from runwright.spec.tasks import values


def keep_local(task: values.LocalFiles, scope: Scope) -> dict[str, Any]:
    """Write files into the working directory, and keep files of it."""
    put_inputs(scope, task.inputs)
    return {"uris": keep_outputs(scope, [scope.render(each) for each in task.outputs])}


def write(task: values.Write, scope: Scope) -> dict[str, Any]:
    """Write a text to a new file."""
    content = scope.render(task.content)
    return {"uri": scope.keep(f"content{_ending(text_of(scope, task.extension))}", content.encode())}


def concat(task: values.Concat, scope: Scope) -> dict[str, Any]:
    """Put files one after the other, with the separator between two."""
    separator = (task.separator or "").encode()
    name = f"concat{_ending(text_of(scope, task.extension))}"
    with scratch(scope, name) as path:
        with path.open("wb") as whole:
            for index, uri in enumerate(_uris(task, scope)):
                with scope.drive.open(uri) as part:
                    whole.write(separator if index else b"")
                    shutil.copyfileobj(part, whole)
        return {"uri": scope.keep(name, path)}


def _uris(task: values.Concat, scope: Scope) -> list[str]:
    """Return the URIs that are given as a list, as a mapping by name, as JSON, or as one text."""
    given = scope.evaluate(task.files)
    if isinstance(given, str):
        given = data_of(given, "files") if given.lstrip().startswith(("[", "{")) else [given.strip()]
    uris = [*given.values()] if isinstance(given, Mapping) else given
    if not isinstance(uris, list | tuple) or not all(isinstance(each, str) for each in uris):
        raise RunnableFailed(f"files must be the URIs of files, and not {given!r:.100}.")
    return list(uris)


def _ending(extension: str | None) -> str:
    if extension is None:
        return ""
    if "/" in extension:
        raise RunnableFailed(
            f"The extension {extension!r:.100} has a slash: it is the end of a file's name, such as .csv."
        )
    return extension if extension.startswith(".") else f".{extension}"


def measure(task: values.Size, scope: Scope) -> dict[str, Any]:
    """Hand on the size of a file in bytes."""
    uri = scope.render(task.uri)
    info = scope.drive.find(uri)
    if info is None:
        raise FileMissing(f"There is no file {uri!r:.200} to measure: check the URI.")
    return {"size": info.size}


def delete(task: values.DeleteFile, scope: Scope) -> dict[str, Any]:
    """Delete a file."""
    uri = scope.render(task.uri)
    is_deleted = scope.drive.delete(uri)
    if not is_deleted and truth_of(scope, task.error_on_missing):
        raise FileMissing(f"There is no file {uri!r:.200} to delete: check the URI.")
    return {"uri": uri, "deleted": is_deleted}


def purge(_: values.PurgeFiles, scope: Scope) -> dict[str, Any]:
    """Delete all files of this execution."""
    folder = f"/executions/{scope.execution_id}/"
    prefix = scope.prefix[: scope.prefix.index(folder)] + folder
    uris = [info.uri for info in scope.drive.list(prefix)]
    return {"uris": [uri for uri in uris if scope.drive.delete(uri)]}
