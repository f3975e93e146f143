"""Edge: that one task follows another."""

from __future__ import annotations

import pickle

import pytest

from runwright import Edge, Task


def test_edges_between_the_same_tasks_are_equal_and_count_once():
    a, b = Task(name="a"), Task(name="b")
    assert Edge(a, b, key="x") == Edge(a, b, key="x")
    assert 1 == len({Edge(a, b, key="x"), Edge(a, b, key="x")})


@pytest.mark.parametrize("other", [{"key": "y"}, {"key": "x", "mapped": True}, {"key": "x", "flattened": True}, {}])
def test_key_and_flags_tell_edges_apart(other):
    a, b = Task(name="a"), Task(name="b")
    assert Edge(a, b, key="x") != Edge(a, b, **other)


def test_tasks_are_told_apart_by_identity_not_by_name():
    a, b = Task(name="same"), Task(name="same")
    end = Task()
    assert Edge(a, end) != Edge(b, end)
    assert Edge(a, end) != "an edge"


def test_an_edge_knows_both_its_tasks():
    a, b = Task(), Task()
    assert {a, b} == Edge(a, b).tasks


def test_a_task_cannot_follow_itself():
    a = Task(name="a")
    with pytest.raises(ValueError, match="from a task to itself: <Task: a>"):
        Edge(a, a)


@pytest.mark.parametrize("key", ["not an identifier", "1", "", "a-b"])
def test_a_key_is_the_name_of_an_argument(key):
    with pytest.raises(ValueError, match="must be a valid Python identifier"):
        Edge(Task(), Task(), key=key)


def test_an_edge_shows_what_it_does():
    a, b = Task(name="a"), Task(name="b")
    assert "<Edge: a to b>" == repr(Edge(a, b))
    assert "<Edge (key=x, mapped, flattened): a to b>" == repr(Edge(a, b, "x", mapped=True, flattened=True))


def test_an_edge_is_found_again_after_pickling_with_its_tasks():
    a, b = Task(name="a"), Task(name="b")
    restored_a, restored_b, edges = pickle.loads(pickle.dumps((a, b, {Edge(a, b, "x"): 1})))
    assert 1 == edges[Edge(restored_a, restored_b, "x")]
