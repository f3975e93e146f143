"""Clocks: the times they give, their bounds, and what they are as data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import islice
from zoneinfo import ZoneInfo

import cloudpickle
import pytest
from dateutil import rrule as rules, tz

from runwright.errors import FlowError
from runwright.schedule import ClockEvent
from runwright.schedules.clocks import Clock, CronClock, DatesClock, IntervalClock, RRuleClock, clock_from_dict
from runwright.testing.fake_clock import FakeClock

HOUR = timedelta(hours=1)
NEW_YORK = ZoneInfo("America/New_York")
JANUARY = datetime(2026, 1, 1, tzinfo=UTC)


def times(clock, after=JANUARY, n=3):
    return [event.start_time for event in islice(clock.events(after), n)]


def wall(clock, after, n=3):
    return [moment.isoformat() for moment in times(clock, after, n)]


class TestEveryClock:
    def test_an_event_carries_what_its_clock_was_given(self):
        [event] = islice(CronClock("@daily", parameter_defaults={"x": 1}, labels=["gpu"]).events(JANUARY), 1)
        assert ClockEvent(JANUARY + timedelta(days=1), {"x": 1}, ["gpu"]) == event

    def test_without_parameters_and_labels_there_are_none(self):
        clock = IntervalClock(HOUR)
        assert ({}, None) == (clock.parameter_defaults, clock.labels)

    def test_an_event_keeps_its_parameters_to_itself(self):
        clock = IntervalClock(HOUR, parameter_defaults={"x": 1})
        next(clock.events(JANUARY)).parameter_defaults["x"] = 2
        assert {"x": 1} == clock.parameter_defaults

    def test_events_are_ordered_by_their_moment_not_by_what_the_wall_shows(self):
        first = ClockEvent(datetime(2026, 11, 1, 1, 40, tzinfo=NEW_YORK))
        second = ClockEvent(datetime(2026, 11, 1, 1, 20, tzinfo=NEW_YORK, fold=1))
        assert first < second

    def test_both_bounds_are_included(self):
        clock = IntervalClock(HOUR, start_date=JANUARY, end_date=JANUARY + 2 * HOUR)
        assert [JANUARY, JANUARY + HOUR, JANUARY + 2 * HOUR] == times(clock, JANUARY - timedelta(days=9), 9)

    def test_after_is_not_included(self):
        assert [JANUARY + HOUR] == times(IntervalClock(HOUR, start_date=JANUARY), JANUARY, 1)

    def test_after_is_now_unless_it_is_given(self):
        with FakeClock():
            assert JANUARY + HOUR == next(IntervalClock(HOUR).events()).start_time

    def test_naive_datetimes_are_in_utc(self):
        clock = IntervalClock(HOUR, start_date=datetime(2026, 1, 1), end_date=datetime(2026, 1, 1, 1))
        assert (JANUARY, JANUARY + HOUR) == (clock.start_date, clock.end_date)
        assert [JANUARY] == times(clock, datetime(2025, 12, 31, 23), 1)

    def test_a_date_that_is_none_is_refused(self):
        with pytest.raises(TypeError, match="A schedule needs datetimes; got '2026-01-01'"):
            IntervalClock(HOUR, start_date="2026-01-01")  # pyright: ignore[reportArgumentType]  a mistake on purpose

    @pytest.mark.parametrize(
        "zone", [tz.gettz("America/New_York"), NEW_YORK, type("Named", (tz.tzutc,), {"name": "America/New_York"})()]
    )
    def test_zones_of_other_libraries_become_those_of_the_standard_library(self, zone):
        clock = CronClock("@daily", start_date=JANUARY.astimezone(zone))
        assert clock.start_date is not None
        assert NEW_YORK is clock.start_date.tzinfo
        assert JANUARY == clock.start_date

    def test_the_calendar_ends_and_so_do_the_events(self):
        late = datetime(9999, 12, 30, tzinfo=UTC)
        assert [late + timedelta(days=1)] == times(IntervalClock(timedelta(days=1)), late)

    def test_a_clock_of_your_own_says_its_moments(self):
        class Twice(Clock):
            def moments(self, after):
                yield from (JANUARY, JANUARY, JANUARY + HOUR, JANUARY)

        assert [JANUARY, JANUARY + HOUR] == times(Twice(), JANUARY - HOUR)
        with pytest.raises(NotImplementedError, match="override moments"):
            next(Clock().events())


class TestInterval:
    @pytest.mark.parametrize("interval", [timedelta(0), timedelta(seconds=-1)])
    def test_an_interval_is_longer_than_nothing(self, interval):
        with pytest.raises(FlowError, match="An interval must be greater than 0"):
            IntervalClock(interval)

    def test_an_interval_is_a_timedelta(self):
        with pytest.raises(TypeError, match="An interval must be a timedelta; got 60"):
            IntervalClock(60)  # pyright: ignore[reportArgumentType]  a mistake on purpose

    def test_it_counts_from_its_start(self):
        start = datetime(2026, 1, 1, 9, 17, tzinfo=UTC)
        assert [start + 40 * HOUR, start + 50 * HOUR] == times(IntervalClock(10 * HOUR, start), start + 35 * HOUR, 2)

    def test_without_a_start_weeks_begin_on_monday(self):
        assert [datetime(2026, 1, 5, tzinfo=UTC)] == times(IntervalClock(timedelta(weeks=1)), n=1)

    def test_nothing_is_before_the_first_anchor_but_what_is_asked_for(self):
        early = datetime(1960, 1, 1, tzinfo=UTC)
        assert [early + HOUR] == times(IntervalClock(HOUR), early, 1)

    def test_a_day_keeps_the_wall_time(self):
        clock = IntervalClock(timedelta(days=1), start_date=datetime(2026, 1, 1, 9, tzinfo=NEW_YORK))
        assert ["2026-03-07T09:00:00-05:00", "2026-03-08T09:00:00-04:00", "2026-03-09T09:00:00-04:00"] == wall(
            clock, datetime(2026, 3, 7, tzinfo=NEW_YORK)
        )

    def test_a_day_that_begins_in_the_gap_begins_after_it(self):
        clock = IntervalClock(timedelta(days=1), start_date=datetime(2026, 1, 1, 2, 30, tzinfo=NEW_YORK))
        assert ["2026-03-08T03:00:00-04:00", "2026-03-09T02:30:00-04:00"] == wall(
            clock, datetime(2026, 3, 8, tzinfo=NEW_YORK), 2
        )

    def test_an_hour_stays_an_hour(self):
        clock = IntervalClock(HOUR, start_date=datetime(2026, 1, 1, tzinfo=NEW_YORK))
        assert ["2026-11-01T01:00:00-04:00", "2026-11-01T01:00:00-05:00", "2026-11-01T02:00:00-05:00"] == wall(
            clock, datetime(2026, 11, 1, 0, 30, tzinfo=NEW_YORK)
        )

    def test_the_start_counts_even_when_the_clocks_show_it_for_the_second_time(self):
        start = datetime(2026, 11, 1, 1, 30, tzinfo=NEW_YORK, fold=1)
        assert ["2026-11-01T01:30:00-05:00", "2026-11-02T01:30:00-05:00"] == wall(
            IntervalClock(timedelta(days=1), start), JANUARY, 2
        )

    def test_a_start_that_the_clocks_skip_is_moved_on_its_day_only(self):
        start = datetime(2026, 3, 8, 2, 30, tzinfo=NEW_YORK)
        assert ["2026-03-08T03:30:00-04:00", "2026-03-09T02:30:00-04:00"] == wall(
            IntervalClock(timedelta(days=1), start), JANUARY, 2
        )


@pytest.mark.parametrize("fold", [0, 1])
@pytest.mark.parametrize("clock", [CronClock("*/10 * * * *"), CronClock("5 * * * *"), IntervalClock(timedelta(days=1))])
def test_after_may_be_a_time_that_the_clocks_skip(clock, fold):
    clock.start_date = datetime(2026, 1, 1, 3, 10, tzinfo=NEW_YORK)
    after = datetime(2026, 3, 8, 2, 30, tzinfo=NEW_YORK, fold=fold)
    assert times(clock, after.astimezone(UTC), 5) == times(clock, after, 5)


class TestCron:
    @pytest.mark.parametrize(
        ("expected", "expression"),
        [
            ("2026-01-01T00:30", "30 * * * *"),
            ("2026-01-01T09:00", "0 9-17 * * *"),
            ("2026-01-02T00:00", "@daily"),
            ("2026-01-02T00:00", "@midnight"),
            ("2026-01-01T01:00", "@hourly"),
            ("2026-01-04T00:00", "@weekly"),
            ("2026-02-01T00:00", " @Monthly "),
            ("2027-01-01T00:00", "@yearly"),
            ("2027-01-01T00:00", "@annually"),
            ("2026-01-05T09:00", "0 9 * * mon#1"),
            ("2026-01-31T09:00", "0 9 L * *"),
            ("2028-02-29T00:00", "0 0 29 2 *"),
            ("2026-01-01T00:05", "*/5 * * * *"),
            ("2026-01-03T00:00", "0 0 * JAN SAT"),
        ],
    )
    def test_it_reads_what_cron_reads(self, expected, expression):
        assert [datetime.fromisoformat(f"{expected}+00:00")] == times(CronClock(expression), n=1)

    def test_a_sixth_field_is_the_seconds(self):
        assert [JANUARY + timedelta(seconds=each) for each in (15, 45, 75)] == times(CronClock("* * * * * 15,45"))

    @pytest.mark.parametrize("expression", ["", "daily", "* * *", "61 * * * *", "0 0 31 2 *", "* * * * * * *"])
    def test_anything_else_is_refused(self, expression):
        with pytest.raises(FlowError, match=r"Invalid cron string: .* Write minute, hour, day of the month"):
            CronClock(expression)

    def test_what_is_no_text_is_refused(self):
        with pytest.raises(FlowError, match="Invalid cron string: 5"):
            CronClock(5)  # pyright: ignore[reportArgumentType]  a mistake on purpose

    def test_days_of_the_month_and_of_the_week_are_alternatives(self):
        assert [4, 11, 13] == [moment.day for moment in times(CronClock("0 0 13 * sun"))]

    def test_or_both_must_hold(self):
        assert ["2026-02-13", "2026-03-13", "2026-11-13"] == [
            str(moment.date()) for moment in times(CronClock("0 0 13 * fri", day_or=False))
        ]

    def test_its_times_are_in_the_zone_of_its_start(self):
        clock = CronClock("0 9 * * *", start_date=datetime(2026, 3, 7, tzinfo=NEW_YORK))
        assert ["2026-03-07T09:00:00-05:00", "2026-03-08T09:00:00-04:00"] == wall(clock, JANUARY, 2)


class TestDates:
    def test_dates_come_in_order_and_once(self):
        clock = DatesClock([JANUARY + HOUR, JANUARY, JANUARY + HOUR])
        assert [JANUARY, JANUARY + HOUR] == times(clock, JANUARY - HOUR)
        assert (JANUARY, JANUARY + HOUR) == (clock.start_date, clock.end_date)

    def test_bounds_may_be_narrower(self):
        dates = [JANUARY + n * HOUR for n in range(5)]
        assert dates[1:3] == times(DatesClock(dates, start_date=dates[1], end_date=dates[2]), JANUARY - HOUR, 9)

    def test_there_is_one_at_least(self):
        with pytest.raises(FlowError, match="at least one date"):
            DatesClock([])


class TestRRule:
    def test_a_rule_gives_its_times(self):
        clock = RRuleClock(rules.rrule(rules.MONTHLY, bymonthday=-1, dtstart=datetime(2026, 1, 1, 9)))
        assert ["2026-01-31T09:00:00+00:00", "2026-02-28T09:00:00+00:00"] == wall(clock, JANUARY, 2)

    def test_count_and_until_end_it(self):
        assert 2 == len(times(RRuleClock(rules.rrule(rules.DAILY, count=3, dtstart=JANUARY)), n=9))
        until = datetime(2026, 1, 3, tzinfo=UTC)
        assert 2 == len(times(RRuleClock(rules.rrule(rules.DAILY, until=until, dtstart=JANUARY)), n=9))

    def test_a_set_of_rules(self):
        rule = rules.rruleset()
        rule.rrule(rules.rrule(rules.WEEKLY, dtstart=JANUARY, count=3))
        rule.exdate(JANUARY + timedelta(weeks=1))
        rule.rdate(JANUARY + HOUR)
        assert [JANUARY + HOUR, JANUARY + timedelta(weeks=2)] == times(RRuleClock(rule))

    def test_its_times_are_wall_times(self):
        rule = rules.rrule(rules.DAILY, dtstart=datetime(2026, 1, 1, 2, 30, tzinfo=tz.gettz("America/New_York")))
        assert ["2026-03-07T02:30:00-05:00", "2026-03-08T03:00:00-04:00", "2026-03-09T02:30:00-04:00"] == wall(
            RRuleClock(rule), datetime(2026, 3, 7, tzinfo=NEW_YORK)
        )

    def test_the_rules_of_a_set_are_in_one_zone(self):
        rule = rules.rruleset()
        rule.rrule(rules.rrule(rules.DAILY, dtstart=JANUARY))
        rule.rrule(rules.rrule(rules.DAILY, dtstart=JANUARY.astimezone(NEW_YORK)))
        with pytest.raises(FlowError, match="must start in the same time zone"):
            RRuleClock(rule)

    def test_what_is_no_rule_is_refused(self):
        with pytest.raises(TypeError, match="needs a rrule or rruleset of python-dateutil; got 'FREQ=DAILY'"):
            RRuleClock("FREQ=DAILY")


def rule_set():
    rule = rules.rruleset()
    rule.rrule(rules.rrule(rules.HOURLY, dtstart=JANUARY.astimezone(NEW_YORK), byweekday=rules.MO))
    rule.exrule(rules.rrule(rules.DAILY, dtstart=JANUARY.astimezone(NEW_YORK), count=90))
    rule.rdate(JANUARY + HOUR)
    rule.exdate(JANUARY + 2 * HOUR)
    return rule


CLOCKS = [
    IntervalClock(timedelta(hours=1, microseconds=3), start_date=datetime(2026, 1, 1, tzinfo=NEW_YORK), labels=["a"]),
    IntervalClock(timedelta(days=400), end_date=datetime(2099, 1, 1)),
    CronClock("0 2 * * *", start_date=datetime(2026, 1, 1, tzinfo=NEW_YORK), parameter_defaults={"x": [1, None]}),
    CronClock("0 0 13 * fri", start_date=JANUARY.astimezone(timezone(-5 * HOUR)), day_or=False),
    DatesClock([JANUARY, datetime(2026, 11, 1, 1, 30, tzinfo=NEW_YORK, fold=1)]),
    RRuleClock(rules.rrule(rules.DAILY, dtstart=JANUARY.astimezone(timezone(-5 * HOUR)), count=7)),
    RRuleClock(
        rules.rrule(rules.DAILY, dtstart=JANUARY.astimezone(tz.tzoffset(None, 3600)), until=JANUARY + 99 * HOUR)
    ),
    RRuleClock(rule_set()),
]


@pytest.mark.parametrize("clock", CLOCKS, ids=lambda clock: type(clock).__name__)
class TestAsData:
    def test_data_gives_the_same_clock(self, clock):
        again = clock_from_dict(clock.to_dict())
        assert clock.to_dict() == again.to_dict()
        early = datetime(2025, 12, 1, tzinfo=UTC)
        assert list(islice(clock.events(early), 50)) == list(islice(again.events(early), 50))

    def test_a_pickle_gives_the_same_clock(self, clock):
        again = cloudpickle.loads(cloudpickle.dumps(clock))
        assert clock.to_dict() == again.to_dict()
        assert times(clock, n=5) == times(again, n=5)


def test_a_clock_of_your_own_does_not_come_from_data():
    class Mine(Clock): ...

    with pytest.raises(FlowError, match="A clock of type 'Mine' cannot be made from data"):
        clock_from_dict(Mine().to_dict())


def test_a_zone_that_this_machine_does_not_know_is_named():
    data = {**CronClock("@daily").to_dict(), "start_date": "2026-01-01T00:00:00+00:00[Mars/Olympus]"}
    with pytest.raises(FlowError, match="knows no time zone 'Mars/Olympus'"):
        clock_from_dict(data)
