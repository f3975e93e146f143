"""Typed JSON gives back exactly what it was given, or says which part it cannot keep."""

from __future__ import annotations

import datetime as dt
import enum
import json
import math
import pathlib
from collections import OrderedDict
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings, strategies as st

from runwright.results import typed_json
from runwright.results.typed_json import DEPTH_LIMIT, Unencodable, decode, encode

ZONES = [dt.UTC, dt.timezone(dt.timedelta(hours=-5)), dt.timezone(dt.timedelta(0), "Z"), ZoneInfo("Europe/Paris"), None]

atoms = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=2**60, max_value=2**70),
    st.floats(),
    st.text(st.characters(codec=None)),  # lone surrogates too
    st.binary(),
    st.datetimes(timezones=st.sampled_from(ZONES)),
    st.dates(),
    st.times(timezones=st.sampled_from(ZONES[:3])),
    st.timedeltas(),
    st.decimals(),
    st.uuids(),
    st.text("ab./", min_size=1).map(pathlib.PurePosixPath),
)
keys = st.recursive(
    atoms.filter(lambda value: not is_signaling(value)), lambda inner: st.tuples(inner, inner), max_leaves=3
)
values = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner),
        st.lists(inner).map(tuple),
        st.dictionaries(st.text(), inner),
        st.dictionaries(keys, inner),
        st.sets(keys),
        st.frozensets(keys),
        st.dictionaries(st.sampled_from(["$tuple", "$dict", "$", "a"]), inner, max_size=1),
    ),
    max_leaves=20,
)


class Color(enum.IntEnum):
    RED = 1


class Point(NamedTuple):
    x: Any
    y: Any


class Name(str):  # noqa: SLOT000  as users write it
    pass


def is_signaling(value):
    """Say whether this is the one decimal that has no hash."""
    return isinstance(value, Decimal) and value.is_snan()


def shown(value):
    """Return a text that tells any two values apart, NaN, signs, types, folds and names of zones included."""
    kind = type(value)
    if kind in (list, tuple):
        return f"{kind.__name__}{[shown(item) for item in value]}"
    if kind in (set, frozenset):
        return f"{kind.__name__}{sorted(shown(item) for item in value)}"
    if kind is dict:
        return f"dict{[(shown(key), shown(item)) for key, item in value.items()]}"
    if kind is float and math.isnan(value):
        return "float nan"
    return f"{kind.__name__} {value!a}" if kind is not int else f"int {value:x}"


@settings(max_examples=200)
@given(values)
@example({None: "\ud800"})  # tagged for its key, and written carefully for its value
def test_every_value_comes_back_exactly(value):
    assert shown(value) == shown(decode(encode(value)))


@settings(max_examples=100)
@given(values)
def test_what_is_written_is_json_for_everyone(value):
    text = encode(value).decode("utf-8")

    assert json.dumps(json.loads(text, parse_constant=pytest.fail)) is not None


@pytest.mark.parametrize(("expected", "value"), [
    (b"null", None), (b"true", True), (b"-3", -3), (b"2.5", 2.5), ('"é"'.encode(), "é"),
    (b'{"a":[1,{"b":null}],"$x":2}', {"a": [1, {"b": None}], "$x": 2}),
])  # fmt: skip
def test_what_json_knows_is_plain_json(expected, value):
    assert expected == encode(value)


@pytest.mark.parametrize(("expected", "value"), [
    ({"$tuple": [1, {"$tuple": []}]}, (1, ())),
    ([1, {"$float": "nan"}], [1, float("nan")]),
    ({"$float": "-inf"}, float("-inf")),
    ({"$str": "61edb280"}, "a\udc80"),
    ({"$bytes": "AP8="}, b"\x00\xff"),
    ({"$dict": [[1, 2], ["a", {"$set": [3]}]]}, {1: 2, "a": {3}}),
    ({"$dict": [["$tuple", [1]]]}, {"$tuple": [1]}),
    ({"$int": hex(10**5000)}, 10**5000),
    ({"$datetime": "2026-01-02T03:04:05+00:00"}, dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)),
    ({"$date": "2026-01-02"}, dt.date(2026, 1, 2)),
    ({"$timedelta": [-1, 5, 6]}, dt.timedelta(-1, 5, 6)),
    ({"$decimal": "1.10"}, Decimal("1.10")),
    ({"$uuid": "00000000000000000000000000000007"}, UUID(int=7)),
    ({"$path": ["PurePosixPath", "/a/b"]}, pathlib.PurePosixPath("/a/b")),
], ids=lambda each: type(each).__name__)  # fmt: skip
def test_everything_else_has_a_tag(expected, value):
    assert expected == json.loads(encode(value))


