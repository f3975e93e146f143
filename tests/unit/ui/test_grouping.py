"""Task runs in groups: by the tallies of a record where they know enough, by its rows elsewhere, with the same numbers."""

from __future__ import annotations

import pytest

from runwright.states import TABLE
from runwright.ui import grouping, window

KINDS = {kind.name for kind in TABLE}


@pytest.fixture
def groups(ask):
    """Return the numbers by state of each group of a page: `groups("by", "search")`."""

    def of(by, search=""):
        page = ask("/task-runs.json", params={"group": by, "q": search}).data
        return {each["name"]: {part["state"]: part["count"] for part in each["parts"]} for each in page["groups"]}

    return of


@pytest.mark.parametrize(
    "search",
    [
        "flow:etl phase:ok",
        "tag:t-a phase:ok",
        "run:brisk-otter",
        "flow:states",
        "flow:states state:failed",
        "flow:nobody",
    ],
)
@pytest.mark.parametrize("by", ["flow", "task", "run", "worker"])
def test_tallies_and_rows_give_the_same_groups(groups, runs, by, search):
    assert groups(by, f"{search} attempt:>=0") == groups(by, search)


def test_a_kind_of_a_state_counts_for_itself_and_not_for_its_parent(groups, runs):
    found = groups("flow", "flow:states")["states"]

    assert found["Failed"] == found["TimedOut"] == found["Success"] == found["Cached"] == 1
    assert found.keys() <= KINDS


def test_flow_runs_of_one_name_are_one_group(groups, ask, runs):
    numbers = groups("run")

    assert sum(sum(each.values()) for each in numbers.values()) == ask("/task-runs.json").data["total"]
    assert {"early-bird-0", "early-bird-1", "early-bird-2", "busy-bee", "brisk-otter", "every-state"} == numbers.keys()


def test_groups_beyond_the_largest_are_counted(ask, runs, monkeypatch):
    monkeypatch.setattr(grouping, "MOST_GROUPS", 2)

    page = ask("/task-runs.json?group=run").data

    assert (2, 4) == (len(page["groups"]), page["groups_left_out"])
    assert "4 others are smaller" in ask("/task-runs?group=run").text


def test_errors_of_more_than_a_page_looks_at_are_grouped_in_part_and_the_page_says_so(ask, runs, monkeypatch):
    whole = ask("/task-runs.json?group=error").data
    bad = sum(each["count"] for each in whole["groups"])

    monkeypatch.setattr(window, "LOOKS_AT", bad)
    assert whole["groups"] == ask("/task-runs.json?group=error").data["groups"]

    monkeypatch.setattr(window, "LOOKS_AT", bad - 1)
    page = ask("/task-runs.json?group=error").data
    assert (1, bad - 1) == (page["window"]["first"], page["window"]["last"])
    assert sum(each["count"] for each in page["groups"]) < bad
    assert whole["groups"] == ask("/task-runs.json?group=error&look=all").data["groups"]
