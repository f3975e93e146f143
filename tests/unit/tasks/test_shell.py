"""ShellTask: what it returns, what it logs, and that its processes end with it."""

from __future__ import annotations

import logging
import os
import select

import pytest

from runwright import Flow, signals
from runwright.tasks.shell import ShellTask


def test_the_last_line_or_all():
    assert "two" == ShellTask().run("echo one; echo two")
    assert ["one", "two"] == ShellTask(return_all=True).run(command="echo one; echo two")
    assert "" == ShellTask("true").run()
    assert [] == ShellTask("true", return_all=True).run()


def test_a_command_is_needed():
    with pytest.raises(TypeError, match=r"run\(\) missing required argument: 'command'"):
        ShellTask().run()


def test_the_environment_is_added_to(monkeypatch):
    monkeypatch.setenv("THEIRS", "outer")
    shell = ShellTask("echo $THEIRS $OURS", env={"OURS": "inner"})
    assert "outer inner" == shell.run()
    assert "outer other" == shell.run(env={"OURS": "other"})


def test_the_helper_script_runs_first():
    assert "7" == ShellTask("echo $seven", helper_script="seven=7").run()
    assert "bye" == ShellTask("greet", helper_script="greet() { echo bye; }", shell="sh").run()  # noqa: S604  the name of the shell


def test_a_failed_command_fails_the_task(caplog):
    with pytest.raises(signals.FAIL) as raised:
        ShellTask().run("echo out; echo err >&2; exit 3")
    state = raised.value.state
    assert ("Command failed with exit code 3", "err") == (state.message, state.result)
    assert "out" not in caplog.text


def test_what_a_failed_command_wrote_may_be_logged(caplog):
    with pytest.raises(signals.FAIL) as raised:
        ShellTask(log_stderr=True, return_all=True).run("echo out; echo err >&2; false")
    assert ["out", "err"] == raised.value.state.result
    assert "out\nerr" in caplog.text


@pytest.mark.parametrize(
    ("option", "level"), [(True, logging.INFO), ("DEBUG", logging.DEBUG), (logging.ERROR, logging.ERROR)]
)
def test_lines_may_be_logged_as_they_come(caplog, option, level):
    caplog.set_level(logging.DEBUG, "runwright")
    ShellTask(stream_output=option, name="sh").run("echo one; echo two")
    assert [("runwright.sh", level, "one"), ("runwright.sh", level, "two")] == caplog.record_tuples


def test_an_unknown_level_is_refused():
    with pytest.raises(TypeError, match="stream_output"):
        ShellTask(stream_output="LOUD")


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waiting for another's process is Linux")
@pytest.mark.parametrize("executor", ["inline", "threads:1"])
def test_a_timeout_ends_all_of_its_processes(runwright_home, tmp_path, executor):
    pids = tmp_path / "pids"
    with Flow("f") as flow:
        made = ShellTask(timeout=1)(command=f"sleep 600 & echo $! > {pids}; echo $$ >> {pids}; wait")
    state = flow.run(executor=executor).result[made]
    assert "TimedOut" == type(state).__name__
    assert [True, True] == [has_ended(int(pid)) for pid in pids.read_text().split()]


def has_ended(pid):
    """Wait until a process has ended, however long ago; after a minute it has not."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    ended, _, _ = select.select([handle], [], [], 60)
    os.close(handle)
    return ended == [handle]
