"""Evaluation: when a trigger fires, as a pure function of the events in their order and of the time.

What is counted so far is a `Standing`, which says the same after it was written down and read again. Times are nanoseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from runwright.automations.declared import EventTrigger, SequenceTrigger
from runwright.clock import NANOSECONDS
from runwright.compat.event_filter import matches_labels

if TYPE_CHECKING:
    from runwright.automations.declared import CompoundTrigger, Trigger

    Document = dict[str, Any]

MOST_BUCKETS = 10_000
"""How many counts one trigger keeps for values of `for_each`; the oldest is given up for another."""

_RELATED = "related:"


class Bucket(msgspec.Struct, omit_defaults=True):
    """One count: since when, until when (None: for ever), how many, and the event that began it."""

    start: int
    end: int | None = None
    count: int = 0
    opened_by: dict[str, Any] | None = None


class Standing(msgspec.Struct, omit_defaults=True):
    """How far a trigger has come: counts by the values of `for_each`, or the standings of its triggers and when each has fired."""

    buckets: dict[str, Bucket] = {}
    children: list[Standing] = []
    fired: dict[str, int] = {}


class Firing(msgspec.Struct, omit_defaults=True):
    """A trigger fired: `key` tells this from all other times, `document` is the event that it fired for, if any."""

    key: str
    at: int
    document: dict[str, Any] | None = None
    labels: dict[str, str] = {}


def begun(trigger: Trigger, at: int) -> Standing:
    """Return where a trigger stands that begins to listen at a time: what does not come is waited for from then on."""
    if not isinstance(trigger, EventTrigger):
        return Standing(children=[begun(each, at) for each in trigger.triggers])
    waits = trigger.is_proactive and not trigger.after and not trigger.for_each
    return Standing(buckets={"[]": _bucket(trigger, at, None)} if waits else {})


def offer(trigger: Trigger, standing: Standing, document: Document, at: int) -> list[Firing]:
    """Take an event of a time; returns what fires, and changes the standing."""
    if isinstance(trigger, EventTrigger):
        return _offer_event(trigger, standing, document, at)
    found: list[Firing] = []
    for index, (each, own) in enumerate(zip(trigger.triggers, standing.children, strict=True)):
        for firing in offer(each, own, document, at):
            found += _note(trigger, standing, index, firing)
    return found


def elapse(trigger: Trigger, standing: Standing, now: int) -> list[Firing]:
    """Let time pass: returns what fires because something did not come, and forgets counts that are over."""
    if isinstance(trigger, EventTrigger):
        over = [key for key, each in standing.buckets.items() if each.end is not None and each.end <= now]
        return [firing for key in over for firing in _close(trigger, standing, key, now)]
    found: list[Firing] = []
    for index, (each, own) in enumerate(zip(trigger.triggers, standing.children, strict=True)):
        for firing in elapse(each, own, now):
            found += _note(trigger, standing, index, firing)
    return found


def names_of(trigger: Trigger) -> set[str] | None:
    """Return the names, or what they begin with before a `*`, of the events that a trigger listens to; None for all."""
    if not isinstance(trigger, EventTrigger):
        parts = [names_of(each) for each in trigger.triggers]
        return None if None in parts else {name for part in parts if part for name in part}
    begins_with_any = trigger.is_proactive and trigger.for_each and not trigger.after
    return None if not trigger.expect or begins_with_any else {*trigger.expect, *trigger.after}


def is_named(name: str, patterns: list[str] | set[str]) -> bool:
    """Say whether an event's name is one of these; a `*` at an end stands for anything."""
    return any(name.startswith(each[:-1]) if each.endswith("*") else name == each for each in patterns)


# ---- events


