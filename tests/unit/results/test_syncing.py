"""Syncing puts on the disk what was written, and lets nobody go on before it is there."""

from __future__ import annotations

import errno
import os

import pytest

from runwright.errors import ResultError
from runwright.results import LocalResult, PackedResult, pack, syncing
from runwright.results.pack import FlowRunPacks
from runwright.results.syncing import Unsynced


@pytest.fixture
def synced(monkeypatch):
    """Return the files and folders that are put on the disk, by inode."""
    inodes = []

    def sync(descriptor):
        inodes.append(os.fstat(descriptor).st_ino)

    monkeypatch.setattr(syncing, "_sync_data", sync)
    monkeypatch.setattr(syncing.os, "fsync", sync)
    monkeypatch.setattr(syncing.os, "sync", lambda: inodes.append("everything"))
    return inodes


@pytest.fixture
def unsynced(monkeypatch):
    """Return what the adapters remember in, empty."""
    fresh = Unsynced()
    for module in ("pack", "pack_file", "files", "syncing"):
        monkeypatch.setattr(f"runwright.results.{module}.unsynced", fresh)
    yield fresh
    pack.close_packs()


def inode(path):
    return path.stat().st_ino


def test_a_pack_is_synced_with_the_folders_that_it_is_in(tmp_path, unsynced, synced):
    root = tmp_path / "home" / "results"
    for number in range(5):
        PackedResult(root).write(number, flow_run_id="run")
    FlowRunPacks().sync()

    (file,) = (root / "run").iterdir()
    folders = (tmp_path, tmp_path / "home", root, root / "run")
    assert inode(file) == synced[0]
    assert sorted(map(inode, folders)) == sorted(synced[1:])


def test_nothing_is_synced_twice(tmp_path, unsynced, synced):
    packed = PackedResult(tmp_path)
    packed.write(1, flow_run_id="run")
    FlowRunPacks().sync()
    synced.clear()

    FlowRunPacks().sync()
    assert [] == synced

    packed.write(2, flow_run_id="run")
    FlowRunPacks().sync()
    assert [inode(path) for path in (tmp_path / "run").iterdir()] == synced


def test_what_is_written_while_a_sync_runs_is_synced_by_the_next(tmp_path, unsynced, synced, monkeypatch):
    packed = PackedResult(tmp_path)
    packed.write(1, flow_run_id="run")
    sync = syncing._sync_data

    def sync_slowly(descriptor):
        sync(descriptor)
        monkeypatch.setattr(syncing, "_sync_data", sync)
        packed.write(2, flow_run_id="run")

    monkeypatch.setattr(syncing, "_sync_data", sync_slowly)
    FlowRunPacks().sync()
    synced.clear()
    FlowRunPacks().sync()

    assert [inode(path) for path in (tmp_path / "run").iterdir()] == synced


def test_closed_packs_large_values_and_local_files_are_synced_too(tmp_path, unsynced, synced):
    PackedResult(tmp_path).write(1, flow_run_id="run")
    PackedResult(tmp_path).write("x" * pack.LARGE, flow_run_id="run")
    LocalResult(tmp_path / "local", location="a.json").write(1)
    pack.close_packs()
    FlowRunPacks().sync()

    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert 3 == len(files)
    assert {inode(path) for path in files} <= set(synced)


def test_many_files_are_written_at_once_and_then_asked_for(tmp_path, unsynced, synced):
    local = LocalResult(tmp_path)
    for number in range(syncing.FEW + 1):
        local.write(number)
    FlowRunPacks().sync()

    assert "everything" == synced[0]
    assert {inode(path) for path in tmp_path.iterdir()} <= set(synced[1:])


def test_what_is_gone_in_the_meantime_is_passed_over(tmp_path, unsynced, synced):
    gone, there = (LocalResult(tmp_path, location=name).write(1) for name in ("gone", "there"))
    (tmp_path / "gone").unlink()
    FlowRunPacks().sync()

    assert not gone.exists(gone.location)
    assert inode(tmp_path / there.location) in synced


def test_a_disk_that_failed_stays_failed_for_the_flow_runs_that_were_there(tmp_path, unsynced, monkeypatch):
    """The second sync of lost bytes may well succeed: whoever believed it would record a result that is not there.

    That one of them ends makes it no better for the others; one that begins later has lost nothing.
    """
    one, other = FlowRunPacks(), FlowRunPacks()
    PackedResult(tmp_path).write(1, flow_run_id="run")
    with monkeypatch.context() as failing:
        failing.setattr(syncing, "_sync_data", fails)
        with pytest.raises(ResultError, match=r"may not be on the disk: Input/output error. Check the disk"):
            one.sync()
    one.close()
    with pytest.raises(ResultError, match="may not be on the disk"):
        other.sync()

    FlowRunPacks().sync()


def fails(descriptor):
    raise OSError(errno.EIO, os.strerror(errno.EIO))
