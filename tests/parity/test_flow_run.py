"""`Flow.run`: parameters, what it refuses, and what its state tells."""

from __future__ import annotations

import logging

import pytest

from runwright import Flow, Parameter, context, task
from runwright.clock import utcnow
from runwright.signals import SKIP
from runwright.states import (
    Cancelled,
    Failed,
    Mapped,
    Running,
    Scheduled,
    Skipped,
    Success,
    TriggerFailed,
)
from runwright.triggers import all_finished

from .flow_runs import LATER, fails, inc, kinds, latest, named, one

pytestmark = pytest.mark.usefixtures("runwright_record")


@pytest.fixture
def doubling():
    """A flow of one parameter `x` and a task that returns it and one more, with that task."""
    with Flow("doubling") as flow:
        more = inc(Parameter("x"))
    return flow, more


class TestParameters:
    def test_by_keyword(self, doubling):
        flow, more = doubling
        assert 6 == flow.run(x=5).result[more].result

    def test_by_dict(self, doubling):
        flow, more = doubling
        assert 6 == flow.run(parameters={"x": 5}).result[more].result
        assert 7 == flow.run({"x": 6}).result[more].result

    def test_the_keyword_wins(self, doubling):
        flow, more = doubling
        assert 7 == flow.run({"x": 5}, x=6).result[more].result

    def test_in_the_given_context(self, doubling):
        flow, more = doubling
        assert 6 == flow.run(context={"parameters": {"x": 5}}).result[more].result

    def test_defaults(self):
        with Flow("f") as flow:
            more = inc(Parameter("x", default=1))
        assert 2 == flow.run().result[more].result
        assert {"x": 1} == latest().parameters

    def test_none_is_a_default(self):
        with Flow("f") as flow:
            nothing = Parameter("x", default=None)
            flow.add_task(nothing)
        assert flow.run().result[nothing].is_successful()

    def test_a_missing_one_is_refused(self, doubling):
        with pytest.raises(ValueError, match=r"did not receive the following required parameters: 'x'"):
            doubling[0].run()

    def test_an_unknown_one_is_refused(self, doubling):
        with pytest.raises(ValueError, match="no parameter 'y'"):
            doubling[0].run(x=1, y=2)
        with pytest.raises(ValueError, match="no parameter 'y'"):
            doubling[0].run({"x": 1, "y": 2})

    def test_one_named_like_a_keyword_goes_by_dict(self):
        with Flow("f") as flow:
            more = inc(Parameter("state"))
        assert 3 == flow.run({"state": 2}).result[more].result

    def test_tasks_see_them(self):
        @task
        def looks():
            return context.parameters

        with Flow("f") as flow:
            flow.add_task(Parameter("x", default=1))
            seen = looks()
        assert {"x": 2} == flow.run(x=2).result[seen].result


class TestRefusals:
    def test_inside_its_own_block(self):
        with Flow("f") as flow, pytest.raises(RuntimeError, match="still being built"):
            flow.run()

    def test_return_tasks(self, doubling):
        with pytest.raises(ValueError, match="return_tasks"):
            doubling[0].run(x=1, return_tasks=[])

    def test_while_a_file_is_loaded(self):
        with context(loading_flow=True), pytest.warns(UserWarning, match="loaded"):
            assert Flow("f").run() is None

    @pytest.mark.parametrize("flow_run_id", ["", "../up", "a b"])
    def test_an_id_that_is_no_word(self, flow_run_id):
        with pytest.raises(ValueError, match="is no id"):
            Flow("f").run(flow_run_id=flow_run_id)


