"""Ordered sets: sets in every way, iterated over in the order given."""

from __future__ import annotations

import copy
import pickle

import pytest

from runwright.ordered_set import OrderedSet


def test_the_order_is_that_given():
    made = OrderedSet("cabcb")
    assert ["c", "a", "b"] == list(made)
    assert {"a", "b", "c"} == made
    assert (3, True, False) == (len(made), "a" in made, "x" in made)


def test_changes_keep_the_order():
    made = OrderedSet("cab")
    made.remove("a")
    made.add("d")
    assert ["c", "b", "d"] == list(made)
    made.add("a")
    assert {"c", "b", "d", "a"} == made


def test_it_works_with_other_sets():
    made = OrderedSet("ab")
    assert {"a"} == made - {"b"} == made & {"a", "c"}
    assert {"a", "b", "c"} == made.union({"c"}) == made | {"c"}
    assert made.issubset({"a", "b", "c"})
    assert made.isdisjoint({"x"})


@pytest.mark.parametrize("duplicate", [copy.copy, OrderedSet.copy, lambda made: pickle.loads(pickle.dumps(made))])
def test_copies_are_their_own(duplicate):
    made = OrderedSet("cab")
    other = duplicate(made)
    other.clear()
    assert ["c", "a", "b"] == list(made)
    assert OrderedSet is type(other)
