"""What a query may compare with, and what it means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from runwright.entities import ENTITIES
from runwright.errors import QueryError
from runwright.query import Compare
from runwright.stores.json_matching import matches
from runwright.stores.query_values import MOST_VALUES, fits, is_like, wanted

SOME_ID = UUID(int=5)


@pytest.mark.parametrize(
    ("expected", "column", "value"),
    [
        (SOME_ID, "id", SOME_ID),
        (SOME_ID, "id", "{00000000-0000-0000-0000-000000000005}"),
        (1_000_000_000, "created", "1970-01-01T00:00:01Z"),
        (1_000_000_000, "created", "1970-01-01T01:00:01+01:00"),
        (0, "created", "1970-01-01"),
        (0, "created", 999),
        (((1 << 63) - 1) // 1_000 * 1_000, "created", "9999-12-31T23:59:59-23:59"),
        ((1 - (1 << 63)) // 1_000 * 1_000, "created", "0001-01-01T00:00:00+23:59"),
        (5_000, "created", datetime(1970, 1, 1, 0, 0, 0, 5, UTC)),
        (3_600_000_000_000, "duration", "01:00:00"),
        (90_061_500_000_000, "duration", "1 day 01:01:01.5"),
        (90_061_500_000_000, "duration", "P1DT1H1M1.5S"),
        (-1_000_000_000, "duration", "-00:00:01"),
        (1_500_000_000, "duration", 1.5),
        (2_000_000_000, "duration", timedelta(seconds=2)),
        (2.0, "duration_seconds", 2),
        ("a\ufffdb", "state_message", "a\udc00b".replace("\udc00", "\ufffd")),
        ({"x": [1]}, "serialized_state", {"x": [1]}),
    ],
)
def test_values_are_converted(expected, column, value):
    assert expected == wanted(ENTITIES["task_run"], Compare(column, "eq", value))


@pytest.mark.parametrize(
    ("part", "comparison"),
    [
        ("a UUID is needed", Compare("id", "eq", "x")),
        ("a UUID is needed", Compare("id", "eq", 5)),
        ("a whole number is needed", Compare("version", "eq", True)),
        ("too large", Compare("version", "eq", 1 << 63)),
        ("a number is needed", Compare("duration_seconds", "eq", float("nan"))),
        ("a time like", Compare("created", "eq", "yesterday")),
        ("HH:MM:SS", Compare("duration", "eq", "long")),
        ("HH:MM:SS", Compare("duration", "eq", "")),
        ("use is_null", Compare("name", "eq", None)),
        ("give a list", Compare("name", "in", "abc")),
        (f"{MOST_VALUES} are allowed", Compare("version", "in", range(MOST_VALUES + 1))),
        ("contains is not for it", Compare("name", "contains", "x")),
        ("gt is not for it", Compare("serialized_state", "gt", 1)),
        ("patterns are for text", Compare("version", "like", "1%")),
        ("single backslash", Compare("name", "like", "x\\")),
        ("too long", Compare("name", "like", "x" * 501)),
        ("Did you mean 'state'", Compare("stat", "eq", "x")),
        ("true or false is needed", Compare("name", "is_null", 1)),
    ],
)
def test_what_does_not_fit_is_refused(part, comparison):
    with pytest.raises(QueryError, match=part):
        wanted(ENTITIES["task_run"], comparison)


@pytest.mark.parametrize(
    ("expected", "text", "pattern", "ignores_case"),
    [
        (True, "hello", "h%", False),
        (False, "Hello", "h%", False),
        (True, "Hello", "h%", True),
        (True, "a%b", "a\\%b", False),
        (False, "axb", "a\\%b", False),
        (True, "a\nb", "a_b", False),
        (False, "É", "é", True),
        (True, "a[x]", "%[x]", False),
    ],
)
def test_patterns(expected, text, pattern, ignores_case):
    assert expected == is_like(text, pattern, ignores_case=ignores_case)


def test_words_are_compared_by_their_characters():
    assert fits("b", "gt", "a")
    assert fits("Z", "lt", "a")
    assert fits("a", "nin", ("b",))
    assert not fits("abc", "nlike", "a%")


@pytest.mark.parametrize(
    ("expected", "document", "operator", "value"),
    [
        (True, {"a": {"b": 1}, "c": 2}, "contains", {"a": {"b": 1}}),
        (False, {"a": 1}, "contains", {"a": True}),
        (True, [1, [2, 3]], "contains", [[3]]),
        (True, ["a", "b"], "contains", "a"),
        (False, [["a"]], "contains", "a"),
        (True, {"a": 1}, "contained_in", {"a": 1, "b": 2}),
        (True, {"a": None}, "has_key", "a"),
        (True, ["a"], "has_key", "a"),
        (True, "a", "has_key", "a"),
        (False, {"a": 1}, "has_keys_all", ["a", "b"]),
        (True, {"a": 1}, "has_keys_any", ["a", "b"]),
        (True, {"a": [1.0]}, "eq", {"a": [1]}),
        (False, [True], "eq", [1]),
    ],
)
def test_documents_are_matched(expected, document, operator, value):
    assert expected == matches(document, operator, value)
