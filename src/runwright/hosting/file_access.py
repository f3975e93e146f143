"""File access: which files the expressions of an execution may read, and reading them.

Allowed are the files of the execution itself, of those it comes from or started, and of its namespace. Others are
refused without a look whether they are there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from runwright.drive import NAMESPACE_SCHEME, SCHEME
from runwright.drives.addresses import path_of
from runwright.errors import FileForbidden, FileMissing, FilesError
from runwright.hosting.locations import execution_prefix, namespace_prefix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from runwright.drive import Drive, FileInfo

MOST_READ = 2 * 1024 * 1024
"""Bytes that an expression may read from one file: about what it could work on within its budget."""


class Place(NamedTuple):
    """An execution, as far as its files are concerned."""

    namespace: str
    flow_id: str
    execution_id: str


def _no_relatives() -> Iterable[Place]:
    return ()


class FileAccess:
    """The files that one execution may read. `relatives` gives the executions it comes from and those it started."""

    def __init__(
        self, open_drive: Callable[[], Drive], place: Place, relatives: Callable[[], Iterable[Place]] = _no_relatives
    ) -> None:
        """Open nothing before the first file is asked for."""
        self._open_drive = open_drive
        self._place = place
        self._relatives = relatives

    def uri_of(self, address: str) -> str:
        """Return the URI of a file that is allowed; an address without a scheme is a path among the namespace's files.

        Raises `FilesError`.
        """
        if not isinstance(address, str) or not address:
            raise FilesError("Which file is meant? Give its URI, or its path among the files of the namespace.")
        if address.startswith(SCHEME):
            path_of(address)
            if not self._may_read(address):
                raise FileForbidden(
                    f"The file {address} belongs to neither this execution nor one it comes from or started, nor to the "
                    f"namespace {self._place.namespace!r}. Hand it over as an input or output, or put it among the files of "
                    "the namespace."
                )
            return address
        path = address.removeprefix(NAMESPACE_SCHEME)
        if "://" in path or path.startswith("file:"):
            raise FilesError(
                f"The file {address!r} cannot be read here: expressions read files of the execution ({SCHEME}...) and, by "
                "their paths, those of the namespace."
            )
        uri = namespace_prefix(self._place.namespace) + path.lstrip("/")
        path_of(uri)
        return uri

    def find(self, address: str) -> FileInfo | None:
        """Return what is known of an allowed file, None where there is none; raises `FilesError` for others."""
        return self._open_drive().find(self.uri_of(address))

    def require(self, address: str) -> FileInfo:
        """Return what is known of an allowed file; raises `FileMissing` where there is none."""
        info = self.find(address)
        if info is None:
            raise FileMissing(f"There is no file {self.uri_of(address)}: check the address.")
        return info

    def read(self, address: str) -> str:
        """Return the text of an allowed file; raises `FileMissing`, and `FilesError` for one that is too long or no text."""
        info = self.require(address)
        if info.size > MOST_READ:
            raise FilesError(
                f"The file {info.uri} has {info.size} bytes, and an expression reads at most {MOST_READ}: let a task work on it."
            )
        with self._open_drive().open(info.uri) as file:
            data = file.read(MOST_READ)
        try:
            return data.decode()
        except UnicodeDecodeError:
            raise FilesError(f"The file {info.uri} is no text in UTF-8: let a task work on it.") from None

    def _may_read(self, uri: str) -> bool:
        if uri.startswith((execution_prefix(*self._place), namespace_prefix(self._place.namespace))):
            return True
        return any(uri.startswith(execution_prefix(*place)) for place in self._relatives())
