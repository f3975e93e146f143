"""JSON matching: whether a document contains another, or has keys, as PostgreSQL understands it."""

from __future__ import annotations

from typing import Any


def matches(document: Any, operator: str, value: Any) -> bool:
    """Say whether a document fulfils an operator for JSON columns of `runwright.query`."""
    if operator == "eq":
        return _is_same(document, value)
    if operator == "contains":
        return contains(document, value)
    if operator == "contained_in":
        return contains(value, document)
    keys = [value] if operator == "has_key" else value
    found = [_has_key(document, key) for key in keys]
    return any(found) if operator == "has_keys_any" else all(found)


def contains(whole: Any, part: Any) -> bool:
    """Say whether all of `part` is in `whole`; a list contains a scalar that is one of its elements, at the top only."""
    if isinstance(whole, list) and not isinstance(part, list | dict):
        return any(_contains(each, part) for each in whole)
    return _contains(whole, part)


def _is_same(one: Any, other: Any) -> bool:
    """Say whether two documents are equal; a truth is no number."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_is_same(each, other[key]) for key, each in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_is_same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _contains(whole: Any, part: Any) -> bool:
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(
            key in whole and _contains(whole[key], each) for key, each in part.items()
        )
    if isinstance(part, list):
        return isinstance(whole, list) and all(any(_contains(each, wanted) for each in whole) for wanted in part)
    return isinstance(whole, bool) == isinstance(part, bool) and whole == part


def _has_key(document: Any, key: str) -> bool:
    if isinstance(document, dict | list):
        return key in document
    return document == key
