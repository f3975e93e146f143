"""Watching a flow run gives its states and what its task runs log, until it is final."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from tests.unit.backend.recorded import EXTRACT, RecordedRun

from runwright import clock
from runwright.backend import watch_flow_run


class Script:
    """A clock that lets the next thing happen whenever somebody waits."""

    def __init__(self, *steps):
        self.at = clock.now()
        self.waits = []
        self._steps = iter(steps)

    def now(self):
        return self.at

    def wait(self, inbox, seconds):
        self.waits.append(seconds)
        self.at += int(seconds * clock.NANOSECONDS)
        step = next(self._steps, None)
        if step is not None:
            step()


@pytest.fixture
def play(monkeypatch):
    def play(*steps):
        script = Script(*steps)
        monkeypatch.setattr(clock, "_installed", script)
        return script

    return play


def test_states_and_lines_come_as_they_are_recorded(store, play):
    run = RecordedRun(store).start().log(EXTRACT, "begun").commit()
    play(
        lambda: run.put(EXTRACT, "Running").log(EXTRACT, "at work").commit(),
        lambda: run.put(0, "Failed", message="Some reference tasks failed.").commit(),
    )

    lines = [(line.level, line.message) for line in watch_flow_run(str(run.id))]

    assert [
        (logging.INFO, "Entered state <Running>: Running flow."),
        (logging.INFO, "begun"),
        (logging.INFO, "at work"),
        (logging.ERROR, "Entered state <Failed>: Some reference tasks failed."),
    ] == lines


def test_states_or_lines_can_be_left_out(store, play):
    run = RecordedRun(store).start().log(EXTRACT, "begun").put(EXTRACT, "Running").commit()

    play(lambda: run.put(0, "Success").commit())
    assert ["begun"] == [line.message for line in watch_flow_run(run.id, stream_states=False)]


def test_lines_of_the_same_moment_are_told_once_each(store, play):
    run = RecordedRun(store).start().log(EXTRACT, "one").commit()
    play(lambda: run.log(EXTRACT, "two").commit(), lambda: run.put(0, "Success").commit())

    assert ["one", "two"] == [line.message for line in watch_flow_run(run.id, stream_states=False)]


def test_a_flow_run_that_has_ended_says_so_in_one_line(run):
    (line,) = watch_flow_run(run.id)

    assert line.message.startswith("Your flow run finished at 2026-11-21T07:30:")
    assert line.message.endswith('with the state <Failed: "Some reference tasks failed.">')


def test_waiting_has_an_end(store, play):
    run = RecordedRun(store).start().commit()
    script = play()

    with pytest.raises(RuntimeError, match=r"Timed out: flow run brisk-otter .* has not ended, it is Running"):
        list(watch_flow_run(run.id, max_duration=timedelta(seconds=20)))

    assert 0.1 == script.waits[0]
    assert 2.0 == max(script.waits)


def test_a_flow_run_that_nobody_starts_is_mentioned_once(store, play):
    run = RecordedRun(store).commit()
    play()

    lines = []
    with pytest.raises(RuntimeError, match="it is Pending"):
        lines.extend(watch_flow_run(run.id, max_duration=timedelta(seconds=60)))

    assert [(logging.WARNING, "Flow run brisk-otter has not started for 15 s: does anybody run it?")] == [
        (line.level, line.message) for line in lines
    ]
