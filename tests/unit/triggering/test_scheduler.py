"""Scheduler: which nominal times start something, seen at the edges: late, missed, busy, broken, gone."""

from __future__ import annotations

from uuid import UUID

import pytest
from msgspec.structs import replace

from runwright import app
from runwright.clock import NANOSECONDS
from runwright.executions.catalogue import Executions
from runwright.executions.registered_flows import RegisteredFlows
from runwright.executions.runner import ExecutionRunner
from runwright.testing.fake_clock import FakeClock
from runwright.triggering.firing import Starter
from runwright.triggering.progress import Backfill, progress_of, with_progress
from runwright.triggering.registered_triggers import RegisteredTriggers
from runwright.triggering.scheduler import MISSED, Scheduler

MINUTE = 60 * NANOSECONDS
PLACE = "company", "timed", "clock"


def flow(more="", flow_id="timed", tasks="[{id: say, type: debug.Return, format: x}]"):
    return (
        f"id: {flow_id}\nnamespace: company\ninputs: [{{id: i, type: STRING, required: false}}]\ntasks: {tasks}\n"
        f'triggers: [{{id: clock, type: trigger.Schedule, cron: "* * * * *"{more}}}]\n'
    )


class Watch:
    """A scheduler, its record, and when it has started something (minutes after the start of the test)."""

    def __init__(self, record, clock):
        self.record = record
        self.clock = clock
        self.began = clock.at
        self.flows = RegisteredFlows(record)
        self.triggers = RegisteredTriggers(record)
        self.starter = Starter(record, lambda _: None)
        self.scheduler = Scheduler(self.triggers, self.starter)
        self.ends = True

    def keep(self, text):
        self.flows.keep(text)
        self.plan()

    def plan(self):
        self.triggers.refresh()
        self.scheduler.plan()

    def look(self, minutes=0.0, times=1):
        """Look after so many minutes, and return the minutes whose executions were started, which are run at once."""
        self.clock.advance(minutes * 60)
        found = []
        for _ in range(times):
            before = self.progress
            self.scheduler.look()
            after = self.progress
            if after.execution != before.execution:
                found.append(self.minute_of(after.fired if after.fired != before.fired else None))
                self.end(after.execution)
        return found

    def end(self, execution):
        row = app.find_flow_run(self.record, UUID(execution))
        if self.ends:
            ExecutionRunner(Executions(self.record.url).flow_of(row), executor="inline").go_on(row)

    def minute_of(self, at):
        return "past" if at is None else round((at - self.began) / MINUTE)

    @property
    def progress(self):
        return progress_of(self.record.find_trigger(*PLACE))


@pytest.fixture
def watch(runwright_record):
    with FakeClock() as clock:
        yield Watch(runwright_record, clock)


def test_a_schedule_begins_with_the_first_time_to_come(watch):
    watch.keep(flow())
    assert ([], [], [1]) == (watch.look(), watch.look(0.9), watch.look(0.2))
    assert [] == watch.look()


def test_times_that_nobody_looked_for_are_made_up_for_one_at_a_time_and_in_order(watch):
    watch.keep(flow())
    assert [1] == watch.look(4.5)
    assert [2, 3, 4] == watch.look(times=5)


@pytest.mark.parametrize(
    ("expected", "recover", "minutes"),
    [
        ([1, 2, 3], "ALL", 3.5),
        ([3], "LAST", 3.5),
        ([], "NONE", 3.5),
        ([3], "NONE", 3 + 5 / 60),
        ([3], "LAST", 3 + 5 / 60),
        ([1], "LAST", 1.5),
        ([1], "NONE", 1 + (MISSED / NANOSECONDS - 1) / 60),
        ([], "NONE", 1 + (MISSED / NANOSECONDS + 1) / 60),
    ],
)
def test_those_that_were_missed_are_taken_as_the_trigger_says(watch, expected, recover, minutes):
    watch.keep(flow(f", recoverMissedSchedules: {recover}"))
    assert expected == watch.look(minutes, times=6)
    assert [int(minutes) + 1] == watch.look(int(minutes) + 1 - minutes)


@pytest.mark.parametrize(("expected", "delay"), [([2, 3], "PT2M"), ([3], "PT30S"), ([1, 2, 3], "PT1H"), ([], "PT1S")])
def test_those_that_are_too_late_are_left_out(watch, expected, delay):
    watch.keep(flow(f", lateMaximumDelay: {delay}"))
    assert expected == watch.look(3.4, times=6)
    assert [4] == watch.look(0.6)


def test_too_late_and_the_last_of_the_missed_go_together(watch):
    watch.keep(flow(", lateMaximumDelay: PT10S, recoverMissedSchedules: LAST"))
    assert [] == watch.look(3.5, times=3)
    assert [4] == watch.look(0.5)


