"""How a flow run ends: the final state, the handlers that hear of it, and exceptions."""

from __future__ import annotations

import logging

import pytest

from runwright import Flow, context, task
from runwright.clock import utcnow
from runwright.flow_runner import FlowRunner
from runwright.signals import ENDRUN, FAIL
from runwright.states import (
    Cached,
    Cancelled,
    Failed,
    Mapped,
    Paused,
    Pending,
    Retrying,
    Running,
    Skipped,
    Success,
    TimedOut,
    TriggerFailed,
)

from .flow_runs import LATER, PENDING, RUNNING, fails, inc, kinds, latest, named, one

pytestmark = pytest.mark.usefixtures("runwright_record")


class TestDetermineFinalState:
    def determined(self, key=(), terminal=(), returned=None, flow=None):
        running = Running("Running flow.")
        state = FlowRunner(flow=flow or Flow("f")).determine_final_state(
            state=running, key_states=set(key), return_states=returned or {}, terminal_states=set(terminal)
        )
        return running, state

    @pytest.mark.parametrize(
        ("kind", "message", "key"),
        [
            ("Success", "All reference tasks succeeded.", []),
            ("Success", "All reference tasks succeeded.", [Success()]),
            ("Success", "All reference tasks succeeded.", [Success(), Skipped(), Cached(), Mapped()]),
            ("Failed", "Some reference tasks failed.", [Failed()]),
            ("Failed", "Some reference tasks failed.", [Success(), TriggerFailed(), Cancelled()]),
            ("Failed", "Some reference tasks failed.", [TimedOut()]),
            ("Success", "No reference tasks failed.", [Success(), Cancelled()]),
            ("Success", "No reference tasks failed.", [Cancelled()]),
            ("Success", "No reference tasks failed.", [Pending()]),
        ],
    )
    def test_reference_tasks_decide(self, kind, message, key):
        _, state = self.determined(key=key, terminal=[Success(), Failed()], returned={"a": 1})
        assert (kind, message, {"a": 1}) == (named(state), state.message, state.result)

    @pytest.mark.parametrize("open_state", [*PENDING, Paused(), *RUNNING], ids=named)
    def test_an_unfinished_terminal_task_leaves_it_running(self, open_state, caplog):
        with caplog.at_level(logging.INFO):
            running, state = self.determined(key=[Failed()], terminal=[open_state, Success()], returned={"a": 1})
        assert running is state
        assert {"a": 1} == state.result
        assert any("terminal tasks are incomplete" in record.message for record in caplog.records)

    def test_it_has_the_last_word(self):
        class Strict(FlowRunner):
            def determine_final_state(self, *args, **kwargs):
                return Failed("Very specific error message")

        with Flow("f") as flow:
            one()
        state = Strict(flow=flow).run()
        assert ("Failed", "Very specific error message") == (named(state), state.message)
        assert "Very specific error message" == latest().message

    def test_the_terminal_state_handler_may_replace_it(self):
        asked = []

        def handler(flow, state, reference_states):
            asked.append((flow, named(state), reference_states))
            return Failed("refused")

        flow = Flow("f", terminal_state_handler=handler)
        success = Success()
        _, state = self.determined(key=[success], flow=flow)
        assert "refused" == state.message
        assert [(flow, "Success", {success})] == asked

    def test_a_terminal_state_handler_that_returns_nothing_replaces_nothing(self):
        flow = Flow("f", terminal_state_handler=lambda _flow, _state, _reference_states: None)
        assert "All reference tasks succeeded." == self.determined(flow=flow)[1].message

    def test_a_terminal_state_handler_that_raises_fails_the_run(self):
        def handler(flow, state, reference_states):
            raise ValueError("broken")

        state = FlowRunner(flow=Flow("f", terminal_state_handler=handler)).run()
        assert state.is_failed()
        assert "ValueError('broken')" in str(state.message)

    def test_a_replaced_state_still_tells_of_the_tasks(self):
        with Flow("f", terminal_state_handler=lambda _flow, _state, _reference_states: Failed("refused")) as flow:
            number = one()
        assert {number: Success(result=1)} == FlowRunner(flow=flow).run(return_tasks=[number]).result