class TestResult:
    def test_every_task_is_there(self):
        with Flow("f") as flow:
            number = one()
            inc.map([number, 2])
        assert set(flow.tasks) == set(flow.run().result)

    def test_what_did_not_run_is_pending(self):
        with Flow("f") as flow:
            number = one()
        state = flow.run(state=Success("done before"))
        assert ("Success", "done before") == (named(state), state.message)
        assert ("Pending", "Task not run.") == (named(state.result[number]), state.result[number].message)

    @pytest.mark.parametrize("given", [Failed("x"), Skipped("x"), Cancelled("x")], ids=named)
    def test_a_finished_flow_is_not_run(self, given):
        with Flow("f") as flow:
            number = one()
        assert given is flow.run(state=given)
        assert given.result[number].is_pending()
        assert (named(given), []) == (latest().kind.name, list(kinds().values()))

    def test_a_scheduled_flow_is_not_run_yet(self):
        with Flow("f") as flow:
            number = one()
        given = Scheduled(start_time=utcnow() + LATER)
        assert given is flow.run(state=given)
        assert given.result[number].is_pending()

    def test_a_running_flow_goes_on(self):
        with Flow("f") as flow:
            number = one()
        assert 1 == flow.run(state=Running()).result[number].result

    def test_an_empty_flow_succeeds(self):
        state = Flow("f").run()
        assert ("Success", "All reference tasks succeeded.", {}) == (named(state), state.message, state.result)

    def test_when_a_handler_replaces_the_end(self):
        def refuse(flow, old, new):
            return Failed("refused") if new.is_successful() else None

        with Flow("f", state_handlers=[refuse]) as flow:
            number = one()
        state = flow.run()
        assert ("refused", 1) == (state.message, state.result[number].result)

    def test_when_a_handler_raises(self):
        def broken(flow, old, new):
            raise ValueError("broken")

        state = Flow("f", state_handlers=[broken]).run()
        assert "Unexpected error while calling state handlers: ValueError('broken')" == state.message
        assert isinstance(state.result, ValueError)

    def test_it_tells_where_it_is_on_record(self):
        state = Flow("f").run()
        assert str(latest().id) == state.context["flow_run_id"]


class TestFinalState:
    @pytest.mark.parametrize(
        ("kind", "message", "given"),
        [
            ("Success", "All reference tasks succeeded.", Success()),
            ("Success", "All reference tasks succeeded.", Skipped()),
            ("Failed", "Some reference tasks failed.", Failed()),
            ("Failed", "Some reference tasks failed.", TriggerFailed()),
            ("Success", "No reference tasks failed.", Cancelled()),
        ],
    )
    def test_the_last_task_decides(self, kind, message, given):
        with Flow("f") as flow:
            number = one()
            more = inc(number)
        state = flow.run(task_states={more: given})
        assert (kind, message) == (named(state), state.message)
        assert (kind, message) == (latest().kind.name, latest().message)

    def test_reference_tasks_decide(self):
        with Flow("f") as flow:
            number = one()
            fails(upstream_tasks=[number])
        flow.set_reference_tasks([number])
        assert "All reference tasks succeeded." == flow.run().message

    def test_a_failure_that_was_dealt_with_is_none(self):
        with Flow("f") as flow:
            broken = fails()
            one.copy(trigger=all_finished).set_upstream(broken, flow=flow)
        assert flow.run().is_successful()

    def test_children_count_in_their_parents_place(self):
        @task
        def odd(x):
            if x == 1:
                raise ValueError
            if x == 2:
                raise SKIP

        with Flow("f") as flow:
            odds = odd.map([1, 2, 3])
        assert "Some reference tasks failed." == flow.run().message
        assert (
            "All reference tasks succeeded." == flow.run(task_states={odds: Mapped(map_states=[Success()] * 3)}).message
        )

    def test_an_empty_map_is_a_success(self):
        with Flow("f") as flow:
            inc.map([])
        assert "All reference tasks succeeded." == flow.run().message

    def test_the_terminal_state_handler_gets_the_children(self):
        asked = []

        def handler(flow, state, reference_states):
            asked.append((flow.name, state.message, sorted(each.result for each in reference_states)))

        with Flow("f", terminal_state_handler=handler) as flow:
            inc.map([1, 2])
        flow.run()
        assert [("f", "All reference tasks succeeded.", [2, 3])] == asked

    def test_the_terminal_state_handler_has_the_last_word(self):
        def handler(flow, state, reference_states):
            state.message = "changed"
            return state

        state = Flow("f", terminal_state_handler=handler).run()
        assert ("changed", "changed") == (state.message, latest().message)


class TestLogs:
    def test_flow_runs_say_how_they_go(self, caplog):
        with Flow("mine") as flow:
            fails()
        with caplog.at_level(logging.INFO):
            flow.run()
        assert ["Beginning Flow run for 'mine'", "Flow run FAILED: some reference tasks failed."] == [
            record.message for record in caplog.records if record.name == "runwright.FlowRunner"
        ]


def test_states_may_be_given_again(doubling):
    """What one run returned is where the next may start."""
    flow, more = doubling
    state = flow.run(x=1)
    again = flow.run(x=5, task_states=state.result)
    assert 2 == again.result[more].result
    assert again.result == state.result