def _offer_event(trigger: EventTrigger, standing: Standing, document: Document, at: int) -> list[Firing]:
    if not _is_about(trigger, document):
        return []
    key = _key_of(trigger, document)
    if key is None:
        return []
    buckets, found = standing.buckets, []
    bucket = buckets.get(key)
    if bucket is not None and bucket.end is not None and at >= bucket.end:
        found += _close(trigger, standing, key, at)
    is_expected = not trigger.expect or is_named(document["event"], trigger.expect)
    if trigger.after:
        found += _count(trigger, standing, key, document, at) if is_expected else []
        if is_named(document["event"], trigger.after) and key not in buckets:
            _open(trigger, standing, key, document, at)
    elif is_expected or trigger.is_proactive:
        if key not in buckets:
            _open(trigger, standing, key, document, at)
        found += _count(trigger, standing, key, document, at) if is_expected else []
    return found


def _is_about(trigger: EventTrigger, document: Document) -> bool:
    if not matches_labels(document["resource"], trigger.match):
        return False
    return all(any(matches_labels(each, wanted) for each in document["related"]) for wanted in trigger.related)


def _key_of(trigger: EventTrigger, document: Document) -> str | None:
    """Return what tells the count of an event from those of others, None when it lacks a label that is counted by."""
    values = [_label_of(document, each) for each in trigger.for_each]
    return None if None in values else msgspec.json.encode(values).decode()


def _label_of(document: Document, label: str) -> str | None:
    if not label.startswith(_RELATED):
        return document["resource"].get(label)
    role, _, name = label.removeprefix(_RELATED).partition(":")
    related = (each for each in document["related"] if each.get("prefect.resource.role") == role)
    return next((each[name] for each in related if name in each), None)


def _bucket(trigger: EventTrigger, at: int, document: Document | None) -> Bucket:
    end = at + int(trigger.within * NANOSECONDS) if trigger.within else None
    return Bucket(at, end, 0, document if trigger.is_proactive else None)


def _open(trigger: EventTrigger, standing: Standing, key: str, document: Document, at: int) -> None:
    if len(standing.buckets) >= MOST_BUCKETS:
        del standing.buckets[next(iter(standing.buckets))]
    standing.buckets[key] = _bucket(trigger, at, document)


def _count(trigger: EventTrigger, standing: Standing, key: str, document: Document, at: int) -> list[Firing]:
    """Count an event where something is counted; enough of them fire, or show that what was waited for has come."""
    bucket = standing.buckets.get(key)
    if bucket is None:
        return []
    bucket.count += 1
    if bucket.count < trigger.threshold:
        return []
    if trigger.is_proactive:
        if trigger.after:
            del standing.buckets[key]
        return []
    del standing.buckets[key]
    return [Firing(f"{key}/{document['id']}", at, document, _labels(trigger, key))]


def _close(trigger: EventTrigger, standing: Standing, key: str, now: int) -> list[Firing]:
    """End a count whose time is over; without an event to begin it, the next one begins at once."""
    bucket = standing.buckets.pop(key)
    if not trigger.is_proactive or bucket.end is None:
        return []
    if not trigger.after:
        width = bucket.end - bucket.start
        start = bucket.end + (now - bucket.end) // width * width
        standing.buckets[key] = _bucket(trigger, start, bucket.opened_by)
    if bucket.count >= trigger.threshold:
        return []
    return [Firing(f"{key}/{bucket.start}", bucket.end, bucket.opened_by, _labels(trigger, key))]


def _labels(trigger: EventTrigger, key: str) -> dict[str, str]:
    return dict(zip(trigger.for_each, msgspec.json.decode(key), strict=True))


# ---- triggers of triggers


def _note(trigger: CompoundTrigger | SequenceTrigger, standing: Standing, index: int, firing: Firing) -> list[Firing]:
    """Take note that one of the triggers has fired; returns what that makes fire."""
    fired, at = standing.fired, firing.at
    if trigger.within is not None:
        earliest = at - int(trigger.within * NANOSECONDS)
        kept = {key: when for key, when in fired.items() if when >= earliest}
        if isinstance(trigger, SequenceTrigger) and len(kept) < len(fired):
            kept = {}  # whose first one is too old begins anew
        fired = standing.fired = kept
    if isinstance(trigger, SequenceTrigger) and index != len(fired):
        return []
    fired[str(index)] = at
    if len(fired) < trigger.needed:
        return []
    standing.fired = {}
    return [Firing(f"{index}/{firing.key}", at, firing.document, firing.labels)]
