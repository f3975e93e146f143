"""A server over an empty record in memory, spoken to without a network, at noon of the scribe's day."""

from __future__ import annotations

import warnings

import pytest
from tests.unit.server.executions import Workbench

from runwright import clock
from runwright.server.app import create_app
from runwright.server.auth import ApiKey, Principal, Role
from runwright.server.context import ServerOptions
from runwright.stores.memory import MemoryStore
from runwright.testing.fake_clock import FakeClock
from runwright.testing.scribe import NOON, Scribe

with warnings.catch_warnings(action="ignore"):  # newer versions ask for a client that is too new to ask for
    from starlette.testclient import TestClient

KEYS = {role: f"key-of-the-{role.name.lower()}" for role in Role if role is not Role.ANYONE}


@pytest.fixture(autouse=True)
def now():
    with FakeClock(NOON + 60 * clock.NANOSECONDS) as fake:
        yield fake


@pytest.fixture
def record():
    return MemoryStore()


@pytest.fixture
def app(record):
    return create_app(record, options=ServerOptions(hosts=("testserver",), poll_seconds=0.01))


@pytest.fixture
def client(app):
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def locked(record):
    """Give a client of a server that asks for keys."""
    keys = tuple(ApiKey.from_text(key, Principal(role.name.lower(), role)) for role, key in KEYS.items())
    app = create_app(record, options=ServerOptions(keys=keys, hosts=("testserver",), poll_seconds=0.01))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def scribe(record):
    return Scribe(record, tags=("nightly",)).start()


@pytest.fixture
def bench(runwright_record):
    """Give a server whose executions a test runs itself."""
    app = create_app(runwright_record, options=ServerOptions(hosts=("testserver",), poll_seconds=0.01))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield Workbench(client, runwright_record)
