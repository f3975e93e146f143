"""Programs as processes: what is heard of them, and that nothing of them is left."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading

import pytest

from runwright.errors import RunnableFailed
from runwright.failpoints import VARIABLE
from runwright.runnables import process
from runwright.runnables.process import Ending, Lines, run_program


@pytest.fixture
def shell(tmp_path):
    """Return a function that runs a text in a shell and returns how it ended and what was heard."""

    def run(text, stopping=None, on_line=None, grace=5.0):
        heard = []

        def hear(line, is_error):
            heard.append((line, is_error))
            if on_line:
                on_line(line)

        ending = run_program(
            ["/bin/sh", "-c", text],
            folder=tmp_path,
            environment=dict(os.environ),
            stopping=stopping or threading.Event(),
            hear=hear,
            grace=grace,
        )
        return ending, heard

    return run


def test_lines_of_both_streams_are_heard(shell):
    ending, heard = shell("echo out; echo err >&2; printf 'no end'")
    assert Ending(0, was_stopped=False) == ending
    assert [("err", True), ("no end", False), ("out", False)] == sorted(heard)


def test_the_exit_status_is_known(shell):
    assert 3 == shell("exit 3")[0].status
    assert 128 + 15 == shell("kill -TERM $$")[0].status


def test_it_runs_in_the_folder(shell, tmp_path):
    assert [(str(tmp_path), False)] == shell("pwd -P")[1]


def test_it_reads_nothing(shell):
    assert Ending(0, was_stopped=False) == shell("cat")[0]


def test_a_program_that_closes_its_streams_goes_on(shell, tmp_path):
    shell("exec >&- 2>&-; sleep 0.1; touch done")
    assert (tmp_path / "done").exists()


def test_much_output_is_heard_to_the_end(shell):
    _, heard = shell("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done")
    assert [(f"line {number}", False) for number in range(20_000)] == heard


def test_a_program_that_does_not_start_is_told(tmp_path):
    with pytest.raises(RunnableFailed, match="'no-such-program' did not start: No such file"):
        run_program(["no-such-program"], folder=tmp_path, environment={}, stopping=threading.Event(), hear=print)


@pytest.fixture
def alive():
    """Return a pipe and the shell words that hold its end: when it closes, every process that had it is dead."""
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    yield reading, writing
    os.close(reading)


def is_closed(reading):
    """Wait for the end of a pipe that all holders have let go."""
    ready, _, _ = select.select([reading], [], [], 20)
    return bool(ready) and os.read(reading, 1) == b""


def through(writing, monkeypatch):
    """Let programs that are started inherit a descriptor."""
    popen = process.subprocess.Popen
    monkeypatch.setattr(
        process.subprocess, "Popen", lambda *args, **options: popen(*args, **options, pass_fds=(writing,))
    )


@pytest.mark.parametrize(
    "text",
    [
        "echo ready; sleep 100",
        "sleep 100 & sleep 100 & echo ready; wait",
        "trap '' TERM; echo ready; while :; do sleep 0.05; done",
        "setsid sh -c 'trap \"\" TERM; echo ready; while :; do sleep 0.05; done' & wait",
    ],
    ids=["asleep", "a tree", "deaf", "left the group"],
)
def test_stopping_ends_all_of_it(shell, alive, monkeypatch, text):
    reading, writing = alive
    through(writing, monkeypatch)
    stopping = threading.Event()
    ending, _ = shell(text, stopping, lambda line: line == "ready" and stopping.set(), grace=0.2)
    os.close(writing)
    assert ending.was_stopped
    assert is_closed(reading)


def test_a_program_may_tidy_up_before_it_ends(shell):
    stopping = threading.Event()
    text = "trap 'echo tidied; exit 7' TERM; echo ready; while :; do sleep 0.02; done"
    ending, heard = shell(text, stopping, lambda line: line == "ready" and stopping.set(), grace=30)
    assert Ending(7, was_stopped=True) == ending
    assert ("tidied", False) in heard


def test_what_runs_in_the_background_ends_with_the_program(shell, alive, monkeypatch):
    reading, writing = alive
    through(writing, monkeypatch)
    ending, heard = shell("yes >&2 & sleep 100 & echo over")
    os.close(writing)
    assert not ending.was_stopped
    assert ("over", False) in heard
    assert is_closed(reading)


def test_what_breaks_off_the_listening_ends_the_program(shell, alive, monkeypatch):
    reading, writing = alive
    through(writing, monkeypatch)

    def fail(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shell("echo ready; sleep 100", on_line=fail)
    os.close(writing)
    assert is_closed(reading)


DYING = """
import os, pathlib, subprocess, sys, threading
from runwright.runnables.process import run_program

start, held = subprocess.Popen.__init__, int(sys.argv[1])
subprocess.Popen.__init__ = lambda self, *given, **options: start(self, *given, **options, pass_fds=(held,))
run_program(
    ["/bin/sh", "-c", "sleep 100 & echo ready; wait"],
    folder=pathlib.Path("."),
    environment=dict(os.environ),
    stopping=threading.Event(),
    hear=lambda line, _: print(line, flush=True),
)
"""


def test_a_program_dies_with_the_process_that_runs_it(alive, tmp_path):
    reading, writing = alive
    arguments = [sys.executable, "-c", DYING, str(writing)]
    with subprocess.Popen(arguments, cwd=tmp_path, stdout=subprocess.PIPE, pass_fds=(writing,)) as runner:
        os.close(writing)
        assert b"ready\n" == runner.stdout.readline()
        runner.kill()
    assert is_closed(reading)


def test_a_program_dies_with_the_process_that_has_only_just_started_it(alive, tmp_path):
    reading, writing = alive
    arguments = [sys.executable, "-c", DYING, str(writing)]
    dying = {**os.environ, VARIABLE: "program.started:kill"}
    runner = subprocess.Popen(arguments, cwd=tmp_path, env=dying, stdout=subprocess.DEVNULL, pass_fds=(writing,))
    os.close(writing)
    assert -signal.SIGKILL == runner.wait()
    assert is_closed(reading)


def test_lines_come_in_pieces():
    heard = []
    lines = Lines(heard.append)
    for piece in (b"on", b"e\ntwo\r\nthr", b"", b"ee", b"\n\n", "é".encode()[:1], "é".encode()[1:], b"\xff"):
        lines.feed(piece)
    lines.end()
    lines.end()
    assert ["one", "two", "three", "", "é\N{REPLACEMENT CHARACTER}"] == heard


def test_a_line_without_end_is_cut(monkeypatch):
    monkeypatch.setattr(process, "LONGEST_LINE", 10)
    heard = []
    lines = Lines(heard.append)
    for piece in (b"0123456", b"789abc", b"def", b"\nnext\n"):
        lines.feed(piece)
    assert ["0123456789", "next"] == heard
