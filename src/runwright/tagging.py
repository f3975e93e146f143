"""Tagging: tags for every task that is made or called inside a `with` block."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from runwright.context import context

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable


@contextmanager
def tags(*names: str) -> Generator[None]:
    """Add tags to the tasks of a `with` block; blocks inside each other add up."""
    with context(tags=active_tags() | checked_tags(names)):
        yield


def active_tags() -> frozenset[str]:
    """Return the tags of the `with tags(...)` blocks around here."""
    return context.get("tags") or frozenset()


def checked_tags(given: Iterable[str] | None) -> frozenset[str]:
    """Return tags as a set; raises `TypeError` for a lone string and for tags that are none."""
    if isinstance(given, str):
        raise TypeError(f"tags must be a list of strings, not one string: write tags=[{given!r}].")
    found = frozenset(given or ())
    for tag in found:
        if not isinstance(tag, str):  # pyright: ignore[reportUnnecessaryIsInstance]  users give anything
            raise TypeError(f"Each tag must be a string; got {tag!r}.")
    return found
