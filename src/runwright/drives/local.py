"""LocalDrive: files in a folder of this machine, for the owner's eyes only.

A file is written beside all others and moved to its place: whoever looks there finds the old one or the new one. A symbolic
link is neither a file nor a folder of the drive, wherever it leads.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO

from runwright.drive import FileInfo
from runwright.drives.addresses import path_of, prefix_of, uri_of
from runwright.errors import FileMissing, FilesError
from runwright.results.files import PRIVATE_FILE, make_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

DRAFTS = ".drafts"
"""The folder of files that are being written; no URI leads there."""

_PATIENCE = 5
_ABANDONED = 24 * 60 * 60  # seconds that nobody takes to write a file
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_ABSENT = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}
_ADVICE = {
    errno.ENOSPC: "Free some space, then try again.",
    errno.EDQUOT: "Free some space, then try again.",
    errno.EACCES: "Allow this user to use the folder, or choose another (RUNWRIGHT_DRIVE).",
    errno.EPERM: "Allow this user to use the folder, or choose another (RUNWRIGHT_DRIVE).",
    errno.EROFS: "Choose a folder that can be written to (RUNWRIGHT_DRIVE).",
    errno.ENOTDIR: "A file is in the place of a folder: choose another name.",
    errno.EISDIR: "A folder is in the place of the file: choose another name.",
    errno.EEXIST: "A file is in the place of a folder: choose another name.",
    errno.EMFILE: "Raise the limit of open files (ulimit -n).",
}


class LocalDrive:
    """Files in `folder`, which is made when the first one is written."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        """Take a folder; nothing is made yet."""
        self.folder = os.path.abspath(os.path.expanduser(folder))  # noqa: PTH100, PTH111  paths are text here
        self.url = f"file://{self.folder}"
        self._is_tidy = False

    def put(self, uri: str, data: bytes | BinaryIO) -> str:
        """Write a file, in the place of one that was there, and return its URI; raises `FilesError`."""
        path = self._path(uri)
        with self._explained("written", uri):
            draft = self._draft(data)
            try:
                self._move(draft, path)
            except BaseException:
                with suppress(OSError):
                    os.unlink(draft)  # noqa: PTH108  paths are text here
                raise
        return uri

    def open(self, uri: str) -> BinaryIO:
        """Return a file to read; raises `FileMissing`."""
        path = self._path(uri)
        with self._explained("read", uri):
            self._check_links(path)
            descriptor = os.open(path, _READ)
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                return os.fdopen(descriptor, "rb")
            os.close(descriptor)
        raise _missing(uri)

    def find(self, uri: str) -> FileInfo | None:
        """Return what is known of a file, None where there is none."""
        path = self._path(uri)
        try:
            with self._explained("looked up", uri):
                self._check_links(path)
                return _info(uri, os.lstat(path))
        except FileMissing:
            return None

    def list(self, prefix: str) -> Iterator[FileInfo]:
        """Yield the files whose URIs begin with `prefix`, in order."""
        above, _, begun = prefix_of(prefix).rpartition("/")
        folder = f"{above}/" if above else ""
        with suppress(FileMissing), self._explained("listed", prefix):
            self._check_links(self._join(folder + "x"))
            yield from self._walk(folder, begun)

    def delete(self, uri: str) -> bool:
        """Delete a file, and the folders that are empty without it; False where there was none."""
        path = self._path(uri)
        if self.find(uri) is None:
            return False
        with self._explained("deleted", uri):
            os.unlink(path)  # noqa: PTH108  paths are text here
        with suppress(OSError):
            while (path := os.path.dirname(path)) != self._root:  # noqa: PTH120  paths are text here
                os.rmdir(path)  # noqa: PTH106  paths are text here
        return True

    @property
    def _root(self) -> str:
        return os.path.realpath(self.folder)

    def _join(self, path: str) -> str:
        return os.path.join(self._root, *path.split("/"))  # noqa: PTH118  paths are text here

    def _path(self, uri: str) -> str:
        return self._join(path_of(uri))

    def _check_links(self, path: str) -> None:
        """Raise `OSError` when a folder on the way is a link: what it leads to is no part of the drive."""
        folder = os.path.dirname(path)  # noqa: PTH120  paths are text here
        if os.path.realpath(folder) != folder:
            raise OSError(errno.ELOOP, "a folder in its path is a link")

    def _draft(self, data: bytes | BinaryIO) -> str:
        drafts = os.path.join(self._root, DRAFTS)  # noqa: PTH118  paths are text here
        make_folder(drafts)
        self._tidy(drafts)
        draft = os.path.join(drafts, os.urandom(8).hex())  # noqa: PTH118  paths are text here
        with os.fdopen(os.open(draft, _NEW, PRIVATE_FILE), "wb") as file:
            try:
                if isinstance(data, bytes | bytearray | memoryview):
                    file.write(data)
                else:
                    shutil.copyfileobj(data, file, 1024 * 1024)
                file.flush()
                os.fsync(file.fileno())
            except BaseException:
                os.unlink(draft)  # noqa: PTH108  paths are text here
                raise
        return draft

    def _tidy(self, drafts: str) -> None:
        """Remove, once, what processes that were killed while they wrote have left."""
        if self._is_tidy:
            return
        self._is_tidy = True
        with suppress(OSError), os.scandir(drafts) as entries:
            for entry in entries:
                if time.time() - entry.stat(follow_symlinks=False).st_mtime > _ABANDONED:
                    os.unlink(entry.path)  # noqa: PTH108  paths are text here

    def _move(self, draft: str, path: str) -> None:
        folder = os.path.dirname(path)  # noqa: PTH120  paths are text here
        for left in reversed(range(_PATIENCE)):
            self._check_links(path)
            make_folder(folder)
            try:
                os.replace(draft, path)  # noqa: PTH105  paths are text here
            except FileNotFoundError:  # whoever deleted the last file in it took the folder away
                if not left:
                    raise
            else:
                _sync_folder(folder)
                return

    def _walk(self, folder: str, begun: str) -> Iterator[FileInfo]:
        """Yield what is below a folder (empty, or with a slash at its end) under names that begin so, by URI."""
        try:
            with os.scandir(self._join(folder.rstrip("/")) if folder else self._root) as entries:
                found = [
                    (entry, entry.is_dir(follow_symlinks=False)) for entry in entries if entry.name.startswith(begun)
                ]
        except FileNotFoundError:
            return
        # A folder sorts by its name and the slash, as the URIs of its files do.
        for entry, is_folder in sorted(found, key=lambda each: each[0].name + "/" * each[1]):
            path = folder + entry.name
            if path.startswith(".") or not _is_text(entry.name):
                continue
            if is_folder:
                yield from self._walk(f"{path}/", "")
            else:
                with suppress(FileNotFoundError):
                    if info := _info(uri_of(path), entry.stat(follow_symlinks=False)):
                        yield info

    @contextmanager
    def _explained(self, verb: str, uri: str) -> Iterator[None]:
        try:
            yield
        except FilesError:
            raise
        except OSError as refused:
            if refused.errno in _ABSENT and verb != "written":
                raise _missing(uri) from refused
            advice = _ADVICE.get(refused.errno or 0, "Check the folder and its disk.")
            raise FilesError(
                f"The file {uri} could not be {verb}: {refused.strerror or refused}. {advice}"
            ) from refused


def _info(uri: str, found: os.stat_result) -> FileInfo | None:
    return FileInfo(uri, found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None


def _missing(uri: str) -> FileMissing:
    return FileMissing(f"There is no file {uri}: check the URI.")


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _sync_folder(folder: str) -> None:
    """Make a new name in a folder survive a power failure, where folders can be opened."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
