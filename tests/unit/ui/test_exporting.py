"""All that a run logged is had as a file; what is no run of the record is told."""

from __future__ import annotations

import pytest
from tests.unit.backend.recorded import RecordedRun


@pytest.fixture
def run(store):
    """Record a task run that logs in each of two attempts, and a flow run that logs itself."""
    run = RecordedRun(store, "talker").start()
    run.put(1, "Running").log(1, "one\nmore").put(1, "Retrying", due=run.at, failed={"state": 16, "message": "no"})
    run.put(1, "Running").log(1, "two", level=40, attempt=2).put(1, "Success").log(0, "the flow run itself")
    return run.commit()


@pytest.mark.parametrize(
    ("expected", "query"),
    [(["one", "more", "two"], ""), (["two"], "?attempt=2"), ([], "?attempt=9")],
)
def test_a_log_is_a_file(ask, run, expected, query):
    answer = ask(f"/export/logs/{run.task_run_id(1)}.log{query}")

    assert expected == [line.rpartition(": ")[2] for line in answer.text.splitlines()]
    assert f'attachment; filename="{run.task_run_id(1)}.log"' == answer.headers["content-disposition"]


def test_rows_that_were_chosen_are_exported_in_their_order(ask, runs):
    ids = [str(runs["failed"].task_run_id(number)) for number in (3, 1)]

    lines = ask("/export/task-runs.csv", params={"chosen": "yes", "id": ids, "q": "state:success"}).text.splitlines()

    assert ids == [line.partition(",")[0] for line in lines[1:]]


@pytest.mark.parametrize(("why", "query"), [("Nothing is chosen", "chosen=yes"), ("badly formed", "chosen=yes&id=x")])
def test_what_cannot_be_exported_says_why(ask, runs, why, query):
    answer = ask(f"/export/task-runs.csv?{query}")

    assert (400, True) == (answer.status, why in answer.text)


def test_the_log_of_a_flow_run_has_the_lines_of_all(ask, run):
    text = ask(f"/export/logs/{run.id}.log").text

    assert all(word in text for word in ("one", "two", "the flow run itself"))


@pytest.mark.parametrize("name", ["nothing", "01a1fe15-c1a0-7e0a-8d28-000000700000"])
def test_what_is_not_on_record_has_no_log(ask, run, name):
    assert 404 == ask(f"/export/logs/{name}.log").status


def test_the_page_of_a_log_offers_the_attempt_that_it_shows(ask, run):
    whole = ask(f"/task-runs/{run.task_run_id(1)}?tab=logs").text
    second = ask(f"/task-runs/{run.task_run_id(1)}/attempts/2?tab=logs").text

    assert f'export/logs/{run.task_run_id(1)}.log" download' in whole
    assert f'export/logs/{run.task_run_id(1)}.log?attempt=2" download' in second


def test_a_fact_leads_to_the_event_that_says_so(ask, run):
    page = ask(f"/task-runs/{run.task_run_id(1)}.json").data

    assert {"started": 2, "ended": 5, "attempt": 4} == page["origins"]


def test_numbers_of_a_search_say_how_long_its_task_runs_waited(ask, runs):
    shown = ask("/task-runs?q=run:brisk-otter%20task:fetch%20map_index:>=0").text

    assert "waited 9.0s" in shown
    assert "ran 3.0s" in shown
