"""Flow: the declaration of a whole, and the door to running it."""

from __future__ import annotations

import inspect
import pickle
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import cloudpickle
import pytest

import runwright
from runwright import Edge, Flow, Parameter, Task, context, states, task
from runwright.errors import FlowError, ParameterError
from runwright.result import Result
from runwright.schedules import CronSchedule


@task
def inc(x):
    return x + 1


@pytest.fixture
def app(monkeypatch):
    """Stand in for the assembly layer: what `Flow.run` asks it for is noted, nothing runs."""
    asked = []

    def run_flow(flow, **keywords):
        asked.append((flow, keywords))
        return states.Success("All reference tasks succeeded.")

    stand_in = SimpleNamespace(run_flow=run_flow, asked=asked)
    monkeypatch.setitem(__import__("sys").modules, "runwright.app", stand_in)
    monkeypatch.setattr(runwright, "app", stand_in, raising=False)
    return stand_in


class TestDeclaring:
    def test_a_flow_has_a_name(self):
        assert '<Flow: name="etl">' == repr(Flow("etl"))
        with pytest.raises(ValueError, match="A name must be provided for the flow"):
            Flow("")
        with pytest.raises(TypeError, match="A flow's name is text; got 5"):
            Flow(5)  # type: ignore[arg-type]  what a type checker refuses
        with pytest.raises(FlowError, match="has 501 characters: give it one of 500 at most"):
            Flow("x" * 501)
        assert "x" * 500 == Flow("x" * 500).name

    def test_a_flow_can_be_made_of_tasks_and_edges(self):
        a, b, c = Task(), Task(), Task()
        flow = Flow("f", tasks=[c], edges=[Edge(a, b, mapped=True)], reference_tasks=[c])
        assert [c, a, b] == list(flow.tasks)
        assert {Edge(a, b, mapped=True)} == flow.edges
        assert {c} == flow.reference_tasks()

    def test_what_it_is_given_is_kept(self):
        def decide(flow, state, reference_states): ...

        result, daily = Result(), CronSchedule("@daily")
        flow = Flow("f", schedule=daily, executor="threads", run_config="r", storage="s", result=result)
        assert (daily, "threads", "r", "s", result) == (
            flow.schedule,
            flow.executor,
            flow.run_config,
            flow.storage,
            flow.result,
        )
        assert decide is Flow("f", terminal_state_handler=decide).terminal_state_handler

    @pytest.mark.parametrize("schedule", ["daily", timedelta(days=1), CronSchedule])
    def test_a_schedule_is_a_schedule(self, schedule):
        with pytest.raises(
            TypeError, match=r"schedule of a flow must be a schedule; got .* Make one with runwright.schedules"
        ):
            Flow("f", schedule=schedule)

    def test_a_terminal_state_handler_is_a_function(self):
        with pytest.raises(TypeError, match="terminal_state_handler must be a function"):
            Flow("f", terminal_state_handler="mail")

    def test_flows_are_equal_when_they_hold_the_same(self):
        a, b = Task(), Task()
        assert Flow("f", edges=[Edge(a, b)]) == Flow("f", edges=[Edge(a, b)])
        assert Flow("f", edges=[Edge(a, b)]) != Flow("g", edges=[Edge(a, b)])
        assert Flow("f", edges=[Edge(a, b)]) != Flow("f", tasks=[a, b])
        assert Flow("f", tasks=[a, b]) != Flow("f", tasks=[a, b], reference_tasks=[a])
        assert Flow("f") != "f"

    def test_a_flow_is_the_active_one_inside_its_block_only(self):
        outer, inner = Flow("outer"), Flow("inner")
        with outer:
            with inner:
                assert inner is context.flow
            assert outer is context.flow
        assert "flow" not in context

    def test_a_block_can_be_opened_again(self):
        flow = Flow("f")
        with flow:
            a = inc(1)
        with flow:
            b = inc(a)
        assert {Edge(a, b, "x")} == flow.edges

    def test_a_flow_knows_the_file_it_was_declared_in(self):
        assert {"file": str(Path(__file__).resolve()), "name": "f"} == Flow("f").source

    def test_a_flow_that_was_declared_in_no_file_says_so(self):
        namespace = {"__name__": "typed_in", "Flow": Flow}
        exec("flow = Flow('f')", namespace)  # noqa: S102  as a prompt does
        assert {"name": "f"} == namespace["flow"].source


class TestCopying:
    def test_a_copy_is_changed_by_itself(self):
        with Flow("f") as flow:
            a = inc(1)
        copied = flow.copy()
        assert flow == copied
        assert flow.source == copied.source
        with copied:
            inc(a)
        copied.constants[a]["x"] = 5
        assert (1, 0, {"x": 1}) == (len(flow.tasks), len(flow.edges), flow.constants[a])
        assert (2, 1) == (len(copied.tasks), len(copied.edges))

    def test_a_copy_made_inside_the_block_is_not_being_built(self, app):
        with Flow("f") as flow:
            inc(1)
            copied = flow.copy()
        assert copied.run().is_successful()

    def test_a_flow_crosses_to_another_process(self):
        with Flow("f") as flow:
            p = Parameter("p", default=1)
            inc(inc(p))
        restored = cloudpickle.loads(cloudpickle.dumps(flow))
        assert list(flow.slugs.values()) == list(restored.slugs.values())
        assert ["p", "inc-1", "inc-2"] == [node.slug for node in restored.compile().nodes]
        assert flow.source == restored.source

    def test_a_long_chain_can_be_pickled(self):
        flow = Flow("f")
        flow.chain(*(Task(name="t") for _ in range(3000)))
        assert 2999 == len(pickle.loads(pickle.dumps(flow)).edges)


