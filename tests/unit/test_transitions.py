"""Transitions: which state may follow which, by law rather than by example."""

from __future__ import annotations

from itertools import product

from hypothesis import given, strategies as st

from runwright.engine.transitions import FINAL_CODES, LEGAL, REOPENING, RESTARTS, TABLE_OF_NAMES, is_legal
from runwright.states import KIND_BY_CODE, KIND_BY_NAME, TABLE, Phase

codes = st.sampled_from([kind.code for kind in TABLE])


def _code(name: str) -> int:
    return KIND_BY_NAME[name].code


def test_every_state_has_its_line() -> None:
    assert set(KIND_BY_NAME) == set(TABLE_OF_NAMES)
    assert all(names <= set(KIND_BY_NAME) for names in TABLE_OF_NAMES.values())


@given(before=codes, after=codes)
def test_nothing_follows_a_final_state_but_a_restart(before: int, after: int) -> None:
    if KIND_BY_CODE[before].phase.is_final:
        assert not is_legal(before, after)
        assert is_legal(before, after, restart=True) == (KIND_BY_CODE[after].name in RESTARTS)


@given(before=codes, after=codes)
def test_a_restart_allows_nothing_else_than_reopening(before: int, after: int) -> None:
    if not KIND_BY_CODE[before].phase.is_final:
        assert is_legal(before, after) == is_legal(before, after, restart=True)


def test_every_open_state_may_end() -> None:
    for kind in TABLE:
        if not kind.phase.is_final:
            assert any((kind.code, final) in LEGAL for final in FINAL_CODES), kind.name


def test_every_state_can_be_reached_from_pending() -> None:
    reached, frontier = set(), {_code("Pending")}
    while frontier:
        reached |= frontier
        frontier = {after for before, after in LEGAL if before in frontier} - reached
    assert {kind.code for kind in TABLE} == reached


def test_only_what_never_started_is_cancelled_and_what_ran_is_killed() -> None:
    for kind in TABLE:
        if kind.phase is Phase.ACTIVE and kind.name != "Cancelling":
            assert not is_legal(kind.code, _code("Cancelled")), kind.name
            assert is_legal(kind.code, _code("Killed")), kind.name
        if kind.phase is Phase.WAITING:
            assert is_legal(kind.code, _code("Cancelled")), kind.name


def test_only_what_is_planned_for_a_time_may_be_planned_again_in_the_same_state() -> None:
    again = {kind.name for kind in TABLE if is_legal(kind.code, kind.code)}
    assert {"Scheduled", "Queued", "Paused", "Retrying"} == again


def test_what_is_told_to_stop_does_not_go_on() -> None:
    assert {after for before, after in LEGAL if before == _code("Cancelling")} == set(FINAL_CODES)


def test_nothing_goes_back_to_pending_from_running() -> None:
    assert not any(is_legal(_code(name), _code("Pending")) for name in ("Running", "Looped", "Cancelling"))


def test_a_loop_turns_only_inside_an_attempt() -> None:
    assert {_code("Running")} == {before for before, after in LEGAL if after == _code("Looped")}
    assert is_legal(_code("Looped"), _code("Running"))


def test_the_tables_do_not_overlap() -> None:
    assert not LEGAL & REOPENING
    assert set(product(FINAL_CODES, [_code(name) for name in RESTARTS])) == set(REOPENING)
