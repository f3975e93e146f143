"""Flows that run on a schedule, and people who let paused runs go on: the local loop on a real record."""

from __future__ import annotations

import signal
import sys
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest

from runwright import Flow, Parameter, app, clock, context, task
from runwright.errors import ParameterError
from runwright.schedules import IntervalSchedule, Schedule
from runwright.schedules.clocks import DatesClock, IntervalClock
from runwright.signals import PAUSE
from runwright.states import Paused, State
from runwright.triggers import manual_only
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from runwright.store import Store
    from runwright.testing.fake_clock import FakeClock

NINE = datetime(2026, 1, 1, 9, tzinfo=UTC)  # the fake clock starts on that day at midnight
HOUR = timedelta(hours=1)


@pytest.fixture
def seen() -> list[tuple[object, ...]]:
    """Collect what the runs saw."""
    return []


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch):
    """Seat somebody at the terminal who gives these answers."""

    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    return lambda answers: monkeypatch.setattr(sys, "stdin", Terminal(answers))


def final(flow: Flow, **keywords: Any) -> State:
    """Run a flow; there must be a state."""
    state = flow.run(**keywords)
    assert state is not None
    return state


def noting(
    seen: list[tuple[object, ...]], schedule: Schedule, seconds: float = 0, fake: FakeClock | None = None
) -> Flow:
    """Return a flow that notes its parameter and when it was to run, and takes some time."""

    @task
    def note(x: int) -> int:
        seen.append((x, context.scheduled_start_time))
        if fake is not None:
            fake.advance(seconds)
        return x

    with Flow("noting", schedule=schedule) as flow:
        note(Parameter("x", default=0))
    return flow


def test_a_flow_runs_at_every_time_of_its_schedule(record: Store, fake_clock: FakeClock, seen) -> None:
    """It waits for each, sees its time, and ends with the schedule; the record has it too."""
    flow = noting(seen, IntervalSchedule(HOUR, start_date=NINE, end_date=NINE + 2 * HOUR))
    assert final(flow).is_successful()
    expected = [NINE, NINE + HOUR, NINE + 2 * HOUR]
    assert [(0, moment) for moment in expected] == seen
    rows = record.flow_runs(FlowRunFilter())
    assert [clock.from_datetime(moment) for moment in reversed(expected)] == [row.scheduled_start_time for row in rows]
    assert all(0 <= (row.start_time or 0) - (row.scheduled_start_time or 0) < clock.NANOSECONDS for row in rows)
    assert 1 == len({row.flow_version for row in rows})


def test_parameters_come_from_the_clock_unless_the_caller_gives_them(fake_clock: FakeClock, seen) -> None:
    """Two clocks of one time make two runs."""
    schedule = Schedule([DatesClock([NINE], {"x": 1}), DatesClock([NINE, NINE + HOUR], {"x": 2})])
    flow = noting(seen, schedule)
    flow.run()
    assert [(1, NINE), (2, NINE), (2, NINE + HOUR)] == seen


def test_the_callers_parameters_win(fake_clock: FakeClock, seen) -> None:
    """By keyword or by dict."""
    noting(seen, Schedule([DatesClock([NINE], {"x": 1})])).run(x=7)
    assert [(7, NINE)] == seen


def test_a_clock_may_give_what_is_required(fake_clock: FakeClock, seen) -> None:
    """And without it the run is refused before the wait, not after it."""

    @task
    def note(x: int) -> None:
        seen.append((x,))

    with Flow("required", schedule=Schedule([DatesClock([NINE], {"x": 1})])) as flow:
        note(Parameter("x"))
    flow.run()
    assert [(1,)] == seen

    flow.schedule = Schedule([IntervalClock(HOUR, parameter_defaults={"y": 1})])
    before = fake_clock.at
    with pytest.raises(ParameterError, match="has no parameter 'y'"):
        flow.run()
    assert fake_clock.at - before < clock.NANOSECONDS


def test_what_comes_due_during_a_run_is_missed_and_the_log_says_so(fake_clock: FakeClock, seen, caplog) -> None:
    """A run of two and a half hours takes the place of two."""
    schedule = IntervalSchedule(HOUR, start_date=NINE, end_date=NINE + 3 * HOUR)
    flow = noting(seen, schedule, seconds=2.5 * 3600, fake=fake_clock)
    flow.run()
    assert [(0, NINE), (0, NINE + 3 * HOUR)] == seen
    assert ["2 scheduled runs were missed, the first at 2026-01-01T10:00:00+00:00"] == [
        line.getMessage().partition(":00+00:00: the")[0] + ":00+00:00" if "missed" in line.getMessage() else ""
        for line in caplog.records
        if line.levelname == "WARNING"
    ]


