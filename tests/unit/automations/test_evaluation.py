"""When a trigger fires: for enough events in time, or for what does not come; each value of its labels by itself."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, strategies as st

from runwright.automations.declared import DEEPEST, Declared, Trigger
from runwright.automations.evaluation import MOST_BUCKETS, Standing, begun, elapse, names_of, offer
from runwright.clock import NANOSECONDS

SECOND = NANOSECONDS


def trigger(type="event", **fields):  # noqa: A002  as it is written
    return msgspec.convert({"type": type, **fields}, Trigger)


def event(name, at=0, resource="thing.1", related=(), **labels):
    return {
        "id": f"{name}@{at}",
        "event": name,
        "resource": {"prefect.resource.id": resource, **labels},
        "related": [{"prefect.resource.role": role, "prefect.resource.id": name} for role, name in related],
    }


class Play:
    """A trigger, told of events at seconds; says when it fired."""

    def __init__(self, declared):
        self.trigger = declared
        self.standing = begun(declared, 0)
        self.fired = []

    def told(self, *events, at=None):
        for position, each in enumerate(events):
            when = position if at is None else at
            document = event(each, when) if isinstance(each, str) else each
            self._take(offer(self.trigger, self.standing, document, when * SECOND))
        return self

    def at(self, second):
        self._take(elapse(self.trigger, self.standing, second * SECOND))
        return self

    def _take(self, firings):
        self.fired += firings
        written = msgspec.json.encode(self.standing)
        self.standing = msgspec.json.decode(written, type=Standing)

    @property
    def times(self):
        return [each.at // SECOND for each in self.fired]


@pytest.mark.parametrize(
    ("expected", "fields"),
    [
        ([0, 1, 2], {}),
        ([0, 2], {"expect": ["a"]}),
        ([0, 1, 2], {"expect": ["a", "b"]}),
        ([1], {"expect": ["b*"]}),
        ([], {"expect": ["c"]}),
        ([0, 1, 2], {"match": {"prefect.resource.id": "thing.*"}}),
        ([], {"match": {"prefect.resource.id": "!thing.*"}}),
        ([], {"match": {"color": "*"}}),
        ([1], {"threshold": 2}),
        ([2], {"threshold": 2, "expect": ["a"]}),
        ([], {"threshold": 2, "expect": ["a"], "within": 2}),
        ([2], {"threshold": 2, "expect": ["a"], "within": 3}),
        ([1], {"after": ["a"], "expect": ["b"]}),
        ([2], {"after": ["b"], "expect": ["a"]}),
        ([2], {"after": ["a"], "expect": ["a"]}),
    ],
)
def test_events_that_come(expected, fields):
    assert expected == Play(trigger(**fields)).told("a", "b", "a").times


def test_a_count_that_was_too_slow_begins_anew():
    play = Play(trigger(threshold=2, within=10, expect=["a"]))
    play.told("a", at=0).told("a", at=11).told("a", at=12)
    assert [12] == play.times


def test_a_count_begins_anew_after_it_fired():
    assert [1, 3] == Play(trigger(threshold=2)).told(*"aaaaa").times


def test_each_value_of_a_label_is_counted_by_itself():
    play = Play(trigger(threshold=2, for_each=["prefect.resource.id"]))
    play.told(*(event("a", resource=name) for name in ("x", "y", "x", "y")))
    assert [2, 3] == play.times
    assert [{"prefect.resource.id": "x"}, {"prefect.resource.id": "y"}] == [each.labels for each in play.fired]


def test_labels_of_related_resources_are_counted_too():
    play = Play(trigger(threshold=2, for_each=["related:flow-run:prefect.resource.id"]))
    runs = [("flow-run", "one")], [("flow-run", "two"), ("tag", "one")], [("tag", "one")], [("flow-run", "one")]
    play.told(*(event("a", related=related) for related in runs))
    assert [3] == play.times


@pytest.mark.parametrize(
    ("expected", "wanted"),
    [
        ([0], {"prefect.resource.role": "tag", "prefect.resource.id": "one"}),
        ([], {"prefect.resource.role": "tag", "prefect.resource.id": "two"}),
        ([0], [{"prefect.resource.id": "one"}, {"prefect.resource.id": "t*"}]),
        ([], [{"prefect.resource.id": "one"}, {"prefect.resource.id": "three"}]),
    ],
)
def test_related_resources_have_to_match(expected, wanted):
    about = event("a", related=[("tag", "one"), ("flow-run", "two")])
    assert expected == Play(trigger(match_related=wanted)).told(about).times


ABSENT = {"posture": "Proactive", "within": 10, "expect": ["alive"]}


def test_what_does_not_come_at_all_is_missed_again_and_again():
    play = Play(trigger(**ABSENT)).at(9).at(10).at(11).at(35)
    assert [10, 20] == play.times
    assert [30] == [each.start // SECOND for each in play.standing.buckets.values()]


def test_what_comes_in_time_is_not_missed():
    assert [20] == Play(trigger(**ABSENT)).told("alive", at=5).at(10).at(20).times


def test_what_must_come_after_something_is_waited_for_from_then_on():
    play = Play(trigger(after=["begun"], **ABSENT)).at(50)
    assert [] == play.times
    play.told("begun", at=60).told("begun", at=65).at(69).at(70).at(100)
    assert [70] == play.times
    assert "begun@60" == play.fired[0].document["id"]


def test_what_came_after_is_waited_for_no_more():
    play = Play(trigger(after=["begun"], **ABSENT))
    assert [] == play.told("begun", at=0).told("alive", at=9).at(30).times


def test_a_heart_that_stops_is_missed_once():
    play = Play(trigger(after=["beat"], expect=["beat"], posture="Proactive", within=10))
    for second in (0, 8, 16):
        play.told("beat", at=second).at(second + 1)
    assert [26] == play.at(26).at(60).times


def test_a_window_that_is_over_is_closed_before_a_later_event_counts():
    assert [10] == Play(trigger(after=["begun"], **ABSENT)).told("begun", at=0).told("alive", at=12).times


def test_what_is_missed_is_missed_for_each():
    play = Play(trigger(after=["begun"], for_each=["prefect.resource.id"], **ABSENT))
    play.told(event("begun", resource="x"), event("begun", resource="y"), event("alive", resource="x")).at(20)
    assert [{"prefect.resource.id": "y"}] == [each.labels for each in play.fired]


def of(kind, *names, **fields):
    return trigger(kind, triggers=[{"type": "event", "expect": [name]} for name in names], **fields)


@pytest.mark.parametrize(
    ("expected", "declared", "events"),
    [
        ([1], of("compound", "a", "b"), "aba"),
        ([1, 3], of("compound", "a", "b"), "abab"),
        ([0, 1, 2], of("compound", "a", "b", require="any"), "aba"),
        ([1, 3], of("compound", "a", "b", "c", require=2), "abca"),
        ([], of("compound", "a", "b"), "aaa"),
        ([2], of("compound", "a", "b", within=1), "aab"),
        ([], of("compound", "a", "b", within=1), "axb"),
        ([1], of("sequence", "a", "b"), "ab"),
        ([2], of("sequence", "a", "b"), "bab"),
        ([], of("sequence", "a", "b"), "ba"),
        ([2], of("sequence", "a", "b", "c"), "abc"),
        ([], of("sequence", "a", "b", "c"), "acb"),
        ([], of("sequence", "a", "b", within=1), "axb"),
        ([4], of("sequence", "a", "b", within=1), "axxab"),
    ],
)
def test_triggers_of_triggers(expected, declared, events):
    assert expected == Play(declared).told(*events).times


def test_the_names_that_matter():
    assert {"a", "b", "c*"} == names_of(trigger("compound", triggers=[
        {"type": "event", "expect": ["a"], "after": ["b"]}, {"type": "event", "expect": ["c*"]},
    ]))  # fmt: skip
    assert names_of(trigger()) is None
    assert names_of(trigger(for_each=["prefect.resource.id"], **ABSENT)) is None


def test_a_trigger_keeps_no_more_counts_than_it_may():
    play = trigger(threshold=2, for_each=["prefect.resource.id"])
    standing = begun(play, 0)
    for number in range(MOST_BUCKETS + 5):
        offer(play, standing, event("a", resource=f"r{number}"), number)
    assert MOST_BUCKETS == len(standing.buckets)
    assert '["r5"]' == next(iter(standing.buckets))


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "event", "posture": "Proactive", "within": 9},
        {"type": "event", "threshold": 0},
        {"type": "event", "within": -1},
        {"type": "metric"},
        {"type": "compound", "triggers": []},
        {"type": "compound", "require": 2, "triggers": [{"type": "event"}]},
        {"type": "sequence", "triggers": [{"type": "event", "expect": [""]}]},
    ],
)
def test_a_trigger_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, Trigger)


def test_triggers_are_not_nested_for_ever():
    nested = {"type": "event"}
    for _ in range(DEEPEST):
        nested = {"type": "compound", "triggers": [nested]}
    with pytest.raises(msgspec.ValidationError, match="nested deeper"):
        msgspec.convert({"name": "deep", "trigger": nested, "actions": []}, Declared)


TIMES = st.lists(st.integers(0, 60), min_size=1, max_size=30).map(sorted)


@given(times=TIMES, threshold=st.integers(1, 4), within=st.integers(0, 20))
def test_it_fires_for_enough_events_in_time_and_for_no_others(times, threshold, within):
    """Against the plain reading: a count begins with its first event, and all of a count are within its time."""
    play = Play(trigger(threshold=threshold, within=within))
    for second in times:
        play.told("a", at=second)
    expected, counted = [], []
    for second in times:
        if counted and within and second >= counted[0] + within:
            counted = []
        counted.append(second)
        if len(counted) == threshold:
            expected.append(second)
            counted = []
    assert expected == play.times


@given(times=TIMES, threshold=st.integers(1, 3), within=st.integers(10, 20), end=st.integers(60, 120))
def test_every_window_in_which_too_little_came_is_missed(times, threshold, within, end):
    """Whoever looks at every second finds each of them, and no other."""
    play = Play(trigger(threshold=threshold, expect=["a"], posture="Proactive", within=within))
    for second in range(end + 1):
        play.at(second)
        play.told(*["a"] * times.count(second), at=second)
    windows = range(0, end - within + 1, within)
    expected = [
        start + within for start in windows if sum(start <= each < start + within for each in times) < threshold
    ]
    assert expected == play.times


@given(times=TIMES, within=st.integers(10, 20), cut=st.integers(0, 30))
def test_who_goes_on_from_what_was_written_down_finds_the_same(times, within, cut):
    """The keys of what fires tell the same firing from others, whoever finds it."""
    fields = {"threshold": 2, "within": within}
    whole, first = Play(trigger(**fields)), Play(trigger(**fields))
    for position, second in enumerate(times):
        whole.told(event("a", position), at=second)
        if position < cut:
            first.told(event("a", position), at=second)
    again = Play(trigger(**fields))
    again.standing = first.standing
    for position, second in enumerate(times[cut:], cut):
        again.told(event("a", position), at=second)
    assert [each.key for each in whole.fired] == [each.key for each in [*first.fired, *again.fired]]
