"""Caching: keys, what is recalled from the record, and what a process remembers."""

from __future__ import annotations

import pickle
from datetime import timedelta
from typing import Any

import pytest

from runwright import Task, context, task
from runwright.cache_validators import all_inputs, duration_only
from runwright.clock import utcnow
from runwright.edge import Edge
from runwright.errors import RecordError
from runwright.result import Result, ResultRef
from runwright.results import MemoryResult, memory
from runwright.runtime import caching
from runwright.runtime.caching import KEY, RECALL, Recall
from runwright.runtime.task_runner import TaskRunner
from runwright.states import Cached, Failed, Pending, Success, TriggerFailed

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def forgotten() -> Any:
    """Start and end with nothing in memory."""
    caching.caches().clear()
    yield
    caching.caches().clear()
    memory.clear_memory()


def cached(value: Any, key: str | None = None, expires: timedelta = HOUR, **attributes: Any) -> Cached:
    """Return a Cached state."""
    return Cached(
        result=value,
        cached_result_expiration=utcnow() + expires,
        context={} if key is None else {KEY: key},
        **attributes,
    )


def never(**_: Any) -> dict[str, Any]:
    """Fail where a plain key asks for what only templates need."""
    raise AssertionError("a plain key needs no keywords")


class TestKeys:
    """The name that a value is kept under."""

    @pytest.mark.parametrize(("expected", "cache_key"), [("load", None), ("shared", "shared")])
    def test_it_is_the_tasks_name_or_what_was_given(self, expected: str, cache_key: str | None) -> None:
        assert expected == caching.key_of(Task(name="load", cache_for=HOUR, cache_key=cache_key), never)

    def test_a_template_is_filled_in(self) -> None:
        named = Task(name="load", cache_for=HOUR, cache_key="{task_name}-{x:03}")
        assert "load-007" == caching.key_of(named, lambda: {"task_name": "load", "x": 7})

    def test_a_long_key_ends_in_a_hash_of_all_of_it(self) -> None:
        long = Task(name="load", cache_for=HOUR, cache_key="{x}")
        keys = {caching.key_of(long, lambda end=end: {"x": "x" * 5000 + end}) for end in "ab"}
        assert [200, 200] == [len(key) for key in keys]

    def test_it_goes_into_the_state_that_was_computed(self) -> None:
        named = task(lambda x: x, name="load", cache_for=HOUR, cache_key="{task_name}-{x}")
        upstream = {Edge(Task(name="before"), named, key="x"): Success(result=3)}
        assert "load-3" == TaskRunner(named).run(upstream_states=upstream).context[KEY]


class TestRecall:
    """Caches on the record."""

    def test_a_key_is_looked_up_once_and_what_expired_is_left_out(self) -> None:
        asked: list[tuple[str, bool]] = []

        def look_up(key: str, is_shared: bool) -> list[Cached]:
            asked.append((key, is_shared))
            return [cached(1, expires=-HOUR), cached(2)]

        recall, named = Recall(look_up), Task(name="load", cache_for=HOUR)
        shared = Task(name="other", cache_for=HOUR, cache_key="load")

        assert [[2], [2]] == [[state.result for state in recall(named, "load")] for _ in range(2)]
        assert [2] == [state.result for state in recall(shared, "load")]
        assert [("load", False), ("load", True)] == asked

    def test_another_process_finds_nothing(self) -> None:
        recall = Recall(lambda *_: [cached(1)])
        assert [] == pickle.loads(pickle.dumps(recall))(Task(name="load", cache_for=HOUR), "load")

    def test_a_record_that_cannot_be_read_is_no_reason_to_fail(self, caplog: pytest.LogCaptureFixture) -> None:
        def look_up(key: str, is_shared: bool) -> list[Cached]:
            raise RecordError("The record is away.")

        assert [] == Recall(look_up)(Task(name="load", cache_for=HOUR), "load")
        assert "The record is away." in caplog.text

    def test_memory_is_asked_first(self) -> None:
        remembered = cached(1)
        named = Task(name="load", cache_for=HOUR)

        def look_up(key: str, is_shared: bool) -> list[Cached]:
            raise AssertionError("what is in memory serves")

        with context({"caches": {"load": [remembered]}, RECALL: Recall(look_up)}):
            assert TaskRunner(named).run() is remembered

    @pytest.mark.parametrize(("expected", "kind"), [(5, "memory"), (1, "local")])
    def test_only_what_the_tasks_own_result_holds_is_read(self, expected: int, kind: str) -> None:
        ref = MemoryResult().write(5).ref
        assert ref is not None
        held = Result(location=ref.location)
        held.ref = ResultRef(kind, *[getattr(ref, name) for name in ref.__struct_fields__[1:]])
        named = task(lambda: 1, name="load", cache_for=HOUR, result=MemoryResult())

        with context({RECALL: Recall(lambda *_: [cached(held)])}):
            assert expected == TaskRunner(named).run().result

    def test_what_was_recalled_is_no_source_of_caches_and_keeps_no_value(self) -> None:
        written = MemoryResult().write(5)
        held = Result(location=written.location)
        held.ref = written.ref
        candidate = cached(held)
        named = task(lambda: 1, name="load", cache_for=HOUR, result=MemoryResult())
        with context({RECALL: Recall(lambda *_: [candidate])}):
            found = TaskRunner(named).run()

        assert (5, None) == (found.result, candidate.result)
        assert KEY not in found.context

    @pytest.mark.parametrize(("expected", "map_index"), [(5, None), (4, 0)])
    def test_a_child_takes_only_what_had_its_inputs(self, expected: int, map_index: int | None) -> None:
        other = cached(None, hashed_inputs={"x": "of another child"})
        other._result = MemoryResult().write(5)
        named = task(lambda x: x + 1, name="load", cache_for=HOUR, cache_validator=duration_only, result=MemoryResult())
        upstream = {Edge(Task(name="before"), named, key="x"): Success(result=3)}
        with context({RECALL: Recall(lambda *_: [other]), "map_index": map_index}):
            assert expected == TaskRunner(named).run(upstream_states=upstream).result