def test_a_flow_may_run_now_whatever_its_schedule_says(record: Store, fake_clock: FakeClock, seen) -> None:
    """Nobody scheduled that run."""
    flow = noting(seen, IntervalSchedule(HOUR, start_date=NINE))
    before = fake_clock.at
    assert final(flow, run_on_schedule=False).is_successful()
    assert 1 == len(seen)
    assert fake_clock.at - before < clock.NANOSECONDS
    assert record.flow_runs(FlowRunFilter())[0].scheduled_start_time is None


def test_a_schedule_given_later_is_looked_at_when_the_flow_runs(fake_clock: FakeClock, seen) -> None:
    """What is none is refused."""
    flow = noting(seen, IntervalSchedule(HOUR))
    flow.schedule = Schedule([DatesClock([NINE])])
    flow.run()
    assert [(0, NINE)] == seen
    flow.schedule = "daily"  # pyright: ignore[reportAttributeAccessIssue]  a mistake on purpose
    with pytest.raises(TypeError, match="schedule of a flow must be a schedule; got 'daily'"):
        flow.run()


def test_without_a_time_left_there_is_no_run(record: Store, fake_clock: FakeClock, seen) -> None:
    """Nor a state."""
    flow = noting(seen, Schedule([DatesClock([NINE - timedelta(days=1)])]))
    assert flow.run(run_on_schedule=True) is None
    assert [] == list(record.flow_runs(FlowRunFilter()))


def test_without_a_schedule_it_runs_at_once(fake_clock: FakeClock) -> None:
    """Whatever is asked."""
    assert final(Flow("plain"), run_on_schedule=True).is_successful()


def test_a_failure_does_not_end_the_schedule(fake_clock: FakeClock) -> None:
    """Retries are waited for inside a run."""
    tries: list[int] = []

    @task(max_retries=1, retry_delay=timedelta(minutes=5))
    def fails() -> None:
        tries.append(context.task_run_count)
        raise ValueError("no")

    with Flow("failing", schedule=IntervalSchedule(HOUR, start_date=NINE, end_date=NINE + HOUR)) as flow:
        fails()
    assert final(flow).is_failed()
    assert [1, 2, 1, 2] == tries


def asking(answers: list[str]) -> Flow:
    @task(trigger=manual_only)
    def guarded() -> None:
        answers.append("guarded")

    @task
    def asks() -> None:
        if not context.get("resume"):
            raise PAUSE("go on?")
        answers.append("asks")

    with Flow("asking") as flow:
        guarded()
        asks()
    return flow


def test_somebody_at_the_terminal_lets_paused_runs_go_on(record: Store, terminal, capsys) -> None:
    """`y` for each; the record says by what they were resumed."""
    ran: list[str] = []
    terminal("y\ny\n")
    assert final(asking(ran)).is_successful()
    assert {"guarded", "asks"} == set(ran)
    assert 2 == capsys.readouterr().out.count("is paused. Let it go on? [y/N]")
    messages = [
        event.data.get("message")
        for event in record.iterate_events(record.flow_runs(FlowRunFilter())[0].id)
        if event.data
    ]
    assert 2 == messages.count("Approval given to resume.")


@pytest.mark.parametrize("answers", ["y\nn\n", "y\n"])
def test_any_other_answer_leaves_a_run_paused(record: Store, terminal, answers) -> None:
    """Each is asked about once; the flow run can be resumed later."""
    ran: list[str] = []
    terminal(answers)
    flow = asking(ran)
    state = flow.run()
    assert Paused is type(state)
    assert 1 == len(ran)
    row = record.flow_runs(FlowRunFilter())[0]
    assert 1 == len(record.task_runs(TaskRunFilter(flow_run=row.id, states=("Paused",))))
    terminal("")
    assert app.resume_flow_run(row.id, flow=flow).is_successful()
    assert 2 == len(ran)


def test_ctrl_c_at_the_question_cancels_the_run(record: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it does anywhere else in a run."""

    class Interrupted(StringIO):
        def isatty(self) -> bool:
            return True

        def readline(self, size: int | None = -1, /) -> str:
            signal.raise_signal(signal.SIGINT)
            return "y"

    monkeypatch.setattr(sys, "stdin", Interrupted())
    with pytest.raises(KeyboardInterrupt):
        asking([]).run()
    assert ["Cancelled"] == [row.kind.name for row in record.flow_runs(FlowRunFilter())]


def test_without_a_terminal_nobody_is_asked(capsys) -> None:
    """The run ends as paused."""
    ran: list[str] = []
    assert Paused is type(asking(ran).run())
    assert [] == ran
    assert "paused" not in capsys.readouterr().out


def test_a_resumed_run_still_knows_when_it_was_to_start(record: Store, fake_clock: FakeClock, seen) -> None:
    """The record tells it."""

    @task(trigger=manual_only)
    def note() -> None:
        seen.append((context.scheduled_start_time,))

    with Flow("resumed", schedule=Schedule([DatesClock([NINE])])) as flow:
        note()
    assert Paused is type(flow.run())
    app.resume_flow_run(record.flow_runs(FlowRunFilter())[0].id, flow=flow)
    assert [(NINE,)] == seen
