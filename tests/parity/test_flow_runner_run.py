"""What a direct `FlowRunner.run` does and returns, and what its tasks see."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import pytest

from runwright import Flow, Parameter, app, context, task
from runwright.clock import utcnow
from runwright.flow_runner import FlowRunner
from runwright.runtime.task_runner import TaskRunner
from runwright.signals import FAIL, PAUSE, RETRY, SKIP
from runwright.states import (
    Resume,
    Scheduled,
    Success,
)
from runwright.triggers import all_failed, manual_only

from .flow_runs import FINISHED, LATER, fails, inc, kinds, latest, named, one

pytestmark = pytest.mark.usefixtures("runwright_record")


class TestRun:
    def test_one_task(self):
        with Flow("f") as flow:
            number = one()
        assert Success(result={number: Success(result=1)}) == FlowRunner(flow=flow).run(return_tasks=[number])

    def test_two_tasks(self):
        with Flow("f") as flow:
            first, second = one(), inc(4)
        state = FlowRunner(flow=flow).run(return_tasks=[first, second])
        assert {first: Success(result=1), second: Success(result=5)} == state.result

    def test_only_what_is_asked_for_is_returned(self):
        with Flow("f") as flow:
            number = one()
            more = inc(number)
        assert {more: Success(result=2)} == FlowRunner(flow=flow).run(return_tasks=[more]).result
        assert {} == FlowRunner(flow=flow).run().result

    def test_a_failure_fails_what_depends_on_it(self):
        with Flow("f") as flow:
            broken = fails()
            more = inc(broken)
        state = FlowRunner(flow=flow).run(return_tasks=[broken, more])
        assert ("Failed", "Failed", "TriggerFailed") == (
            named(state),
            named(state.result[broken]),
            named(state.result[more]),
        )

    def test_a_trigger_makes_good(self):
        with Flow("f") as flow:
            broken = fails()
            recovered = one.copy(trigger=all_failed)
            recovered.set_upstream(broken, flow=flow)
        assert FlowRunner(flow=flow).run().is_successful()

    def test_a_finished_flow_runs_nothing(self):
        with Flow("f") as flow:
            number = one()
        for given in FINISHED[:1] + FINISHED[3:]:
            state = FlowRunner(flow=flow).run(state=given, return_tasks=[number])
            assert given is state
            assert state.result is None
            assert (given.kind.name, {}) == (latest().kind.name, kinds())

    def test_a_scheduled_flow_waits(self):
        with Flow("f") as flow:
            one()
        given = Scheduled(start_time=utcnow() + LATER)
        assert given is FlowRunner(flow=flow).run(state=given)
        assert ("Scheduled", {}) == (latest().kind.name, kinds())

    def test_a_flow_that_was_scheduled_can_be_gone_on_with(self, fake_clock):
        with Flow("f") as flow:
            number = one()
        FlowRunner(flow=flow).run(state=Scheduled(start_time=utcnow() + LATER))
        state = app.resume_flow_run(latest().id, flow=flow)
        assert Success(result=1) == state.result[number]

    def test_a_retry_leaves_it_running(self):
        @task(max_retries=1, retry_delay=timedelta(0))
        def fragile():
            raise ValueError("again")

        with Flow("f") as flow:
            before = one()
            broken = fragile(upstream_tasks=[before])
            after = one(upstream_tasks=[broken])
        state = FlowRunner(flow=flow).run(return_tasks=flow.tasks)
        assert [("one", "Success"), ("fragile", "Retrying"), ("one", "Pending")] == [
            (each.name, named(state.result[each])) for each in (before, broken, after)
        ]
        assert state.is_running()
        assert ["Success", "Retrying", "Pending"] == list(kinds().values())
        again = FlowRunner(flow=flow).run(task_states=state.result, return_tasks=flow.tasks)
        assert [("Success", 1), ("Failed", None), ("TriggerFailed", None)] == [
            (named(again.result[each]), again.result[each].result if each is before else None)
            for each in (before, broken, after)
        ]

    def test_a_run_that_is_left_open_can_be_gone_on_with(self):
        ran = []

        @task(max_retries=1, retry_delay=timedelta(0))
        def fragile():
            ran.append(context.task_run_count)
            if len(ran) == 1:
                raise ValueError("again")
            return "well"

        with Flow("f") as flow:
            value = fragile()
        assert FlowRunner(flow=flow).run().is_running()
        assert "well" == app.resume_flow_run(latest().id, flow=flow).result[value].result
        assert [1, 2] == ran

    def test_a_pause_leaves_it_running(self):
        with Flow("f") as flow:
            waiting = one.copy(trigger=manual_only)
            flow.add_task(waiting)
        state = FlowRunner(flow=flow).run(return_tasks=flow.tasks)
        assert ("Running", "Paused") == (named(state), named(state.result[waiting]))
        again = FlowRunner(flow=flow).run(task_states={waiting: Resume()}, return_tasks=flow.tasks)
        assert ("Success", 1) == (named(again), again.result[waiting].result)

    @pytest.mark.parametrize(
        ("signal", "kind"), [(SKIP, "Skipped"), (FAIL, "Failed"), (PAUSE, "Paused"), (RETRY, "Retrying")]
    )
    def test_signals(self, signal, kind):
        @task
        def raises():
            raise signal("by signal")

        with Flow("f") as flow:
            raised = raises()
        state = FlowRunner(flow=flow).run(return_tasks=[raised])
        assert (kind, "by signal") == (named(state.result[raised]), state.result[raised].message)

    def test_parameters_come_by_name(self):
        with Flow("f") as flow:
            more = inc(Parameter("x"))
        assert 6 == FlowRunner(flow=flow).run(parameters={"x": 5}, return_tasks=[more]).result[more].result

    def test_a_missing_parameter_fails_its_task(self):
        with Flow("f") as flow:
            given, missing = Parameter("given"), Parameter("missing")
            inc(given)
            inc(missing)
        state = FlowRunner(flow=flow).run(parameters={"given": 1}, return_tasks=flow.tasks)
        assert state.is_failed()
        assert 'Parameter "missing" was required but not provided.' == state.result[missing].message
        assert 1 == state.result[given].result

    def test_task_runner_class(self):
        class Mine(TaskRunner):
            def get_task_run_state(self, *args, **kwargs):
                return Success("mine", result=7)

        with Flow("f") as flow:
            number = one()
        assert 7 == FlowRunner(flow=flow, task_runner_cls=Mine).run(return_tasks=[number]).result[number].result

    @pytest.mark.parametrize("executor", [None, "inline", "threads:2", "processes:2"])
    def test_executors(self, executor):
        with Flow("f") as flow:
            number = inc(one())
        assert 2 == FlowRunner(flow=flow).run(executor=executor, return_tasks=[number]).result[number].result

    def test_a_runner_may_run_twice(self):
        with Flow("f") as flow:
            number = one()
        runner = FlowRunner(flow=flow)
        assert runner.run(return_tasks=[number]) == runner.run(return_tasks=[number])

    def test_what_it_is_given_stays_as_it_was(self):
        with Flow("f") as flow:
            number = one()
        given = {"task_states": {}, "context": {"a": 1}, "task_contexts": {number: {"b": 2}}, "parameters": {}}
        FlowRunner(flow=flow).run(**given)
        assert {"task_states": {}, "context": {"a": 1}, "task_contexts": {number: {"b": 2}}, "parameters": {}} == given

    def test_the_log_says_what_happens(self, caplog):
        with caplog.at_level(logging.INFO):
            FlowRunner(flow=Flow("mine")).run()
        messages = [record.message for record in caplog.records]
        assert "Beginning Flow run for 'mine'" in messages
        assert any("all reference tasks succeeded" in message for message in messages)


class TestContext:
    @staticmethod
    def seen(*keys, **keywords):
        """Return what a task sees of the context in a run with these keywords."""

        @task
        def looks():
            return [context.get(key) for key in keys]

        with Flow("f") as flow:
            found = looks()
        return FlowRunner(flow=flow).run(return_tasks=[found], **keywords).result[found].result

    def test_a_given_value_is_seen(self):
        assert [1] == self.seen("x", context={"x": 1})

    def test_a_value_around_is_seen(self):
        with context(x=1, y=2):
            assert [1, 3] == self.seen("x", "y", context={"y": 3})

    @pytest.mark.parametrize("key", ["date", "scheduled_start_time", "today"])
    def test_a_value_given_wins_over_one_around(self, key):
        with context(**{key: "outer"}):
            assert ["inner"] == self.seen(key, context={key: "inner"})
            assert ["outer"] == self.seen(key)

    def test_what_a_flow_run_is(self):
        name, flow_run_id, run_name, start = self.seen(
            "flow_name", "flow_run_id", "flow_run_name", "scheduled_start_time"
        )
        row = latest()
        assert ("f", str(row.id), row.name) == (name, flow_run_id, run_name)
        assert isinstance(start, datetime)

    def test_what_a_task_run_is(self):
        name, slug, full_name, run_count, map_index = self.seen(
            "task_name", "task_slug", "task_full_name", "task_run_count", "map_index"
        )
        assert ("looks", "looks-1", "looks", 1, None) == (name, slug, full_name, run_count, map_index)

    def test_parameters_are_seen(self):
        assert [{"x": 1}] == self.seen("parameters", parameters={"x": 1})

    def test_it_is_over_with_the_run(self):
        self.seen("x", context={"x": 1})
        assert "x" not in context
        assert "flow_run_id" not in context

    def test_a_task_may_have_its_own(self):
        @task
        def looks():
            return context.get("x"), context.get("y")

        with Flow("f") as flow:
            first, second = looks(), looks()
        state = FlowRunner(flow=flow).run(
            context={"x": 1}, task_contexts={first: {"x": 5, "y": 6}}, return_tasks=flow.tasks
        )
        assert [(5, 6), (1, None)] == [state.result[each].result for each in (first, second)]

    def test_each_child_sees_its_tasks_own(self):
        @task
        def looks(index):
            return context.get("x"), context.map_index

        with Flow("f") as flow:
            found = looks.map([0, 1])
        state = FlowRunner(flow=flow).run(task_contexts={found: {"x": 5}}, return_tasks=[found])
        assert [(5, 0), (5, 1)] == state.result[found].result

    def test_a_run_inside_a_task_is_another_run(self):
        @task
        def inner():
            return context.flow_run_id, context.flow_name, context.get("parameters")

        @task
        def outer():
            with Flow("inside") as inside:
                found = inner()
            return context.flow_run_id, FlowRunner(flow=inside).run(return_tasks=[found]).result[found].result

        with Flow("outside") as outside:
            ids = outer()
        flow_run, (inner_run, name, parameters) = FlowRunner(flow=outside).run(return_tasks=[ids]).result[ids].result
        assert flow_run != inner_run
        assert ("inside", {}) == (name, parameters)
