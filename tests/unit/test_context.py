"""Context: what a run may know of itself, in every thread and coroutine its own."""

from __future__ import annotations

import asyncio
import copy
import pickle
import threading

import pytest

from runwright.context import activate, context, deactivate


def test_values_are_items_and_attributes_inside_the_block_alone() -> None:
    with context(task_name="a", map_index=3) as inside:
        assert inside is context
        assert ("a", 3) == (context.task_name, context["map_index"])
        assert "task_name" in context
    assert "task_name" not in context


def test_leaving_a_block_restores_exactly_what_was_before() -> None:
    with context(x=1):
        with context({"x": 2}, y=3):
            context.z = 4
            context["x"] = 5
            assert {"x": 5, "y": 3, "z": 4} == context.to_dict()
        assert {"x": 1} == context.to_dict()
    assert {} == context.to_dict()


def test_an_exception_restores_it_too() -> None:
    with pytest.raises(ZeroDivisionError), context(x=1):
        raise ZeroDivisionError
    assert "x" not in context


def test_missing_values_are_named_with_those_there_are() -> None:
    with pytest.raises(AttributeError, match=r"no 'nothing'.*no flow or task is running here"):
        _ = context.nothing
    with context(b=1, a=2), pytest.raises(AttributeError, match=r"no 'c'\. It has: a, b\."):
        _ = context.c
    with pytest.raises(KeyError):
        context["nothing"]
    assert 7 == context.get("nothing", 7)
    assert context.get("nothing") is None


def test_iterating_and_showing_tell_the_keys() -> None:
    with context(b=1, a=2):
        assert ["a", "b"] == sorted(context)
        assert "<Context: a, b>" == repr(context)


def test_a_copy_of_the_values_is_ones_own() -> None:
    with context(x=1):
        context.to_dict()["x"] = 2
        assert 1 == context.x


def test_configuration_is_merged_level_by_level_and_other_values_are_replaced() -> None:
    flows = {"checkpointing": False, "results": {"folder": "a"}}
    with context(config={"flows": flows, "debug": True}, parameters={"x": 1}):
        with context(config={"flows": {"results": {"size": 2}}}, parameters={"y": 2}):
            merged = {"flows": {"checkpointing": False, "results": {"folder": "a", "size": 2}}, "debug": True}
            assert merged == context.config
            assert {"y": 2} == context.parameters
        assert {"flows": flows, "debug": True} == context.config
    assert {"checkpointing": False, "results": {"folder": "a"}} == flows


def test_each_thread_has_its_own() -> None:
    seen: list[object] = []
    with context(x=1):
        other = threading.Thread(target=lambda: seen.append(context.get("x", "nothing")))
        other.start()
        other.join()
    assert ["nothing"] == seen


def test_each_coroutine_has_its_own() -> None:
    async def run(x: int) -> int:
        with context(x=x):
            await asyncio.sleep(0)
            return context.x

    async def both() -> list[int]:
        return list(await asyncio.gather(run(1), run(2)))

    assert [1, 2] == asyncio.run(both())


def test_a_context_does_not_travel() -> None:
    with pytest.raises(TypeError, match="read the values you need"):
        pickle.dumps(context)
    with pytest.raises(TypeError, match="read the values you need"):
        copy.copy(context)


def test_the_runtime_sets_the_whole_of_it_at_once() -> None:
    token = activate({"task_name": "a"})
    try:
        assert {"task_name": "a"} == context.to_dict()
    finally:
        deactivate(token)
    assert {} == context.to_dict()
