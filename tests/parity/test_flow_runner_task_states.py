"""Runs that start from given states of tasks; constants."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from runwright import Flow, Task, context, task
from runwright.clock import utcnow
from runwright.flow_runner import FlowRunner
from runwright.open_records import open_record
from runwright.runtime.task_runner import TaskRunner
from runwright.states import (
    Cached,
    Cancelled,
    Failed,
    Paused,
    Pending,
    Resume,
    Retrying,
    Running,
    Scheduled,
    Skipped,
    Submitted,
    Success,
    TimedOut,
)
from runwright.views import TaskRunFilter

from .flow_runs import LATER, fails, inc, kinds, latest, named, one

pytestmark = pytest.mark.usefixtures("runwright_record")


class TestGivenTaskStates:
    @pytest.mark.parametrize("given", [Success(result=7), Skipped(), Failed(), TimedOut(), Cancelled()], ids=named)
    def test_what_is_finished_is_kept(self, given):
        ran = []

        @task
        def runs():
            ran.append(1)

        with Flow("f") as flow:
            kept = runs()
        state = FlowRunner(flow=flow).run(task_states={kept: given}, return_tasks=[kept])
        assert given is state.result[kept]
        assert [] == ran
        assert {"runs-1": named(given)} == kinds()

    def test_its_value_goes_on(self):
        with Flow("f") as flow:
            number = one()
            more = inc(number)
        state = FlowRunner(flow=flow).run(task_states={number: Success(result=10)}, return_tasks=[more])
        assert 11 == state.result[more].result

    def test_a_skip_spreads(self):
        with Flow("f") as flow:
            number = one()
            more = inc(number)
        state = FlowRunner(flow=flow).run(task_states={number: Skipped()}, return_tasks=[more])
        assert "Skipped" == named(state.result[more])

    def test_a_failure_spreads(self):
        with Flow("f") as flow:
            number = one()
            more = inc(number)
        state = FlowRunner(flow=flow).run(task_states={number: Failed()}, return_tasks=[more])
        assert "TriggerFailed" == named(state.result[more])

    def test_it_is_kept_whatever_is_before_it(self):
        with Flow("f") as flow:
            broken = fails()
            kept = inc(broken)
        state = FlowRunner(flow=flow).run(task_states={kept: Success(result=3)}, return_tasks=flow.tasks)
        assert ("Success", 3) == (named(state), state.result[kept].result)
        assert "Failed" == named(state.result[broken])

    def test_a_flow_whose_last_tasks_are_given_ends(self):
        with Flow("f") as flow:
            waiting = one()
            kept = inc(waiting)
        given = {waiting: Retrying(start_time=utcnow() + LATER), kept: Success(result=3)}
        state = FlowRunner(flow=flow).run(task_states=given, return_tasks=flow.tasks)
        assert state.is_successful()
        assert {"one-1": "Cancelled", "inc-1": "Success"} == kinds()

    @pytest.mark.parametrize("given", [Pending(), Scheduled(), Retrying(), Resume(), Submitted()], ids=named)
    def test_what_is_ready_runs(self, given):
        with Flow("f") as flow:
            number = one()
        assert 1 == FlowRunner(flow=flow).run(task_states={number: given}, return_tasks=[number]).result[number].result

    @pytest.mark.parametrize("kind", [Scheduled, Retrying, Paused], ids=lambda each: each.__name__)
    def test_what_is_due_later_waits(self, kind):
        with Flow("f") as flow:
            number = one()
        given = kind(start_time=utcnow() + LATER)
        state = FlowRunner(flow=flow).run(task_states={number: given}, return_tasks=[number])
        assert state.is_running()
        assert given is state.result[number]
        assert {"one-1": kind.__name__} == kinds()

    def test_what_runs_elsewhere_is_left_alone(self):
        with Flow("f") as flow:
            number = one()
            more = inc(number)
        given = Running()
        state = FlowRunner(flow=flow).run(task_states={number: given}, return_tasks=flow.tasks)
        assert state.is_running()
        assert given is state.result[number]
        assert state.result[more].is_pending()

    def test_a_retrying_state_counts_on(self):
        @task(max_retries=3, retry_delay=timedelta(0))
        def counts():
            return context.task_run_count

        with Flow("f") as flow:
            count = counts()
        state = FlowRunner(flow=flow).run(task_states={count: Retrying(run_count=2)}, return_tasks=[count])
        assert 3 == state.result[count].result

    def test_a_cached_state_is_checked(self):
        with Flow("f") as flow:
            number = one.copy(cache_for=LATER)
            flow.add_task(number)
        valid = Cached(result=99, cached_result_expiration=utcnow() + LATER)
        state = FlowRunner(flow=flow).run(task_states={number: valid}, return_tasks=[number])
        assert ("Cached", 99) == (named(state.result[number]), state.result[number].result)
        expired = Cached(result=99, cached_result_expiration=utcnow() - LATER)
        with context(caches={}):
            state = FlowRunner(flow=flow).run(task_states={number: expired}, return_tasks=[number])
        assert 1 == state.result[number].result

    @pytest.mark.parametrize(
        ("given", "value", "runs"),
        [
            (Success(result="shut"), "open", 1),
            (Failed(), "open", 1),
            (Cached(result="kept", cached_result_expiration=datetime(2999, 1, 1)), "kept", 0),
        ],
    )
    def test_a_task_that_runs_again_does_unless_it_is_cached(self, given, value, runs):
        ran = []

        class Opens(Task):
            runs_again = True

            def run(self):
                ran.append(1)
                return "open"

        with Flow("f") as flow:
            opened = Opens(cache_for=LATER)()
        state = FlowRunner(flow=flow).run(task_states={opened: given}, context={"caches": {}}, return_tasks=[opened])
        assert (value, runs) == (state.result[opened].result, len(ran))


class TestConstants:
    def test_a_constant_task_succeeds_at_once(self):
        with Flow("f") as flow:
            more = inc.map([1, 2])
        constant = next(iter(flow.upstream_tasks(more)))
        state = FlowRunner(flow=flow).run(return_tasks=flow.tasks)
        assert ("Success", [1, 2]) == (named(state.result[constant]), state.result[constant].result)
        which = TaskRunFilter(flow_run=latest().id, task=flow.slugs[constant])
        assert [("Success", 0)] == [(row.kind.name, row.attempt) for row in open_record().task_runs(which)]

    def test_it_is_no_attempt(self):
        seen = []

        class Notes(TaskRunner):
            def run(self, *args, **kwargs):
                seen.append(self.task.name)
                return super().run(*args, **kwargs)

        with Flow("f") as flow:
            inc.map([1, 2])
        FlowRunner(flow=flow, task_runner_cls=Notes).run()
        assert ["inc"] * 3 == seen

    def test_constant_inputs_are_seen_by_triggers(self):
        messages = []

        def trigger(upstream_states):
            messages.extend((edge.key, state.message, state.result) for edge, state in upstream_states.items())
            return True

        with Flow("f") as flow:
            inc.copy(trigger=trigger).bind(5, flow=flow)
        FlowRunner(flow=flow).run()
        assert [("x", "Auto-generated constant value", 5)] == messages
