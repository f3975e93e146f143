"""Run queries: the bodies of searches for flows, flow runs and task runs, and the pages and histories that answer them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from heapq import nlargest, nsmallest
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from runwright.clock import recordable
from runwright.compat.run_questions import sort_of
from runwright.compat.run_search import Wanted, page_of
from runwright.compat.task_run_body import with_z
from runwright.server.limits import PAGE
from runwright.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runwright.compat.run_search import Expected, RunSearch

MOST_INTERVALS = 500
DEFAULT_SORT = "ID_DESC"

_SORTS = {
    "ID": "id",
    "NAME": "name",
    "CREATED": "created",
    "UPDATED": "updated",
    "START_TIME": "start_time",
    "END_TIME": "end_time",
    "DURATION": "total_run_time",
    "EXPECTED_START_TIME": "expected_start_time",
    "NEXT_SCHEDULED_START_TIME": "next_scheduled_start_time",
}


class Query(Wanted, kw_only=True):
    """The body of a search."""

    sort: str | None = None
    limit: Annotated[int, msgspec.Meta(ge=0, le=PAGE)] | None = None
    offset: Annotated[int, msgspec.Meta(ge=0, lt=1 << 62)] | None = None

    def page(self, found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the page that is asked for."""
        return ordered_page(found, self.sort, *self._place)

    def page_of_task_runs(self, search: RunSearch) -> list[dict[str, Any]]:
        """Return the page of task runs that is asked for."""
        return page_of_task_runs(search, self, self.sort, *self._place)

    @property
    def _place(self) -> tuple[int, int]:
        return self.offset or 0, PAGE if self.limit is None else self.limit


class PageQuery(Wanted, kw_only=True):
    """The body of a search by the number of a page."""

    sort: str | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=PAGE)] = PAGE
    page: Annotated[int, msgspec.Meta(ge=1, lt=1 << 62)] = 1

    def answer(self, found: Iterable[dict[str, Any]], count: int) -> dict[str, Any]:
        """Return the page that is asked for, and how many there are."""
        return self._answer(ordered_page(found, self.sort, self._offset, self.limit), count)

    def answer_with_task_runs(self, search: RunSearch) -> dict[str, Any]:
        """Return the page of task runs that is asked for, and how many there are."""
        count = search.count_task_runs(self)
        return self._answer(page_of_task_runs(search, self, self.sort, self._offset, self.limit), count)

    @property
    def _offset(self) -> int:
        return (self.page - 1) * self.limit

    def _answer(self, results: list[dict[str, Any]], count: int) -> dict[str, Any]:
        pages = -(-count // self.limit)
        return {"results": results, "count": count, "limit": self.limit, "pages": pages, "page": self.page}


class HistoryQuery(Wanted, kw_only=True):
    """The body of a history: how many runs were expected in each interval, by state."""

    history_start: datetime
    history_end: datetime
    history_interval_seconds: Annotated[float, msgspec.Meta(ge=1)] | None = None
    history_interval: Annotated[float, msgspec.Meta(ge=1)] | None = None

    def answer_with_task_runs(self, search: RunSearch) -> list[dict[str, Any]]:
        """Return the intervals with task runs."""
        start, end = _us(self.history_start) * 1_000, _us(self.history_end) * 1_000
        return self.answer(search.expected(self, start, end))

    def answer(self, found: Iterable[Expected]) -> list[dict[str, Any]]:
        """Return the intervals, each with the states of the runs in it; raises `Problem` 422 for none."""
        seconds = self.history_interval_seconds or self.history_interval
        start, end = _us(self.history_start), _us(self.history_end)
        if seconds is None or end <= start:
            raise Problem(422, "A history needs history_interval_seconds, and an end after its start.")
        step = timedelta(seconds=seconds) // timedelta(microseconds=1)
        intervals = min(MOST_INTERVALS, -(-(end - start) // step))
        states: list[Counter[tuple[str, str]]] = [Counter() for _ in range(intervals)]
        for each in found:
            place = (_us(datetime.fromisoformat(each.at)) - start) // step
            if 0 <= place < intervals:
                states[place][each.state_type, each.state_name] += each.count
        return [
            _interval(start + place * step, start + (place + 1) * step, counts) for place, counts in enumerate(states)
        ]


def is_usual(sort: str | None) -> bool:
    """Say whether an order is that in which runs are found."""
    return sort in {None, DEFAULT_SORT}


def page_of_task_runs(
    search: RunSearch, wanted: Wanted, sort: str | None, offset: int, limit: int
) -> list[dict[str, Any]]:
    """Return a page of task runs in the order of a documented word; raises `Problem` 422 for another word."""
    if is_usual(sort):
        return search.task_run_page(wanted, offset, limit)
    known = sort_of(str(sort))
    found = None if known is None else search.ordered_page(wanted, known, offset, limit)
    return ordered_page(search.task_runs(wanted), sort, offset, limit) if found is None else found


def ordered_page(found: Iterable[dict[str, Any]], sort: str | None, offset: int, limit: int) -> list[dict[str, Any]]:
    """Return a page of what was found in the order of a documented word, nulls last; raises `Problem` 422 for another word.

    However much is found, no more is held than the page and what stands before it.
    """
    if is_usual(sort):
        return page_of(found, offset, limit)
    field, _, direction = str(sort).rpartition("_")
    if field not in _SORTS or direction not in {"ASC", "DESC"}:
        raise Problem(422, f"There is no such order. Say one of {', '.join(_SORTS)} with _ASC or _DESC.")
    name, is_descending = _SORTS[field], direction == "DESC"
    first = nlargest if is_descending else nsmallest
    return first(offset + limit, found, key=lambda each: _rank(each.get(name), is_descending=is_descending))[offset:]


def _rank(value: Any, *, is_descending: bool) -> tuple[bool, Any]:
    """Return what puts nulls last."""
    return (value is None) != is_descending, "" if value is None else value


def _interval(start: int, end: int, counts: Counter[tuple[str, str]]) -> dict[str, Any]:
    return {
        "interval_start": with_z(start),
        "interval_end": with_z(end),
        "states": [
            {
                "state_type": type_,
                "state_name": name,
                "count_runs": number,
                "sum_estimated_run_time": 0.0,
                "sum_estimated_lateness": 0.0,
            }
            for (type_, name), number in sorted(counts.items())
        ],
    }


def _us(moment: datetime) -> int:
    return recordable(moment if moment.tzinfo else moment.replace(tzinfo=UTC)) // 1_000
