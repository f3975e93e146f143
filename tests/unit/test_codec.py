"""Codec: states as the data that events carry, and back, whatever values users have."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from runwright import codec, states
from runwright.result import NoResult, Result, ResultRef
from runwright.states import CLASS_BY_CODE, State

times = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
messages = st.none() | st.text(
    alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20
)
refs = st.builds(
    ResultRef, st.sampled_from(["pack", "local"]), st.text(max_size=9), st.just("json"), st.integers(0, 2**40),
    st.text(max_size=4), st.none() | st.integers(0, 99),
)  # fmt: skip
counts = st.integers(1, 99)
hashes = st.none() | st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)

EXTRA: dict[type[State], dict[str, st.SearchStrategy[Any]]] = {
    states.Scheduled: {"start_time": times},
    states.Paused: {"start_time": st.none() | times},
    states.Resume: {"start_time": times},
    states.Retrying: {"start_time": times, "run_count": counts},
    states.Queued: {"start_time": times},
    states.Looped: {"loop_count": counts},
    states.Mapped: {"n_map_states": st.integers(0, 10**7)},
    states.Cached: {
        "cached_parameters": st.none() | st.dictionaries(st.text(max_size=5), plain, max_size=3),
        "cached_result_expiration": st.none() | times,
        "hashed_inputs": hashes,
    },
}


@st.composite
def recorded(draw: st.DrawFn) -> State:
    """Draw a state of any kind, with a message, a stored result or an error, and all that its kind has."""
    made = CLASS_BY_CODE[draw(st.sampled_from(sorted(CLASS_BY_CODE)))]
    state = made(draw(messages), **{name: draw(values) for name, values in EXTRA.get(made, {}).items()})
    ref = draw(st.none() | refs)
    if ref is not None:
        held = Result(location=ref.location)
        held.ref = ref
        state.result = held
    elif draw(st.booleans()):
        state.result = ValueError(draw(st.text(alphabet="abc \n", max_size=9)))
    if isinstance(state, states.Retrying) and draw(st.booleans()):
        state.context["_loop_count"] = draw(counts)
    return state


def _stored(data: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return data as it comes back from a record."""
    return msgspec.json.decode(msgspec.json.encode(data))


@given(state=recorded())
def test_data_is_the_same_after_a_round_trip(state: State) -> None:
    data = codec.data_from_state(state)
    back = codec.state_from_data(state.kind.code, _stored(data))
    assert _stored(data) == _stored(codec.data_from_state(back))


@given(state=recorded())
def test_a_state_comes_back_with_all_that_its_kind_has(state: State) -> None:
    back = codec.state_from_data(state.kind.code, _stored(codec.data_from_state(state)))
    assert type(state) is type(back)
    assert (state.message or codec.USUAL_MESSAGES.get(state.kind.code)) == back.message
    for name in EXTRA.get(type(state), {}):
        assert getattr(state, name) == getattr(back, name), name
    assert state.context.get("_loop_count") == back.context.get("_loop_count")
    assert state._result.ref == back._result.ref


def test_the_usual_success_costs_nothing() -> None:
    assert codec.data_from_state(states.Success("Task run succeeded.")) is None
    assert codec.data_from_state(states.Running("Starting task run.")) is None
    back = codec.state_from_data(states.Success.kind.code, None)
    assert "Task run succeeded." == back.message
    assert back._result is NoResult


def test_an_exception_comes_back_as_its_type_and_text_however_often_it_is_recorded() -> None:
    data = codec.data_from_state(states.Failed("why", result=ValueError("no rows")))
    assert {"message": "why", "error": {"type": "ValueError", "text": "no rows"}} == data
    back = codec.state_from_data(states.Failed.kind.code, data)
    assert isinstance(back.result, codec.RemoteError)
    assert "ValueError: no rows" == str(back.result)
    assert data == codec.data_from_state(back)


