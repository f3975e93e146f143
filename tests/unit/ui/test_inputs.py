"""The inputs of a task run: where each came from, and its value where that is plain and short."""

from __future__ import annotations

from contextlib import closing

import pytest

from runwright import Flow, Parameter, flatten, task
from runwright.results import LocalResult
from runwright.stores import open_store
from runwright.ui import inputs as reading
from runwright.views import TaskRunFilter


@task
def numbers(count):
    return list(range(10, 10 + count))


@task
def twice(number):
    return number * 2


@task
def pairs():
    return [[1], [2]]


@task
def same(value):
    return value


@task
def total(numbers, factor, *, odd=None):
    return sum(numbers) * factor


@pytest.fixture
def store(tmp_path, runwright_home):
    """Return a record that a flow can open by itself."""
    with closing(open_store(f"sqlite:///{tmp_path}/record.db", synchronous="NORMAL")) as store:
        yield store


@pytest.fixture
def inputs(store, ask, monkeypatch, tmp_path):
    """Run a flow on the record, and return the page of inputs of one of its task runs by slug and index."""
    with Flow("inputs", result=LocalResult(str(tmp_path / "results"))) as flow:
        count = Parameter("count", default=3)
        found = numbers(count)
        doubled = twice.map(found)
        total(doubled, 2, odd=same(found))
        same.map(flatten(pairs()))
        same(object())
    monkeypatch.setenv("RUNWRIGHT_RECORD", store.url)
    flow.run()

    def of(slug, index=-1):
        rows = store.task_runs(TaskRunFilter(task=slug))
        row = next(each for each in rows if each.map_index == index)
        return ask(f"/task-runs/{row.id}.json?tab=inputs").data

    return of


def told(page):
    return {each["name"]: (each["source"], each["says"], each["text"]) for each in page["inputs"]}


def test_inputs_are_told_with_where_they_came_from_and_their_values(inputs):
    assert {"count": ("count", "its result", "3")} == told(inputs("numbers-1"))
    assert {"number": ("numbers-1", "item 1 of its result", "11")} == told(inputs("twice-1", 1))
    assert {"count": 3} == inputs("numbers-1")["parameters"]


def test_what_is_no_single_value_says_why(inputs):
    page = inputs("total-1")

    assert ("twice-1", "the results of all its children", "") == told(page)["numbers"]
    assert told(page)["odd"][2].split() == ["[", "10,", "11,", "12", "]"]
    assert "Its place is not kept." == inputs("same-2", 0)["inputs"][0]["why"]
    assert {} == told(inputs("pairs-1"))


def test_a_long_value_is_cut(inputs, monkeypatch):
    monkeypatch.setattr(reading, "LONGEST", 4)

    assert "[\n  \u2026" == told(inputs("same-1"))["value"][2]
