"""Texts: whether the document of a task run's event can hold words at all, by what the log and its flow run say.

A document says words of four kinds: those that any of them may say (keys, names of states), those of its flow run and its task, those
that came with an event of its task run until then, and ids and times, whose only letters are `a` to `f`, `t` and `z`. A word with
letters that are in none of them is not in the document, so that need not be built. Whatever is doubtful may be there.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from runwright.compat.events import specimens

if TYPE_CHECKING:
    from uuid import UUID

    from runwright.compat.event_filter import Words
    from runwright.compat.task_run_body import FlowRunFacts, Place
    from runwright.events import Event

_LETTERS = re.compile(r"[^\W\d_]+")
_OF_IDS = re.compile(r"[a-f]*|[tz]")
_FIRST_IN_LOG = 2
_KEPT = 1_000

Letters = frozenset[str]


class EventTexts:
    """Looks for the words of one filter in events, which are shown to it page by page, those of a page in their order."""

    def __init__(self, words: Words) -> None:
        """Look for these."""
        self._words = words
        said = _said_by_any()
        found = {each for each in _LETTERS.findall(words.query.lower()) if not _OF_IDS.fullmatch(each)}
        self._wanted = Letters(each for each in found if each not in said)
        self._of_tasks: dict[tuple[UUID, str], Letters] = {}
        self._seen: dict[tuple[UUID, int], tuple[int, Letters | None]] = {}

    def turn_page(self) -> None:
        """Forget what came with the events of the page before."""
        self._seen.clear()

    def see(self, event: Event) -> None:
        """Take note of what comes with an event."""
        place = event.flow_run, event.ordinal
        version, before = (1, Letters()) if event.version == _FIRST_IN_LOG else self._seen.get(place, (0, None))
        if version != event.version - 1:
            before = None
        self._seen[place] = event.version, None if before is None else before | self._said_with(event)

    def can_hold(self, facts: FlowRunFacts, place: Place) -> bool:
        """Say whether the document of the event that was seen last of a task run can hold what the filter asks for."""
        _, with_events = self._seen.get((facts.flow_run, place.ordinal), (0, None))
        if with_events is None:
            return True
        missing = self._wanted - with_events - self._said_of(facts, place)
        return not missing or self._words.can_match(lambda word: missing.isdisjoint(_LETTERS.findall(word)))

    def _said_with(self, event: Event) -> Letters:
        if not event.data:
            return Letters()
        text = _text(event.data)
        if type(event.data.get("message", "")) is not str:
            text += str(event.data["message"]).lower()
        return Letters(each for each in self._wanted if each in text)

    def _said_of(self, facts: FlowRunFacts, place: Place) -> Letters:
        """Return which of the letters the flow run and the task of a task run have."""
        key = facts.flow_run, place.task.slug
        if key not in self._of_tasks:
            if len(self._of_tasks) >= _KEPT:
                self._of_tasks.clear()
            task = place.task
            inputs = [each.key for each in task.edges]
            text = _text([facts.related_to(place), task.slug, task.key, task.policy, task.tags, inputs])
            self._of_tasks[key] = Letters(each for each in self._wanted if each in text)
        return self._of_tasks[key]


@cache
def _said_by_any() -> str:
    return _text(specimens())


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode().lower()
