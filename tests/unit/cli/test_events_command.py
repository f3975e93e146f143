"""`runwright events` prints the log as documented events, and the log itself."""

from __future__ import annotations

import json

import pytest
from tests.unit.backend.recorded import EXTRACT, RecordedRun, etl

from runwright import clock
from runwright.cli import event_rows
from runwright.cli.events import _cursor_of_last


def test_ls_is_documented_events_oldest_first(runwright, run):
    events = runwright("events", "ls", "--json").data

    assert set(event_rows.FIELDS) == set(events[0])
    assert "prefect.task-run.Pending" == events[0]["event"]
    assert sorted(event["occurred"] for event in events if "Pending" not in event["event"]) == [
        event["occurred"] for event in events if "Pending" not in event["event"]
    ]


def test_the_log_itself_has_cursors_and_the_flow_runs_own_events(runwright, run):
    log = runwright("events", "ls", "--raw", "--json").data

    assert ["created", "state", "expanded"] == [event["kind"] for event in log[:3]]
    assert list(range(1, len(log) + 1)) == [event["cursor"] for event in log]
    assert set(event_rows.RAW_FIELDS) == set(log[0])


def test_a_list_that_is_cut_off_says_how_to_go_on(runwright, run):
    outcome = runwright("events", "ls", "--raw", "--json", "--limit", "4")

    assert "there are more events: --after 4 goes on\n" == outcome.err
    assert 5 == runwright("events", "ls", "--raw", "--json", "--limit", "1", "--after", "4").data[0]["cursor"]


def test_the_limit_counts_what_is_printed(runwright, run):
    everything = runwright("events", "ls", "--json").data
    outcome = runwright("events", "ls", "--json", "--limit", "3")
    rest = runwright("events", "ls", "--json", "--after", outcome.err.split()[-3]).data

    assert everything[:3] == outcome.data
    assert everything[3:] == rest
    assert "" == runwright("events", "ls", "--limit", "0").err


def test_one_flow_runs_events_can_be_asked_for(runwright, store, run):
    other = etl(store, "calm-crow")

    log = runwright("events", "ls", "--raw", "--json", "--flow-run", "calm-crow").data

    assert {str(other.id)} == {event["flow_run_id"] for event in log}


def test_tail_prints_the_latest_and_goes_on_with_what_comes(runwright, store, monkeypatch):
    run = RecordedRun(store).start().put(EXTRACT, "Running").commit()
    steps = iter([lambda: run.put(EXTRACT, "Success").commit()])

    def wait(*_):
        step = next(steps, None)
        if step is None:
            raise KeyboardInterrupt
        step()

    monkeypatch.setattr(clock._installed, "wait", wait, raising=False)
    outcome = runwright("events", "tail", "-n", "1")

    assert 130 == outcome.status
    assert ["prefect.task-run.Pending", "prefect.task-run.Running", "prefect.task-run.Completed"] == [
        json.loads(line)["event"] for line in outcome.lines
    ]


def test_tail_in_other_shapes(runwright, run):
    text = runwright("events", "tail", "--no-follow", "-n", "2", "-o", "table").lines
    assert text[-1].startswith("2026-11-21T07:30:")
    assert "prefect.task-run.NotReady load-1 a child of parse-1 failed" in text[-1]

    only = runwright("events", "tail", "--no-follow", "-n", "2", "--fields", "event").lines
    assert {"event": "prefect.task-run.NotReady"} == json.loads(only[-1])


@pytest.mark.parametrize("count", [0, 1, 3, 10, 500])
@pytest.mark.parametrize("filtered", [False, True])
def test_the_last_events_are_found_without_reading_all(store, count, filtered):
    run = etl(store)
    etl(store, "calm-crow")
    flow_run = run.id if filtered else None
    cursors = [event.cursor for event in store.iterate_events(flow_run)]

    start = _cursor_of_last(store, flow_run, count)

    assert cursors[len(cursors) - min(count, len(cursors)) :] == [cursor for cursor in cursors if cursor > start]


def test_an_empty_log_has_no_last_event(store):
    assert 0 == _cursor_of_last(store, None, 10)
