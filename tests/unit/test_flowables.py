"""Flowables: how the flow run and a mapped task open and settle."""

from __future__ import annotations

from hypothesis import given, strategies as st

from runwright.flowable import Settled, Tally
from runwright.flowables.dag import Dag

counts = st.integers(0, 10**6)
tallies = st.builds(Tally, counts, counts, counts, counts, counts)


def test_a_failed_reference_task_fails_the_flow_run() -> None:
    assert Settled("Failed", "Some reference tasks failed.") == Dag().settle(Tally(5, 1, 0, reference_bad=1))


def test_all_reference_tasks_succeeded() -> None:
    assert Settled("Success", "All reference tasks succeeded.") == Dag().settle(Tally(5, 2))


def test_a_reference_task_that_neither_failed_nor_succeeded() -> None:
    assert Settled("Success", "No reference tasks failed.") == Dag().settle(Tally(5, 0, 1, reference_other=1))


@given(tally=tallies)
def test_only_reference_tasks_decide(tally: Tally) -> None:
    assert ("Failed" if tally.reference_bad else "Success") == Dag().settle(tally).state
