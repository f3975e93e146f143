"""A map of a million children costs bytes, not objects: what is known of a child that is not open is its state code."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from typing import TYPE_CHECKING

from runwright.engine.machine import Machine
from runwright.engine.stimuli import Reported, Started
from runwright.flowables.dag import Dag
from runwright.states import KIND_BY_NAME

from .graphs import graph_of
from .world import FLOW_RUN

if TYPE_CHECKING:
    from collections.abc import Callable

MILLION = 1_000_000
SUCCESS, MAPPED = KIND_BY_NAME["Success"].code, KIND_BY_NAME["Mapped"].code


def _expanded(text: str, *names: int) -> Machine:
    """Return a machine whose mapped tasks (by ordinal) have a million children each."""
    machine = Machine(FLOW_RUN, graph_of(text), ending=Dag())
    machine.handle(Started(), 1)
    machine.handle(Reported(1, 1, SUCCESS), 1)
    for ordinal in names:
        machine.handle(Reported(ordinal, 1, MAPPED, None, MILLION), 1)
    return machine


def _grown(make: Callable[[], Machine]) -> int:
    """Return how many bytes a machine holds on to."""
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        machine = make()
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert not machine.is_finished
    return after - before


def test_a_million_children_cost_a_byte_each() -> None:
    """The group holds one byte for each; only the window's children are objects."""
    machine = _expanded("a => b", 2)
    group = machine.group_of(2)
    assert group is not None
    assert MILLION <= sys.getsizeof(group.status) < 1.1 * MILLION
    assert machine.window + 2 == len(machine.open_cells())
    assert _grown(lambda: _expanded("a => b", 2)) < 1.5 * MILLION


def test_a_million_pairs_that_wait_cost_a_byte_each() -> None:
    """A map over a map adds a byte for each pair; which pairs may start is known only of those whose source has ended."""
    assert _grown(lambda: _expanded("a => b; b => c", 2, 3)) < 3 * MILLION


def test_an_event_of_an_expansion_does_not_grow_with_the_children() -> None:
    """One event creates a million children."""
    machine = _expanded("a => b")
    decision = machine.handle(Reported(2, 1, MAPPED, None, MILLION), 1)
    assert [{"first": 3, "count": MILLION, "task": 1}] == [event.data for event in decision.events]
    assert machine.window == len(decision.effects)


def test_children_that_ended_leave_no_objects() -> None:
    """After many children the machine holds as many open runs as before the first ended."""
    machine = _expanded("a => b", 2)
    before = len(machine.open_cells())
    for ordinal in range(3, 5_003):
        machine.handle(Reported(ordinal, 1, SUCCESS), 1)
    assert before == len(machine.open_cells())
    group = machine.group_of(2)
    assert group is not None
    assert (MILLION - 5_000, 5_000) == (group.open, group.ok)
