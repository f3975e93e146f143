"""Events: the compact facts that the record keeps."""

from __future__ import annotations

from uuid import UUID

import msgspec
from hypothesis import given, strategies as st

from runwright.events import Batch, Event, EventKind, LogLine, Metric
from runwright.states import TABLE

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
events = st.builds(
    Event,
    at=st.integers(0, 2**62),
    flow_run=st.uuids(),
    ordinal=st.integers(0, 2**28 - 1),
    version=st.integers(1, 2**40),
    attempt=st.integers(0, 1000),
    kind=st.sampled_from([int(kind) for kind in EventKind]),
    state=st.sampled_from([0, *(kind.code for kind in TABLE)]),
    data=st.none() | st.dictionaries(st.text(), plain, max_size=4),
    cursor=st.integers(0, 2**62),
)


def test_the_kinds_are_a_closed_list_whose_numbers_are_never_reused() -> None:
    assert {"CREATED": 1, "STATE": 2, "EXPANDED": 3, "REQUESTED": 4, "ANNOTATED": 5} == {
        kind.name: kind.value for kind in EventKind
    }


@given(event=events)
def test_events_travel_as_json_and_as_msgpack(event: Event) -> None:
    assert event == msgspec.json.decode(msgspec.json.encode(event), type=Event)
    assert event == msgspec.msgpack.decode(msgspec.msgpack.encode(event), type=Event)


def test_an_event_is_written_without_the_names_of_its_fields() -> None:
    event = Event(1, UUID(int=2), 3, 4, 5, 2, 8)
    assert b'[1,"00000000-0000-0000-0000-000000000002",3,4,5,2,8,null,0]' == msgspec.json.encode(event)


def test_an_event_of_an_earlier_day_may_lack_what_was_added_since() -> None:
    assert Event(1, UUID(int=2), 3, 4, 5, 1) == msgspec.json.decode(
        b'[1,"00000000-0000-0000-0000-000000000002",3,4,5,1]', type=Event
    )


def test_batches_do_not_share_their_lists() -> None:
    first, second = Batch(), Batch()
    first.events.append(Event(1, UUID(int=2), 3, 4, 5, 1))
    first.logs.append(LogLine(1, UUID(int=2), 3, 1, 20, "a", "b"))
    first.metrics.append(Metric(1, UUID(int=2), 3, 1, "rows", 2.0))
    assert Batch() == second
    first.metrics[0].tags["unit"] = "rows"
    assert {} == Metric(1, UUID(int=2), 3, 1, "rows", 2.0).tags
