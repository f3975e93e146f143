"""`runwright flow-run` lists flow runs, shows one, follows one."""

from __future__ import annotations

import pytest
from tests.unit.backend.recorded import EXTRACT, RecordedRun, etl

from runwright import clock
from runwright.cli import rows
from runwright.cli.table import path_of


def test_ls_has_the_field_names_of_queries(runwright, run):
    (row,) = runwright("fr", "ls", "--json").data

    assert all(path_of(row, field) for field in rows.FLOW_RUN_FIELDS)
    assert {field.partition(".")[0] for field in rows.FLOW_RUN_FIELDS} == set(row)
    assert ("brisk-otter", "Failed", "etl", 10) == (
        row["name"], row["state"], row["flow"]["name"], row["task_run_count"],
    )  # fmt: skip
    assert {"Success": 5, "Mapped": 2, "TriggerFailed": 2, "Failed": 1} == row["task_runs"]


@pytest.mark.parametrize(
    ("expected", "options"),
    [
        ({"brisk-otter", "calm-crow"}, []),
        ({"calm-crow"}, ["--name", "calm-crow"]),
        ({"brisk-otter"}, ["--state", "failed"]),
        (set(), ["--flow", "lte"]),
        ({"calm-crow"}, ["--state", "running,pending"]),
    ],
)
def test_filters_narrow_the_list(runwright, store, run, expected, options):
    RecordedRun(store, "calm-crow").start().commit()

    assert expected == {row["name"] for row in runwright("fr", "ls", "--json", *options).data}


def test_a_list_that_is_cut_off_says_so(runwright, store, run):
    etl(store, "calm-crow")

    outcome = runwright("fr", "ls", "--limit", "1")

    assert 2 == len(outcome.lines)
    assert "1 flow run, and there are more: --limit 0 lists all\n" == outcome.err


def test_get_shows_every_task_with_its_children_folded(runwright, store):
    run = etl(store, parameters={"day": "monday"}, source={"file": "flows/etl.py", "name": "etl"})

    lines = runwright("fr", "get", "brisk-otter").lines

    assert lines[0].startswith("etl/brisk-otter \u2717 Failed after ")
    assert lines[0].endswith(": Some reference tasks failed.")
    assert "Parameters  day='monday'" in lines
    assert "Source      flows/etl.py" in lines
    table = {line.split()[2]: line for line in lines if line[:1] in "\u2713\u2717" and "-1" in line}
    assert {"extract-1", "fetch-1", "parse-1", "load-1"} == set(table)
    assert table["fetch-1"].startswith("\u2717 Failed")
    assert "2 Success" in table["fetch-1"]
    assert any(f"runwright tr ls --flow-run {run.id} --state failed" in line for line in lines)


def test_get_of_an_open_run_offers_to_watch_and_to_resume_it(runwright, store):
    run = RecordedRun(store).start().commit()

    lines = runwright("fr", "get", "brisk-otter").lines

    assert f"Next        runwright fr watch {run.id}" in lines
    assert any(line.strip().startswith(f"runwright fr resume {run.id}") for line in lines)


def test_logs_name_the_task_run_of_each_line(runwright, run):
    lines = runwright("fr", "logs", "brisk-otter").lines

    assert ["extract-1  first try", "fetch-1[1]  fetched"] == [line.partition("INFO      ")[2] for line in lines]


def test_logs_are_followed_until_the_run_is_final(runwright, store, monkeypatch):
    run = RecordedRun(store).start().log(EXTRACT, "one").commit()
    steps = iter(
        [
            lambda: run.log(EXTRACT, "two").commit(),
            lambda: run.log(EXTRACT, "three").put(0, "Success").commit(),
        ]
    )
    monkeypatch.setattr(clock._installed, "wait", lambda *_: next(steps)(), raising=False)

    lines = runwright("fr", "logs", "brisk-otter", "-f").lines

    assert ["one", "two", "three"] == [line.rpartition("  ")[2] for line in lines]


def test_watching_tells_each_state_and_ends_with_the_status_of_the_run(runwright, store, monkeypatch):
    run = RecordedRun(store).start().commit()
    monkeypatch.setattr(
        clock._installed, "wait", lambda *_: run.put(0, "Failed", message="no luck").commit(), raising=False
    )

    outcome = runwright("fr", "watch", "brisk-otter")

    assert 1 == outcome.status
    assert ["\u25b6 Running Running flow.", "\u2717 Failed no luck"] == [line[33:] for line in outcome.lines]


def test_a_run_that_has_ended_is_not_resumed(runwright, run):
    outcome = runwright("fr", "resume", "brisk-otter")

    assert 4 == outcome.status
    assert "has ended: it is Failed" in outcome.err


def test_one_run_comes_in_every_format(runwright, run):
    assert "etl/brisk-otter\n" == runwright("fr", "get", "brisk-otter", "-o", "name").out
    titles, values = runwright("fr", "get", "brisk-otter", "-o", "csv", "--fields", "name,state").lines
    assert ("name,state", "brisk-otter,Failed") == (titles, values)
    assert ["name: brisk-otter"] == runwright("fr", "get", "brisk-otter", "-o", "yaml", "--fields", "name").lines
    assert "brisk-otter" == runwright("fr", "get", "brisk-otter", "-o", "jsonl").data["name"]
