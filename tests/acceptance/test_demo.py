"""`runwright demo` on a terminal: a progress bar, what came of each task, and what to try next."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pty = pytest.importorskip("pty")


def on_a_terminal(arguments, environment):
    """Return the exit status of a command and what its terminal showed."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "runwright", *arguments],
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65_536):
            shown += part
    except OSError:  # the other end is closed: on Linux that is an error
        pass
    os.close(ours)
    return process.wait(), shown.decode()


def test_the_demo_shows_every_way_to_end_and_what_to_try_next(tmp_path):
    environment = {**os.environ, "RUNWRIGHT_HOME": str(tmp_path), "NO_COLOR": "1", "COLUMNS": "80", "TERM": "xterm"}
    status, shown = on_a_terminal(["demo"], environment)

    assert 0 == status
    assert "\u2501" * 30 + " 100%  45/45" in shown
    lines = [line.rstrip() for line in shown.splitlines()]
    rows = {line.split()[2]: line for line in lines if line[:1] in {"\u2713", "\u2717", "\u2298"} and "-1 " in line}
    assert rows["locate_library-1"].startswith("\u2713 Cached")
    assert rows["ask_how_many-1"].startswith("\u2713 Success")
    assert " 2 " in rows["ask_how_many-1"]
    assert rows["shorten-1"].startswith("\u2298 Skipped")
    assert rows["count_definitions-1"].startswith("\u2717 Failed")
    assert max(len(row) for row in rows.values()) <= 80
    following = [line.split("runwright ", 1)[1] for line in lines if line.startswith("  runwright ")]
    assert len(following) >= 3
    for command in following:
        assert 0 == on_a_terminal(command.split(), environment)[0]
