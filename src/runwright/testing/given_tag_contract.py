"""Given tag contract: what task runs are called afterwards, found as what their tasks are tagged with is. Part of the store contract."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from runwright import ids
from runwright.errors import NotOnRecord, TagRefused
from runwright.given_tags import LONGEST_TAG, MOST_TAGS
from runwright.query import Aggregate, Compare, Query, Summary, columns
from runwright.testing.scribe import Scribe
from runwright.views import TaskRunFilter

if TYPE_CHECKING:
    from uuid import UUID

    from runwright.runs import TaskRun
    from runwright.store import Store


def _told(store: Store, *, tags: tuple[str, ...] = ()) -> Scribe:
    """Return a flow run whose first task run has succeeded and whose second has failed."""
    scribe = Scribe(store, tags=tags).start()
    scribe.run(1).run(2, ending="Failed").commit()
    return scribe


def _mapped(store: Store, *, tags: tuple[str, ...] = ()) -> Scribe:
    """Return a flow run whose first task is mapped over three, of which two have begun."""
    scribe = Scribe(store, tags=tags).start()
    first, second, _ = scribe.map(1, 3)
    scribe.run(first, second).commit()
    return scribe


def _task_run(scribe: Scribe, ordinal: int) -> UUID:
    return ids.task_run_id(scribe.flow_run, ordinal)


def _row(store: Store, scribe: Scribe, ordinal: int) -> TaskRun:
    return store.task_runs(TaskRunFilter(flow_run=scribe.flow_run, ordinals=(ordinal,)))[0]


def _found(store: Store, *tags: str) -> list[int]:
    return [row.ordinal for row in store.task_runs(TaskRunFilter(tags=tags, oldest_first=True))]


class GivenTagContract:
    """They stand beside the log: who runs a flow run neither gives them nor loses them."""

    def test_a_task_run_has_the_tags_of_its_task_and_those_that_it_was_given(self, store: Store) -> None:
        """Whoever holds the flow run; the record says who gave them, and when."""
        scribe = _told(store, tags=("nightly",))
        before = store.now()
        assert store.change_tags([_task_run(scribe, 2)], ["seen", "a bug"], by="ada") == 1
        row = _row(store, scribe, 2)
        assert ("nightly", "a bug", "seen") == row.tags
        assert [("a bug", "ada"), ("seen", "ada")] == [(each.tag, each.by) for each in row.given_tags]
        assert before <= row.given_tags[0].at <= store.now()
        assert ("nightly",) == _row(store, scribe, 1).tags
        assert ["a bug", "seen"] == store.given_tags()
        assert ["a bug"] == store.given_tags(limit=1)

    def test_tags_are_taken_back(self, store: Store) -> None:
        """Given again and taken again they change nothing; a task's own tags stay, and are not given."""
        scribe = _told(store, tags=("nightly",))
        task_run = _task_run(scribe, 1)
        assert store.change_tags([task_run], ["seen", "odd"]) == 1
        assert store.change_tags([task_run], ["seen", "nightly"]) == 0
        assert store.change_tags([task_run], ["even"], ["odd", "nightly", "never given"]) == 1
        assert ("nightly", "even", "seen") == _row(store, scribe, 1).tags
        assert store.change_tags([task_run], remove=["odd"]) == 0

    def test_they_outlive_what_the_run_does(self, store: Store) -> None:
        """A later state, and rows that are made again from the log."""
        scribe = Scribe(store).start().enter(1, "Running")
        scribe.commit()
        store.change_tags([_task_run(scribe, 1)], ["seen"])
        scribe.enter(1, "Success").commit()
        assert [] == store.rebuild(replace=True)
        assert ("seen",) == _row(store, scribe, 1).tags

    def test_they_are_found_by_tag(self, store: Store) -> None:
        """Of several tags some may be the task's; a state and a flow narrow the search as ever."""
        scribe = _told(store, tags=("nightly",))
        store.change_tags([_task_run(scribe, 2)], ["seen"])
        assert [2] == _found(store, "seen") == _found(store, "nightly", "seen")
        assert [1, 2] == _found(store, "nightly")
        assert [] == _found(store, "other", "seen")
        assert [2] == [row.ordinal for row in store.task_runs(TaskRunFilter(tags=("seen",), states=("Failed",)))]
        assert [] == store.task_runs(TaskRunFilter(tags=("seen",), states=("Success",)))

    def test_children_are_found_and_counted_by_tag(self, store: Store) -> None:
        """Among those of a task that has not got it; those without a row have what their task has, and are given none."""
        scribe = _mapped(store)
        store.change_tags([_task_run(scribe, 4)], ["seen"])
        assert [4] == _found(store, "seen")
        assert {"count": 1} == store.count_task_runs(TaskRunFilter(tags=("seen",)))
        assert {"Success": 1} == store.count_task_runs(TaskRunFilter(tags=("seen",)), "state")
        assert {"count": 1} == store.count_task_runs(TaskRunFilter(tags=("seen",), is_mapped_child=True))
        assert {"count": 0} == store.count_task_runs(TaskRunFilter(tags=("seen",), is_mapped_child=False))
        assert {"count": 1} == store.count_task_runs(TaskRunFilter(tags=("seen",), since=0))
        with pytest.raises(NotOnRecord):
            store.change_tags([_task_run(scribe, 5)], ["seen"])

    def test_children_of_a_tagged_task_are_counted_once(self, store: Store) -> None:
        """With those that have no row, whatever they were given besides."""
        scribe = _mapped(store, tags=("nightly",))
        store.change_tags([_task_run(scribe, 3)], ["seen"])
        children = TaskRunFilter(tags=("nightly",), is_mapped_child=True)
        assert {"Success": 2, "Pending": 1} == store.count_task_runs(children, "state")
        assert {"count": 1} == store.count_task_runs(TaskRunFilter(tags=("nightly", "seen")))

    def test_queries_know_them(self, store: Store) -> None:
        """As a list of words, which may be asked for what is in it."""
        scribe = _told(store, tags=("nightly",))
        store.change_tags([_task_run(scribe, 1)], ["seen"])

        def tags(wanted: object) -> list[list[str]]:
            where = Compare("tags", "contains", wanted)
            return [row["tags"] for row in json.loads(store.query(Query("task_run", columns("tags"), where)))]

        assert [["nightly", "seen"]] == tags(["seen"]) == tags(["seen", "nightly"])
        assert [["nightly", "seen"], ["nightly"]] == tags(["nightly"]) == tags([])
        assert [] == tags(["never given"]) == tags([1]) == tags(["a\0b"])
        same = Compare("tags", "eq", ["nightly", "seen"])
        counted = Summary("task_run", (Aggregate("count", "count"),), same)
        assert {"count": 1} == json.loads(store.query(counted))

    @pytest.mark.parametrize(
        ("add", "remove"),
        [
            ([], []),
            ([""], []),
            ([" \t"], []),
            (["a\nb"], []),
            (["\ud800"], []),
            ([], ["a\0"]),
            (["a" * (LONGEST_TAG + 1)], []),
            ([str(number) for number in range(MOST_TAGS + 1)], []),
            (["same"], [" same "]),
        ],
    )
    def test_what_is_no_tag_is_refused(self, store: Store, add: list[str], remove: list[str]) -> None:
        """And nothing is kept."""
        scribe = _told(store)
        with pytest.raises(TagRefused):
            store.change_tags([_task_run(scribe, 1)], ["fine", *add] if add else add, remove)
        assert () == _row(store, scribe, 1).tags

    def test_all_get_their_tags_or_none_does(self, store: Store) -> None:
        """One that is not on record is named: the id of an event or of a flow run is none of a task run."""
        scribe = _told(store)
        stranger = ids.task_run_id(ids.new_flow_run_id(0), 1)
        for wrong in (stranger, scribe.flow_run, _task_run(scribe, 9), ids.event_id(scribe.flow_run, 1, 3)):
            with pytest.raises(NotOnRecord, match=str(wrong)):
                store.change_tags([_task_run(scribe, 1), wrong], ["seen"])
        assert [] == store.given_tags()
        both = [_task_run(scribe, 1), _task_run(scribe, 2)]
        assert store.change_tags([*both, *both], ["seen"]) == 2

    def test_they_go_with_their_flow_run(self, store: Store) -> None:
        """What is purged leaves no tag behind."""
        scribe = _told(store).enter(0, "Failed")
        scribe.commit()
        store.change_tags([_task_run(scribe, 1)], ["seen"])
        store.release(scribe.lease)
        assert (scribe.flow_run,) == store.purge([scribe.flow_run]).flow_runs
        assert [] == store.given_tags() == store.find_damage()
