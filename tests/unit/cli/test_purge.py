"""`runwright flow-run purge` deletes what has ended, by name or by conditions."""

from __future__ import annotations

import pytest
from tests.unit.backend.recorded import RecordedRun, etl

from runwright.views import FlowRunFilter


@pytest.fixture
def runs(store):
    """Return a store with a run that has ended, and one that has not."""
    etl(store, "old")
    RecordedRun(store, "new").start().commit()
    return store


def names(store):
    return sorted(row.name for row in store.flow_runs(FlowRunFilter()))


@pytest.mark.parametrize(
    ("left", "options"),
    [
        (["new"], ["--before", "0s"]),
        (["new"], ["--flow", "etl"]),
        (["new"], ["--state", "failed,running"]),
        (["new"], ["old"]),
        (["new"], ["old", "new", "--state", "failed,running"]),
        (["new", "old"], ["old", "--state", "success"]),
        (["new", "old"], ["--flow", "other"]),
        (["new", "old"], ["--namespace", "etl"]),
        (["new", "old"], ["--before", "2000-01-01"]),
        (["new", "old"], ["--before", "0s", "--dry-run"]),
        (["new", "old"], ["--before", "0s", "--only", "logs", "--only", "metrics", "--only", "files"]),
    ],
)
def test_what_is_meant_is_deleted(runwright, runs, left, options):
    outcome = runwright("flow-run", "purge", "--json", *options)

    assert (0, left) == (outcome.status, names(runs))
    row = outcome.data
    assert [("--dry-run" in options), left == ["new"]] == [
        row["is_dry_run"],
        row["flow_runs"] == 1 and not row["is_dry_run"],
    ]


def test_it_says_what_it_did(runwright, runs):
    assert ["1 flow runs would be purged"] == runwright("flow-run", "purge", "old", "--dry-run").lines
    (line,) = runwright("flow-run", "purge", "old").lines
    assert line.startswith("1 flow runs, ")
    assert line.endswith(" 0 files deleted")


@pytest.mark.parametrize(
    ("status", "told", "options"), [(2, "Say which flow runs", []), (3, "no flow run", ["nobody"])]
)
def test_what_is_not_said_is_not_guessed(runwright, runs, status, told, options):
    outcome = runwright("flow-run", "purge", *options)

    assert (status, True, ["new", "old"]) == (outcome.status, told.lower() in outcome.err.lower(), names(runs))
