"""Durations: ISO 8601 both ways."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from runwright.spec.durations import duration_text, parse_duration


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (timedelta(minutes=5), "PT5M"),
        (timedelta(minutes=5), "PT5m"),
        (timedelta(hours=1, minutes=30, seconds=5, milliseconds=250), "PT1H30M5.25S"),
        (timedelta(days=1, seconds=1), "P1DT1S"),
        (timedelta(weeks=2), "P2W"),
        (timedelta(), "P0D"),
        (timedelta(seconds=0.2), "PT0.20S"),
        (timedelta(microseconds=1), "PT0.000001999S"),
        (timedelta(seconds=-1.5), "-PT1.5S"),
        (timedelta(seconds=-1.5), "PT-1.5S"),
        (timedelta(hours=-1, minutes=1), "PT-1H1M"),
    ],
)
def test_a_text_is_a_time_span(expected, text):
    assert expected == parse_duration(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "PT",
        "P1DT",
        "5M",
        "P1Y",
        "P1M",
        "PT1",
        "1 hour",
        "PT1M1H",
        "PT9999999999999S",
        "P999999999999D",
        "PT٣S",
    ],
)
def test_what_is_no_duration_is_told_how_to_write_one(text):
    with pytest.raises(ValueError, match=r"write one as PT30S|too long"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("expected", "duration"),
    [
        ("PT0S", timedelta()),
        ("PT36H", timedelta(days=1, hours=12)),
        ("PT8H6M12.345S", timedelta(hours=8, minutes=6, seconds=12.345)),
        ("PT-1M-0.5S", timedelta(seconds=-60.5)),
    ],
)
def test_a_time_span_has_one_text(expected, duration):
    assert expected == duration_text(duration)


@given(st.timedeltas())
def test_every_time_span_comes_back(duration):
    assert duration == parse_duration(duration_text(duration))


@given(st.text(alphabet="PTYMWDHS0123456789.,+-", max_size=20))
def test_a_text_is_read_or_refused(text):
    try:
        duration = parse_duration(text)
    except ValueError:
        return
    assert duration == parse_duration(duration_text(duration))
