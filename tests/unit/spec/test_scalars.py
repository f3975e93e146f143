"""Scalars: plain words by the rules of YAML 1.2."""

from __future__ import annotations

import pytest

from runwright.spec.scalars import value_of


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (None, ""),
        (None, "~"),
        (None, "null"),
        (True, "true"),
        (False, "FALSE"),
        (12, "12"),
        (-12, "-012"),
        (8, "0o10"),
        (255, "0xFF"),
        (1.5, "1.5"),
        (0.5, ".5"),
        (1000.0, "1e3"),
        ("no", "no"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("2024-13-45", "2024-13-45"),
        ("1_000", "1_000"),
        ("1.2.3", "1.2.3"),
        ("-", "-"),
        ("٣", "٣"),
        (2**63 - 1, "9223372036854775807"),
        (-(2**63), "-9223372036854775808"),
    ],
)
def test_a_word_means_what_yaml_1_2_says(expected, text):
    value = value_of(text)

    assert (type(expected), expected) == (type(value), value)


@pytest.mark.parametrize(
    "text", ["9223372036854775808", "9" * 5000, "0x" + "f" * 5000, "1e999", ".inf", "-.INF", ".nan"]
)
def test_a_number_without_a_place_in_json_is_refused(text):
    with pytest.raises(OverflowError):
        value_of(text)
