"""A search finds the same task runs whichever way the record is asked, and its numbers are of all that match."""

from __future__ import annotations

import pytest

from runwright import clock
from runwright.ui.search import parse
from runwright.ui.selection import Durations, Selection


def select(store, text):
    return Selection(store, parse(text, clock.now()))


def names(store, text, **how):
    page = select(store, text).page(**{"sort": "newest", "after": "", "limit": 1_000, **how})
    return [row.full_name for row in page.rows]


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (["extract-1"], "run:brisk-otter task:extract"),
        (["fetch-1[2]"], "run:brisk-otter state:failed task:fetch"),
        (["fetch-1[2]"], "run:brisk-otter error:PAGE"),
        (["fetch-1[2]", "fetch-1[1]"], "run:brisk-otter task:fetch-1 map_index:>0"),
        (["extract-1"], "run:brisk-otter attempt:>1"),
        (["extract-1"], "run:brisk-otter tag:t-a -state:failed"),
        (["load-1"], "run:brisk-otter name:LOAD"),
        ([], "run:brisk-otter state:success phase:bad"),
        ([], "run:nobody"),
        ([], "flow:etl flow:other"),
        (["ends-running"], "flow:states phase:active -state:cancelling"),
    ],
)
def test_terms_narrow(store, runs, expected, text):
    assert expected == names(store, text)


@pytest.mark.parametrize(
    "text", ["flow:etl phase:ok", "state:failed", "run:early-bird-1 task:fetch-1", "tag:t-a", "map_index:1"]
)
def test_the_named_reads_and_a_query_agree(store, runs, text):
    plain, queried = select(store, text), select(store, f"{text} attempt:>=0")

    assert (True, False) == (plain.is_plain, queried.is_plain)
    assert plain.counts() == queried.counts()
    assert sorted(names(store, text)) == sorted(names(store, f"{text} attempt:>=0"))


def test_children_that_have_not_begun_count_as_pending(store, runs):
    assert {"Pending": 3} == select(store, "run:busy-bee phase:waiting").counts()
    assert ["parse-1", "load-1"] == sorted(names(store, "run:busy-bee phase:waiting"), reverse=True)


@pytest.mark.parametrize("text", ["flow:etl", "attempt:>=1"])
@pytest.mark.parametrize("sort", ["newest", "oldest", "slowest"])
def test_pages_show_every_row_once(store, runs, text, sort):
    selection = select(store, text)
    whole = selection.page(sort=sort, after="", limit=1_000).rows
    found, after = [], ""
    while after is not None:
        page = selection.page(sort=sort, after=after, limit=7)
        found += page.rows
        after = page.after

    assert [row.id for row in whole] == [row.id for row in found]


def test_the_slowest_come_first(store, runs):
    rows = select(store, "run:brisk-otter").page(sort="slowest", after="", limit=3).rows

    assert "extract-1" == rows[0].full_name


def test_durations_are_of_all_that_match(store, runs):
    durations = select(store, "run:brisk-otter task:fetch map_index:>=0").durations()

    assert Durations(p50=1.0, p95=1.0, p99=1.0, longest=1.0, total=3.0, waited=9.0) == durations
    assert Durations() == select(store, "run:nobody").durations()


def test_groups_are_counted_by_state(store, runs):
    groups = select(store, "phase:bad flow:etl").groups("state_message", lambda message: message or "")

    assert {"Failed": 4} == groups["no such page"]
