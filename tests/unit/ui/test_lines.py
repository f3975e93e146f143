"""The tasks of a flow run as they stand, and as they stood at any moment."""

from __future__ import annotations

from tests.unit.backend.recorded import START

from runwright.clock import NANOSECONDS
from runwright.ui import rows
from runwright.ui.lines import lines_at, lines_now


def at(store, run, seconds):
    flow_run = rows.find_flow_run(store, run.id)
    begin = flow_run.start_time or 0
    found = lines_at(store, flow_run, rows.version_of(store, flow_run), begin + seconds * NANOSECONDS)
    return {line.slug: line for line in found}


def test_at_the_end_it_stands_as_it_does_now(store, runs):
    run = runs["failed"]
    now = {line.slug: line for line in lines_now(store, rows.find_flow_run(store, run.id))}
    then = at(store, run, 10_000)

    assert {slug: line.state for slug, line in now.items()} == {slug: line.state for slug, line in then.items()}
    assert {slug: line.counts for slug, line in now.items()} == {
        slug: {state: count for state, count in line.counts.items() if count} for slug, line in then.items()
    }
    assert {slug: line.end for slug, line in now.items()} == {slug: line.end for slug, line in then.items()}


def test_in_the_past_it_stands_as_it_did(store, runs):
    assert {"Pending"} == {line.state for line in at(store, runs["failed"], 0).values()}
    assert "Retrying" == at(store, runs["failed"], 2)["extract-1"].state
    middle = at(store, runs["failed"], 7)["fetch-1"]
    assert {"Success": 1, "Pending": 2} == {state: count for state, count in middle.counts.items() if count}


def test_attempts_are_kept_apart(store, runs):
    extract = at(store, runs["failed"], 10_000)["extract-1"]

    assert [("Failed", 1.0), ("Success", 1.0)] == [
        (span.state, ((span.end or 0) - span.start) / NANOSECONDS) for span in extract.spans
    ]
    now = lines_now(store, rows.find_flow_run(store, runs["failed"].id))[0]
    assert [(span.start, span.end) for span in extract.spans] == [(span.start, span.end) for span in now.spans]


def test_children_that_did_not_end_well_show_on_the_line(store, runs):
    lines = {line.slug: line for line in lines_now(store, rows.find_flow_run(store, runs["failed"].id))}

    assert ("Mapped", "Failed") == (lines["fetch-1"].state, lines["fetch-1"].shown)
    assert START < (lines["fetch-1"].start or 0)
