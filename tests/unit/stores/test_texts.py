"""Whatever user code hands over becomes JSON that can be read."""

from __future__ import annotations

import pytest

from runwright.result import ResultRef
from runwright.stores.sql import migrations, queries
from runwright.stores.texts import from_json, to_json, to_text


class Unspeakable:
    def __repr__(self):
        raise RuntimeError


def endless():
    loop = []
    loop.append(loop)
    return loop


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        ({"a": [1, None, True, 0.5]}, {"a": [1, None, True, 0.5]}),
        (["k", "l", "", 0, "", None, ""], ResultRef("k", "l")),
        ({"?": "?"}, {"\ud800": "\udfff"}),
        ({"a": ["?", ["k", "l", "", 0, "", None, ""]]}, {"a": ["\ud800", ResultRef("k", "l")]}),
        ({"(1, 2)": 3}, {(1, 2): 3}),
        ({"a": None}, {"a": float("nan")}),
        ({"a": "<Unspeakable: its repr raised RuntimeError>"}, {"a": Unspeakable()}),
        ({"a": "<Unspeakable: its repr raised RuntimeError>", "b": "?"}, {"a": Unspeakable(), "b": "\ud800"}),
        ({"a": [1], "b": "?"}, {"a": {1}, "b": "\ud800"}),
        ({"a": "\x00"}, {"a": "\x00"}),
    ],
)
def test_any_value_becomes_json(expected, value):
    assert expected == from_json(to_json(value))


def test_a_value_is_written_the_same_whatever_stands_beside_it():
    assert from_json(to_json({"a": "\x00"}))["a"] == from_json(to_json({"a": "\x00", "b": "\ud800"}))["a"]


def test_what_holds_itself_ends_somewhere():
    assert "..." in to_json(endless())


@pytest.mark.parametrize(("expected", "text"), [("a", "a"), ("\N{REPLACEMENT CHARACTER}?", "\x00\ud800"), ("7", 7)])
def test_any_text_becomes_one_that_can_be_kept(expected, text):
    assert expected == to_text(text)


def test_migrations_are_numbered_without_a_gap():
    numbers = [number for number, _ in migrations("sqlite")]

    assert list(range(1, len(numbers) + 1)) == numbers


def test_queries_are_found_by_name():
    found = queries("sqlite", "leases")

    assert {"now", "find", "lock", "lost", "put", "give_up"} == set(found)
    assert found["find"].startswith("SELECT")
    assert not found["find"].endswith(";")
