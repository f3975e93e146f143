"""Namespace files: the files that belong to a namespace and not to a run, by their paths in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from runwright.hosting.locations import namespace_prefix
from runwright.runnables.globs import Globs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runwright.drive import Drive


class NamespaceFile(NamedTuple):
    """A file of a namespace: its path there, its URI, its size in bytes, and when it was last written (ns)."""

    path: str
    uri: str
    size: int
    updated: int


class NamespaceFiles:
    """The files of one namespace on a drive. Raises `FilesError` for a namespace that has no place, and for bad paths."""

    def __init__(self, drive: Drive, namespace: str) -> None:
        """Take the place; nothing is read yet."""
        self.drive = drive
        self.prefix = namespace_prefix(namespace)

    def uri_of(self, path: str) -> str:
        """Return the URI of a path, whether there is such a file or not; a slash at its start says nothing."""
        return self.prefix + path.lstrip("/")

    def list(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None, *, folder: str = ""
    ) -> Iterator[NamespaceFile]:
        """Yield files below `folder`, in order: those that `include` matches (None: all) and `exclude` does not.

        Patterns are those of `runwright.runnables.globs`.
        """
        begun = folder.strip("/")
        wanted, unwanted = None if include is None else _globs(include), _globs(exclude or ())
        for info in self.drive.list(self.prefix + (f"{begun}/" if begun else "")):
            path = info.uri.removeprefix(self.prefix)
            if (wanted is None or wanted.fit(path)) and not unwanted.fit(path):
                yield NamespaceFile(path, info.uri, info.size, info.updated)

    def find(self, path: str) -> NamespaceFile | None:
        """Return what is known of a file, None where there is none."""
        info = self.drive.find(self.uri_of(path))
        return None if info is None else NamespaceFile(path.lstrip("/"), info.uri, info.size, info.updated)

    def open(self, path: str) -> BinaryIO:
        """Return a file to read; raises `FileMissing`."""
        return self.drive.open(self.uri_of(path))

    def put(self, path: str, data: bytes | BinaryIO) -> str:
        """Write a file, in the place of one that was there, and return its URI."""
        return self.drive.put(self.uri_of(path), data)

    def delete(self, path: str) -> bool:
        """Delete a file; False where there was none."""
        return self.drive.delete(self.uri_of(path))

    def delete_folder(self, folder: str) -> int:
        """Delete every file below a folder (empty: all of the namespace) and return how many there were."""
        return sum(self.delete(each.path) for each in list(self.list(folder=folder)))


def _globs(patterns: Iterable[str]) -> Globs:
    return Globs((patterns,) if isinstance(patterns, str) else patterns)
