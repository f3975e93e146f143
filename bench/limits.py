"""Limits: what this machine can do at best, right now: a bare function call, a bare writer, a bare commit.

They are measured in the same process, just before and after a workload, because the machine's speed changes by the minute.
"""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path
from typing import Any, Self

import apsw

_ROW = b'{"result":["pack","01a1fd09-35be-7154-a236-19693cf4dad6/1.pack#1234+5","json",5,"0123456789abcdef",null]}'


class Meter:
    """Measures wall time, processor time of this process and its children, and growth of memory, in a `with` block."""

    def __enter__(self) -> Self:
        """Start."""
        self._memory = peak_memory()
        self._processor = processor_time()
        self._wall = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.wall = time.perf_counter() - self._wall
        self.processor = processor_time() - self._processor
        self.growth = peak_memory() - self._memory


def processor_time() -> float:
    """Return seconds of user and system time of this process and the children it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def peak_memory() -> int:
    """Return the largest resident size of this process so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def bare_call() -> float:
    """Return microseconds for an empty function call in a loop: the speed of this Python here and now."""

    def nothing() -> None:
        pass

    start = time.process_time()
    for _ in range(500_000):
        nothing()
    return (time.process_time() - start) * 2


def bare_writer(count: int = 20_000, batch: int = 1_000) -> float:
    """Return microseconds of processor time to write one task run's rows (two events and one row) in large commits."""
    connection = _connection("limit.db", "FULL")
    start = time.process_time()
    for first in range(0, count, batch):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT INTO event(run, version, at, data) VALUES (?, ?, ?, ?)",
            [(run, version, 1, _ROW) for run in range(first, first + batch) for version in (1, 2)],
        )
        connection.executemany(
            "INSERT INTO run VALUES (?, ?, ?, ?)", [(run, 11, 1, _ROW) for run in range(first, first + batch)]
        )
        connection.execute("COMMIT")
    return (time.process_time() - start) / count * 1e6


CHAIN_GOAL = {"FULL": 0.53, "NORMAL": 0.34}
"""The rate of a chain that is aimed at, as a share of this machine's bare commits: 2,500 of 4,700 a second, 5,000 of 14,900."""


def bare_commits() -> dict[str, float]:
    """Return microseconds (wall) for one commit of one row, for each way to sync."""
    return {"FULL": bare_commit("FULL", 300), "NORMAL": bare_commit("NORMAL", 3_000)}


def bare_commit(synchronous: str, count: int) -> float:
    """Return microseconds (wall) for one commit of one row, synced as `synchronous` says."""
    connection = _connection(f"commit-{synchronous}.db", synchronous)
    start = time.perf_counter()
    for run in range(count):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO event(run, version, at, data) VALUES (?, 1, 1, ?)", (run, _ROW))
        connection.execute("COMMIT")
    return (time.perf_counter() - start) / count * 1e6


def disk_use() -> int:
    """Return the bytes of everything under the Runwright home."""
    return sum(each.stat().st_size for each in Path(os.environ["RUNWRIGHT_HOME"]).rglob("*") if each.is_file())


def _connection(name: str, synchronous: str) -> Any:
    connection = apsw.Connection(os.path.join(os.environ["RUNWRIGHT_HOME"], name))  # noqa: PTH118  the library takes text
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("CREATE TABLE IF NOT EXISTS event (cursor INTEGER PRIMARY KEY, run, version, at, data)")
    connection.execute("CREATE TABLE IF NOT EXISTS run (run INTEGER PRIMARY KEY, state, at, data)")
    return connection
