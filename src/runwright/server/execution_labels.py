"""Execution labels: how labels are written in a URL, as `key:value`; the value may have colons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

_RESERVED = "system."
_GIVEN = "system.correlationId"


def label_in(text: str) -> tuple[str, str]:
    """Return key and value; raises `Problem` 422 for a text that is no label."""
    key, colon, value = text.partition(":")
    if not colon or not key:
        raise Problem(422, "Illegal argument: a label is written as key:value.")
    return key, value


def new_labels(texts: Iterable[str]) -> dict[str, str]:
    """Return the labels for a new execution, of equal keys the first; raises `Problem` 422 as `check_free`."""
    labels: dict[str, str] = {}
    for text in texts:
        key, value = label_in(text)
        check_free(key)
        labels.setdefault(key, value)
    return labels


def check_free(key: str) -> None:
    """Raise `Problem` 422 for a key that only the system gives."""
    if key.startswith(_RESERVED) and key != _GIVEN:
        raise Problem(422, f"Illegal argument: the label {key} is for the system to set.")
