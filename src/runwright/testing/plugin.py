"""Plugin: pytest fixtures for people who test flows. Installed with Runwright; nothing is loaded before a fixture is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runwright.store import Store
    from runwright.testing.fake_clock import FakeClock


@pytest.fixture
def runwright_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the test a Runwright home of its own: record, results and settings."""
    from runwright.open_records import close_records  # noqa: PLC0415  only tests that run flows pay for it

    home = tmp_path / "runwright-home"
    monkeypatch.setenv("RUNWRIGHT_HOME", str(home))
    monkeypatch.delenv("RUNWRIGHT_RECORD", raising=False)
    close_records()
    yield home
    close_records()


@pytest.fixture
def runwright_record(runwright_home: Path) -> Iterator[Store]:
    """Give the test an empty record, and check it when the test is over: every invariant, and rows equal to the log's fold."""
    from runwright.app import check_record  # noqa: PLC0415  only tests that run flows pay for it
    from runwright.open_records import open_record  # noqa: PLC0415  as above

    del runwright_home
    store = open_record()
    yield store
    problems = check_record(open_record())
    assert not problems, "\n".join(str(problem) for problem in problems)


@pytest.fixture
def fake_clock() -> Iterator[FakeClock]:
    """Let time stand still, so that waits take none."""
    from runwright.testing.fake_clock import FakeClock  # noqa: PLC0415  only tests that run flows pay for it

    with FakeClock() as clock:
        yield clock
