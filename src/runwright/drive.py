"""Drive: where the files of executions and namespaces live, in the user's own storage. The contract.

A file is known by its URI, `kestra:///` and a path: the scheme is the one that flows and their clients know. What is written
is there as a whole or not at all. Adapters: `runwright.drives`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEME = "kestra:///"

NAMESPACE_SCHEME = "nsfile:///"
"""What addresses of the files of a flow's own namespace begin with, where a path alone would be taken for a text."""

UNSAFE = r"\s'\"`;|&<>()$\\\x00-\x1f\x7f"
"""Signs, for a class of a regular expression, that a shell does not read as a part of a word."""


def namespace_files(namespace: str) -> str:
    """Return what the URIs of the files of a namespace begin with."""
    return f"{SCHEME}{namespace.replace('.', '/')}/_files/"


class FileInfo(msgspec.Struct, frozen=True):
    """A file: its URI, its size in bytes, and when it was last written (ns)."""

    uri: str
    size: int
    updated: int


class Drive(Protocol):
    """A place for files. It travels to other processes by what it was made from."""

    def put(self, uri: str, data: bytes | BinaryIO) -> str:
        """Write a file, in the place of one that was there, and return its URI; raises `FilesError`."""
        ...

    def open(self, uri: str) -> BinaryIO:
        """Return a file to read; raises `FileMissing`."""
        ...

    def find(self, uri: str) -> FileInfo | None:
        """Return what is known of a file, None where there is none."""
        ...

    def list(self, prefix: str) -> Iterator[FileInfo]:
        """Yield the files whose URIs begin with `prefix`, in order."""
        ...

    def delete(self, uri: str) -> bool:
        """Delete a file; False where there was none."""
        ...
