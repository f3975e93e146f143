"""Tools for nested dicts and sequences."""

from __future__ import annotations

import pytest

from runwright.compat.prefect.configuration import Config
from runwright.compat.prefect.nesting import (
    CompoundKey,
    as_nested_dict,
    dict_to_flatdict,
    flatdict_to_dict,
    flatten_seq,
    merge_dicts,
)

NESTED = {"a": 1, "b": {"c": 2, "d": {"e": [3]}}, "f": {}}


def test_sequences_become_flat():
    assert [1, "ab", 2, 3, 4] == list(flatten_seq([1, ["ab", (2, {3}), []], 4]))


def test_dicts_are_merged_level_by_level():
    before = {"a": {"b": 1, "c": 2}, "d": 3}
    assert {"a": {"b": 1, "c": 5}, "d": {"e": 6}} == merge_dicts(before, {"a": {"c": 5}, "d": {"e": 6}})
    assert {"a": {"b": 1, "c": 2}, "d": 3} == before


def test_every_dict_gets_attributes():
    made = as_nested_dict({"a": [{"b": 1}]})
    assert (Config, 1) == (type(made), made.a[0].b)


@pytest.mark.parametrize("kind", [None, Config])
def test_paths_and_back(kind):
    flat = dict_to_flatdict(NESTED)
    assert {("a",): 1, ("b", "c"): 2, ("b", "d", "e"): [3], ("f",): {}} == flat
    assert {CompoundKey} == {type(path) for path in flat}
    back = flatdict_to_dict(flat, kind)
    assert NESTED == back
    assert (kind or dict) is type(back)
