"""Every integration test runs on its own record, in SQLite and in PostgreSQL, and ends with `rebuild == rows` and every
invariant checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.integration.trigger_server import Server
from tests.postgres_server import empty_postgres_url, postgres_server
from tests.s3_server import s3, s3_server

from runwright.executions.registered_flows import RegisteredFlows
from runwright.open_records import close_records
from runwright.runtime import caching
from runwright.testing.fake_clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from runwright.executions.registered_flows import RegisteredFlow
    from runwright.store import Store

__all__ = ["empty_postgres_url", "postgres_server", "record", "record_place", "s3", "s3_server"]


@pytest.fixture(params=["sqlite", "postgres"], autouse=True)
def record_place(request: pytest.FixtureRequest, runwright_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Say where the record is: in the home of the test, or on a server."""
    if request.param == "postgres":
        monkeypatch.setenv("RUNWRIGHT_RECORD", request.getfixturevalue("empty_postgres_url"))
        close_records()


@pytest.fixture(autouse=True)
def record(record_place: None, runwright_record: Store) -> Store:
    """Give every test here a record that is checked when it is over."""
    return runwright_record


@pytest.fixture(autouse=True)
def no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the caches that earlier tests left in this process."""
    monkeypatch.setattr(caching, "_caches", {})


@pytest.fixture
def now() -> Iterator[FakeClock]:
    """Let time stand still at midnight."""
    with FakeClock() as clock:
        yield clock


@pytest.fixture
def register(record: Store, now: FakeClock) -> Callable[[str], RegisteredFlow]:
    """Give a function that registers a YAML flow."""
    return RegisteredFlows(record).keep


@pytest.fixture
def server(record: Store, now: FakeClock) -> Server:
    """Give a server that looks after triggers when it is told to."""
    return Server(record)
