"""Reach: the drive as the tasks of one execution see it: the files of its namespace, and of the executions around it.

Those are the files of all executions of the namespace, what its flows share, and the executions that this one comes from or started,
wherever these are. A task that names another namespace reaches the files that the flows of that one share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright import ids
from runwright.drive import SCHEME, namespace_files
from runwright.drives.addresses import path_of, prefix_of
from runwright.errors import FileForbidden

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import BinaryIO

    from runwright.drive import Drive, FileInfo
    from runwright.hosting.file_access import Place

_SHARED = ("_files", "_states")
"""The folders of a namespace that belong to no flow."""

_EXECUTIONS, _CACHE = "executions", "_cache"
"""The folders of a flow."""


class Reach:
    """A drive that keeps a task to what it may reach; `named` is another namespace whose shared files it may."""

    def __init__(
        self, drive: Drive, place: Place, relatives: Callable[[], Iterable[Place]], named: str | None = None
    ) -> None:
        """Wrap a drive; `relatives` is asked only about files of other namespaces."""
        self._drive = drive
        self._place = place
        self._relatives = relatives
        self._home = f"{SCHEME}{place.namespace.replace('.', '/')}/"
        self._open = [_execution(place), *([] if named is None else [namespace_files(named)])]

    def put(self, uri: str, data: bytes | BinaryIO) -> str:
        """Write a file, in the place of one that was there, and return its URI; raises `FilesError`."""
        return self._drive.put(self._checked(uri), data)

    def open(self, uri: str) -> BinaryIO:
        """Return a file to read; raises `FileMissing`, `FilesError`."""
        return self._drive.open(self._checked(uri))

    def find(self, uri: str) -> FileInfo | None:
        """Return what is known of a file, None where there is none; raises `FilesError`."""
        return self._drive.find(self._checked(uri))

    def list(self, prefix: str) -> Iterator[FileInfo]:
        """Yield the files whose URIs begin with `prefix`, in order; raises `FilesError`."""
        prefix_of(prefix)
        self._check(prefix)
        return self._drive.list(prefix)

    def delete(self, uri: str) -> bool:
        """Delete a file; False where there was none; raises `FilesError`."""
        return self._drive.delete(self._checked(uri))

    def _checked(self, uri: str) -> str:
        path_of(uri)
        self._check(uri)
        return uri

    def _check(self, uri: str) -> None:
        if uri.startswith(tuple(self._open)) or (
            uri.startswith(self._home) and _is_of_namespace(uri[len(self._home) :])
        ):
            return
        relatives = [_execution(place) for place in self._relatives()]
        if uri.startswith(tuple(relatives)):
            self._open += relatives
            return
        raise FileForbidden(
            f"The file {uri} belongs to neither the namespace {self._place.namespace!r} nor an execution that this one comes "
            "from or started. Hand it over as an input or output, or put it among the files of a namespace."
        )


def _execution(place: Place) -> str:
    """Return what the URIs of an execution's files begin with."""
    return f"{SCHEME}{place.namespace.replace('.', '/')}/{place.flow_id}/{_EXECUTIONS}/{place.execution_id}/"


def _is_of_namespace(path: str) -> bool:
    """Say whether a path below a namespace is its own: namespaces inside of it begin in the same way."""
    first, *rest = path.split("/")
    if first in _SHARED and rest:
        return True
    if len(rest) > 1 and rest[0] == _EXECUTIONS:
        return ids.flow_run_from_text(rest[1]) is not None
    return bool(rest) and rest[0] == _CACHE
