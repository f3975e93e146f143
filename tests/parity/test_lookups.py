"""TaskRunner: names, targets and caches: what is looked up before the task runs, and what is kept after it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from dask.base import tokenize
from tests.parity.steps import Recorder, Refusing, Shelf, edge_to

from runwright import Task, context, task
from runwright.cache_validators import all_inputs, all_parameters, duration_only, never_use
from runwright.clock import utcnow
from runwright.result import Result
from runwright.results import LocalResult
from runwright.runtime.task_runner import TaskRunner
from runwright.states import Cached, Failed, Mapped, Pending, Retrying, Running, Skipped, State, Success, TriggerFailed

HOUR = timedelta(hours=1)


class TestSetTaskRunName:
    @staticmethod
    def name_of(naming: Any, inputs: dict[str, Any] | None = None) -> str | None:
        """Return the name that the context has once the step has run by itself."""
        runner = TaskRunner(Task(name="t", task_run_name=naming))
        with context():
            runner.set_task_run_name(task_inputs={key: Result(value) for key, value in (inputs or {}).items()})
            return context.get("task_run_name")

    def test_none_is_no_name(self) -> None:
        assert self.name_of(None) is None

    @pytest.mark.parametrize("naming", ["{p}-{c}-{x}", lambda p, c, x, **_: f"{p}-{c}-{x}"])
    def test_parameters_context_and_inputs_may_be_named(self, naming: Any) -> None:
        with context(parameters={"p": 1}, c=2):
            assert "1-2-3" == self.name_of(naming, {"x": 3})

    def test_inputs_win_over_the_context_and_that_over_parameters(self) -> None:
        with context(parameters={"a": "parameter", "b": "parameter", "c": "parameter"}, b="context", c="context"):
            assert "parameter context input" == self.name_of("{a} {b} {c}", {"c": "input"})

    def test_value_and_self_are_names_like_any_other(self) -> None:
        assert "7" == self.name_of("{value}", {"value": 7})

    def test_in_a_run_it_is_there_for_the_task(self) -> None:
        named = task(lambda x: (x, context.task_run_name), name="named", task_run_name="{task_name}-{x}")
        runner = TaskRunner(named)
        assert (3, "named-3") == runner.run(upstream_states={edge_to(named, "x"): Success(result=3)}).result
        assert "named-3" == runner.context["task_run_name"]
        assert "task_run_name" not in context

    def test_a_name_that_cannot_be_made_fails_the_run(self) -> None:
        state = TaskRunner(Task(name="t", task_run_name="{nobody}")).run()
        assert "Task 't': Unexpected error while running task: KeyError('nobody')" == state.message


class TestCheckTarget:
    def test_without_a_target(self) -> None:
        state = Pending()
        assert TaskRunner(Task(name="t")).check_target(state=state, inputs={}) is state

    def test_nothing_is_there(self) -> None:
        state = Pending()
        assert TaskRunner(Task(name="t", target="a", result=Shelf())).check_target(state=state, inputs={}) is state

    def test_something_is(self) -> None:
        runner = TaskRunner(Task(name="t", target="{x}.txt", result=Shelf(values={"1.txt": "found"})))
        with context(parameters={"p": 2}):
            state: Any = runner.check_target(state=Pending(), inputs={"x": Result(1)})
        assert (Cached, "Result found at task target 1.txt") == (type(state), state.message)
        assert ("found", "1.txt") == (state.result, state._result.location)
        assert ({"x": tokenize(1)}, None, {"p": 2}) == (
            state.hashed_inputs,
            state.cached_result_expiration,
            state.cached_parameters,
        )

    def test_it_exists_by_template_and_is_read_by_location(self) -> None:
        shelf = Shelf(values={"1.txt": "found"})
        TaskRunner(Task(name="t", target="{x}.txt", result=shelf)).check_target(Pending(), inputs={"x": Result(1)})
        assert [("exists", "{x}.txt"), ("read", "1.txt")] == shelf.asked

    def test_a_function_may_say_where(self) -> None:
        def where(x: int, **_: Any) -> str:
            return f"{x}.txt"

        runner = TaskRunner(Task(name="t", target=where, result=Shelf(values={"1.txt": "found"})))
        assert "found" == runner.check_target(Pending(), inputs={"x": Result(1)}).result

    def test_an_input_named_self_does_not_get_in_the_way(self) -> None:
        runner = TaskRunner(Task(name="t", target="{x}", result=Shelf(values={"1": "found"})))
        assert "found" == runner.check_target(Pending(), inputs={"x": Result(1), "self": Result(2)}).result

    def test_a_run_ends_cached_and_the_task_is_not_called(self) -> None:
        seen = Recorder()
        aimed = task(lambda: 1 / 0, name="t", target="a", result=Shelf(values={"a": 1}), state_handlers=[seen])
        state = TaskRunner(aimed).run()
        assert (Cached, 1) == (type(state), state.result)
        assert [("Pending", "Cached")] == seen.changes

    def test_a_run_writes_where_the_next_one_looks(self, tmp_path: Any) -> None:
        calls: list[int] = []
        aimed = task(
            lambda: calls.append(1) or "value", name="t", target="{task_name}.bin", result=LocalResult(tmp_path)
        )
        first = TaskRunner(aimed).run(context={"checkpointing": True})
        second = TaskRunner(aimed).run(context={"checkpointing": True})
        assert (Success, Cached, "value", [1]) == (type(first), type(second), second.result, calls)
        assert first._result.location == second._result.location == str(tmp_path / "t.bin")

    def test_the_trigger_is_asked_all_the_same(self) -> None:
        aimed = Task(name="t", target="a", result=Shelf(values={"a": 1}))
        assert TriggerFailed is type(TaskRunner(aimed).run(upstream_states={edge_to(aimed): Failed()}))

    def test_with_a_target_no_cache_is_consulted(self) -> None:
        asked: list[Any] = []
        aimed = task(
            lambda: 5, name="t", target="a", result=Shelf(), cache_for=HOUR, cache_validator=lambda *a: asked.append(a)
        )
        state = TaskRunner(aimed).run(context={"caches": {"t": [Cached(result=1)]}})
        assert (Cached, 5, []) == (type(state), state.result, asked)

    def test_a_result_that_cannot_look_fails_the_step(self) -> None:
        state = TaskRunner(Task(name="t", target="a")).run()
        assert Failed is type(state)
        assert str(state.message).startswith("Unexpected error: ResultNotImplementedError(")


class TestCheckTaskIsCached:
    @pytest.mark.parametrize("state", [Pending(), Retrying()])
    def test_others_pass(self, state: State) -> None:
        assert TaskRunner(Task(name="t")).check_task_is_cached(state=state, inputs={}) is state

    def test_a_valid_one_is_kept(self) -> None:
        state = Cached(result=2, cached_result_expiration=utcnow() + HOUR)
        runner = TaskRunner(Task(name="t", cache_for=HOUR))
        assert runner.check_task_is_cached(state=state, inputs={}) is state

    @pytest.mark.parametrize(
        ("validator", "state"),
        [(never_use, Cached(result=2)), (duration_only, Cached(cached_result_expiration=utcnow() - HOUR))],
    )
    def test_one_that_is_not_becomes_pending(self, validator: Any, state: State) -> None:
        runner = TaskRunner(Task(name="t", cache_for=HOUR, cache_validator=validator))
        checked = runner.check_task_is_cached(state=state, inputs={})
        assert (Pending, "Cache was invalid; ready to run.") == (type(checked), checked.message)

    def test_the_validator_gets_plain_inputs_and_the_parameters(self) -> None:
        asked: list[Any] = []
        state = Cached()

        def refuses(*given: Any) -> bool:
            asked.append(given)
            return False

        runner = TaskRunner(Task(name="t", cache_for=HOUR, cache_validator=refuses))
        with context(parameters={"p": 1}):
            runner.check_task_is_cached(state=state, inputs={"x": Result(2)})
        assert [(state, {"x": 2}, {"p": 1})] == asked

    @pytest.mark.parametrize(("key", "kept_under"), [(None, "t"), ("shared", "shared")])
    def test_candidates_of_the_context_are_tried_in_order(self, key: str | None, kept_under: str) -> None:
        stale = Cached(result=1, cached_result_expiration=utcnow() - HOUR)
        first, second = Cached(result=2), Cached(result=3)
        runner = TaskRunner(Task(name="t", cache_for=HOUR, cache_key=key))
        with context(caches={kept_under: [stale, first, second]}):
            assert runner.check_task_is_cached(state=Pending(), inputs={}) is first

    def test_a_valid_state_comes_before_candidates(self) -> None:
        state = Cached(result=1)
        with context(caches={"t": [Cached(result=2)]}):
            assert TaskRunner(Task(name="t", cache_for=HOUR)).check_task_is_cached(state=state, inputs={}) is state

    def test_no_candidate_is_valid(self, caplog: pytest.LogCaptureFixture) -> None:
        state = Pending()
        with context(caches={"t": [Cached()]}, task_full_name="t"):
            runner = TaskRunner(Task(name="t", cache_for=HOUR, cache_validator=never_use))
            assert runner.check_task_is_cached(state=state, inputs={}) is state
        assert "Can't use cache because it is now invalid" in caplog.text

    def test_without_cache_for_candidates_do_not_count(self) -> None:
        state = Pending()
        with context(caches={"t": [Cached()]}):
            assert TaskRunner(Task(name="t")).check_task_is_cached(state=state, inputs={}) is state

    def test_a_run_ends_with_the_very_state_and_hears_no_change(self) -> None:
        seen, state = Recorder(), Cached(result=1)
        cached = task(lambda: 1 / 0, name="t", cache_for=HOUR, state_handlers=[seen])
        assert TaskRunner(cached).run(state) is state
        assert [] == seen.changes

    def test_a_valid_cache_with_a_failed_trigger_ends_trigger_failed(self) -> None:
        cached = Task(name="t", cache_for=HOUR)
        state = TaskRunner(cached).run(Cached(result=1), upstream_states={edge_to(cached): Failed()})
        assert TriggerFailed is type(state)

    @pytest.mark.parametrize(("validator", "change"), [(all_inputs, {"x": 2}), (all_parameters, {"p": 2})])
    def test_a_success_serves_a_later_run_until_something_changes(self, validator: Any, change: dict[str, int]) -> None:
        calls: list[int] = []

        @task(name="t", cache_for=HOUR, cache_validator=validator)
        def counts(x: int) -> None:
            calls.append(x)

        first = self.run(counts, {}, x=1, p=1)
        assert self.run(counts, {"t": [first]}, x=1, p=1) is first
        assert self.run(counts, {"t": [first]}, **{"x": 1, "p": 1, **change}) is not first
        assert 2 == len(calls)

    @staticmethod
    def run(declared: Any, caches: Any, *, x: int, p: int) -> State:
        upstream: dict[Any, State] = {edge_to(declared, "x"): Success(result=x)}
        return TaskRunner(declared).run(upstream_states=upstream, context={"caches": caches, "parameters": {"p": p}})


class TestCacheResult:
    def test_a_success_is_kept_with_what_validators_compare(self) -> None:
        runner = TaskRunner(Task(name="t", cache_for=HOUR))
        held = Result(2, location="here")
        with context(parameters={"p": 3}):
            state: Any = runner.cache_result(state=Success("why", held), inputs={"x": Result(1)})
        assert (Cached, "why", {"x": tokenize(1)}, {"p": 3}) == (
            type(state),
            state.message,
            state.hashed_inputs,
            state.cached_parameters,
        )
        assert state._result is held
        assert timedelta(minutes=59) < state.cached_result_expiration - utcnow() <= HOUR

    @pytest.mark.parametrize("state", [Pending(), Failed(), Skipped(), Running(), Retrying()])
    def test_no_other_state(self, state: State) -> None:
        assert TaskRunner(Task(name="t", cache_for=HOUR)).cache_result(state=state, inputs={}) is state

    def test_nor_without_cache_for(self) -> None:
        state = Success(result=1)
        assert TaskRunner(Task(name="t")).cache_result(state=state, inputs={}) is state


class TestCheckpoints:
    @staticmethod
    def run(value: Any, result: Result, checkpointing: Any = True, checkpoint: bool | None = None) -> State:
        """Return the state of calling the step by itself, as its users do."""

        @task(name="t", result=result, checkpoint=checkpoint)
        def declared(x: str) -> Any:
            del x
            return value

        with context(checkpointing=checkpointing):
            return TaskRunner(declared).get_task_run_state(state=Running(), inputs={"x": Result("in")})

    @pytest.mark.parametrize("checkpoint", [None, True])
    def test_written_where_the_context_says_so(self, checkpoint: bool | None) -> None:
        state = self.run(1, Shelf(location="{x}/{checkpointing}"), checkpoint=checkpoint)
        assert (1, "in/True") == (state.result, state._result.location)

    @pytest.mark.parametrize(("value", "checkpointing", "checkpoint"), [(1, False, True), (1, None, True), (1, True, False),
                                                                         (None, True, True), (1, "yes", True)])  # fmt: skip
    def test_else_kept_in_memory(self, value: Any, checkpointing: Any, checkpoint: bool) -> None:
        shelf = Shelf(location="here")
        state = self.run(value, shelf, checkpointing, checkpoint)
        assert (value, Shelf, None) == (state.result, type(state._result), state._result.location)
        assert [] == shelf.asked

    def test_a_bare_result_keeps_its_value_in_memory(self) -> None:
        assert Result(1) == self.run(1, Result())._result

    def test_a_result_of_ones_own_gets_every_keyword_without_a_location_too(self) -> None:
        shelf = Shelf()
        with context(parameters={"p": 5}):
            self.run(1, shelf)
        kept = [keywords for verb, keywords in shelf.asked if verb == "write"]
        assert ("in", 5, True) == (kept[0]["x"], kept[0]["p"], kept[0]["checkpointing"])

    def test_a_write_that_fails_fails_the_task(self) -> None:
        state = self.run(1, Refusing())
        assert (Failed, "Unexpected error: OSError('the disk is full')") == (type(state), state.message)
        assert OSError is type(state.result)

    def test_the_flows_result_is_used_where_the_task_has_none(self) -> None:
        shelf = Shelf(location="here")
        state = TaskRunner(task(lambda: 1, name="t"), flow_result=shelf).run(context={"checkpointing": True})
        assert ({"here": 1}, "here") == (shelf.values, state._result.location)

    def test_no_child_overwrites_another(self) -> None:
        shelf = Shelf(location="{map_index}")
        declared = task(lambda: 1, name="t", result=shelf)
        for index in range(2):
            TaskRunner(declared).run(context={"checkpointing": True, "map_index": index})
        assert {"0": 1, "1": 1} == shelf.values


def test_an_upstream_that_is_mapped_hands_on_the_list_of_its_children() -> None:
    @task
    def sums(x: list[int]) -> int:
        return sum(x)

    mapped = Mapped(result=[1, 2], map_states=[Success(result=1), Success(result=2)])
    assert 3 == TaskRunner(sums).run(upstream_states={edge_to(sums, "x"): mapped}).result
