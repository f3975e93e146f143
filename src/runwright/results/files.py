"""Files: bytes to disk and back, whole or not at all, for the owner's eyes only.

Files are made with mode 0600 and folders with 0700. What the system refuses
becomes a `ResultError` that says what to do.
"""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from runwright.errors import ResultError
from runwright.failpoints import hit
from runwright.results.references import unavailable
from runwright.results.syncing import unsynced

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700

_NEW = os.O_CREAT | os.O_EXCL
_READ = os.O_RDONLY | os.O_NONBLOCK  # a pipe in the place of a file must not hold the reader up
_ADVICE = {
    errno.ENOSPC: "Free some space, then run the task again, or resume the flow run.",
    errno.EDQUOT: "Free some space, then run the task again, or resume the flow run.",
    errno.EACCES: "Allow this user to write there, or choose another folder.",
    errno.EPERM: "Allow this user to write there, or choose another folder.",
    errno.EROFS: "Choose a folder that can be written to.",
    errno.ENAMETOOLONG: "Choose a shorter location.",
    errno.EMFILE: "Raise the limit of open files (ulimit -n).",
}


@contextmanager
def told_to_writers(path: str) -> Iterator[None]:
    """Turn what the system refuses inside the block into a `ResultError` about `path`."""
    try:
        yield
    except OSError as refused:
        raise not_written(path, refused) from refused


def not_written(path: str, refused: OSError) -> ResultError:
    """Return the error for bytes that the system did not take."""
    advice = _ADVICE.get(refused.errno or 0, "Check the folder and its disk.")
    return ResultError(f"The result could not be written to {path}: {refused.strerror or refused}. {advice}")


def open_new(path: str, flags: int) -> int:
    """Return the descriptor of a file that did not exist before, in a folder that is made when it is missing."""
    folder = os.path.dirname(path)  # noqa: PTH120  text in, text out
    try:
        descriptor = os.open(path, flags | _NEW, PRIVATE_FILE)
    except FileNotFoundError:
        make_folder(folder)
        descriptor = os.open(path, flags | _NEW, PRIVATE_FILE)
    unsynced.add_folder(folder)
    return descriptor


def make_folder(folder: str) -> None:
    """Make a folder and those above it where they are missing."""
    above = os.path.dirname(folder)  # noqa: PTH120  text in, text out
    if above == folder or os.path.isdir(folder):  # noqa: PTH112  text in, text out
        return
    make_folder(above)
    with suppress(FileExistsError):
        os.mkdir(folder, PRIVATE_FOLDER)  # noqa: PTH102  text in, text out
    unsynced.add_folder(above)


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Write every byte: the system takes at most 2 GiB at once, and less on a full disk."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def write_new(path: str, parts: Sequence[bytes]) -> None:
    """Write a file that did not exist before; raises `ResultError` when the system refuses, and leaves no file then."""
    with told_to_writers(path):
        _create(path, parts)
    unsynced.add_file(path)


def write_whole(path: str, data: bytes) -> None:
    """Write a file so that whoever looks at `path` finds the old bytes or the new ones, and nothing in between.

    Raises `ResultError` when the system refuses.
    """
    folder, name = os.path.split(path)
    draft = os.path.join(folder, f".{name[:40]}.{os.urandom(6).hex()}.draft")  # noqa: PTH118  text in, text out
    with told_to_writers(path):
        _create(draft, [data])
        with _removed_on_failure(draft):
            os.replace(draft, path)  # noqa: PTH105  text in, text out
    unsynced.add_file(path)
    unsynced.add_folder(folder)


def _create(path: str, parts: Sequence[bytes]) -> None:
    descriptor = open_new(path, os.O_WRONLY)
    with _removed_on_failure(path):
        try:
            for part in parts:
                write_all(descriptor, part)
                hit("result.write.mid")
        finally:
            os.close(descriptor)


@contextmanager
def _removed_on_failure(path: str) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with suppress(OSError):
            os.unlink(path)  # noqa: PTH108  text in, text out
        raise


def read_part(path: str, location: str, *, start: int = 0, size: int | None = None) -> bytes:
    """Return `size` bytes from `start`, or all of them; fewer where the file ends before.

    Raises `ResultUnavailable` when the file is missing or may not be read.
    """
    try:
        descriptor = os.open(path, _READ)
        try:
            there = max(os.fstat(descriptor).st_size - start, 0)
            return _pread(descriptor, there if size is None else min(size, there), start)
        finally:
            os.close(descriptor)
    except OSError as refused:
        raise unavailable(location, refused.strerror or str(refused)) from refused


def _pread(descriptor: int, size: int, start: int) -> bytes:
    data = os.pread(descriptor, size, start)
    if len(data) == size:
        return data
    parts = [data]
    while parts[-1] and (size := size - len(parts[-1])) > 0:
        start += len(parts[-1])
        parts.append(os.pread(descriptor, size, start))
    return b"".join(parts)
