"""JSON matching: whether a document contains another, or has keys, as PostgreSQL understands it."""

from __future__ import annotations

from typing import Any


def matches(document: Any, operator: str, value: Any) -> bool:
    """Say whether a document fulfils an operator for JSON columns of `runwright.query`."""
    if operator == "eq":
        return document == value
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
