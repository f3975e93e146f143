"""The command itself: its tree, its errors in one line, its exit status, and how little it loads."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from runwright import errors
from runwright.cli import main as module
from runwright.cli.lazy import LazyGroup
from runwright.open_records import open_record


def test_every_command_of_the_list_is_there_and_documented(runwright):
    listed = runwright("--help").out

    for name in (*module.ENTRIES, *module.ALIASES):
        assert 0 == runwright(name, "--help").status
    for name in (*module.ENTRIES, "task-run, tr", "flow-run, fr"):
        assert f"  {name}" in listed


def test_every_subcommand_explains_itself(runwright):
    import click

    context = click.Context(module.root, info_name="runwright", obj=module.Session())
    for name in module.ENTRIES:
        command = module.root.get_command(context, name)
        assert command is not None
        for each in [command, *getattr(command, "commands", {}).values()]:
            assert each.help, name
            assert not isinstance(each, LazyGroup)


def test_an_alias_is_the_same_command(runwright, run):
    assert runwright("task-run", "ls").out == runwright("tr", "ls").out
    assert runwright("flow-run", "ls").out == runwright("fr", "ls").out


@pytest.mark.parametrize(
    "arguments", [["demoo"], ["tr", "lss"], ["tr", "ls", "--limitt", "1"], ["tr", "ls", "--limit", "-1"]]
)
def test_a_wrong_call_is_told_in_a_line_with_a_hint(runwright, arguments):
    outcome = runwright(*arguments)

    assert (2, "") == (outcome.status, outcome.out)
    error, hint = outcome.err.splitlines()
    assert error.startswith("error: ")
    assert hint.startswith("hint: runwright ")
    assert hint.endswith("--help")


def test_the_version_is_an_option_too(runwright):
    assert runwright("version").out == runwright("--version").out
    assert 0 == runwright("--version").status


def test_a_group_without_a_command_shows_its_help(runwright):
    assert "Commands:" in runwright("tr").err
    assert 2 == runwright("tr").status


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (3, errors.NotOnRecord("none")),
        (4, errors.LeaseHeld("its lease runs")),
        (4, errors.IllegalTransition("no")),
        (5, errors.RecordUnreadable("gone")),
        (5, errors.RecordFull("full")),
        (8, errors.CycleError("a circle")),
        (2, errors.SettingError("bad")),
        (1, errors.ResultDamaged("damaged")),
        (1, RuntimeError("two\nlines \x1b[2J")),
        (130, KeyboardInterrupt()),
    ],
)
def test_an_error_is_a_line_and_a_status(runwright, monkeypatch, status, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("runwright.open_records.open_record", fail)

    outcome = runwright("tr", "ls")

    assert (status, "") == (outcome.status, outcome.out)
    assert len(outcome.err.splitlines()) <= 2
    assert "Traceback" not in outcome.err
    assert "\x1b" not in outcome.err
    assert outcome.err.startswith("interrupted" if status == 130 else "error: ")


def test_debug_shows_where_it_happened(runwright, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("deep inside")

    monkeypatch.setattr("runwright.open_records.open_record", fail)

    for arguments in (["--debug", "tr", "ls"], ["tr", "ls", "--debug"]):
        outcome = runwright(*arguments)
        assert "Traceback" in outcome.err
        assert outcome.err.endswith("error: RuntimeError: deep inside\n")


def test_without_a_record_it_says_where_one_was_looked_for(runwright, runwright_home):
    outcome = runwright("tr", "ls")

    assert 5 == outcome.status
    assert str(runwright_home / "record.db") in outcome.err
    assert "hint: `runwright config view`" in outcome.err
    assert not (runwright_home / "record.db").exists()


def test_another_record_can_be_named(runwright, run, tmp_path):
    from tests.unit.backend.recorded import RecordedRun

    RecordedRun(open_record(f"{tmp_path}/other.db"), "elsewhere").start().commit()

    assert ["etl/elsewhere"] == runwright("fr", "ls", "-o", "name", "--record", f"{tmp_path}/other.db").lines


def test_a_bad_setting_is_told_before_anything_is_done(runwright, monkeypatch):
    monkeypatch.setenv("RUNWRIGHT_LEASE_SECONDS", "long")

    outcome = runwright("config", "view")

    assert 2 == outcome.status
    assert "environment variable RUNWRIGHT_LEASE_SECONDS is 'long'" in outcome.err


def test_output_that_the_terminal_cannot_show_is_replaced(run):
    answer = call("tr", "ls", "-o", "table", PYTHONIOENCODING="ascii")

    assert (0, "") == (answer.returncode, answer.stderr)
    assert "? Success" in answer.stdout


def test_nobody_reading_is_no_reason_to_complain(run):
    process = subprocess.Popen(
        [sys.executable, "-m", "runwright", "tr", "ls", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), text=True,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    complaints = process.stderr.read()
    process.stderr.close()

    assert (141, "") == (process.wait(), complaints)


@pytest.mark.parametrize("arguments", [["--help"], ["version"], ["completion", "bash"], ["config", "view"]])
def test_what_needs_no_record_loads_no_engine_and_no_library_but_one(runwright_home, arguments):
    loaded = modules_after(arguments)

    assert set() == loaded & {"apsw", "rich", "cloudpickle", "asyncio", "runwright.app", "runwright.runtime"}
    assert "click" in loaded


def test_reading_a_record_loads_no_terminal_library(run):
    assert set() == modules_after(["tr", "ls"]) & {"rich", "cloudpickle", "asyncio", "pytest"}


def modules_after(arguments):
    program = (
        "import json, sys\nfrom runwright.cli.main import main\n"
        f"status = main({arguments!r})\nsys.stdout.flush()\n"
        "print(json.dumps([status, sorted(sys.modules)]), file=sys.stderr)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment()
    )
    status, loaded = json.loads(answer.stderr.splitlines()[-1])
    assert 0 == status
    return set(loaded)


def call(*arguments, **variables):
    return subprocess.run(
        [sys.executable, "-m", "runwright", *arguments],
        capture_output=True, text=True, check=False, env=environment(**variables),
    )  # fmt: skip


def environment(**variables):
    paths = os.pathsep.join(path for path in sys.path if path)
    return {**os.environ, "PYTHONPATH": paths, **variables}


def test_a_command_that_there_is_not_is_answered_with_the_nearest(runwright):
    assert (
        "error: No such command 'flowrun'. Did you mean 'flow-run'?" == runwright("flowrun", "ls").err.splitlines()[0]
    )
    assert "error: No such command 'lss'. Did you mean 'ls'?" == runwright("tr", "lss").err.splitlines()[0]


def test_lists_of_commands_cut_no_sentence_off(runwright):
    for name in module.ENTRIES:
        assert "..." not in runwright(name, "--help").out.partition("Commands:")[2]


@pytest.mark.parametrize(
    ("expected", "arguments"),
    [
        ("`runwright fr ls`", ["fr", "get", "nothing"]),
        ("`runwright flow ls`", ["flow", "get", "nothing"]),
        ("`runwright flow ls`", ["flows", "get", "nothing"]),
        ("`runwright server keys ls`", ["server", "keys", "revoke", "nothing"]),
    ],
)
def test_what_is_not_found_is_looked_for_where_such_things_are_listed(runwright, run, expected, arguments):
    outcome = runwright(*arguments)

    assert 3 == outcome.status
    assert expected in outcome.err.splitlines()[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ["tr", "ls", "--limit", "9" * 30],
        ["tr", "ls", "--map-index", "9" * 30],
        ["tr", "ls", "--since", "9999999999d"],
        ["tr", "ls", "--since", "0001-01-01T00:00:00+23:59", "--until", "9999-12-31T23:59:59-23:59"],
        ["events", "ls", "--after", "9" * 30],
    ],
)
def test_numbers_and_times_that_no_record_can_hold_mean_the_nearest_that_it_can(runwright, run, arguments):
    outcome = runwright(*arguments)

    assert (0, False) == (outcome.status, "error" in outcome.err)


def test_a_child_with_an_index_that_no_record_can_hold_is_not_found(runwright, run):
    assert 3 == runwright("tr", "get", f"{run.name}/fetch-1[{'9' * 30}]").status
