"""A search that no index serves looks at so many task runs, says so, and goes on behind them when it is asked to."""

from __future__ import annotations

import pytest

from runwright.ui import window

FEW = 7


@pytest.fixture
def few(monkeypatch):
    """Look at a few task runs only, so that a small record is a large one."""
    monkeypatch.setattr(window, "LOOKS_AT", FEW)


def page(ask, query):
    return ask(f"/task-runs.json?{query}").data


def test_a_page_says_what_it_has_looked_at(ask, runs, few):
    shown = page(ask, "q=attempt:>=0")
    text = ask("/task-runs?q=attempt:>=0").text

    assert (1, FEW) == (shown["window"]["first"], shown["window"]["last"])
    assert FEW == shown["total"] == len(shown["rows"])
    assert f"task runs 1 to {FEW} of {shown['window']['total']}" in text


def test_looking_further_shows_every_task_run_once(ask, runs, few):
    everything = [row["id"] for row in page(ask, "q=attempt:>=0&look=all")["rows"]]
    found, link = [], "?q=attempt:>=0"
    while link:
        shown = page(ask, link.lstrip("?"))
        found += [row["id"] for row in shown["rows"]]
        link = shown["window"]["further"]

    assert everything == found


def test_pages_of_a_list_stay_where_the_search_has_looked(ask, runs, few):
    first = page(ask, f"q=attempt:>=0&skip={FEW}&limit=4")
    second = page(ask, first["older"].lstrip("?"))

    whole = page(ask, f"q=attempt:>=0&skip={FEW}")
    assert [row["id"] for row in whole["rows"]] == [row["id"] for row in first["rows"] + second["rows"]]
    assert [FEW + 1] * 2 == [each["window"]["first"] for each in (first, second)]


@pytest.mark.parametrize(
    "query", ["q=state:failed", "q=flow:etl", "q=tag:t-a", "q=error:page", "sort=oldest", "q=run:brisk-otter"]
)
def test_what_an_index_serves_is_of_all(ask, runs, query, monkeypatch):
    monkeypatch.setattr(window, "LOOKS_AT", 50)

    assert page(ask, query)["window"] is None


def test_little_is_looked_at_as_a_whole(ask, runs):
    assert page(ask, "q=attempt:>=0")["window"] is None


def test_nothing_found_offers_to_look_further(ask, runs, few):
    text = ask("/task-runs?q=name:extract%20map_index:>90").text

    assert "Look at those before" in text
    assert "No task run matches" in text
