"""Cache validators: whether an earlier result may serve a run."""

from __future__ import annotations

import dataclasses
import enum
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import pytest

from runwright import cache_validators, clock
from runwright.cache_validators import hash_input, plain_hash
from runwright.result import Result
from runwright.states import Cached

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon():
    """Stop the clock at noon."""

    class Noon:
        def now(self):
            return clock.from_datetime(NOON)

        def wait(self, inbox, seconds):
            raise AssertionError("nothing here waits")

    before = clock.install(Noon())
    yield
    clock.install(before)


def cached(inputs=None, parameters=None, expires=NOON + timedelta(hours=1)):
    hashed = None if inputs is None else {key: hash_input(value) for key, value in inputs.items()}
    return Cached(hashed_inputs=hashed, cached_parameters=parameters, cached_result_expiration=expires)


EXPIRED = NOON - timedelta(seconds=1)
INPUTS = {"x": 1, "y": [1, 2]}
PARAMETERS = {"p": 1, "q": 2}
EVERY = [
    cache_validators.duration_only,
    cache_validators.all_inputs,
    cache_validators.all_parameters,
    cache_validators.partial_inputs_only(validate_on=["x"]),
    cache_validators.partial_parameters_only(validate_on=["p"]),
    cache_validators.partial_inputs_only(),
    cache_validators.partial_parameters_only(),
]


@pytest.mark.parametrize("validator", EVERY, ids=lambda each: each.__name__)
class TestEvery:
    def test_what_has_not_changed_is_valid(self, validator):
        assert validator(cached(INPUTS, PARAMETERS), INPUTS, PARAMETERS)
        assert validator(cached(INPUTS, PARAMETERS, expires=None), INPUTS, PARAMETERS)

    def test_what_has_expired_is_not(self, validator):
        assert not validator(cached(INPUTS, PARAMETERS, expires=EXPIRED), INPUTS, PARAMETERS)
        assert not validator(cached(INPUTS, PARAMETERS, expires=NOON), INPUTS, PARAMETERS)


def test_never_is_never():
    assert not cache_validators.never_use(cached(INPUTS, PARAMETERS), INPUTS, PARAMETERS)


def test_all_inputs_have_to_be_the_same():
    state = cached(INPUTS)
    assert not cache_validators.all_inputs(state, {**INPUTS, "x": 2}, None)
    assert not cache_validators.all_inputs(state, {"x": 1}, None)
    assert not cache_validators.all_inputs(state, {**INPUTS, "z": 1}, None)
    assert cache_validators.all_inputs(cached({}), {}, None)


def test_a_cache_that_kept_the_values_compares_those():
    state = cached()
    state.cached_inputs = {"x": Result(1)}
    assert cache_validators.all_inputs(state, {"x": 1}, None)
    assert not cache_validators.all_inputs(state, {"x": 2}, None)
    only_x = cache_validators.partial_inputs_only(["x"])
    assert only_x(state, {"x": 1, "y": 2}, None)
    assert not only_x(state, {"x": 2}, None)


def test_all_parameters_have_to_be_the_same():
    assert not cache_validators.all_parameters(cached({}, PARAMETERS), {}, {"p": 1})
    assert cache_validators.all_parameters(cached({}, None), {}, None)


def test_some_inputs_can_be_looked_at():
    only_x = cache_validators.partial_inputs_only(validate_on=["x"])
    assert only_x(cached(INPUTS), {"x": 1, "y": "anything"}, None)
    assert not only_x(cached(INPUTS), {"x": 2, "y": [1, 2]}, None)
    assert not only_x(cached(INPUTS), {}, None)


def test_some_parameters_can_be_looked_at():
    only_p = cache_validators.partial_parameters_only(validate_on=("p",))
    assert only_p(cached({}, PARAMETERS), {}, {"p": 1, "q": 5})
    assert not only_p(cached({}, PARAMETERS), {}, {"p": 2, "q": 2})
    assert not only_p(cached({}, PARAMETERS), {}, None)


def test_names_are_a_list():
    with pytest.raises(TypeError, match=r"write partial_inputs_only\(validate_on=\['x'\]\)"):
        cache_validators.partial_inputs_only(validate_on="x")


def test_an_input_that_cannot_be_hashed_never_matches_and_is_named(caplog):
    inputs = {"lock": threading.Lock()}
    assert not cache_validators.all_inputs(cached(inputs), inputs, None)
    assert ["The input 'lock' is a lock, which cannot be hashed: a cache never matches it."] == [
        record.getMessage().partition(" Look")[0] for record in caplog.records
    ]


# ---- the hash


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Level(enum.IntEnum):
    LOW = 1


@dataclasses.dataclass
class Point:
    x: int


class Pair(NamedTuple):
    a: int
    b: int


DIFFERENT = [
    None, True, False, 0, 1, -1, 1.0, 0.0, -0.0, 1j, "", "1", b"1", bytearray(b"1"), "None",
    [], (), set(), frozenset(), {}, [1], (1,), {1}, [[1]], [1, 2], [2, 1], ["12"], ["1", "2"], [[1], 2], [1, [2]],
    {"a": 1}, {"a": 2}, {"b": 1}, {1: "a"}, {"1": "a"}, [("a", 1)], 2**100, float("inf"), "é", "\ud800",
    NOON, NOON.replace(tzinfo=None), NOON.date(), "2026-01-01", timedelta(1), timedelta(0, 1),
    Decimal(1), Decimal("1.0"), UUID(int=1), Colour.RED, Colour.BLUE, Level.LOW, Point(1), Point(2), Pair(1, 2), len, max,
]  # fmt: skip


def test_different_values_have_different_hashes():
    hashes = [plain_hash(value) for value in DIFFERENT]
    assert len(DIFFERENT) == len(set(hashes))
    assert not [value for value, each in zip(DIFFERENT, hashes, strict=True) if each.startswith("unhashable")]


def test_equal_values_have_equal_hashes():
    assert plain_hash({"a": 1, "b": {3, 1, 2}}) == plain_hash({"b": {2, 1, 3}, "a": 1})
    assert plain_hash([float("nan")]) == plain_hash([float("nan")])
    assert plain_hash(Point(1)) == plain_hash(Point(1))
    assert 32 == len(plain_hash("x"))


def test_the_hash_is_the_same_in_every_process():
    value = "{'words': {'b', 'a', 'c'}, 'n': [1, 2.5, None, (True, b'x')]}"
    program = f"from runwright.cache_validators import plain_hash; print(plain_hash({value}))"
    hashes = {
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "src"},
        ).stdout.strip()
        for seed in ("1", "2")
    }  # fmt: skip
    assert {plain_hash({"words": {"a", "b", "c"}, "n": [1, 2.5, None, (True, b"x")]})} == hashes


def test_what_has_no_hash_is_never_equal_to_anything():
    circle = []
    circle.append(circle)
    for value in (threading.Lock(), lambda: 1, circle, [object, {"deep": threading.Lock()}]):
        first, second = plain_hash(value), plain_hash(value)
        assert first.startswith("unhashable-")
        assert first != second


def test_another_pickler_can_be_given():
    def function():
        return 1

    assert plain_hash(function, pickled=lambda _: b"f") == plain_hash(function, pickled=lambda _: b"f")
    assert plain_hash(function, pickled=lambda _: b"f") != plain_hash(function, pickled=lambda _: b"g")
