"""The flow runner, step by step: what is called by hand, and what a subclass may change."""

from __future__ import annotations

from datetime import UTC, datetime

import cloudpickle
import pytest

from runwright import Flow, Parameter, task
from runwright.clock import utcnow
from runwright.executors import LocalDaskExecutor
from runwright.flow_runner import FlowRunner
from runwright.runtime.task_runner import TaskRunner
from runwright.signals import ENDRUN
from runwright.states import (
    Paused,
    Pending,
    Queued,
    Resume,
    Retrying,
    Running,
    Scheduled,
    State,
    Submitted,
    Success,
)

from .flow_runs import FINISHED, LATER, PENDING, RUNNING, inc, latest, named, one

pytestmark = pytest.mark.usefixtures("runwright_record")


def steps_of(runner, state=None, **keywords):
    """Call `get_flow_run_state` by hand."""
    given = {"task_states": {}, "task_contexts": {}, "return_tasks": set(), "task_runner_state_handlers": None}
    return runner.get_flow_run_state(state=state or Running(), executor=None, **{**given, **keywords})


class TestConstruction:
    def test_a_flow_is_enough(self):
        flow = Flow("f")
        runner = FlowRunner(flow=flow)
        assert (flow, TaskRunner, []) == (runner.flow, runner.task_runner_cls, list(runner.state_handlers))

    def test_positions(self):
        def handler(runner, old, new): ...

        class Mine(TaskRunner): ...

        runner = FlowRunner(Flow("f"), Mine, [handler])
        assert (Mine, [handler]) == (runner.task_runner_cls, list(runner.state_handlers))

    def test_a_lone_handler_is_refused(self):
        with pytest.raises(TypeError, match="iterable"):
            FlowRunner(Flow("f"), state_handlers=lambda _runner, _old, new: new)


class TestInitializeRun:
    def initialized(self, flow=None, state=None, context=None, task_contexts=None, parameters=None):
        return FlowRunner(flow=flow or Flow("f")).initialize_run(
            state=state,
            task_states={},
            context={} if context is None else context,
            task_contexts=task_contexts or {},
            parameters=parameters or {},
        )

    def test_it_returns_four_things(self):
        state, task_states, _, task_contexts = self.initialized()
        assert ("Pending", {}, {}) == (named(state), task_states, task_contexts)

    @pytest.mark.parametrize("state", [*PENDING, *RUNNING, *FINISHED], ids=named)
    def test_a_state_stays(self, state):
        assert state is self.initialized(state=state).state

    @pytest.mark.parametrize("wrapper", [Submitted, Queued], ids=lambda each: each.__name__)
    def test_a_wrapped_state_counts_as_what_it_wraps(self, wrapper):
        scheduled = Scheduled()
        assert scheduled is self.initialized(state=wrapper(state=scheduled)).state
        assert scheduled is self.initialized(state=Submitted(state=wrapper(state=scheduled))).state

    def test_a_wrapper_of_nothing_is_pending(self):
        assert Pending() == self.initialized(state=Submitted()).state

    def test_each_task_gets_name_and_slug(self):
        with Flow("f") as flow:
            number = one()
            more = inc(number)
        expected = {
            number: {"task_name": "one", "task_slug": flow.slugs[number]},
            more: {"task_name": "inc", "task_slug": flow.slugs[more]},
        }
        assert expected == self.initialized(flow).task_contexts

    def test_given_task_contexts_are_completed(self):
        with Flow("f") as flow:
            number = one()
        found = self.initialized(flow, task_contexts={number: {"special": 1}}).task_contexts
        assert {"special": 1, "task_name": "one", "task_slug": flow.slugs[number]} == found[number]

    def test_the_flow_is_named(self):
        found = self.initialized(Flow("mine")).context
        assert ("mine", "mine") == (found["flow_name"], found["flow_id"])

    def test_parameters(self):
        with Flow("f") as flow:
            for parameter in (Parameter("a"), Parameter("b", default=2), Parameter("c", default=None)):
                flow.add_task(parameter)
        cases = [
            ({"b": 2, "c": None}, {}, {}),
            ({"a": 1, "b": 3, "c": None}, {}, {"a": 1, "b": 3}),
            ({"a": 5, "b": 2, "c": None}, {"parameters": {"a": 5}}, {}),
            ({"a": 6, "b": 2, "c": None}, {"parameters": {"a": 5}}, {"a": 6}),
            ({"b": 2, "c": None, "other": 1}, {}, {"other": 1}),
        ]
        for expected, given, parameters in cases:
            assert expected == self.initialized(flow, context=given, parameters=parameters).context["parameters"]

    @pytest.mark.parametrize(
        "date",
        [
            datetime(1986, 9, 20, 12, tzinfo=UTC),
            datetime(1986, 9, 20),
            "1986-09-20",
            "1986-09-20T12:00:00+00:00",
            "19860920",
        ],
        ids=str,
    )
    def test_a_date_drives_the_days(self, date):
        found = self.initialized(context={"date": date}).context
        assert isinstance(found["date"], datetime)
        assert {
            "today": "1986-09-20",
            "yesterday": "1986-09-19",
            "tomorrow": "1986-09-21",
            "today_nodash": "19860920",
            "yesterday_nodash": "19860919",
            "tomorrow_nodash": "19860921",
        } == {key: value for key, value in found.items() if key.startswith(("today", "yester", "tomorrow"))}

    def test_without_a_date_it_is_now(self):
        before, found, after = utcnow(), self.initialized().context, utcnow()
        assert before <= found["date"] == found["scheduled_start_time"] <= after
        assert found["date"].strftime("%Y-%m-%d") == found["today"]

    def test_given_days_stay(self):
        found = self.initialized(context={"today": "doomsday", "date": "2020-01-02"}).context
        assert ("doomsday", "2020-01-01") == (found["today"], found["yesterday"])

    def test_a_text_that_is_no_date_stays(self):
        assert "outer" == self.initialized(context={"date": "outer"}).context["date"]

    def test_a_raise_fails_the_run(self):
        class Bad(FlowRunner):
            def initialize_run(self, *args, **kwargs):
                raise RuntimeError("bad code")

        state = Bad(flow=Flow("f")).run()
        assert "Unexpected error while running flow: RuntimeError('bad code')" == state.message
        assert isinstance(state.result, RuntimeError)
        assert "Failed" == latest().kind.name

    def test_endrun_ends_the_run(self):
        class Stops(FlowRunner):
            def initialize_run(self, *args, **kwargs):
                raise ENDRUN(Success("enough"))

        assert "enough" == Stops(flow=Flow("f")).run().message
        assert "Success" == latest().kind.name


