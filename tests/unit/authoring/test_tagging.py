"""Tagging: tags for every task of a block."""

from __future__ import annotations

import pytest

from runwright import Flow, Parameter, Task, tags, task


@task(tags=["own"])
def work():
    return 1


def test_tasks_that_are_made_in_a_block_have_its_tags():
    with tags("red", "green"):
        made = Task()
    assert {"red", "green"} == made.tags
    assert set() == Task().tags


def test_blocks_add_up_and_end():
    with tags("outer"):
        with tags("inner"):
            both = Task()
        one = Task()
    assert {"outer", "inner"} == both.tags
    assert {"outer"} == one.tags


def test_tasks_that_are_called_in_a_block_have_its_tags_and_their_own():
    with Flow("f"), tags("red"):
        called = work()
        parameter = Parameter("p")()
    assert {"own", "red"} == called.tags
    assert {"red"} == parameter.tags
    assert {"own"} == work.tags


def test_tags_of_one_call_add_up():
    with Flow("f"):
        called = work(task_args={"tags": ["special"]})
    assert {"own", "special"} == called.tags


def test_tags_are_no_string():
    with pytest.raises(TypeError, match=r"write tags=\['red'\]"):
        Task(tags="red")
    with pytest.raises(TypeError, match="Each tag must be a string; got 5"):
        Task(tags=[5])
    with pytest.raises(TypeError, match="Each tag must be a string; got 5"), tags(5):
        pass
