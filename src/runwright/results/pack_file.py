"""PackFile: many small results in one file that only grows.

    record   = magic (4 bytes) + length of the data (8) + BLAKE2b-64 of the data (8) + data
    location = <folder>/<writer>.pack#<offset of the record>+<length of the data>

Every writer has a file of its own, so nobody waits for anybody, and a record that was torn by a power failure can only
be the last one of its file. This module knows nothing of values and of where packs are.
"""

from __future__ import annotations

import os
import re
import struct
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, NamedTuple

from runwright.failpoints import hit
from runwright.results.files import not_written, open_new, read_part, told_to_writers, write_all
from runwright.results.references import checksum, damaged, unavailable
from runwright.results.syncing import unsynced

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAGIC = b"RWP\x01"
_HEADER = struct.Struct("<4sQ8s")
_LOCATION = re.compile(r"([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*\.pack)#(\d{1,18})\+(\d{1,18})", re.ASCII)
_UNKNOWN = -1
MOST_HELD = 256 * 1024
"""How many bytes a file holds back at the most."""

_pack_header = _HEADER.pack


class PackLocation(NamedTuple):
    """Where a record is: the file below the root of results, the record's offset in it, the length of its data."""

    file: str
    offset: int
    length: int


class PackRecord(NamedTuple):
    """One record that a scan found. `torn` is the end of the file, where no whole record follows any more."""

    offset: int
    length: int
    condition: Literal["whole", "damaged", "torn"]


def new_name() -> str:
    """Return a file name that no other writer has."""
    return f"{os.getpid()}-{os.urandom(6).hex()}.pack"


def header(data: bytes, digest: bytes) -> bytes:
    """Return what stands before the data of a record."""
    return _pack_header(_MAGIC, len(data), digest)


def location_of(file: str, offset: int, data: bytes) -> str:
    """Return the text under which a record is found again."""
    return f"{file}#{offset}+{len(data)}"


def parse(location: str) -> PackLocation | None:
    """Return the parts of a location, None when it is not the location of a record."""
    found = _LOCATION.fullmatch(location)
    return None if found is None else PackLocation(found[1], int(found[2]), int(found[3]))


class PackFile:
    """The file of one writer. Every method may be called from any thread."""

    def __init__(self, path: str, *, is_held_back: bool = False) -> None:
        """Make the file; raises `ResultError` when the system refuses.

        With `is_held_back` records gather in memory until `flush`, or until there are `MOST_HELD` bytes of them.
        """
        self.path = path
        self._held: list[bytes] | None = [] if is_held_back else None
        self._held_size = 0
        self.name = os.path.basename(path)  # noqa: PTH119  text in, text out
        self._lock = threading.Lock()
        with told_to_writers(path):
            self._descriptor: int | None = open_new(path, os.O_WRONLY | os.O_APPEND)
        self._end = 0

    def append(self, data: bytes, digest: bytes) -> int | None:
        """Return the offset of the new record, which is in the file then unless it is held back.

        None when the file takes no more. Raises `ResultError` when the system refuses; the file is as it was then.
        """
        record = _pack_header(_MAGIC, len(data), digest) + data
        with self._lock:
            start = self._end
            if self._descriptor is None or start == _UNKNOWN:
                return None
            if self._held is not None:
                self._held.append(record)
                self._held_size += len(record)
                self._end = start + len(record)
                if self._held_size >= MOST_HELD:
                    self._write_held(self._descriptor)
                return start
            # An exception from outside may come after the bytes and before the new end: then nobody may rely on it.
            self._end = _UNKNOWN
            try:
                written = os.write(self._descriptor, record)
                if written != len(record):
                    write_all(self._descriptor, memoryview(record)[written:])
            except OSError as refused:
                with suppress(OSError):
                    os.ftruncate(self._descriptor, start)
                    self._end = start
                raise not_written(self.path, refused) from refused
            hit("result.write.mid")
            self._end = start + len(record)
        unsynced.add_file(self.path)
        return start

    def flush(self) -> None:
        """Put what is held back in the file; raises `ResultError` when the system refuses, and holds it still."""
        if self._held:
            with self._lock:
                if self._descriptor is not None:
                    self._write_held(self._descriptor)

    def _write_held(self, descriptor: int) -> None:
        held = self._held
        if not held:
            return
        start = self._end - self._held_size
        try:
            write_all(descriptor, b"".join(held))
        except OSError as refused:
            with suppress(OSError):
                os.ftruncate(descriptor, start)
            raise not_written(self.path, refused) from refused
        hit("result.write.mid")
        held.clear()
        self._held_size = 0
        unsynced.add_file(self.path)

    def close(self) -> None:
        """Put what is held back in the file, and take no more records: none comes in between."""
        with self._lock:
            try:
                if self._descriptor is not None:
                    self._write_held(self._descriptor)
            finally:
                self.abandon()

    def abandon(self) -> None:
        """Let go of the file in a process that did not open it, whoever holds the lock in the one that did."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def read_record(root: str, where: PackLocation, location: str) -> bytes:
    """Return the data of a record.

    Raises `ResultUnavailable` when the file is missing or ends before the record does, `ResultDamaged` when the bytes
    are not those of a whole record.
    """
    size = _HEADER.size + where.length
    record = read_part(os.path.join(root, where.file), location, start=where.offset, size=size)  # noqa: PTH118  text in, text out
    if len(record) < size:
        raise unavailable(location, "its file ends before it")
    magic, length, digest = _HEADER.unpack_from(record)
    data = record[_HEADER.size :]
    if (magic, length) != (_MAGIC, where.length) or checksum(data) != digest:
        raise damaged(location)
    return data


def scan_pack(path: str | os.PathLike[str]) -> Iterator[PackRecord]:
    """Yield every record of a pack file, in order; the rest of a file that goes on without one is `torn`.

    Raises `ResultUnavailable` when the file cannot be read.
    """
    name = os.fspath(path)
    end = _size_of(name)
    offset = 0
    while offset < end:
        head = read_part(name, name, start=offset, size=_HEADER.size)
        magic, length, digest = _HEADER.unpack(head) if len(head) == _HEADER.size else (b"", 0, b"")
        start = offset + _HEADER.size
        if magic != _MAGIC or start + length > end:
            yield PackRecord(offset, end - offset, "torn")
            return
        is_whole = checksum(read_part(name, name, start=start, size=length)) == digest
        yield PackRecord(offset, length, "whole" if is_whole else "damaged")
        offset = start + length


def _size_of(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116  text in, text out
    except OSError as refused:
        raise unavailable(path, refused.strerror or str(refused)) from refused
