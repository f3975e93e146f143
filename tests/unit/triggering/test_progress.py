"""Progress: what triggers know of themselves, on record, while others change it too."""

from __future__ import annotations

from msgspec.structs import replace

from runwright.stores.memory import MemoryStore
from runwright.trigger_states import TriggerState
from runwright.triggering.progress import (
    Backfill,
    Met,
    Progress,
    changed,
    progress_of,
    state_at,
    switched,
    with_progress,
)

PLACE = "company", "orders", "daily"


def test_progress_comes_back_as_it_was():
    progress = Progress(
        declared="x",
        next=5,
        fired=3,
        execution="e",
        problem="p",
        backfill=Backfill(1, 9, 2, 7),
        met={"m": Met("w", {"a": 4}, 6)},
    )
    kept = with_progress(TriggerState(*PLACE), progress)
    assert progress == progress_of(kept)
    assert Progress() == progress_of(None) == progress_of(TriggerState(*PLACE))


def test_what_fills_up_the_past_is_due_at_once():
    """Unless it is held."""
    filling = Progress(next=50, backfill=Backfill(1, 9, 2, 7))
    held = Progress(next=50, backfill=Backfill(1, 9, 2, 7, is_paused=True))
    assert [0, 50, 50, None] == [
        with_progress(TriggerState(*PLACE), each).due for each in (filling, held, Progress(next=50), Progress())
    ]


def test_a_change_is_made_on_what_others_have_made_of_it():
    """Whoever is slower is asked again, with what is there by then."""
    record, seen = MemoryStore(), []

    def add_one(state):
        seen.append(progress_of(state).cursor)
        if len(seen) == 1:
            other = with_progress(state_at(record, PLACE), Progress(cursor=10))
            assert record.keep_trigger(other) is not None
        return with_progress(state, Progress(cursor=progress_of(state).cursor + 1))

    kept = changed(record, PLACE, add_one)
    assert ([0, 10], 11, 11) == (seen, progress_of(kept).cursor, progress_of(state_at(record, PLACE)).cursor)


def test_who_wants_no_change_makes_none():
    record = MemoryStore()
    assert changed(record, PLACE, lambda _: None) is None
    assert [] == record.list_triggers()


def test_who_is_always_slower_gives_up():
    record = MemoryStore()
    asked = []

    def too_late(state):
        asked.append(state)
        record.keep_trigger(state_at(record, PLACE))
        return state

    assert changed(record, PLACE, too_late) is None
    assert 20 == len(asked)


def test_a_trigger_is_turned_off_and_on_and_makes_up_for_nothing():
    record = MemoryStore()
    record.keep_trigger(with_progress(TriggerState(*PLACE), Progress(declared="x", next=5, fired=3)))
    off = switched(record, PLACE, is_disabled=True)
    assert (True, 5) == (off.is_disabled, progress_of(off).next)
    assert switched(record, PLACE, is_disabled=True) is None
    on = switched(record, PLACE, is_disabled=False)
    assert (False, Progress(next=0, fired=3)) == (on.is_disabled, progress_of(on))
    assert replace(on) == state_at(record, PLACE)
