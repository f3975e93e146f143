"""Text is clean, times and durations are read and written as people do."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, strategies

from runwright.cli import text
from runwright.clock import NANOSECONDS

NOW = 1_795_246_201_120_000_000


@pytest.mark.parametrize(
    ("expected", "given_text"),
    [
        ("red", "\x1b[31mred\x1b[0m"),
        ("name", "\x1b]0;a title\x07name"),
        ("name", "\x1b]8;;http://x\x1b\\name"),
        ("name", "\x1b]0;never ended, name"[:4] + "\x07name"),
        ("overwritten", "over\rwritten"),
        ("ab", "a\x9b2Jb"),
        ("abc", "a\u202eb\u2066c"),
        ("keeps\tits\nshape", "keeps\tits\nshape"),
        ("bell", "be\x07ll\x00"),
        ("\ufffd", "\udc80"),
    ],
)
def test_nothing_that_terminals_obey_is_left(expected, given_text):
    assert expected == text.clean(given_text)


@given(strategies.text())
def test_clean_text_stays_as_it_is(anything):
    once = text.clean(anything)

    assert once == text.clean(once)
    assert "\x1b" not in once


def test_a_line_is_one_line():
    assert "two lines and a tab" == text.clean_line("two\nlines\tand \x1b[1ma  tab")


@given(strategies.text())
def test_json_keeps_its_data_and_loses_its_controls(anything):
    cleaned = text.clean_json(json.dumps(anything, ensure_ascii=False))

    assert anything == json.loads(cleaned)
    assert "\x9b" not in cleaned


@pytest.mark.parametrize(
    ("seconds_ago", "written"),
    [(90, "90s"), (600, "10m"), (86_400, "24h"), (604_800, "7d"), (1_209_600, "2w"), (5_400, "1.5h"), (600, " 10M ")],
)
def test_an_age_is_that_long_before_now(seconds_ago, written):
    assert NOW - seconds_ago * NANOSECONDS == text.moment_from(written, NOW)


@pytest.mark.parametrize(
    "written",
    ["2026-11-21T07:30:01.120Z", "2026-11-21T08:30:01.120+01:00", "2026-11-21T07:30:01.120", "2026-11-21 07:30:01.120"],
)
def test_a_moment_is_rfc_3339_and_without_offset_utc(written):
    assert NOW == text.moment_from(written, 0)


@pytest.mark.parametrize("written", ["yesterday", "10", "10x", "", "2026-13-01"])
def test_what_is_no_time_is_refused_with_an_example(written):
    with pytest.raises(ValueError, match="write 24h, 10m, 7d, or RFC 3339"):
        text.moment_from(written, NOW)


@pytest.mark.parametrize(("seconds", "written"), [(90.0, "90"), (90.0, "90s"), (600.0, "10m"), (7200.0, "2h")])
def test_a_duration_may_leave_the_seconds_out(seconds, written):
    assert seconds == text.seconds_from(written)


def test_what_is_no_duration_is_refused():
    with pytest.raises(ValueError, match="is no duration"):
        text.seconds_from("long")


@pytest.mark.parametrize(
    ("expected", "seconds"),
    [
        ("-", None),
        ("0µs", 0.0),
        ("45µs", 0.000045),
        ("400µs", 0.0004),
        ("1.0ms", 0.0009999),
        ("4.6ms", 0.0046),
        ("12ms", 0.012),
        ("3.1s", 3.14),
        ("4m05s", 245),
        ("2h07m", 7_650),
        ("3d04h", 273_600),
        ("-1.0s", -1.0),
    ],
)
def test_durations_are_short(expected, seconds):
    assert expected == text.duration(seconds)


@pytest.mark.parametrize(
    ("expected", "seconds"), [("3s ago", 3), ("4m ago", 250), ("2h ago", 7_300), ("5d ago", 440_000), ("in 5m", -301)]
)
def test_ages_are_rough(expected, seconds):
    assert expected == text.age(NOW - seconds * NANOSECONDS, NOW)


def test_the_age_of_what_is_not_known_is_a_dash():
    assert "-" == text.age(None, NOW)


def test_a_time_of_day_has_milliseconds():
    assert "07:30:01.120" == text.time_of_day(NOW)
