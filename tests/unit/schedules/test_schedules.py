"""Schedule: clocks merged, filtered and adjusted; the search for the next times, and the whole as data."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import cloudpickle
import pytest
from dateutil.rrule import DAILY, rrule

from runwright import Flow, schedules
from runwright.errors import FlowError
from runwright.schedule import ClockEvent, Schedule as AnySchedule
from runwright.schedules import CronSchedule, IntervalSchedule, RRuleSchedule, Schedule, adjustments, clocks, filters
from runwright.schedules.clocks import CronClock, DatesClock, IntervalClock
from runwright.testing.fake_clock import FakeClock

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
JANUARY = datetime(2026, 1, 1, tzinfo=UTC)  # a Thursday
NEW_YORK = ZoneInfo("America/New_York")


def is_odd(moment):
    return moment.day % 2 == 1


def hourly(**parts):
    return Schedule([IntervalClock(HOUR)], **parts)


def days(schedule, n=3, after=JANUARY):
    return [moment.strftime("%d %H") for moment in schedule.next(n, after=after)]


class TestNext:
    def test_it_gives_times(self):
        assert [JANUARY + HOUR, JANUARY + 2 * HOUR] == hourly().next(2, after=JANUARY)

    def test_or_events(self):
        schedule = Schedule([IntervalClock(HOUR, parameter_defaults={"x": 1}, labels=["a"])])
        assert [ClockEvent(JANUARY + HOUR, {"x": 1}, ["a"])] == schedule.next(1, JANUARY, return_events=True)

    def test_after_is_now_unless_it_is_given_and_utc_unless_it_says(self):
        with FakeClock():
            assert [JANUARY + HOUR] == hourly().next(1)
        assert [JANUARY + HOUR] == hourly().next(1, after=datetime(2026, 1, 1))

    def test_there_are_fewer_where_the_clocks_end(self):
        assert [JANUARY] == Schedule([DatesClock([JANUARY])]).next(5, after=JANUARY - DAY)
        assert [] == Schedule([]).next(5)

    def test_none_is_as_good_a_number_as_any(self):
        assert [] == hourly().next(0, after=JANUARY)

    def test_clocks_are_merged(self):
        schedule = Schedule([CronClock("0 9 * * *"), CronClock("0 8,10 * * *")])
        assert ["01 08", "01 09", "01 10"] == days(schedule)

    def test_two_clocks_of_one_time_are_two_events_in_the_order_of_the_clocks(self):
        schedule = Schedule([IntervalClock(HOUR, parameter_defaults={"x": x}) for x in (2, 1)])
        events = schedule.next(4, JANUARY, return_events=True)
        assert [({"x": 2}, 1), ({"x": 1}, 1), ({"x": 2}, 2), ({"x": 1}, 2)] == [
            (event.parameter_defaults, event.start_time.hour) for event in events
        ]

    def test_unless_they_are_equal(self):
        assert ["01 01", "01 02", "01 03"] == days(Schedule([IntervalClock(HOUR), CronClock("0 * * * *")]))

    def test_a_search_is_given_up_after_ten_thousand_events(self):
        far = filters.on_datetime(JANUARY + 10_001 * HOUR)
        assert [] == hourly(filters=[far]).next(1, after=JANUARY)
        assert 1 == len(hourly(filters=[far]).next(1, after=JANUARY + HOUR))
        assert 10_000 == len(hourly().next(10_005, after=JANUARY))

    def test_its_bounds_are_those_of_its_clocks(self):
        bounded = [IntervalClock(HOUR, JANUARY + n * DAY, JANUARY + 2 * n * DAY) for n in (2, 1)]
        assert (JANUARY + DAY, JANUARY + 4 * DAY) == (Schedule(bounded).start_date, Schedule(bounded).end_date)
        endless = Schedule([*bounded, IntervalClock(HOUR)])
        assert (JANUARY + DAY, None) == (endless.start_date, endless.end_date)
        assert (None, None) == (Schedule([]).start_date, Schedule([]).end_date)


class TestRefusals:
    @pytest.mark.parametrize("clock", ["* * * * *", timedelta(1), CronClock])
    def test_clocks_are_clocks(self, clock):
        with pytest.raises(TypeError, match="The clocks of a schedule must be clocks"):
            Schedule([clock])

    @pytest.mark.parametrize("name", ["filters", "or_filters", "not_filters", "adjustments"])
    def test_filters_and_adjustments_are_functions(self, name):
        with pytest.raises(TypeError, match=f"Each of {name} must be a function; got 5"):
            hourly(**{name: [5]})


class TestFilters:
    def test_all_filters_any_or_filter_and_no_not_filter(self):
        schedule = hourly(
            filters=[filters.is_weekday, is_odd],
            or_filters=[filters.at_time(time(3)), filters.at_time(time(5)), filters.at_time(time(6))],
            not_filters=[filters.at_time(time(5)), filters.on_date(1, 1)],
        )
        assert ["05 03", "05 06", "07 03"] == days(schedule)

    @pytest.mark.parametrize(
        ("passes", "refuses", "chosen"),
        [
            (["2026-01-05T00:00", "2026-01-09T23:59"], ["2026-01-10T00:00", "2026-01-11T12:00"], filters.is_weekday),
            (["2026-01-10T00:00", "2026-01-11T23:59"], ["2026-01-09T23:59", "2026-01-12T00:00"], filters.is_weekend),
            (["2026-02-01T05:00"], ["2026-02-02T00:00", "2026-01-31T23:00"], filters.is_month_start),
            (["2026-02-28T05:00", "2028-02-29T05:00"], ["2026-02-27T05:00", "2028-02-28T05:00"], filters.is_month_end),
            (["2026-01-05T05:00"], ["2026-01-04T05:00", "2026-01-06T05:00"], filters.is_day_of_week(0)),
            (["2026-01-04T05:00"], ["2026-01-05T05:00"], filters.is_day_of_week(6)),
            (
                ["2026-02-28T05:00", "2027-02-28T00:00"],
                ["2026-02-27T05:00", "2026-01-28T05:00"],
                filters.on_date(2, 28),
            ),
            (["2028-02-29T05:00"], ["2026-02-28T05:00"], filters.on_date(2, 29)),
            (
                ["2026-03-01T00:00", "2026-05-31T23:59"],
                ["2026-02-28T23:59", "2026-06-01T00:00"],
                filters.between_dates(3, 1, 5, 31),
            ),
            (
                ["2026-11-15T00:00", "2026-12-31T00:00", "2026-01-10T23:59"],
                ["2026-01-11T00:00", "2026-11-14T23:59"],
                filters.between_dates(11, 15, 1, 10),
            ),
            (["2026-01-01T09:00"], ["2026-01-01T09:01", "2026-01-01T21:00"], filters.at_time(time(9))),
            (
                ["2026-01-01T09:00", "2026-01-01T17:00"],
                ["2026-01-01T08:59", "2026-01-01T17:01"],
                filters.between_times(time(9), time(17)),
            ),
            (
                ["2026-01-01T22:00", "2026-01-01T00:00", "2026-01-01T06:00"],
                ["2026-01-01T06:01", "2026-01-01T21:59"],
                filters.between_times(time(22), time(6)),
            ),
            (["2026-01-01T09:00"], ["2026-01-01T09:01"], filters.on_datetime(datetime(2026, 1, 1, 9))),
            (
                ["2026-01-01T09:00", "2026-01-02T09:00"],
                ["2026-01-01T08:59", "2026-01-02T09:01"],
                filters.between_datetimes(datetime(2026, 1, 1, 9), datetime(2026, 1, 2, 9, tzinfo=UTC)),
            ),
        ],
    )
    def test_what_each_lets_pass(self, passes, refuses, chosen):
        assert [True] * len(passes) == [chosen(datetime.fromisoformat(f"{text}+00:00")) for text in passes]
        assert [False] * len(refuses) == [chosen(datetime.fromisoformat(f"{text}+00:00")) for text in refuses]

    def test_moments_are_compared_across_zones_and_across_the_hour_shown_twice(self):
        second = datetime(2026, 11, 1, 1, 30, tzinfo=NEW_YORK, fold=1)
        assert filters.on_datetime(second)(second.astimezone(UTC))
        assert not filters.on_datetime(second)(second.replace(fold=0))
        assert not filters.between_datetimes(second, second + DAY)(second.replace(fold=0, minute=59))

    def test_times_of_the_day_are_those_of_the_clocks_zone(self):
        schedule = Schedule([IntervalClock(HOUR, JANUARY.astimezone(NEW_YORK))], filters=[filters.at_time(time(9))])
        assert [datetime(2026, 1, 1, 14, tzinfo=UTC)] == schedule.next(1, after=JANUARY)

    @pytest.mark.parametrize("make", [lambda: filters.on_date(2, 30), lambda: filters.between_dates(1, 1, 13, 1)])
    def test_a_day_that_no_year_has_is_refused(self, make):
        with pytest.raises(FlowError, match="No year has day"):
            make()

    def test_a_day_that_no_week_has_is_refused(self):
        with pytest.raises(FlowError, match=r"A day of the week is 0 \(Monday\) to 6 \(Sunday\); got 7"):
            filters.is_day_of_week(7)

    def test_they_are_equal_when_they_say_the_same(self):
        assert filters.at_time(time(9)) == filters.at_time(time(9))
        assert filters.at_time(time(9)) != filters.at_time(time(10))


class TestAdjustments:
    def test_they_come_after_the_filters_and_one_after_the_other(self):
        schedule = Schedule(
            [CronClock("0 9 * * *")],
            filters=[filters.is_weekday],
            adjustments=[adjustments.add(DAY), adjustments.next_weekday],
        )
        # Friday's time goes to Saturday, and so to Monday.
        assert ["01 09", "02 09", "05 09", "06 09"] == days(schedule, 4)

    def test_weekends_go_to_monday(self):
        assert ["02 09", "05 09", "06 09"] == days(
            Schedule([CronClock("0 9 * * *")], adjustments=[adjustments.next_weekday]), after=JANUARY + 12 * HOUR
        )

    def test_what_moves_ahead_does_not_overtake_what_comes_before(self):
        schedule = Schedule(
            [CronClock("0 9 * * sat"), CronClock("0 8 * * sun")], adjustments=[adjustments.next_weekday]
        )
        assert ["05 08", "05 09", "12 08"] == days(schedule)

    @pytest.mark.parametrize("hours", [-30, -5, -1, 1, 25, 24 * 40])
    def test_the_next_time_is_found_from_anywhere(self, hours):
        schedule = Schedule([CronClock("0 */5 * * *")], adjustments=[adjustments.add(hours * HOUR)])
        expected = schedule.next(20, after=JANUARY)
        assert expected == [expected[0], *(schedule.next(1, after=moment)[0] for moment in expected[:-1])]

    def test_a_day_goes_by_the_clocks_on_the_wall(self):
        schedule = Schedule(
            [DatesClock([datetime(2026, 3, 7, 2, 30, tzinfo=NEW_YORK)])], adjustments=[adjustments.add(DAY)]
        )
        assert ["2026-03-08T03:00:00-04:00"] == [moment.isoformat() for moment in schedule.next(1, after=JANUARY)]

    def test_one_of_your_own(self):
        schedule = hourly(adjustments=[lambda moment: moment + timedelta(days=2)])
        assert ["01 01", "01 02"] == days(schedule, 2)

    def test_one_that_moves_back_loses_what_would_come_too_late(self):
        def to_midnight(moment):
            return moment.replace(hour=0)

        assert ["02 00", "03 00"] == days(hourly(adjustments=[to_midnight]), 2)


class TestShortForms:
    def test_they_make_schedules_of_one_clock(self):
        start, end = JANUARY, JANUARY + DAY
        rule = rrule(DAILY, dtstart=JANUARY)
        for schedule, kind in [
            (IntervalSchedule(HOUR, start, end), clocks.IntervalClock),
            (CronSchedule("@daily", start, end, day_or=False), clocks.CronClock),
            (RRuleSchedule(rule, start, end), clocks.RRuleClock),
        ]:
            [clock] = schedule.clocks
            assert (kind, start, end) == (type(clock), clock.start_date, clock.end_date)
            assert isinstance(schedule, AnySchedule)
        assert CronSchedule("@daily", day_or=False).clocks[0].to_dict()["day_or"] is False
        assert "<Schedule: CronClock>" == repr(CronSchedule("@daily"))

    def test_the_documented_paths_are_there(self):
        assert (Schedule, IntervalSchedule) == (schedules.schedules.Schedule, schedules.schedules.IntervalSchedule)
        assert ClockEvent is clocks.ClockEvent

    def test_a_flow_without_a_schedule_loads_none(self):
        program = "import sys, runwright; runwright.Flow('f'); print([m for m in sys.modules if m in ('cronsim', 'dateutil')])"
        answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert "[]" == answer.stdout.strip()


WHOLE = Schedule(
    [CronClock("0 * * * *", datetime(2026, 1, 1, tzinfo=NEW_YORK)), DatesClock([JANUARY], {"x": 1}, ["a"])],
    filters=[filters.is_weekday, filters.between_dates(1, 1, 12, 31)],
    or_filters=[filters.between_times(time(1), time(12)), filters.at_time(time(9)), filters.is_day_of_week(3)],
    not_filters=[filters.is_month_end, filters.on_datetime(JANUARY), filters.between_datetimes(JANUARY, JANUARY)],
    adjustments=[adjustments.add(timedelta(minutes=90)), adjustments.next_weekday],
)


class TestAsData:
    def test_data_gives_the_same_schedule(self):
        again = Schedule.from_dict(WHOLE.to_dict())
        assert WHOLE.to_dict() == again.to_dict()
        assert WHOLE.filters == again.filters
        assert WHOLE.next(50, JANUARY) == again.next(50, JANUARY)

    def test_the_data_is_json(self):
        import json

        assert WHOLE.to_dict() == json.loads(json.dumps(WHOLE.to_dict()))

    def test_a_pickle_gives_the_same_schedule(self):
        again = cloudpickle.loads(cloudpickle.dumps(WHOLE))
        assert WHOLE.to_dict() == again.to_dict()
        assert WHOLE.next(50, JANUARY) == again.next(50, JANUARY)

    @pytest.mark.parametrize(
        ("expected", "function"), [("is_odd", is_odd), ("is_odd", partial(is_odd)), ("TestAsData", None)]
    )
    def test_a_function_of_your_own_leaves_its_name_and_does_not_come_back(self, expected, function):
        data = hourly(filters=[function or type(self)]).to_dict()
        assert data["filters"][0]["name"].endswith(expected)
        with pytest.raises(FlowError, match=f"The function '.*{expected}' of a schedule is your own"):
            Schedule.from_dict(data)

    @pytest.mark.parametrize("data", [{"type": "at_noon"}, {"type": "on_date", "month": "May", "day": 1}])
    def test_what_nobody_made_is_refused(self, data):
        with pytest.raises(FlowError, match="There is no filter or adjustment"):
            Schedule.from_dict({**hourly().to_dict(), "filters": [data]})


class TestFingerprint:
    def test_it_changes_with_the_schedule(self):
        given = [
            None,
            hourly(),
            IntervalSchedule(2 * HOUR),
            hourly(filters=[filters.is_weekday]),
            hourly(not_filters=[filters.is_weekday]),
            Schedule([IntervalClock(HOUR, parameter_defaults={"x": 1})]),
            hourly(filters=[lambda moment: moment.day == 1]),
            hourly(filters=[lambda moment: moment.day == 2]),
        ]
        prints = [Flow("f", schedule=each).fingerprint() for each in given]
        assert len(given) == len(set(prints))

    def test_it_stays_with_an_equal_one(self):
        first, second = (Flow("f", schedule=Schedule.from_dict(WHOLE.to_dict())).fingerprint() for _ in range(2))
        assert first == second == Flow("f", schedule=WHOLE).fingerprint()
