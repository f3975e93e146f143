"""Cron: which texts are cron expressions."""

from __future__ import annotations

import pytest

from runwright.spec.cron import cron_fault


@pytest.mark.parametrize(
    "text",
    [
        "* * * * *",
        "0 9 1,15 * *",
        "*/5 8-18 * * MON-FRI",
        "0 0 L * *",
        "0 0 * * 5L",
        "0 0 * * mon#1",
        "@daily",
        "*/2 * * * * *",
        "0 0 ? JAN 7",
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
        ("'@often' is none of", "@often"),
    ],
)
def test_a_fault_names_the_field(fault, text):
    assert cron_fault(text).startswith(fault)
