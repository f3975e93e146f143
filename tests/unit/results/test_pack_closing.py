"""Packs are closed when any flow run of a process ends: what others write and flush meanwhile is in their files all the same."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from runwright.results import pack, pack_file
from runwright.results.pack_file import PackFile
from runwright.results.references import checksum

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def held_back() -> Iterator[None]:
    """Gather values until they are flushed, as a process does that records where they are."""
    pack.hold_back()
    yield
    pack.close_packs()


def written(root: Path, value: int) -> str:
    """Write a value, and return where it will be."""
    return pack.PackedResult(root=str(root)).write(value, flow_run_id="other").location or ""


def is_in_its_file(root: Path, location: str) -> bool:
    """Say whether another process would find a value now."""
    where = pack_file.parse(location)
    assert where is not None
    file = root / where.file
    return len(file.read_bytes()) >= where.offset + where.length


class Turn:
    """A lock that lets another have a turn just after it was released for the first time."""

    def __init__(self, other: Callable[[], Any]) -> None:
        self._lock = threading.Lock()
        self._others = [other]

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()
        while self._others:
            self._others.pop()()


def test_a_flush_finds_packs_that_are_being_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    location = written(tmp_path, 1)
    close, found = PackFile.close, list[bool]()

    def commit_first(self: PackFile) -> None:
        pack.flush_packs()
        found.append(is_in_its_file(tmp_path, location))
        close(self)

    monkeypatch.setattr(PackFile, "close", commit_first)
    pack.close_packs()

    assert [True] == found


def test_a_pack_that_is_being_closed_takes_nothing_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who had it in hand before learns that, and writes to another."""
    location = written(tmp_path, 1)
    (packed,) = pack._open.by_owner.values()
    offsets: list[int | None] = []
    monkeypatch.setattr(packed, "_lock", Turn(lambda: offsets.append(packed.append(b"2", checksum(b"2")))))

    pack.close_packs()

    assert [None] == offsets
    assert is_in_its_file(tmp_path, location)
