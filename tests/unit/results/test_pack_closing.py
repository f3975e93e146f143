"""The packs of a flow run are closed at its end, and those of no other; what is written and flushed meanwhile is in its file."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from runwright.results import pack, pack_file
from runwright.results.pack import FlowRunPacks
from runwright.results.pack_file import PackFile
from runwright.results.references import checksum

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def own() -> Iterator[FlowRunPacks]:
    """Gather the values of a flow run until they are flushed, as whoever does that records where they are."""
    own = FlowRunPacks()
    own.hold_back("run")
    yield own
    own.close()


def written(root: Path, value: int, owner: str = "run") -> str:
    """Write a value, and return where it will be."""
    return pack.PackedResult(root=str(root)).write(value, flow_run_id=owner).location or ""


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


def test_the_end_of_one_flow_run_closes_its_own_packs_alone(tmp_path: Path, own: FlowRunPacks) -> None:
    """The others go on gathering in the files that they have."""
    other = FlowRunPacks()
    other.hold_back("other")
    first = written(tmp_path, 1, "other")
    written(tmp_path, 2)
    own.close()
    second = written(tmp_path, 3, "other")

    assert [(str(tmp_path), "other")] == list(pack._open.by_owner)
    assert [False, False] == [is_in_its_file(tmp_path, each) for each in (first, second)]
    assert first.partition("#")[0] == second.partition("#")[0]
    other.close()
    assert [True, True] == [is_in_its_file(tmp_path, each) for each in (first, second)]


def test_what_comes_after_the_end_of_a_flow_run_is_in_its_file_at_once(tmp_path: Path, own: FlowRunPacks) -> None:
    """An attempt that nobody waits for any more may still write, and nobody will flush."""
    own.close()

    assert is_in_its_file(tmp_path, written(tmp_path, 1))
    pack.close_packs()


def test_of_two_of_one_flow_run_the_second_goes_on_gathering(tmp_path: Path, own: FlowRunPacks) -> None:
    twin = FlowRunPacks()
    twin.hold_back("run")
    first = written(tmp_path, 1)
    own.close()
    second = written(tmp_path, 2)

    assert [True, False] == [is_in_its_file(tmp_path, each) for each in (first, second)]
    twin.close()


def test_a_flush_finds_packs_that_are_being_closed(
    tmp_path: Path, own: FlowRunPacks, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = written(tmp_path, 1)
    close, found = PackFile.close, list[bool]()

    def commit_first(self: PackFile) -> None:
        pack.flush_packs()
        found.append(is_in_its_file(tmp_path, location))
        close(self)

    monkeypatch.setattr(PackFile, "close", commit_first)
    own.close()

    assert [True] == found


def test_a_pack_that_is_being_closed_takes_nothing_more(
    tmp_path: Path, own: FlowRunPacks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who had it in hand before learns that, and writes to another."""
    location = written(tmp_path, 1)
    (packed,) = pack._open.by_owner.values()
    offsets: list[int | None] = []
    monkeypatch.setattr(packed, "_lock", Turn(lambda: offsets.append(packed.append(b"2", checksum(b"2")))))

    own.close()

    assert [None] == offsets
    assert is_in_its_file(tmp_path, location)
