"""Paging: which page of a list, and in which order, as clients of executions write it: page, size, sort."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from runwright.query import Order
from runwright.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from starlette.requests import Request

    Item = TypeVar("Item")

DEFAULT_SIZE = 10
MOST_IN_A_PAGE = 1_000
LAST_PAGE = 1_000_000


class Sort(NamedTuple):
    """A field to sort by."""

    field: str
    is_descending: bool


class Page(NamedTuple):
    """A page, from 1, and the fields to sort by, the first of them first."""

    number: int = 1
    size: int = DEFAULT_SIZE
    sorts: tuple[Sort, ...] = ()

    @property
    def offset(self) -> int:
        """Return how many come before it."""
        return (self.number - 1) * self.size

    @classmethod
    def from_request(cls, request: Request, default_size: int = DEFAULT_SIZE) -> Page:
        """Read `page`, `size` and `sort=field:asc`; raises `Problem` 422 for what cannot be."""
        values = request.query_params
        number = _number("page", values.get("page", "1"), LAST_PAGE)
        size = _number("size", values.get("size", str(default_size)), MOST_IN_A_PAGE)
        return cls(
            number, size, tuple(_sort(text) for each in values.getlist("sort") for text in each.split(",") if text)
        )

    def of(self, items: Sequence[Item]) -> Sequence[Item]:
        """Return the items of this page."""
        return items[self.offset : self.offset + self.size]

    def in_order(self, items: list[Item], fields: Mapping[str, Callable[[Item], Any]]) -> list[Item]:
        """Return items sorted; raises `Problem` 422 for a field that is not among those one may sort by."""
        for sort in reversed(self.sorts):
            key = fields.get(sort.field)
            if key is None:
                raise _nothing_to_sort_by(fields)
            items = sorted(items, key=_nulls_last(key), reverse=sort.is_descending)
        return items

    def orders(self, fields: Mapping[str, Order]) -> tuple[Order, ...]:
        """Return the orders of a query; raises `Problem` 422 for a field that is not among those one may sort by."""
        unknown = [sort.field for sort in self.sorts if sort.field not in fields]
        if unknown:
            raise _nothing_to_sort_by(fields)
        return tuple(
            Order(fields[each.field].column, each.is_descending, via=fields[each.field].via) for each in self.sorts
        )

    def answer(self, items: list[Item], describe: Callable[[Item], Any]) -> dict[str, Any]:
        """Return a page of results, and how many there are in all."""
        return {"results": [describe(each) for each in self.of(items)], "total": len(items)}


def _nothing_to_sort_by(fields: Iterable[str]) -> Problem:
    return Problem(422, f"There is nothing to sort by under that name. Sort by: {', '.join(sorted(fields))}.")


def _nulls_last(key: Callable[[Any], Any]) -> Callable[[Any], tuple[bool, Any]]:
    def of(item: Any) -> tuple[bool, Any]:
        value = key(item)
        return value is None, "" if value is None else value

    return of


def _number(name: str, text: str, most: int) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:20]) <= most:
        raise Problem(422, f"Illegal argument: {name} must be a number from 1 to {most}.")
    return int(text)


def _sort(text: str) -> Sort:
    field, _, direction = text.partition(":")
    if direction.lower() not in {"", "asc", "desc"}:
        raise Problem(422, "Illegal argument: sort is written as field:asc or field:desc.")
    return Sort(field, direction.lower() == "desc")