def test_it_waits_while_the_last_one_is_open_and_goes_on_when_that_has_ended(watch):
    watch.keep(flow())
    watch.ends = False
    assert ([1], []) == (watch.look(1), watch.look(2, times=3))
    watch.ends = True
    watch.end(watch.progress.execution)
    assert [2, 3] == watch.look(times=3)


def test_one_that_was_purged_is_not_waited_for(watch):
    watch.keep(flow())
    watch.look(1)
    state = watch.record.find_trigger(*PLACE)
    gone = "018f0000-0000-7000-8000-000000000000"
    watch.record.keep_trigger(with_progress(state, replace(watch.progress, execution=gone)))
    assert [2] == watch.look(1)


def test_inputs_that_cannot_be_rendered_are_noted_and_the_next_time_comes(watch):
    watch.keep(flow(", inputs: {i: '{{ trigger.nothing }}'}"))
    assert [] == watch.look(1)
    assert ("nothing" in watch.progress.problem, watch.progress.execution) == (True, None)
    assert [] == watch.look()
    watch.keep(flow(", inputs: {i: x}"))
    assert ([2], None) == (watch.look(1), watch.progress.problem)


def test_a_trigger_that_cannot_be_looked_at_keeps_no_other_from_its_times(watch, monkeypatch, caplog):
    from runwright.errors import RunwrightError

    watch.keep(flow(flow_id="broken"))
    watch.keep(flow())
    usual = watch.scheduler._look_at

    def look_at(state, *more):
        if state.flow == "broken":
            raise RunwrightError("It is broken.")
        usual(state, *more)

    monkeypatch.setattr(watch.scheduler, "_look_at", look_at)
    assert [1] == watch.look(1)
    assert "The trigger clock of broken/company could not be looked at" in caplog.text


def test_a_new_expression_counts_from_now_and_repeats_nothing(watch):
    watch.keep(flow())
    assert [1] == watch.look(1)
    watch.keep(flow().replace("* * * * *", "*/5 * * * *"))
    assert ([], [5]) == (watch.look(2), watch.look(2))


def test_the_same_declaration_again_changes_nothing(watch):
    watch.keep(flow())
    watch.clock.advance(150)
    watch.keep(f"{flow()}description: other\n")
    assert [1, 2] == watch.look(times=3)


def test_a_trigger_that_is_declared_no_more_is_let_go(watch):
    watch.keep(flow())
    watch.keep("id: timed\nnamespace: company\ntasks: [{id: say, type: debug.Return, format: x}]\n")
    watch.clock.advance(60)
    watch.scheduler.look()
    assert watch.record.find_trigger(*PLACE) is None


@pytest.mark.parametrize("text", [flow(", disabled: true"), f"{flow()}disabled: true\n"])
def test_one_that_is_off_has_no_next_time_and_makes_up_for_nothing(watch, text):
    watch.keep(flow())
    watch.keep(text)
    assert ([], None) == (watch.look(5), watch.progress.next)
    watch.keep(f"{flow()}description: on\n")
    assert ([], [6]) == (watch.look(0.5), watch.look(0.5))


def filled(watch, start, end, **more):
    """Ask for times of the past, in minutes before the start of the test."""
    first, last = watch.began - start * MINUTE, watch.began - end * MINUTE
    state = watch.record.find_trigger(*PLACE)
    backfill = Backfill(first, last, first, watch.began, **more)
    watch.record.keep_trigger(with_progress(state, replace(watch.progress, backfill=backfill)))


def test_times_of_the_past_come_before_those_to_come_both_ends_included(watch):
    watch.keep(flow())
    filled(watch, 3, 1)
    assert ["past", "past", "past"] == watch.look(times=5)
    assert (None, [1]) == (watch.progress.backfill, watch.look(1))


def test_those_that_are_held_wait_and_the_schedule_does_not(watch):
    watch.keep(flow())
    filled(watch, 3, 1, is_paused=True)
    assert ([], [1]) == (watch.look(times=2), watch.look(1))
    assert watch.progress.backfill is not None


def test_what_a_backfill_gives_goes_to_its_executions_only(watch):
    watch.keep(flow(", inputs: {i: usual}"))
    filled(watch, 1, 1, inputs={"i": "past"}, labels={"kind": "past"})
    watch.look()
    row = app.find_flow_run(watch.record, UUID(watch.progress.execution))
    assert ("past", "past") == (row.parameters["i"], row.details["labels"]["kind"])
    watch.look(1)
    row = app.find_flow_run(watch.record, UUID(watch.progress.execution))
    assert ("usual", None) == (row.parameters["i"], row.details["labels"].get("kind"))