@pytest.mark.parametrize(
    "value", [10**4299, [-(10**5000), "a"], {"a": 10**5000, "b": "\udc80"}], ids=["few", "many", "both"]
)
def test_integers_have_as_many_digits_as_they_like(value):
    assert value == decode(encode(value))


def test_the_second_of_two_equal_hours_comes_back_as_the_second():
    late = dt.datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Paris"))

    back = decode(encode(late))

    assert (1, dt.timedelta(hours=1), "Europe/Paris") == (back.fold, back.utcoffset(), back.tzinfo.key)


def test_a_path_of_this_system_stays_one():
    assert pathlib.Path("a", "b\udc80") == decode(encode(pathlib.Path("a", "b\udc80")))


@pytest.mark.parametrize(("where", "reason", "value"), [
    ("", "is a complex", 1j),
    ("[2]", "is a bytearray", [1, "a", bytearray()]),
    ("['a'][1]", "is a complex", {"a": (1, 1j)}),
    ("[(7,)]", "is a complex", {(7,): 1j}),
    (" key 0[1]", "is a complex", {(7, 1j): 1}),
    ("[7]['x']", "is a complex", {7: {"x": 1j}}),
    ("", "has a time zone of type ", dt.datetime(2026, 1, 1, tzinfo=type("Moon", (dt.tzinfo,), {})())),
])  # fmt: skip
def test_what_cannot_be_kept_is_named_with_its_place(where, reason, value):
    with pytest.raises(Unencodable) as refused:
        encode(value)

    assert where.replace("(7,)", "<tuple>") == refused.value.where
    assert refused.value.reason.startswith(reason)


@pytest.mark.parametrize("value", [Color.RED, Point(1, 2), Name("a"), OrderedDict(a=1), {Color.RED: 1}, [Name("a")]])
def test_a_subclass_would_come_back_as_something_else_and_is_refused(value):
    with pytest.raises(Unencodable):
        encode(value)


def test_a_value_that_contains_itself_is_refused():
    endless = {"again": []}
    endless["again"].append(endless)

    with pytest.raises(Unencodable, match="contains itself"):
        encode(endless)


@pytest.mark.parametrize("wrap", [
    lambda value: [value], lambda value: (value,), lambda value: {"a": value}, lambda value: {1: value},
    lambda value: {"$a": value}, lambda value: [1j.real, value],
], ids=["list", "tuple", "dict", "pairs", "like a tag", "tagged neighbour"])  # fmt: skip
def test_values_are_kept_as_deep_as_the_limit_and_refused_below_it(wrap):
    value = "deep"
    for _ in range(DEPTH_LIMIT):
        value = wrap(value)

    assert value == decode(encode(value))
    with pytest.raises(Unencodable, match="nested more than 100 levels"):
        encode(wrap(value))


def test_a_container_that_stands_in_two_places_is_written_twice():
    row = [1, (2,)]

    assert [[1, (2,)], [1, (2,)]] == decode(encode([row, row]))


def test_a_small_value_that_would_be_written_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(typed_json, "REPEAT_LIMIT", 1000)
    bomb = ["boom"]
    for _ in range(60):
        bomb = [bomb, bomb]

    with pytest.raises(Unencodable, match="in so many places"):
        encode(bomb)


@pytest.mark.parametrize("data", [
    b"", b"{", b'{"$planet": 1}', b'{"$tuple": 1}', b'{"$dict": [[1]]}', b'{"$path": ["os.system", "id"]}', b'{"$int": "x"}',
    b'{"$bytes": "?"}', b'{"$uuid": "1"}', b'{"$datetime": ["2026-01-01", 0, ["key", "../etc"]]}', b'{"$set": [[]]}',
])  # fmt: skip
def test_what_was_never_written_is_not_read(data):
    with pytest.raises((ValueError, TypeError, LookupError, ArithmeticError)):
        decode(data)