class TestParameters:
    @pytest.fixture
    def flow(self):
        with Flow("etl") as flow:
            inc(Parameter("start"))
            inc(Parameter("size", default=10))
            inc(Parameter("label", default=None))
        return flow

    def test_defaults_fill_what_is_not_given(self, flow):
        assert {"start": 1, "size": 10, "label": None} == flow.resolve_parameters({"start": 1})
        assert {"start": 1, "size": 2, "label": "x"} == flow.resolve_parameters({"start": 1, "size": 2, "label": "x"})

    def test_a_missing_one_is_named(self, flow):
        message = (
            r"did not receive the following required parameters: 'start'. It takes start, \[size=10\], \[label=None\]."
        )
        with pytest.raises(ParameterError, match=message):
            flow.resolve_parameters()
        with pytest.raises(ParameterError, match=message):
            flow.run()

    def test_an_unknown_one_is_named_with_the_nearest(self, flow):
        message = r"Flow 'etl' has no parameter 'stat'. Did you mean 'start'\? It takes start"
        with pytest.raises(ParameterError, match=message):
            flow.run(stat=1)
        with pytest.raises(ParameterError, match=message):
            flow.run({"start": 1, "stat": 2})

    def test_a_flow_without_parameters_says_so(self):
        with pytest.raises(ParameterError, match=r"has no parameter 'x'. It has no parameters."):
            Flow("f").run(x=1)


class TestRunning:
    def test_everything_is_handed_to_the_assembly(self, app):
        with Flow("f", executor="threads") as flow:
            a = inc(Parameter("x", default=1))
        state = flow.run()
        assert state.is_successful()
        assert [
            (
                flow,
                {
                    "parameters": {"x": 1},
                    "executor": "threads",
                    "run_name": None,
                    "context": None,
                    "record": None,
                    "task_states": None,
                    "runner_cls": None,
                    "task_runner_cls": None,
                    "state": None,
                    "task_contexts": None,
                    "task_runner_state_handlers": None,
                    "flow_run_id": None,
                },
            )
        ] == app.asked

        pending = states.Pending()
        flow.run(
            {"x": 2},
            executor="inline",
            run_name="n",
            context={"k": 1},
            record="r.db",
            task_states={a: pending},
            runner_cls=1,
            task_runner_cls=2,
            state=pending,
            task_contexts={a: {"k": 2}},
            task_runner_state_handlers=[print],
            flow_run_id="i",
        )
        assert {
            "parameters": {"x": 2},
            "executor": "inline",
            "run_name": "n",
            "context": {"k": 1},
            "record": "r.db",
            "task_states": {a: pending},
            "runner_cls": 1,
            "task_runner_cls": 2,
            "state": pending,
            "task_contexts": {a: {"k": 2}},
            "task_runner_state_handlers": [print],
            "flow_run_id": "i",
        } == app.asked[1][1]

    def test_parameters_go_by_name_and_win_over_the_dict(self, app):
        with Flow("f") as flow:
            inc(Parameter("x"))
        flow.run({"x": 1}, x=2)
        assert {"x": 2} == app.asked[0][1]["parameters"]

    def test_a_parameter_called_like_an_option_goes_by_dict(self, app):
        with Flow("f") as flow:
            inc(Parameter("record"))
        flow.run({"record": 1})
        assert ({"record": 1}, None) == (app.asked[0][1]["parameters"], app.asked[0][1]["record"])

    def test_a_flow_that_is_still_being_built_does_not_run(self, app):
        with Flow("f") as flow:
            inc(1)
            with pytest.raises(RuntimeError, match=r"Flow 'f' is still being built: call run.. after its `with` block"):
                flow.run()
        assert [] == app.asked

    def test_one_flow_may_run_while_another_is_built(self, app):
        with Flow("inner") as inner:
            inc(1)
        with Flow("outer"):
            inner.run()
        assert 1 == len(app.asked)

    def test_nothing_runs_while_a_file_is_being_loaded(self, app):
        with context(loading_flow=True), pytest.warns(UserWarning, match="put flow.run.. under `if __name__"):
            assert Flow("f").run() is None
        assert [] == app.asked

    def test_return_tasks_is_explained(self):
        with pytest.raises(FlowError, match=r"run.. takes no return_tasks: the result of the final state"):
            Flow("f").run(return_tasks=[])

    def test_only_run_knows_the_assembly(self):
        import runwright.flow

        source = Path(inspect.getfile(runwright.flow)).read_text()
        assert 1 == source.count("import app")
