"""The windows in which several executions meet what a trigger waits for, and what is left of what was met."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from runwright.clock import from_datetime
from runwright.spec.triggers import TimeWindow
from runwright.triggering.preconditions import Wanted, window_at
from runwright.triggering.progress import Met

HOUR = 3_600 * 10**9
NOON = from_datetime(datetime.fromisoformat("2026-03-28T12:00:00Z"))


def wanted(window=None, *, resets=True):
    looks = {"a": lambda seen: "a" in seen, "b": lambda seen: "b" in seen}
    return Wanted("both", looks, window or TimeWindow(), resets=resets)


@pytest.mark.parametrize(
    ("expected", "window"),
    [
        (-12, TimeWindow()),
        (-6, TimeWindow(window_advance=timedelta(hours=6))),
        (0, TimeWindow(window=timedelta(hours=1))),
        (-1, TimeWindow(window=timedelta(hours=1), type="SLIDING_WINDOW")),
        (-12, TimeWindow(type="DAILY_TIME_DEADLINE", deadline="12:00:00")),
        (None, TimeWindow(type="DAILY_TIME_DEADLINE", deadline="11:59:59")),
        (-4, TimeWindow(type="DAILY_TIME_WINDOW", start_time="08:00:00", end_time="13:00:00")),
        (None, TimeWindow(type="DAILY_TIME_WINDOW", start_time="13:00:00")),
    ],
)
def test_a_window_begins_so_many_hours_from_noon(expected, window):
    found = window_at(window, NOON)

    assert expected == (found and (found.begin - NOON) / HOUR)


def test_all_is_met_when_each_was_met_once():
    both = wanted()
    first = both.after(Met(), "a", 1, NOON)
    again = both.after(first, "a", 2, NOON + 1)
    second = both.after(again, "b", 3, NOON + 2)

    assert [False, False, True] == [both.is_met(each) for each in (first, again, second)]
    assert {} == both.used(second).at
    assert 3 == both.used(second).cursor


def test_one_execution_may_meet_several_at_once():
    assert wanted().is_met(wanted().after(Met(), "ab", 1, NOON))


def test_what_meets_nothing_and_what_has_counted_before_changes_nothing():
    met = wanted().after(Met(), "a", 7, NOON)

    assert wanted().after(met, "c", 8, NOON) is None
    assert wanted().after(met, "b", 7, NOON) is None
    assert wanted().after(met, "b", 6, NOON) is None


def test_what_was_met_in_another_window_counts_no_more():
    both = wanted()
    yesterday = both.after(Met(), "a", 1, NOON - 24 * HOUR)

    assert not both.is_met(both.after(yesterday, "b", 2, NOON))


def test_a_sliding_window_forgets_what_is_too_long_ago():
    both = wanted(TimeWindow(type="SLIDING_WINDOW", window=timedelta(hours=2)))
    first = both.after(Met(), "a", 1, NOON)

    assert both.is_met(both.after(first, "b", 2, NOON + 2 * HOUR))
    assert not both.is_met(both.after(first, "b", 2, NOON + 2 * HOUR + 1))


def test_what_was_met_counts_on_where_it_is_not_reset():
    lasting = wanted(resets=False)
    met = lasting.after(lasting.after(Met(), "a", 1, NOON), "b", 2, NOON)

    assert lasting.is_met(lasting.after(lasting.used(met), "a", 3, NOON))