def test_a_value_that_was_not_stored_is_known_to_be_lost_however_often_it_is_recorded() -> None:
    data = codec.data_from_state(states.Success(result=3))
    assert {"unstored": True} == data
    back = codec.state_from_data(states.Success.kind.code, data)
    assert "lost" == back._result.kind
    assert data == codec.data_from_state(back)


def test_a_reader_is_given_the_reference() -> None:
    ref = ResultRef("local", "here", "json", 3, "c")
    back = codec.state_from_data(
        states.Success.kind.code, {"result": list(msgspec.structs.astuple(ref))}, lambda r: Result(r.size)
    )
    assert (3, ref) == (back.result, back._result.ref)


class _Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


class _Shy:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")


def test_exceptions_without_a_text_do_no_harm() -> None:
    assert {"type": "_Mute", "text": "<its text raised RuntimeError>"} == codec.error_data(_Mute())


@given(text=st.text(alphabet=st.characters(), max_size=30))
def test_any_text_can_be_recorded(text: str) -> None:
    """Lone surrogates and null characters are what databases refuse."""
    data = codec.data_from_state(states.Failed(text, result=ValueError(text)))
    kept = msgspec.json.encode(data).decode()
    assert "\\u0000" not in kept
    assert data == _stored(data)


def test_long_texts_lose_their_middle() -> None:
    text = "a" * codec.MESSAGE_LIMIT + "b" * codec.MESSAGE_LIMIT
    short = codec.shorten(text)
    assert short.startswith("aaa")
    assert short.endswith("bbb")
    assert f"...{codec.MESSAGE_LIMIT} additional characters..." in short
    assert "a" * codec.MESSAGE_LIMIT == codec.shorten("a" * codec.MESSAGE_LIMIT)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(alphabet=st.characters()) | st.binary() | st.complex_numbers()
    | st.dates() | st.decimals() | st.uuids() | st.builds(_Shy) | st.sampled_from([object(), ValueError, len]),
    lambda inner: st.lists(inner, max_size=3)
    | st.tuples(inner)
    | st.dictionaries(st.none() | st.integers() | st.floats() | st.text() | st.tuples(st.integers()) | st.booleans(), inner, max_size=3)
    | st.frozensets(st.integers() | st.text(), max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(value=anything)
def test_any_value_becomes_json_that_comes_back_as_it_is(value: Any) -> None:
    plain_value = codec.to_plain(value)
    assert plain_value == msgspec.json.decode(msgspec.json.encode(plain_value))
    assert plain_value == json.loads(json.dumps(plain_value, allow_nan=False))


@given(value=plain)
def test_plain_data_is_left_alone(value: Any) -> None:
    assert value == codec.to_plain(value)


@dataclasses.dataclass
class _Point:
    x: int
    y: Any


def test_what_json_cannot_say_is_replaced_where_it_stands() -> None:
    circle: list[Any] = [1]
    circle.append(circle)
    value = {(1, 2): "a", None: float("nan"), "s": "\ud800", "p": _Point(1, float("inf")), "c": circle, 3: 1 << 80}
    made = codec.to_plain(value)
    assert {"(1, 2)": "a", "None": "nan", "s": "?", "p": {"x": 1, "y": "inf"}, "3": str(1 << 80)} == {
        key: part for key, part in made.items() if key != "c"
    }
    assert 1 == made["c"][0]
    assert codec.to_plain({"a": _Shy()}) == {"a": "<_Shy: its repr raised RuntimeError>"}


@pytest.mark.parametrize("depth", [50, 100, 10_000])
def test_depth_is_cut_and_not_a_crash(depth: int) -> None:
    value: Any = "end"
    for _ in range(depth):
        value = [value]
    assert isinstance(codec.to_plain(value), list)


def test_a_time_past_what_the_record_can_hold_is_the_end_of_that_time() -> None:
    """A start in the year 9999 means never; it does not break the record."""
    assert (1 << 63) - 1 == codec.time_data(datetime(9999, 1, 1, tzinfo=UTC))
    assert 1_000 == codec.time_data(datetime(1970, 1, 1, microsecond=1, tzinfo=UTC))
