"""`runwright task-run` finds task runs and shows them in every shape."""

from __future__ import annotations

import csv
import io
import json

import pytest
from tests.unit.backend.recorded import EXTRACT, LOAD, START, RecordedRun, etl

from runwright import clock
from runwright.cli import rows
from runwright.cli.table import path_of
from runwright.result import ResultRef


def names(outcome):
    return [row["name"] for row in outcome.data]


def test_ls_lists_task_runs_newest_first_with_the_field_names_of_queries(runwright, run):
    outcome = runwright("task-run", "ls", "--json")

    assert 0 == outcome.status
    assert 10 == len(outcome.data)
    row = outcome.data[-1]
    assert {
        "id": str(run.task_run_id(EXTRACT)),
        "name": "extract-1",
        "slug": "extract-1",
        "task": {"slug": "extract-1", "name": "extract"},
        "map_index": -1,
        "state": "Success",
        "start_time": "2026-11-21T07:30:02.120000+00:00",
        "end_time": "2026-11-21T07:30:05.120000+00:00",
        "duration": 3.0,
        "run_count": 2,
        "flow_run_id": str(run.id),
        "flow_run": {"id": str(run.id), "name": "brisk-otter"},
        "flow": {"name": "etl"},
    }.items() <= row.items()
    assert {"t-a", "t-b"} == set(row["tags"])


def test_every_field_that_is_promised_is_there_and_no_other(runwright, run):
    row = runwright("tr", "ls", "--json").data[0]

    assert all(path_of(row, field) for field in rows.TASK_RUN_FIELDS)
    assert {field.partition(".")[0] for field in rows.TASK_RUN_FIELDS} == set(row)


@pytest.mark.parametrize(
    ("expected", "options"),
    [
        (["fetch-1[2]"], ["--state", "Failed", "--task", "fetch-1"]),
        (["load-1", "parse-1[2]", "fetch-1[2]"], ["--state", "failed"]),
        (["load-1", "parse-1[2]"], ["--state", "NotReady"]),
        (["parse-1[1]", "fetch-1[1]"], ["--map-index", "1"]),
        (["fetch-1[2]", "fetch-1[0]"], ["--task", "fetch", "--map-index", "0", "--map-index", "2"]),
        (["extract-1"], ["--tag", "t-a", "--tag", "t-b"]),
        ([], ["--tag", "t-a", "--tag", "other"]),
        (["extract-1"], ["--flow", "etl", "--flow-run", "brisk-otter", "--until", "2026-11-21T07:30:05.2Z"]),
        ([], ["--flow", "lte"]),
        (["load-1"], ["--since", "2026-11-21T07:30:21Z"]),
    ],
)
def test_filters_narrow_the_list(runwright, run, expected, options):
    assert sorted(expected) == sorted(names(runwright("tr", "ls", "--json", *options)))


def test_a_flow_run_that_nobody_knows_is_not_an_empty_list(runwright, run):
    outcome = runwright("tr", "ls", "--flow-run", "quiet-owl")

    assert (3, "") == (outcome.status, outcome.out)
    assert outcome.err.startswith("error: No flow run 'quiet-owl' is on the record")


def test_a_program_reads_lines_of_fields_with_exact_values_and_no_colour(runwright, run):
    outcome = runwright("tr", "ls", "--task", "extract-1")

    title, line = outcome.lines
    assert ["STATE", "TASK RUN", "ATT", "STARTED", "DURATION", "MESSAGE"] == title.split("\t")
    assert [
        "Success", "etl/brisk-otter/extract-1", "2", "2026-11-21T07:30:02.120000+00:00", "3", "Task run succeeded.",
    ] == line.split("\t")  # fmt: skip
    assert "\x1b" not in outcome.out


def test_a_table_is_aligned_and_marks_states(runwright, run):
    outcome = runwright("tr", "ls", "-o", "table", "--map-index", "1")

    title, *lines = outcome.lines
    assert all(line.startswith("\u2713 Success") for line in lines)
    assert {title.index("TASK RUN")} == {line.index("etl/") for line in lines}


