"""The smaller commands: flow, store, config, completion, version and demo."""

from __future__ import annotations

import sys

import pytest
from tests.unit.backend.recorded import TASKS, RecordedRun

from runwright import app, settings
from runwright.cli import rows
from runwright.cli.table import path_of
from runwright.open_records import open_record
from runwright.store import Difference
from runwright.views import FlowRunFilter, TaskRunFilter


@pytest.fixture
def versions(store):
    """Record two versions of `etl` and one of another flow."""
    from runwright.runs import FlowVersion

    RecordedRun(store).start().commit()
    store.register(FlowVersion("etl", "changed", tasks=TASKS[:1]))
    store.register(FlowVersion("other", "first"))


def test_flows_are_listed_at_their_newest_version(runwright, versions):
    assert [("etl", 2, 1), ("other", 1, 0)] == sorted(
        (row["name"], row["version"], row["task_count"]) for row in runwright("flow", "ls", "--json").data
    )
    assert 3 == len(runwright("flow", "ls", "--json", "--versions").data)


def test_a_flow_is_shown_with_its_tasks_and_what_they_wait_for(runwright, versions):
    row = runwright("flow", "get", "etl", "--version", "1", "--json").data
    assert all(path_of(row, field) for field in rows.FLOW_FIELDS)
    assert ["extract-1", "fetch-1", "parse-1", "load-1"] == [task["slug"] for task in row["tasks"]]

    lines = runwright("flow", "get", "etl", "--version", "1").lines
    assert any(line.split() == ["load-1", "no", "-", "extract-1,parse-1", "-"] for line in lines)


def test_a_flow_that_is_not_on_record_is_answered_with_the_nearest(runwright, versions):
    outcome = runwright("flow", "get", "othre")
    assert (3, True) == (outcome.status, "Did you mean 'other'?" in outcome.err)
    assert "has no version 9: it has 2" in runwright("flow", "get", "etl", "--version", "9").err


def test_the_path_of_the_record_is_printed_bare(runwright, runwright_home):
    assert [str(runwright_home / "record.db")] == runwright("store", "path").lines
    assert ["memory://"] == runwright("store", "path", "--record", "memory://").lines


def test_a_sound_record_is_said_to_be_sound(runwright, run):
    outcome = runwright("store", "check")

    assert (0, "") == (outcome.status, outcome.out)
    assert outcome.err.endswith("is sound\n")


def test_a_result_that_is_gone_is_found_unless_results_are_left_out(runwright, runwright_home, tmp_path):
    file = tmp_path / "one_flow.py"
    file.write_text(
        "from runwright import Flow, task\n@task\ndef one():\n    return 1\nwith Flow('one') as flow:\n    one()\n"
    )
    assert 0 == runwright("run", str(file)).status
    assert 0 == runwright("store", "check").status
    for pack in (runwright_home / "results").rglob("*.pack"):
        pack.unlink()

    outcome = runwright("store", "check")
    assert (1, 1) == (outcome.status, len(outcome.lines))
    assert outcome.lines[0].startswith("I9: flow run ")
    assert 0 == runwright("store", "check", "--no-results").status


def test_at_rest_leases_are_looked_at_too(runwright, store):
    RecordedRun(store).start().commit()
    assert 0 == runwright("store", "check", "--at-rest").status
    run = RecordedRun(store, "calm-crow").start().release()

    outcome = runwright("store", "check", "--at-rest")
    assert [f"I10: flow run {run.id}, ordinal 0: it is Running, and nobody holds its lease"] == outcome.lines
    assert 0 == runwright("store", "check").status


def test_what_is_wrong_with_a_record_is_one_line_each(runwright, run, monkeypatch):
    monkeypatch.setattr(app, "find_problems", lambda *_, **__: ["I1: two\nlines", "I2: broken"])

    outcome = runwright("store", "check")

    assert (1, ["I1: two lines", "I2: broken"]) == (outcome.status, outcome.lines)


def test_rows_are_made_again_from_the_log(runwright, run, monkeypatch):
    assert "every row says what the log says\n" == runwright("store", "rebuild", "--dry-run").err
    assert [] == runwright("store", "rebuild", "--json").data

    difference = Difference("task_run", "1/2", "Running", "Success")
    monkeypatch.setattr(type(open_record()), "rebuild", lambda *_, **__: [difference])
    outcome = runwright("store", "rebuild", "--json")

    assert [{"table": "task_run", "key": "1/2", "recorded": "Running", "rebuilt": "Success"}] == outcome.data
    assert "1 rows were different and are replaced\n" == outcome.err


def test_settings_are_shown_with_their_sources(runwright, runwright_home):
    shown = {row["name"]: row for row in runwright("config", "view", "--json").data}

    assert [setting.name for setting in settings.TABLE] == list(shown)
    assert "environment variable RUNWRIGHT_HOME" == shown["home"]["source"]
    assert ("strict", "default", "RUNWRIGHT_DURABILITY") == (
        shown["durability"]["value"], shown["durability"]["source"], shown["durability"]["variable"],
    )  # fmt: skip
    assert [str(runwright_home / "config.toml")] == runwright("config", "path").lines


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_calls_the_command(runwright, shell):
    assert "_RUNWRIGHT_COMPLETE" in runwright("completion", shell).out


def test_the_version_is_a_line_or_data(runwright):
    assert runwright("version").lines[0].startswith("runwright ")
    assert {"version", "python", "platform"} == set(runwright("version", "--json").data)


def test_the_demo_shows_every_way_to_end_and_ends_well(runwright, fake_clock):
    outcome = runwright("demo")

    assert 0 == outcome.status
    store = open_record()
    (row,) = store.flow_runs(FlowRunFilter())
    assert {"Success", "Cached", "Mapped", "Skipped", "Failed"} == {name for name, count in row.counts.items() if count}
    (failed,) = store.task_runs(TaskRunFilter(states=("Failed",)))
    assert "count_definitions-1" == failed.slug
    (flaky,) = store.task_runs(TaskRunFilter(task="ask_how_many-1"))
    assert ("Success", 2) == (flaky.kind.name, flaky.attempt)
    assert "100%" in outcome.err
    assert "failed by design" in outcome.err
    assert "runwright tr ls --state failed" in outcome.err
    assert any("35 Success, 1 Failed" in line or "1 Failed, 35 Success" in line for line in outcome.lines)


def test_a_demo_that_was_stopped_can_be_found_and_loaded_again(monkeypatch):
    from runwright import demo
    from runwright.flow_files import load_flow

    monkeypatch.setattr(sys, "path", list(sys.path))
    source = demo.flow.source

    assert "demo" == load_flow(f"{source['file']}:{source['name']}").name