class TestRemember:
    """What a flow run leaves in memory."""

    def test_the_newest_comes_first_and_what_expired_goes(self) -> None:
        named = Task(name="load", cache_for=HOUR)
        caching.remember([(named, cached(1)), (named, cached(2)), (named, cached(0, expires=-HOUR))])
        caching.remember([(named, cached(3))])

        assert [3, 2, 1] == [state.result for state in caching.caches()["load"]]

    def test_a_template_keeps_each_under_its_own_key(self) -> None:
        named = Task(name="load", cache_for=HOUR, cache_key="{x}")
        states = [cached(1, "a"), cached(2, "b"), cached(3)]
        caching.remember([(named, state) for state in states])

        assert {"a": [states[0]], "b": [states[1]]} == caching.caches()
        assert [{}, {}] == [state.context for state in states[:2]]

    def test_a_state_that_was_used_again_is_there_once(self) -> None:
        named, state = Task(name="load", cache_for=HOUR), cached(1)
        caching.remember([(named, state)])
        caching.remember([(named, state)])

        assert [state] == caching.caches()["load"]


class TestStep:
    """`check_task_is_cached` among the other steps."""

    def test_the_state_given_comes_before_those_in_memory(self) -> None:
        given = cached(1)
        with context(caches={"load": [cached(2)]}):
            assert TaskRunner(Task(name="load", cache_for=HOUR)).run(given) is given

    def test_a_state_given_that_is_not_valid_gives_way(self) -> None:
        remembered = cached(2, hashed_inputs={})
        runner = TaskRunner(Task(name="load", cache_for=HOUR, cache_validator=all_inputs))
        with context(caches={"load": [remembered]}):
            assert runner.check_task_is_cached(cached(1, hashed_inputs={"x": "?"}), {}) is remembered

        state = runner.check_task_is_cached(cached(1, hashed_inputs={"x": "?"}), {})
        assert (Pending, "Cache was invalid; ready to run.") == (type(state), state.message)

    def test_a_valid_cache_does_not_help_where_the_trigger_fails(self) -> None:
        named = task(lambda x: x, name="load", cache_for=HOUR)
        upstream = {Edge(Task(name="before"), named, key="x"): Failed()}
        with context(caches={"load": [cached(1)]}):
            assert TriggerFailed is type(TaskRunner(named).run(upstream_states=upstream))

    def test_nothing_valid_is_told(self, caplog: pytest.LogCaptureFixture) -> None:
        named = task(lambda: 1, name="load", cache_for=HOUR)
        with context(caches={"load": [cached(2, expires=-HOUR)]}):
            assert 1 == TaskRunner(named).run().result

        assert "Task 'load': Can't use cache because it is now invalid" in caplog.text
