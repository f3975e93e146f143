"""The guard of leases: it renews for a process that cannot, and for none that was stopped, is gone, or has given up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import closing

import pytest

from runwright.clock import NANOSECONDS
from runwright.ids import new_flow_run_id
from runwright.lease_guard import SHORTEST, Guarded, LeaseGuard, Watch, is_stopped
from runwright.stores import open_store

SECONDS = 60.0


class Clocked:
    """A record in memory whose clock a test sets."""

    def __init__(self):
        self._store = open_store("memory://")
        self.late = 0

    def __getattr__(self, name):
        return getattr(self._store, name)

    def now(self):
        return self._store.now() + int(self.late * NANOSECONDS)


@pytest.fixture
def record():
    return Clocked()


@pytest.fixture
def lease(record):
    return record.acquire(new_flow_run_id(1), "me", SECONDS)


@pytest.fixture
def stopped():
    """Give a process that was halted."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    os.kill(process.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED)
    yield process.pid
    process.kill()
    process.communicate()


def line_of(lease, seconds=SECONDS):
    return Guarded(lease.flow_run, lease.owner, lease.token, seconds)


def expiry(record, lease):
    return record.find_lease(lease.flow_run).expires


def test_what_is_about_to_run_out_is_renewed(record, lease):
    watch = Watch(record, os.getpid())
    watch.hear(line_of(lease))
    watch.look()
    assert lease.expires == expiry(record, lease)

    record.late = 31
    watch.look()

    assert lease.expires < expiry(record, lease)


def test_for_a_process_that_was_stopped_nothing_is_renewed(record, lease, stopped):
    assert [True, False] == [is_stopped(stopped), is_stopped(os.getpid())]
    watch = Watch(record, stopped)
    watch.hear(line_of(lease))
    record.late = 31

    watch.look()

    assert lease.expires == expiry(record, lease)


def test_what_was_given_up_or_is_anothers_is_left_alone(record, lease):
    watch = Watch(record, os.getpid())
    watch.hear(line_of(lease))
    record.release(lease)
    newer = record.acquire(lease.flow_run, "you", SECONDS)
    record.late = 31
    watch.look()
    assert [newer.expires, 10.0] == [expiry(record, lease), watch.pause]

    watch.hear(line_of(newer))
    watch.hear(line_of(newer, 0))
    watch.look()
    assert newer.expires == expiry(record, lease)


def test_a_short_lease_is_not_worth_a_process(record, lease):
    guard = LeaseGuard("memory://")
    guard.watch(lease, SHORTEST / 2)

    assert not guard.is_running


def test_the_process_renews_what_its_own_does_not(tmp_path):
    with closing(open_store(f"sqlite:///{tmp_path}/record.db")) as record:
        lease = record.acquire(new_flow_run_id(1), "me", SHORTEST)
        guard = LeaseGuard(record.url)
        guard.start()
        try:
            guard.watch(lease, SHORTEST * 1_000)  # it has less than half of that already
            end = time.monotonic() + 60
            while lease.expires == record.find_lease(lease.flow_run).expires:
                assert time.monotonic() < end
        finally:
            guard.stop()

    assert not guard.is_running
