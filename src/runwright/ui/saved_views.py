"""Saved views: searches that people keep under a name, on the record, for everybody who looks at it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from runwright import decoding
from runwright.key_values import KeyValue

if TYPE_CHECKING:
    from runwright.store import Store

NAMESPACE = "runwright.pages"
"""The namespace of the record that they are values of."""
PAGES = ("task-runs", "flow-runs")
LONGEST_NAME = 60
LONGEST_QUERY = 4_000
_ODD = re.compile(r"[^a-z0-9]+")


class SavedView(msgspec.Struct, frozen=True):
    """A page and what stands behind its question mark, under a name."""

    key: str
    name: str
    page: str
    query: str


def saved_views(record: Store, page: str) -> list[SavedView]:
    """Return the saved views of a page, by name."""
    found = record.list_values(NAMESPACE, f"{page}.")
    views = [_read(each) for each in found]
    return sorted((each for each in views if each is not None), key=lambda view: view.name.lower())


def _read(kept: KeyValue) -> SavedView | None:
    try:
        return decoding.from_plain({**kept.value, "key": kept.key}, SavedView)
    except (msgspec.ValidationError, TypeError):  # somebody else wrote there
        return None


def keep(record: Store, page: str, name: str, query: str) -> SavedView:
    """Keep a view and return it; one of the same name is replaced. Raises `ValueError` for a name that is none."""
    name = " ".join(name.split())
    word = _ODD.sub("-", name.lower()).strip("-")
    if page not in PAGES or not word or len(name) > LONGEST_NAME or len(query) > LONGEST_QUERY:
        raise ValueError(f"A view has a name of at most {LONGEST_NAME} characters, with a letter or digit in it.")
    view = SavedView(f"{page}.{word}", name, page, query.lstrip("?"))
    value = {"name": view.name, "page": view.page, "query": view.query}
    record.keep_value(KeyValue(NAMESPACE, view.key, value, "JSON", 0, 0))
    return view


def forget(record: Store, key: str) -> bool:
    """Delete a view; False where there was none."""
    return record.delete_value(NAMESPACE, key)
