"""Laws of schedules: whatever they are made of, their times are later than asked for, in order, and found from anywhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from dateutil import rrule as rules
from hypothesis import given, settings, strategies as st

from runwright.clock import from_datetime
from runwright.schedules import Schedule, adjustments, filters
from runwright.schedules.clocks import CronClock, DatesClock, IntervalClock, RRuleClock

ZONES = [UTC, *map(ZoneInfo, ("America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"))]
CRONS = ["*/30 * * * *", "0 2 * * *", "15 1,2 * * *", "0 */5 * * mon-fri", "30 0 1,15 * *", "@weekly", "0 0 13 * fri"]

moments = st.datetimes(datetime(2011, 6, 1), datetime(2027, 1, 1), timezones=st.sampled_from(ZONES))
intervals = st.timedeltas(timedelta(minutes=20), timedelta(days=5))
parameters = st.sampled_from([None, {"x": 1}, {"x": 2}])

interval_clocks = st.builds(IntervalClock, intervals, st.none() | moments, parameter_defaults=parameters)
cron_clocks = st.builds(CronClock, st.sampled_from(CRONS), st.none() | moments, parameter_defaults=parameters)
dates_clocks = st.builds(DatesClock, st.lists(moments, min_size=1, max_size=9), parameter_defaults=parameters)
rule_clocks = st.builds(
    RRuleClock,
    st.builds(rules.rrule, st.sampled_from([rules.DAILY, rules.WEEKLY]), moments, st.integers(1, 3), count=st.just(60)),
)
clocks = interval_clocks | cron_clocks | dates_clocks | rule_clocks

times = st.times(timezones=st.none())
some_filters = st.lists(
    st.sampled_from([filters.is_weekday, filters.is_month_start, filters.is_month_end, filters.is_weekend])
    | st.builds(filters.between_times, times, times)
    | st.builds(filters.between_dates, st.integers(1, 12), st.integers(1, 28), st.integers(1, 12), st.integers(1, 28)),
    max_size=2,
)
some_adjustments = st.lists(
    st.just(adjustments.next_weekday)
    | st.builds(adjustments.add, st.timedeltas(-timedelta(days=3), timedelta(days=3))),
    max_size=2,
)
schedules = st.builds(
    Schedule, st.lists(clocks, min_size=1, max_size=3), some_filters, some_filters, some_filters, some_adjustments
)


@given(clocks, moments)
def test_a_clock_strictly_increases_after_the_moment_given(clock, after):
    found = [event.at for event in islice(clock.events(after), 20)]
    assert sorted(set(found)) == found
    assert all(at > from_datetime(after) for at in found)


@given(clocks, moments)
def test_a_clock_goes_on_from_each_of_its_times(clock, after):
    found = list(islice(clock.events(after), 6))
    again = [next(clock.events(event.start_time)) for event in found[:-1]]
    assert found[1:] == again


@given(clocks, moments, st.timedeltas(timedelta(0), timedelta(days=9)))
def test_a_clock_gives_the_same_wherever_the_search_begins(clock, after, later):
    until = from_datetime(after + later)
    expected = [event.at for event in islice(clock.events(after), 40) if event.at > until]
    assert expected == [event.at for event in islice(clock.events(after + later), len(expected))]


@given(clocks, moments, moments)
def test_a_clock_keeps_its_bounds(clock, after, end):
    clock.end_date = end
    found = [event.at for event in islice(clock.events(after), 20)]
    assert all(at <= from_datetime(end) for at in found)
    assert clock.start_date is None or all(at >= from_datetime(clock.start_date) for at in found)


@given(schedules, moments)
def test_a_schedule_never_goes_back_and_never_repeats_itself(schedule, after):
    found = schedule.next(20, after, return_events=True)
    ats = [event.at for event in found]
    assert sorted(ats) == ats
    assert all(at > from_datetime(after) for at in ats)
    assert all(earlier != event for n, event in enumerate(found) for earlier in found[:n] if earlier.at == event.at)


@given(schedules, moments)
@settings(max_examples=20)
def test_a_schedule_is_a_function_of_its_arguments(schedule, after):
    found = schedule.next(5, after, return_events=True)
    assert found == schedule.next(5, after, return_events=True)
    assert found[:2] == schedule.next(2, after, return_events=True)
    assert found == Schedule.from_dict(schedule.to_dict()).next(5, after, return_events=True)


@given(st.builds(Schedule, st.lists(clocks, min_size=1, max_size=3), some_filters, some_filters, some_filters), moments)
def test_filters_hold(schedule, after):
    for moment in schedule.next(10, after):
        assert all(each(moment) for each in schedule.filters)
        assert not schedule.or_filters or any(each(moment) for each in schedule.or_filters)
        assert not any(each(moment) for each in schedule.not_filters)


@given(st.lists(clocks, min_size=1, max_size=4), moments)
def test_what_is_merged_is_what_each_clock_gives(several, after):
    until = from_datetime(after + timedelta(days=3))
    alone = {event.at for clock in several for event in takewhile(lambda event: event.at <= until, clock.events(after))}
    merged = Schedule(several).next(1000, after, return_events=True)
    assert sorted(alone) == sorted({event.at for event in merged if event.at <= until})


@given(st.lists(clocks, min_size=1, max_size=2), some_adjustments, moments)
def test_an_adjusted_schedule_goes_on_from_each_of_its_times(several, adjusted, after):
    schedule = Schedule(several, adjustments=adjusted)
    found = schedule.next(6, after, return_events=True)
    for n, event in enumerate(found[:-1]):
        expected = [later for later in found[n + 1 :] if later.at > event.at]
        assert [each.at for each in expected] == [
            each.at for each in schedule.next(len(expected), event.start_time, return_events=True)
        ]
