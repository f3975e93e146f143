"""Cron: which texts are cron expressions."""

from __future__ import annotations

import pytest
from hypothesis import example, given, strategies as st

from runwright.errors import FlowError
from runwright.schedules.cron import check_cron
from runwright.spec.cron import cron_fault


@pytest.mark.parametrize(
    "text",
    [
        "* * * * *",
        "0 9 1,15 * *",
        "*/5 8-18 * * MON-FRI",
        "0 0 L * *",
        "0 0 LW * *",
        "0 0 * * 5L",
        "0 0 * * mon#1",
        "0 0 29 2 *",
        "@daily",
        "*/2 * * * * *",
    ],
)
def test_an_expression_has_no_fault(text):
    assert "" == cron_fault(text)


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("it has 4 fields", "* * * *"),
        ("it has 0 fields", ""),
        ("the minute '60' is not in 0-59", "60 * * * *"),
        ("the hour '25' is not in 0-23", "0 25 * * *"),
        ("the day '0' is not in 1-31", "0 0 0 * *"),
        ("the month 'FOO' is not in 1-12", "0 0 1 foo *"),
        ("the weekday '5-1' ends before it begins", "0 0 * * 5-1"),
        ("the minute '*/0' has a step of 0", "*/0 * * * *"),
        ("the minute 'A/B' cannot be read", "a/b * * * *"),
        ("the day '?' cannot be read", "0 0 ? * MON"),
        ("no month '2,4' has a day '31'", "0 0 31 2,4 *"),
        ("'@often' is none of", "@often"),
    ],
)
def test_a_fault_names_the_field(fault, text):
    assert cron_fault(text).startswith(fault)


PARTS = st.sampled_from(
    [
        "*",
        "0",
        "5",
        "*/2",
        "1-3",
        "1-3/2",
        "3-1",
        "60",
        "L",
        "LW",
        "?",
        "mon",
        "jan",
        "1,2",
        "1#2",
        "5L",
        "7",
        "31",
        "-1",
        "a",
        "1/2",
        "*/0",
    ]
)


@example(["0", "0", "31", "4", "*"])
@example(["0", "0", "30,31", "feb", "*"])
@given(st.lists(PARTS, min_size=4, max_size=5))
def test_what_has_no_fault_can_be_scheduled(parts):
    text = " ".join(parts)
    try:
        check_cron(text)
    except FlowError:
        assert cron_fault(text)
    else:
        assert "" == cron_fault(text)
