"""Reach: the drive as the tasks of one execution see it: the files of its namespace, and of the executions around it.

Those are the files of all executions of the namespace, what its flows share, and the executions that this one comes from or started,
wherever these are. A task that names another namespace reaches the files that the flows of that one share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright import ids
from runwright.drive import SCHEME
from runwright.drives.addresses import path_of, prefix_of
from runwright.errors import FileForbidden
from runwright.hosting.locations import CACHE, EXECUTIONS, SHARED, execution_prefix, namespace_prefix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import BinaryIO

    from runwright.drive import Drive, FileInfo
    from runwright.hosting.file_access import Place

_OF_EXECUTION = ("inputs", "tasks")
"""The folders of an execution: what is in others belongs to a flow of a namespace that ends in `executions`."""


class Reach:
    """A drive that keeps a task to what it may reach; `named` is another namespace whose shared files it may."""

    def __init__(
        self, drive: Drive, place: Place, relatives: Callable[[], Iterable[Place]], named: str | None = None
    ) -> None:
        """Wrap a drive; `relatives` is asked only about files of other namespaces. Raises `FilesError` for one without a place."""
        self._drive = drive
        self._place = place
        self._relatives = relatives
        self._home = f"{SCHEME}{place.namespace.replace('.', '/')}/"
        self._open = [execution_prefix(*place), *([] if named is None else [namespace_prefix(named)])]

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
        relatives = [execution_prefix(*place) for place in self._relatives()]
        if uri.startswith(tuple(relatives)):
            self._open += relatives
            return
        raise FileForbidden(
            f"The file {uri} belongs to neither the namespace {self._place.namespace!r} nor an execution that this one comes "
            "from or started. Hand it over as an input or output, or put it among the files of a namespace."
        )


def _is_of_namespace(path: str) -> bool:
    """Say whether a path below a namespace is its own: namespaces inside of it begin in the same way."""
    first, *rest = path.split("/")
    if first in SHARED and rest:
        return True
    if rest[:1] == [EXECUTIONS]:
        identity, folder = (*rest, "", "")[1:3]
        return ids.flow_run_from_text(identity) is not None and folder in _OF_EXECUTION
    return rest[:1] == [CACHE]
