"""The search box is read word by word, and what cannot be read is pointed at."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from runwright.clock import NANOSECONDS
from runwright.ui import search
from runwright.ui.search import SearchError, parse, without, written

NOW = 1_000_000 * NANOSECONDS


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ([], ""),
        ([("name", "=", "report", False)], "report"),
        ([("flow", "=", "my flow", False)], 'flow:"my flow"'),
        ([("tag", "=", "nightly", True)], "-tag:nightly"),
        ([("duration", ">", 30.0, False)], "duration:>30s"),
        ([("duration", "<=", 0.25, False)], "duration:<=250ms"),
        ([("map_index", ">=", 10, False)], "index:>=10"),
        ([("error", "=", 'say "hi"', False)], r'error:"say \"hi\""'),
        ([("after", "=", NOW - 3_600 * NANOSECONDS, False)], "after:-1h"),
        ([("after", "=", NOW - 3_600 * NANOSECONDS, False)], "AFTER:1h"),
    ],
)
def test_a_search_is_its_terms(expected, text):
    assert expected == [(term.key, term.operator, term.value, term.is_negated) for term in parse(text, NOW)]


def test_a_state_stands_for_its_kinds_in_any_vocabulary():
    (failed,), (completed,) = parse("state:failed", NOW), parse("state:COMPLETED", NOW)

    assert {"Failed", "TimedOut", "Crashed"} <= set(failed.value)
    assert {"Success", "Mapped"} <= set(completed.value)


@pytest.mark.parametrize(
    ("wrong", "suggestion", "text"),
    [
        ("stat:failed", "flow:etl state:failed", "flow:etl stat:failed"),
        ("state:fialed", "", "state:fialed x"),
        ('error:"open', 'error:"open"', 'error:"open'),
        ("flow:>3", "", "flow:>3"),
        ("duration:soon", "", "duration:soon"),
        ("after:never", "", "after:never"),
        ("map_index:1.5", "", "map_index:1.5"),
        ("phase:odd", "", "phase:odd"),
    ],
)
def test_what_cannot_be_read_is_pointed_at(wrong, suggestion, text):
    with pytest.raises(SearchError) as caught:
        parse(text, NOW)

    error = caught.value
    assert (wrong, suggestion) == (text[error.start : error.end], error.suggestion)


def test_a_search_without_end_is_refused():
    with pytest.raises(SearchError, match="2000 characters"):
        parse("x" * 3_000, NOW)


@given(st.text(max_size=200))
def test_any_text_is_terms_or_a_mistake_in_it(text):
    mistakes = []
    try:
        parse(text, NOW)
    except SearchError as error:
        mistakes.append(error)

    assert all(0 <= error.start <= error.end <= len(text) for error in mistakes)


@given(st.text(min_size=1, max_size=40).filter(lambda text: text.strip() and "\n" not in text))
def test_what_is_written_is_read_back(value):
    assert [value] == [term.value for term in parse(written("flow", value), NOW)]


def test_a_term_can_be_left_out():
    terms = parse("state:failed flow:etl report", NOW)

    assert "state:failed report" == without(terms, terms[1])


def test_every_qualifier_has_an_example_that_can_be_read():
    for qualifier in search.QUALIFIERS.values():
        (term,) = parse(qualifier.example, NOW)
        assert qualifier.name == term.key


def test_every_qualifier_is_documented():
    page = (Path(__file__).parents[3] / "docs" / "ui.md").read_text(encoding="utf-8")

    assert [] == [name for name in search.QUALIFIERS if f"`{name}:" not in page]
