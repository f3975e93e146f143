"""A record with one flow run on it, whose every event is known."""

from __future__ import annotations

from contextlib import closing

import pytest
from tests.served_record import serving
from tests.unit.backend.recorded import etl

from runwright.backend import record as reading
from runwright.open_records import open_record
from runwright.stores import open_store


@pytest.fixture(params=["kept here", "served"], autouse=True)
def reads(request, runwright_home, monkeypatch):
    """Let views read the record where it is kept, and from a server over HTTP."""
    if request.param == "kept here":
        yield
        return
    original = reading.open_for_reading
    with serving(open_record()) as url, closing(open_store(url)) as served:
        monkeypatch.setattr(reading, "open_for_reading", lambda record: served if record is None else original(record))
        yield


@pytest.fixture
def store(runwright_home):
    """Return the configured record, empty."""
    return open_record()


@pytest.fixture
def run(store):
    """Return a flow run that is on record."""
    return etl(store)