class TestCheckFlowIsPendingOrRunning:
    @pytest.mark.parametrize("state", [*PENDING, Paused(), *RUNNING], ids=named)
    def test_passes(self, state):
        assert state is FlowRunner(flow=Flow("f")).check_flow_is_pending_or_running(state=state)

    @pytest.mark.parametrize("state", [*FINISHED, State()], ids=named)
    def test_ends_the_run(self, state):
        with pytest.raises(ENDRUN) as ended:
            FlowRunner(flow=Flow("f")).check_flow_is_pending_or_running(state=state)
        assert state is ended.value.state


class TestCheckFlowReachedStartTime:
    @pytest.mark.parametrize("state", [*PENDING, Paused(), *RUNNING, *FINISHED], ids=named)
    def test_passes(self, state):
        assert state is FlowRunner(flow=Flow("f")).check_flow_reached_start_time(state=state)

    @pytest.mark.parametrize("kind", [Scheduled, Retrying, Resume, Paused], ids=lambda each: each.__name__)
    def test_a_later_time_ends_the_run(self, kind):
        state = kind(start_time=utcnow() + LATER)
        with pytest.raises(ENDRUN) as ended:
            FlowRunner(flow=Flow("f")).check_flow_reached_start_time(state=state)
        assert state is ended.value.state

    @pytest.mark.parametrize("kind", [Scheduled, Retrying, Resume, Paused], ids=lambda each: each.__name__)
    def test_an_earlier_time_passes(self, kind):
        state = kind(start_time=utcnow() - LATER)
        assert state is FlowRunner(flow=Flow("f")).check_flow_reached_start_time(state=state)


class TestSetFlowToRunning:
    @pytest.mark.parametrize("state", [*PENDING, Paused()], ids=named)
    def test_pending_becomes_running(self, state):
        new = FlowRunner(flow=Flow("f")).set_flow_to_running(state=state)
        assert ("Running", "Running flow.") == (named(new), new.message)

    @pytest.mark.parametrize("state", RUNNING, ids=named)
    def test_running_stays(self, state):
        assert state is FlowRunner(flow=Flow("f")).set_flow_to_running(state=state)

    @pytest.mark.parametrize("state", FINISHED, ids=named)
    def test_finished_ends_the_run(self, state):
        with pytest.raises(ENDRUN) as ended:
            FlowRunner(flow=Flow("f")).set_flow_to_running(state=state)
        assert state is ended.value.state


class TestGetFlowRunState:
    @pytest.mark.parametrize("state", [*PENDING, *FINISHED], ids=named)
    def test_only_running_runs(self, state):
        with pytest.raises(ENDRUN) as ended:
            steps_of(FlowRunner(flow=Flow("f")), state)
        assert state is ended.value.state

    def test_running_runs(self):
        with Flow("f") as flow:
            number = inc(one())
        state = steps_of(FlowRunner(flow=flow), return_tasks={number})
        assert Success(result={number: Success(result=2)}) == state
        assert "Success" == latest().kind.name

    def test_an_empty_flow_succeeds(self):
        assert "All reference tasks succeeded." == steps_of(FlowRunner(flow=Flow("f"))).message

    def test_return_tasks_are_tasks_of_the_flow(self):
        state = FlowRunner(flow=Flow("f")).run(return_tasks=[one])
        assert state.is_failed()
        assert "return_tasks" in str(state.message)

    def test_a_raise_of_an_override_fails_the_run(self):
        class Bad(FlowRunner):
            def get_flow_run_state(self, *args, **kwargs):
                raise RuntimeError("bad code")

        state = Bad(flow=Flow("f")).run()
        assert "Unexpected error while running flow: RuntimeError('bad code')" == state.message

    def test_overriding_it_replaces_the_run(self):
        ran = []

        @task
        def runs():
            ran.append(1)

        class Still(FlowRunner):
            def get_flow_run_state(self, state, **kwargs):
                return Success("nothing to do", result=5)

        with Flow("f") as flow:
            runs()
        state = Still(flow=flow).run()
        assert ("nothing to do", 5) == (state.message, state.result)
        assert [] == ran


def test_a_runner_says_what_it_runs():
    with Flow("f") as flow:
        made = inc(1)
    assert ("<FlowRunner: f>", "<TaskRunner: inc>") == (repr(FlowRunner(flow=flow)), repr(TaskRunner(made)))


@pytest.mark.parametrize("scheduler", ["threads", "processes", "sync"])
def test_executors_travel_after_they_ran(scheduler):
    with Flow("f", executor=LocalDaskExecutor(scheduler=scheduler, num_workers=1)) as flow:
        inc(1)
    flow.run()
    again = cloudpickle.loads(cloudpickle.dumps(flow))
    assert (flow.executor.slots, True) == (again.executor.slots, again.run().is_successful())