class TestStateHandlers:
    @staticmethod
    def watch(seen):
        def handler(owner, old, new):
            seen.append((type(owner).__name__, named(old), named(new)))

        return handler

    def test_the_flows_first_then_the_runners(self):
        seen = []
        flow = Flow("f", state_handlers=[self.watch(seen)])
        FlowRunner(flow=flow, state_handlers=[self.watch(seen)]).run()
        assert [
            ("Flow", "Pending", "Running"),
            ("FlowRunner", "Pending", "Running"),
            ("Flow", "Running", "Success"),
            ("FlowRunner", "Running", "Success"),
        ] == seen

    def test_nothing_changes_in_a_finished_flow(self):
        seen = []
        FlowRunner(flow=Flow("f", state_handlers=[self.watch(seen)])).run(state=Success())
        assert [] == seen

    def test_a_running_flow_only_ends(self):
        seen = []
        FlowRunner(flow=Flow("f", state_handlers=[self.watch(seen)])).run(state=Running())
        assert [("Flow", "Running", "Success")] == seen

    def test_a_flow_that_stays_running_does_not_end(self):
        seen = []
        with Flow("f", state_handlers=[self.watch(seen)]) as flow:
            one()
        given = {task: Retrying(start_time=utcnow() + LATER) for task in flow.tasks}
        assert FlowRunner(flow=flow).run(task_states=given).is_running()
        assert [("Flow", "Pending", "Running")] == seen

    def test_each_sees_what_the_one_before_returned(self):
        seen = []
        handlers = [lambda _flow, _old, _new: Running("replaced"), lambda _flow, _old, new: seen.append(new.message)]
        FlowRunner(flow=Flow("f", state_handlers=handlers)).set_flow_to_running(state=Pending())
        assert ["replaced"] == seen

    def test_a_handler_may_replace_the_end(self):
        def refuse(flow, old, new):
            return Failed("refused") if new.is_successful() else None

        assert "refused" == FlowRunner(flow=Flow("f", state_handlers=[refuse])).run().message
        assert ("Failed", "refused") == (latest().kind.name, latest().message)

    @pytest.mark.parametrize("where", ["flow", "runner"])
    def test_a_raise_ends_the_run_failed(self, where, caplog):
        ran = []

        @task
        def runs():
            ran.append(1)

        def broken(owner, old, new):
            raise ValueError("broken")

        with Flow("f", state_handlers=[broken] if where == "flow" else []) as flow:
            runs()
        state = FlowRunner(flow=flow, state_handlers=[broken] if where == "runner" else []).run()
        assert "Unexpected error while calling state handlers: ValueError('broken')" == state.message
        assert isinstance(state.result, ValueError)
        assert [] == ran
        assert any("calling state handlers" in record.message for record in caplog.records)

    def test_later_handlers_do_not_hear_after_a_raise(self):
        seen = []

        def broken(owner, old, new):
            raise ValueError

        FlowRunner(flow=Flow("f", state_handlers=[broken]), state_handlers=[self.watch(seen)]).run()
        assert [] == seen

    def test_a_signal_gives_its_state(self):
        def signals(owner, old, new):
            if new.is_running():
                raise FAIL("by signal")

        state = FlowRunner(flow=Flow("f", state_handlers=[signals])).run()
        assert ("Failed", "by signal") == (named(state), state.message)

    def test_endrun_ends_the_run(self):
        def ends(owner, old, new):
            raise ENDRUN(Success("by endrun"))

        assert "by endrun" == FlowRunner(flow=Flow("f", state_handlers=[ends])).run().message

    def test_an_unexpected_failure_is_told_from_where_the_run_was(self):
        class Bad(FlowRunner):
            def get_flow_run_state(self, *args, **kwargs):
                raise RuntimeError("bad code")

        seen = []
        Bad(flow=Flow("f", state_handlers=[self.watch(seen)])).run()
        assert [("Flow", "Pending", "Running"), ("Flow", "Running", "Failed")] == seen

    def test_on_failure(self):
        heard = []
        with Flow("f", on_failure=lambda flow, state: heard.append((flow.name, state.message))) as flow:
            fails()
        FlowRunner(flow=flow).run()
        assert [("f", "Some reference tasks failed.")] == heard

    def test_on_failure_is_silent_without_one(self):
        heard = []
        FlowRunner(flow=Flow("f", on_failure=lambda _flow, state: heard.append(state))).run()
        assert [] == heard

    def test_of_task_runners_come_after_the_tasks_own(self):
        seen = []
        with Flow("f") as flow:
            one.copy(state_handlers=[self.watch(seen)]).bind(flow=flow)
        FlowRunner(flow=flow).run(task_runner_state_handlers=[self.watch(seen)])
        assert ["FunctionTask", "TaskRunner"] * 2 == [owner for owner, _, _ in seen]
        assert [("Pending", "Running")] * 2 + [("Running", "Success")] * 2 == [(old, new) for _, old, new in seen]


class TestRaiseOnException:
    def test_a_task_error_comes_out(self):
        with Flow("f") as flow:
            inc.map([1, 2], upstream_tasks=[fails()])
        with context(raise_on_exception=True), pytest.raises(ValueError, match="no"):
            FlowRunner(flow=flow).run()
        assert ("Failed", "Unexpected error while running flow: ValueError('no')") == (
            latest().kind.name,
            latest().message,
        )
        assert {"fails-1": "Failed", "inc-1": "Cancelled"}.items() <= kinds().items()

    def test_a_handler_error_comes_out(self):
        def broken(flow, old, new):
            raise ValueError("broken")

        with context(raise_on_exception=True), pytest.raises(ValueError, match="broken"):
            FlowRunner(flow=Flow("f", state_handlers=[broken])).run()

    def test_without_it_nothing_comes_out(self):
        with Flow("f") as flow:
            fails()
        assert FlowRunner(flow=flow).run().is_failed()
