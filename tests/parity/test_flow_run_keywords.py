"""`Flow.run`: every keyword; retries, pauses and caches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest

from runwright import Flow, app, context, task
from runwright.clock import utcnow
from runwright.flow_runner import FlowRunner
from runwright.open_records import open_record
from runwright.runtime.task_runner import TaskRunner
from runwright.signals import LOOP, PAUSE
from runwright.states import (
    Cached,
    Failed,
    Resume,
    Retrying,
    Success,
)
from runwright.triggers import manual_only
from runwright.views import FlowRunFilter

from .flow_runs import LATER, inc, kinds, latest, named, one

pytestmark = pytest.mark.usefixtures("runwright_record")


class TestKeywords:
    def test_runner_cls(self):
        class Strict(FlowRunner):
            def determine_final_state(self, *args, **kwargs):
                return Failed("strict")

        with Flow("f") as flow:
            one()
        assert "strict" == flow.run(runner_cls=Strict).message
        assert "strict" == flow.run(None, None, Strict).message

    def test_runner_cls_may_be_any_class_with_a_run(self):
        class Other:
            def __init__(self, flow):
                self.flow = flow

            def run(self, **keywords):
                return Success("other", result={"keywords": sorted(keywords)})

        state = Flow("f").run(runner_cls=Other)
        assert ("other", ["context", "parameters", "return_tasks"]) == (state.message, state.result["keywords"])

    def test_every_overridden_step_is_called(self):
        called = []

        def noting(name):
            def step(self, *args, **kwargs):
                called.append(name)
                return getattr(FlowRunner, name)(self, *args, **kwargs)

            return step

        steps = [
            "initialize_run",
            "check_flow_is_pending_or_running",
            "check_flow_reached_start_time",
            "set_flow_to_running",
            "get_flow_run_state",
            "determine_final_state",
        ]
        Flow("f").run(runner_cls=type("Noting", (FlowRunner,), {name: noting(name) for name in steps}))
        assert steps == called

    def test_task_runner_cls(self):
        class Mine(TaskRunner):
            def get_task_run_state(self, *args, **kwargs):
                return Success("mine", result=7)

        with Flow("f") as flow:
            number = one()
        assert 7 == flow.run(task_runner_cls=Mine).result[number].result

    @pytest.mark.parametrize("executor", ["inline", "threads:2", "processes:2"])
    def test_task_runner_state_handlers(self, executor):
        def seven(runner, old, new):
            return Success("seven", result=7) if new.is_successful() else new

        with Flow("f") as flow:
            number = one()
        assert 7 == flow.run(executor=executor, task_runner_state_handlers=[seven]).result[number].result

    @pytest.mark.parametrize("executor", ["inline", "threads:2", "processes:2"])
    def test_task_contexts(self, executor):
        @task
        def looks():
            from runwright import context  # a global one would have to travel with the function

            return context.get("x")

        with Flow("f") as flow:
            first, second = looks(), looks()
        state = flow.run(executor=executor, context={"x": 1}, task_contexts={first: {"x": 5}})
        assert (5, 1) == (state.result[first].result, state.result[second].result)

    def test_context(self):
        @task
        def looks():
            return context.get("x"), context.today

        with Flow("f") as flow:
            seen = looks()
        assert (1, "2020-02-29") == flow.run(context={"x": 1, "date": "2020-02-29"}).result[seen].result

    def test_task_states(self):
        with Flow("f") as flow:
            number = one()
            more = inc(number)
        assert 6 == flow.run(task_states={number: Success(result=5)}).result[more].result

    def test_a_flow_whose_last_tasks_are_given_ends(self):
        with Flow("f") as flow:
            waiting = one.copy(trigger=manual_only)
            flow.add_task(waiting)
            kept = inc(waiting)
        assert "Success" == named(flow.run(task_states={kept: Success(result=2)}))
        assert ["Cancelled", "Success"] == list(kinds().values())

    @pytest.mark.parametrize("keyword", ["flow_run_name", "run_name"])
    def test_the_name_of_the_run(self, keyword):
        @task
        def looks():
            return context.flow_run_name

        with Flow("f") as flow:
            seen = looks()
        assert "nightly" == flow.run(**{keyword: "nightly"}).result[seen].result
        assert "nightly" == latest().name

    def test_a_foreign_id_is_seen_and_kept(self):
        @task
        def looks():
            return context.flow_run_id

        with Flow("f") as flow:
            seen = looks()
        assert "my-run.1" == flow.run(flow_run_id="my-run.1").result[seen].result
        assert "my-run.1" == latest().details["known_as"]

    def test_an_id_of_our_own_is_the_records(self):
        flow_run_id = "01920000-0000-7000-8000-000000000000"
        Flow("f").run(flow_run_id=flow_run_id)
        assert UUID(flow_run_id) == latest().id

    def test_record(self, tmp_path):
        Flow("f").run(record=str(tmp_path / "other.db"))
        assert 1 == len(open_record(str(tmp_path / "other.db")).flow_runs(FlowRunFilter()))
        assert [] == open_record().flow_runs(FlowRunFilter())

    def test_run_on_schedule_false_runs_once(self):
        with Flow("f") as flow:
            number = one()
        assert 1 == flow.run(run_on_schedule=False).result[number].result


class TestRetries:
    def test_it_waits_for_them(self, fake_clock):
        tries = []

        @task(max_retries=2, retry_delay=timedelta(hours=1))
        def third():
            tries.append((context.task_run_count, utcnow()))
            if len(tries) < 3:
                raise ValueError("again")
            return "well"

        with Flow("f") as flow:
            value = third()
        assert "well" == flow.run().result[value].result
        assert [1, 2, 3] == [count for count, _ in tries]
        assert [True, True] == [b - a >= timedelta(hours=1) for (_, a), (_, b) in pairwise(tries)]

    def test_a_given_retry_is_waited_for(self, fake_clock):
        with Flow("f") as flow:
            number = one()
        assert 1 == flow.run(task_states={number: Retrying(start_time=utcnow() + LATER)}).result[number].result

    def test_handlers_see_where_it_comes_from(self):
        seen = []

        @task(
            max_retries=1,
            retry_delay=timedelta(0),
            state_handlers=[lambda _task, old, new: seen.append(named(old) + named(new))],
        )
        def fragile():
            if context.task_run_count == 1:
                raise ValueError("again")

        with Flow("f", state_handlers=[lambda _flow, _old, new: seen.append(named(new))]) as flow:
            fragile()
        flow.run()
        assert [
            "Running",
            "PendingRunning",
            "RunningFailed",
            "FailedRetrying",
            "RetryingRunning",
            "RunningSuccess",
            "Success",
        ] == seen

    def test_only_failed_children_are_tried_again(self):
        ran = []

        @task(max_retries=1, retry_delay=timedelta(0))
        def fragile(x):
            ran.append((x, context.task_run_count))
            if x == 2 and context.task_run_count == 1:
                raise ValueError("again")
            return x

        with Flow("f") as flow:
            values = fragile.map([1, 2, 3])
        assert [1, 2, 3] == flow.run().result[values].result
        assert [(1, 1), (2, 1), (2, 2), (3, 1)] == sorted(ran)

    @pytest.mark.parametrize("checkpointing", [True, False])
    def test_a_loop_goes_on_where_it_failed(self, checkpointing):
        seen = []

        @task(max_retries=1, retry_delay=timedelta(0))
        def counts():
            reached = context.get("task_loop_result", 0)
            seen.append(context.get("task_loop_count", 1))
            if reached == 2 and context.task_run_count == 1:
                raise ValueError("again")
            if reached < 3:
                raise LOOP(result=reached + 1)
            return reached

        with Flow("f") as flow:
            count = counts()
        assert 3 == flow.run(context={"checkpointing": checkpointing}).result[count].result
        assert [1, 2, 3, 3, 4] == seen


class TestPauses:
    def test_the_flow_run_pauses_too(self):
        with Flow("f") as flow:
            waiting = one.copy(trigger=manual_only)
            flow.add_task(waiting)
            more = inc(waiting)
        state = flow.run()
        assert ("Paused", "Paused", "Pending") == (
            named(state),
            named(state.result[waiting]),
            named(state.result[more]),
        )
        assert 'Trigger function is "manual_only"' == state.result[waiting].message
        assert ["Paused", "Pending"] == list(kinds().values())

    def test_it_goes_on_from_its_record(self):
        with Flow("f") as flow:
            waiting = one.copy(trigger=manual_only)
            flow.add_task(waiting)
            more = inc(waiting)
        flow.run()
        assert 2 == app.resume_flow_run(latest().id, flow=flow).result[more].result
        assert ("Success", ["Success", "Success"]) == (latest().kind.name, list(kinds().values()))

    def test_it_goes_on_as_a_new_run(self):
        with Flow("f") as flow:
            waiting = one.copy(trigger=manual_only)
            flow.add_task(waiting)
            more = inc(waiting)
        state = flow.run()
        assert 2 == flow.run(task_states={**state.result, waiting: Resume()}).result[more].result

    def test_a_paused_child_leaves_its_siblings(self):
        @task
        def asks(x):
            if x == 2 and not context.get("resume"):
                raise PAUSE("sure?")
            return x

        with Flow("f") as flow:
            values = asks.map([1, 2, 3])
        state = flow.run()
        assert "Paused" == named(state)
        assert ["Success", "Paused", "Success"] == [named(child) for child in state.result[values].map_states]
        assert [1, 2, 3] == app.resume_flow_run(latest().id, flow=flow).result[values].result

    def test_a_pause_with_a_time_ends_by_itself(self, fake_clock):
        @task
        def naps():
            if not context.get("resume"):
                raise PAUSE("later", start_time=utcnow() + LATER)
            return "rested"

        with Flow("f") as flow:
            value = naps()
        assert "rested" == flow.run().result[value].result

    def test_kept_states_survive_a_pause(self):
        ran = []

        @task
        def runs(x):
            ran.append(x)

        with Flow("f") as flow:
            waiting = one.copy(trigger=manual_only)
            flow.add_task(waiting)
            kept = runs(waiting)
            inc(waiting)
        assert "Paused" == named(flow.run(task_states={kept: Success()}))
        assert ["Paused", "Pending", "Success"] == sorted(kinds().values())
        assert app.resume_flow_run(latest().id, flow=flow).is_successful()
        assert [] == ran


class TestCaches:
    def test_a_later_run_uses_them(self):
        ran = []

        @task(cache_for=LATER)
        def runs():
            ran.append(1)
            return 42

        with Flow("f") as flow:
            value = runs()
        assert ["Cached", "Cached"] == [named(flow.run().result[value]) for _ in range(2)]
        assert [1] == ran

    def test_caches_are_left_in_those_of_the_context(self):
        calls = []
        with Flow("f") as flow:
            task(lambda: calls.append(1), name="left", cache_for=LATER)()
        with context(caches={}):
            flow.run()
            flow.run()
            assert ["left"] == list(context.caches)
        assert [1] == calls

    def test_a_single_pass_leaves_no_caches(self):
        calls = []
        with Flow("f") as flow:
            task(lambda: calls.append(1), name="passed", cache_for=LATER)()
        with context(caches={}):
            FlowRunner(flow=flow).run()
            assert {} == context.caches

    def test_caches_of_the_context_are_used(self):
        @task(cache_for=LATER)
        def runs():
            return 42

        with Flow("f") as flow:
            value = runs()
        cached = Cached(result=7, cached_result_expiration=datetime(2200, 1, 1, tzinfo=UTC))
        with context(caches={"runs": [cached]}):
            assert 7 == flow.run().result[value].result
        assert 7 == flow.run(context={"caches": {"runs": [cached]}}).result[value].result
