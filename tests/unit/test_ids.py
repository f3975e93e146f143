"""Ids: ordered, derivable, unique, and UUIDs on every surface."""

from __future__ import annotations

from uuid import RFC_4122, UUID

import pytest
from hypothesis import given, strategies as st

from runwright import ids

times = st.integers(0, (1 << 48) * 1_000_000 - 1)
ordinals = st.integers(0, ids.MAX_ORDINAL)
versions = st.integers(0, ids.MAX_VERSION)
flow_runs = times.map(ids.new_flow_run_id)


@given(at=times)
def test_a_flow_run_id_is_a_version_7_uuid_of_its_time(at: int) -> None:
    made = ids.new_flow_run_id(at)
    assert (7, RFC_4122) == (made.version, made.variant)
    assert at // 1_000_000 * 1_000_000 == ids.created_at(made)


@given(flow_run=flow_runs, ordinal=ordinals, version=versions)
def test_an_event_leads_to_its_task_run_and_flow_run(flow_run: UUID, ordinal: int, version: int) -> None:
    event = ids.event_id(flow_run, ordinal, version)
    task_run = ids.task_run_id(flow_run, ordinal)
    assert flow_run == ids.flow_run_of(event) == ids.flow_run_of(task_run) == ids.flow_run_of(flow_run)
    assert ordinal == ids.ordinal_of(event) == ids.ordinal_of(task_run)
    assert (7, RFC_4122) == (event.version, event.variant)


@given(flow_run=flow_runs)
def test_ordinal_and_version_zero_are_the_run_itself(flow_run: UUID) -> None:
    assert flow_run == ids.task_run_id(flow_run, 0)
    assert flow_run == ids.event_id(flow_run, 0, 0)
    assert 0 == ids.ordinal_of(flow_run)


@given(
    flow_run=flow_runs,
    first=st.tuples(ordinals, versions),
    second=st.tuples(ordinals, versions),
)
def test_ids_of_one_run_are_ordered_like_what_they_name(
    flow_run: UUID, first: tuple[int, int], second: tuple[int, int]
) -> None:
    assert (first < second) == (ids.event_id(flow_run, *first) < ids.event_id(flow_run, *second))
    assert (first == second) == (ids.event_id(flow_run, *first) == ids.event_id(flow_run, *second))


@given(at=times, later=st.integers(1_000_000, 10**15))
def test_a_later_flow_run_comes_later(at: int, later: int) -> None:
    if at + later < (1 << 48) * 1_000_000:
        assert ids.new_flow_run_id(at) < ids.new_flow_run_id(at + later)
        assert ids.task_run_id(ids.new_flow_run_id(at), ids.MAX_ORDINAL) < ids.new_flow_run_id(at + later)


def test_flow_runs_of_the_same_millisecond_are_different() -> None:
    """26 bits of chance: among 50 ids of one millisecond two alike are a matter of one in fifty thousand."""
    assert 50 == len({ids.new_flow_run_id(0) for _ in range(50)})


@given(flow_run=flow_runs, ordinal=ordinals, version=st.integers(ids.MAX_VERSION + 1, 1 << 40))
def test_versions_past_the_layout_get_a_hashed_id_that_is_always_the_same(
    flow_run: UUID, ordinal: int, version: int
) -> None:
    made = ids.event_id(flow_run, ordinal, version)
    assert made == ids.event_id(flow_run, ordinal, version)
    assert 8 == made.version
    assert made != ids.event_id(flow_run, ordinal, version + 1)
    assert made != ids.event_id(flow_run, (ordinal + 1) & ids.MAX_ORDINAL, version)


@pytest.mark.parametrize(
    ("is_one", "text"),
    [
        (True, "01920000-0000-7000-8000-000000000000"),
        (False, "01920000-0000-7000-8000-000000100000"),
        (False, "01920000-0000-7000-8000-000000000001"),
        (False, "01920000-0000-4000-8000-000000000000"),
        (False, "my run"),
        (False, ""),
    ],
)
def test_a_text_may_be_the_id_of_a_flow_run(is_one: bool, text: str) -> None:
    assert (UUID(text) if is_one else None) == ids.flow_run_from_text(text)


NOON = 1_767_268_800_000_000_000


def test_an_id_that_is_derived_is_the_same_each_time_and_has_its_time():
    derived = ids.derived_flow_run_id(NOON, "team/flow/trigger/1")

    assert derived == ids.derived_flow_run_id(NOON, "team/flow/trigger/1")
    assert derived != ids.derived_flow_run_id(NOON, "team/flow/trigger/2")
    assert derived == ids.flow_run_from_text(str(derived))
    assert 0 <= ids.created_at(derived) - NOON < 1_000_000_000


def test_ids_that_are_derived_for_one_moment_differ():
    assert 10_000 == len({ids.derived_flow_run_id(NOON, str(number)) for number in range(10_000)})
