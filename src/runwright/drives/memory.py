"""MemoryDrive: files in the memory of this process, for tests."""

from __future__ import annotations

import io
import shutil
import time
from typing import TYPE_CHECKING, BinaryIO

from runwright.drive import FileInfo
from runwright.drives.addresses import path_of, prefix_of, uri_of
from runwright.errors import FileMissing

if TYPE_CHECKING:
    from collections.abc import Iterator

_kept: dict[str, dict[str, tuple[bytes, int]]] = {}


class MemoryDrive:
    """Files in a dict of this process that has a name; another process, and the next one, find nothing."""

    def __init__(self, name: str = "") -> None:
        """Take the files of that name, or begin with none."""
        self.name = name
        self.url = f"memory://{name}"

    def put(self, uri: str, data: bytes | BinaryIO) -> str:
        """Write a file, in the place of one that was there, and return its URI; raises `FilesError`."""
        path = path_of(uri)
        whole = io.BytesIO(data if isinstance(data, bytes) else b"")
        if not isinstance(data, bytes):
            shutil.copyfileobj(data, whole)
        self._files[path] = whole.getvalue(), time.time_ns()
        return uri

    def open(self, uri: str) -> BinaryIO:
        """Return a file to read; raises `FileMissing`."""
        found = self._files.get(path_of(uri))
        if found is None:
            raise FileMissing(f"There is no file {uri}: check the URI.")
        return io.BytesIO(found[0])

    def find(self, uri: str) -> FileInfo | None:
        """Return what is known of a file, None where there is none."""
        found = self._files.get(path_of(uri))
        return None if found is None else FileInfo(uri, len(found[0]), found[1])

    def list(self, prefix: str) -> Iterator[FileInfo]:
        """Yield the files whose URIs begin with `prefix`, in order."""
        begun = prefix_of(prefix)
        return (
            FileInfo(uri_of(path), len(data), updated)
            for path, (data, updated) in sorted(self._files.items())
            if path.startswith(begun)
        )

    def delete(self, uri: str) -> bool:
        """Delete a file; False where there was none."""
        return self._files.pop(path_of(uri), None) is not None

    @property
    def _files(self) -> dict[str, tuple[bytes, int]]:
        return _kept.setdefault(self.name, {})


def clear_memory() -> None:
    """Forget every file that a `MemoryDrive` of this process keeps."""
    _kept.clear()
