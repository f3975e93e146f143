"""Keeping: what becomes of a value, a trigger's state or a card that is kept, decided the same way by every store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from runwright.errors import KeyTaken
from runwright.stores.texts import from_json, to_json, to_text

if TYPE_CHECKING:
    from runwright.cards import Card
    from runwright.key_values import KeyValue
    from runwright.trigger_states import TriggerState


def is_over(value: KeyValue, at: int) -> bool:
    """Say whether a value has expired."""
    return value.expires is not None and value.expires <= at


def kept(before: KeyValue | None, value: KeyValue, at: int, *, overwrite: bool) -> KeyValue:
    """Return a value as it is kept at a time in the place of the one before: with its times, its version, and as plain data.

    Raises `KeyTaken` where there is one that has not expired, and it is not to be overwritten.
    """
    if before is not None and is_over(before, at):
        before = None
    if before is not None and not overwrite:
        raise KeyTaken(
            f"The key {value.key!r} of the namespace {value.namespace!r} has a value already: allow overwriting, or take "
            "another key."
        )
    return replace(
        value,
        namespace=to_text(value.namespace),
        key=to_text(value.key),
        value=from_json(to_json(value.value)),
        type=to_text(value.type),
        created=at if before is None else before.created,
        updated=at,
        version=1 if before is None else before.version + 1,
        description=None if value.description is None else to_text(value.description),
    )


def kept_trigger(before: TriggerState | None, state: TriggerState, at: int) -> TriggerState | None:
    """Return a state as it is kept at a time over the one before; None when it was not read in that one's version."""
    if state.version != (0 if before is None else before.version):
        return None
    return replace(
        state,
        namespace=to_text(state.namespace),
        flow=to_text(state.flow),
        trigger=to_text(state.trigger),
        data=from_json(to_json(state.data)),
        created=at if before is None else before.created,
        updated=at,
        version=state.version + 1,
    )


def kept_card(before: Card | None, card: Card, at: int) -> Card | None:
    """Return a card as it is kept at a time over the one before; None when it was not read in that one's version."""
    if card.version != (0 if before is None else before.version):
        return None
    return replace(
        card,
        kind=to_text(card.kind),
        name=to_text(card.name),
        data=from_json(to_json(card.data)),
        created=at if before is None else before.created,
        updated=at,
        version=card.version + 1,
    )
