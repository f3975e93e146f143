"""A record with one flow run on it, whose every event is known."""

from __future__ import annotations

import pytest
from tests.unit.backend.recorded import etl

from runwright import app


@pytest.fixture
def store(runwright_home):
    """Return the configured record, empty."""
    return app.open_record()


@pytest.fixture
def run(store):
    """Return a flow run that is on record."""
    return etl(store)