def test_colours_are_forced_and_forbidden(runwright, run, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in runwright("tr", "ls").out

    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in runwright("tr", "ls", "-o", "table").out
    assert "\x1b[" in runwright("tr", "ls", "--color", "always").out


def test_other_shapes_hold_the_same_rows(runwright, run):
    only = ("--task", "fetch-1", "--map-index", "1")

    (line,) = runwright("tr", "ls", "-o", "jsonl", *only).lines
    assert runwright("tr", "ls", "-o", "json", *only).data == [json.loads(line)]
    assert ["etl/brisk-otter/fetch-1[1]"] == runwright("tr", "ls", "-o", "name", *only).lines
    (row,) = csv.DictReader(io.StringIO(runwright("tr", "ls", "-o", "csv", *only).out))
    assert (str(run.task_run_id(6)), "fetch-1", "[]") == (row["id"], row["task.slug"], row["tags"])
    assert "ID" in runwright("tr", "ls", "-o", "wide", *only).lines[0]


def test_fields_choose_in_every_shape(runwright, run):
    only = ("--task", "extract-1", "--fields", "name,task.slug,flow_run.name")

    assert [{"name": "extract-1", "task": {"slug": "extract-1"}, "flow_run": {"name": "brisk-otter"}}] == runwright(
        "tr", "ls", "--json", *only
    ).data
    assert ["NAME\tTASK.SLUG\tFLOW_RUN.NAME", "extract-1\textract-1\tbrisk-otter"] == runwright("tr", "ls", *only).lines
    assert ["name,task.slug,flow_run.name", "extract-1,extract-1,brisk-otter"] == runwright(
        "tr", "ls", "-o", "csv", *only
    ).lines


def test_a_field_that_there_is_not_is_a_mistake_of_the_caller(runwright, run):
    outcome = runwright("tr", "ls", "--fields", "name,stat")

    assert 2 == outcome.status
    assert outcome.err.startswith("error: There is no field 'stat'. Did you mean 'state'?")


def test_a_list_that_is_cut_off_says_so_where_it_does_no_harm(runwright, run):
    outcome = runwright("tr", "ls", "--limit", "3", "--json")

    assert 3 == len(outcome.data)
    assert "3 of 10 task runs: --limit 0 lists all\n" == outcome.err
    assert 10 == len(runwright("tr", "ls", "--limit", "0", "--json").data)
    assert "" == runwright("tr", "ls", "--limit", "10", "--json").err


def test_hostile_names_are_shown_without_their_power(runwright, store):
    run = RecordedRun(store, "\x1b[2Jnight\x1b]0;owned\x07").start()
    run.put(EXTRACT, "Running", name="a\rb\u202ec").put(EXTRACT, "Success", message="\x9b31mfine").commit()

    shown = runwright("tr", "ls", "--task", "extract-1", "--fields", "name,flow_run.name,state_message").out

    assert ["abc", "night", "fine"] == shown.splitlines()[1].split("\t")
    as_json = runwright("tr", "ls", "--json", "--task", "extract-1")
    assert "\x9b" not in as_json.out
    assert "\x9b31mfine" == as_json.data[0]["state_message"]


def test_count_is_an_object(runwright, run):
    assert {"count": 10} == runwright("tr", "count", "--json").data
    assert {"count": 1} == runwright("tr", "count", "--json", "--state", "Failed", "--task", "fetch-1").data
    assert {"Success": 5, "Mapped": 2, "TriggerFailed": 2, "Failed": 1} == runwright(
        "tr", "count", "--by", "state", "--json"
    ).data
    assert ["TASK\tCOUNT", "extract-1\t1", "fetch-1\t4", "load-1\t1", "parse-1\t4"] == sorted(
        runwright("tr", "count", "--by", "task").lines, key=lambda line: (line != "TASK\tCOUNT", line)
    )
    assert ["COUNT", "10"] == runwright("tr", "count").lines


def test_get_tells_the_story_of_a_task_run_with_every_wait(runwright, run):
    outcome = runwright("tr", "get", "brisk-otter/extract-1")

    assert 0 == outcome.status
    assert [
        f"Task run {run.task_run_id(EXTRACT)}   \u2713 Success   attempt 2 of 3",
        "flow etl \u00b7 run brisk-otter \u00b7 task extract-1 \u00b7 tags t-a, t-b",
        "times in UTC, 2026-11-21",
        "  07:30:01.120  Pending",
        "  07:30:02.120  Running     #1  waited 1.0s",
        "  07:30:03.120  Retrying        attempt 1 Failed after 1.0s: ReadTimeout: upstream",
        "  07:30:04.120  Running     #2  waited 1.0s",
        "  07:30:05.120  Success         after 1.0s",
        "Next      runwright tr logs etl/brisk-otter/extract-1",
        f"          runwright fr get {run.id}",
    ] == outcome.lines


def test_get_shows_what_a_mapped_task_stands_for(runwright, run):
    lines = runwright("tr", "get", "brisk-otter/fetch-1").lines

    assert "Children  2 Success, 1 Failed" in lines or "Children  1 Failed, 2 Success" in lines
    assert any(f"runwright tr ls --flow-run {run.id} --task fetch-1 --state Failed" in line for line in lines)


def test_get_of_what_still_waits_says_for_how_long(runwright, store, monkeypatch):
    run = RecordedRun(store).start().put(EXTRACT, "Running").put(EXTRACT, "Paused", message="ask first").commit()
    monkeypatch.setattr(clock._installed, "now", lambda: START + 62_000_000_000, raising=False)

    lines = runwright("tr", "get", "brisk-otter/extract-1").lines

    assert ["now", "for", "1m00s"] in [line.split() for line in lines]
    assert any(f"runwright fr resume {run.id}" in line for line in lines)


def test_get_as_json_has_attempts_history_and_children(runwright, run):
    story = runwright("tr", "get", "brisk-otter/extract-1", "--json").data

    assert ["Pending", "Running", "Retrying", "Running", "Success"] == [step["state"] for step in story["history"]]
    assert [(1, "Failed"), (2, "Success")] == [(each["attempt"], each["state"]) for each in story["attempts"]]
    assert (3, {}) == (story["max_attempts"], story["children"])


def test_attempts_are_kept_apart(runwright, run):
    first, second = runwright("tr", "attempts", "brisk-otter/extract-1", "--json").data

    assert ("Failed", "ReadTimeout: upstream", 1.0) == (first["state"], first["state_message"], first["duration"])
    assert ["Running", "Success"] == [step["state"] for step in second["history"]]


def test_logs_are_lines_of_text_or_rows(runwright, run):
    assert ["2026-11-21T07:30:02.120000+00:00  INFO      first try"] == runwright(
        "tr", "logs", "brisk-otter/extract-1"
    ).lines
    (row,) = runwright("tr", "logs", "brisk-otter/extract-1", "--json").data
    assert ("first try", "INFO", 1, str(run.task_run_id(EXTRACT))) == (
        row["message"],
        row["level"],
        row["attempt"],
        row["task_run_id"],
    )
    assert [] == runwright("tr", "logs", "brisk-otter/extract-1", "--attempt", "2").lines


def test_logs_of_a_mapped_task_are_those_of_its_children_by_name(runwright, run):
    (line,) = runwright("tr", "logs", "brisk-otter/fetch-1").lines

    assert line.endswith("INFO      fetch-1[1]  fetched")


def test_logs_keep_their_lines_and_lose_their_controls(runwright, store):
    RecordedRun(store).start().log(EXTRACT, "one\n  two\x1b[2J").commit()

    assert runwright("tr", "logs", "brisk-otter/extract-1").out.endswith("INFO      one\n  two\n")


def test_events_of_a_task_run_are_documented_events(runwright, run):
    events = runwright("tr", "events", "brisk-otter/extract-1", "--json").data

    assert [
        "prefect.task-run.Pending",
        "prefect.task-run.Running",
        "prefect.task-run.AwaitingRetry",
        "prefect.task-run.Retrying",
        "prefect.task-run.Completed",
    ] == [event["event"] for event in events]
    assert runwright("tr", "events", "brisk-otter/extract-1").lines[1].split("\t")[1] == "prefect.task-run.Pending"


def test_fields_with_dots_of_their_own_can_be_chosen(runwright, run):
    field = "resource.prefect.state-name"

    events = runwright("tr", "events", "brisk-otter/load-1", "--json", "--fields", field).data

    assert [{"resource": {"prefect.state-name": name}} for name in ("Pending", "NotReady")] == events


def test_watching_what_has_ended_ends_at_once_with_its_status(runwright, run):
    assert 0 == runwright("tr", "watch", "brisk-otter/extract-1").status
    failed = runwright("tr", "watch", "brisk-otter/fetch-1[2]")
    assert 1 == failed.status
    assert failed.lines[-1].endswith("\u2717 Failed #1 no such page")


@pytest.mark.parametrize(("status", "state"), [(0, "Skipped"), (1, "Crashed"), (6, "Killed"), (6, "Cancelled")])
def test_the_status_of_watching_tells_how_it_ended(runwright, store, status, state):
    run = RecordedRun(store).start()
    if state not in {"Skipped", "Cancelled"}:
        run.put(LOAD, "Running")
    run.put(LOAD, state).commit()

    assert status == runwright("tr", "watch", "brisk-otter/load-1").status


def test_watching_gives_up_when_told_to(runwright, store, fake_clock):
    RecordedRun(store).start().put(EXTRACT, "Running").commit()

    outcome = runwright("tr", "watch", "brisk-otter/extract-1", "--timeout", "90s")

    assert 7 == outcome.status
    assert "still Running after 1m30s" in outcome.err


def test_watching_what_nobody_runs_says_so(runwright, store, fake_clock):
    run = RecordedRun(store).start().put(EXTRACT, "Running").release()

    outcome = runwright("tr", "watch", "brisk-otter/extract-1", "--timeout", "10s")

    assert f"warning: no process runs this flow run now. Go on with it: runwright fr resume {run.id}" in outcome.err


def test_an_interrupted_watch_leaves_the_run_alone(runwright, store, monkeypatch):
    RecordedRun(store).start().put(EXTRACT, "Running").commit()

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(clock._installed, "wait", interrupt, raising=False)
    outcome = runwright("tr", "watch", "brisk-otter/extract-1")

    assert (130, "interrupted: stopped watching; the run goes on\n") == (outcome.status, outcome.err)


def test_a_pickled_result_is_not_loaded_unless_that_is_asked_for(runwright, store):
    ref = ResultRef("pack", "somewhere", "cloudpickle+zlib", 120)
    RecordedRun(store).start().succeed(EXTRACT, result=ref).commit()

    outcome = runwright("tr", "result", "brisk-otter/extract-1")

    assert 2 == outcome.status
    assert "is pickled (cloudpickle+zlib, 120 bytes)" in outcome.err
    assert "add --unpickle" in outcome.err
    assert "pickled" not in runwright("tr", "result", "brisk-otter/extract-1", "--unpickle").err


def test_a_task_run_without_a_result_says_why(runwright, run):
    outcome = runwright("tr", "result", "brisk-otter/load-1")

    assert (1, "") == (outcome.status, outcome.out)
    assert "There is no result" in outcome.err


def test_two_runs_of_a_flow_are_told_apart(runwright, store, run):
    etl(store, "calm-crow")

    assert {"brisk-otter", "calm-crow"} == {
        row["flow_run"]["name"] for row in runwright("tr", "ls", "--json", "--limit", "0").data
    }
    assert 10 == len(runwright("tr", "ls", "--json", "--flow-run", "calm-crow").data)


def test_a_task_run_is_tagged_and_found_by_it(runwright, run):
    told = runwright("tr", "tag", "brisk-otter/fetch-1[2]", "seen", "a bug")

    assert (0, "brisk-otter/fetch-1[2] has the tags a bug, seen") == (told.status, told.err.strip())
    assert ["fetch-1[2]"] == names(runwright("tr", "ls", "--json", "--tag", "a bug"))
    assert {"count": 1} == runwright("tr", "count", "--json", "--tag", "seen").data
    page = runwright("tr", "get", "brisk-otter/fetch-1[2]")
    assert "tags a bug, seen" in page.out
    assert ["a bug", "seen"] == [
        each["tag"] for each in runwright("tr", "ls", "--json", "--tag", "seen").data[0]["given_tags"]
    ]


def test_tags_that_were_given_are_taken_back(runwright, run):
    runwright("tr", "tag", "brisk-otter/extract-1", "seen")

    told = runwright("tr", "tag", "brisk-otter/extract-1", "seen", "t-a", "--remove")

    assert (0, "brisk-otter/extract-1 has the tags t-a, t-b") == (told.status, told.err.strip())
    assert "brisk-otter/load-1 has no tags" == runwright("tr", "tag", "brisk-otter/load-1", "x", "--remove").err.strip()


@pytest.mark.parametrize(
    ("status", "why", "words"),
    [
        (2, "is no tag", ["brisk-otter/load-1", "two\nlines"]),
        (2, "Missing argument", ["brisk-otter/load-1"]),
        (3, "has no task", ["brisk-otter/nothing", "seen"]),
    ],
)
def test_what_is_no_tag_or_no_task_run_says_so(runwright, run, status, why, words):
    outcome = runwright("tr", "tag", *words)

    assert status == outcome.status
    assert why in outcome.err
    assert [] == names(runwright("tr", "ls", "--json", "--tag", "seen"))
