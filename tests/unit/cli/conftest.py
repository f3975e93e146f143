"""The command line, called in this process on a home of its own."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest
from tests.unit.backend.recorded import etl

from runwright.cli.main import main
from runwright.open_records import open_record


class Outcome(NamedTuple):
    """What came of one call."""

    status: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """Return what was printed, read as JSON."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        """Return what was printed, line by line."""
        return self.out.splitlines()


@pytest.fixture
def runwright(runwright_home, monkeypatch, capsys):
    """Call the command line; nothing of the caller's terminal and environment shows."""
    for name in ("NO_COLOR", "FORCE_COLOR", "RUNWRIGHT_COLOR"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments):
        status = main(arguments)
        captured = capsys.readouterr()
        return Outcome(status, captured.out, captured.err)

    return call


@pytest.fixture
def store(runwright_home):
    """Return the configured record, open for writing."""
    return open_record()


@pytest.fixture
def run(store):
    """Return a flow run that is on record; see `etl`."""
    return etl(store)
