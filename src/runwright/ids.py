"""Identity: the UUIDs of flow runs, task runs and events, and the branch a task run stands in.

Ids are ordered and derivable, because random keys cost a B-tree several times more than sequential ones:
one layout serves all three kinds, and masking leads from an event to its task run and on to its flow run.

    48 bits   milliseconds since 1970 when the flow run was created
     4 bits   UUID version 7
    12 bits   identity of the flow run, high part
     2 bits   UUID variant
    14 bits   identity of the flow run, low part
    28 bits   ordinal of the task run inside its flow run (0 is the flow run itself)
    20 bits   version of the task run after the event (0 is the task run itself)

This module knows nothing of clocks: the caller gives the time.
"""

from __future__ import annotations

import os
from hashlib import blake2b
from uuid import UUID

ORDINAL_BITS = 28
VERSION_BITS = 20
MAX_ORDINAL = (1 << ORDINAL_BITS) - 1
MAX_VERSION = (1 << VERSION_BITS) - 1

_IDENTITY_BITS = 26
_IDENTITY_LOW_BITS = 14
_SUFFIX_BITS = ORDINAL_BITS + VERSION_BITS
_SUFFIX_MASK = (1 << _SUFFIX_BITS) - 1
_VERSION_NIBBLE = 0x7 << 76
_HASHED = 0x8 << 76
_VARIANT = 0b10 << 62
_MARKS = 0xF << 76 | 0b11 << 62


def new_flow_run_id(at: int) -> UUID:
    """Return a fresh flow run id for the time `at` (nanoseconds since 1970)."""
    identity = int.from_bytes(os.urandom(4), "big") >> 6
    high, low = identity >> _IDENTITY_LOW_BITS, identity & ((1 << _IDENTITY_LOW_BITS) - 1)
    milliseconds = (at // 1_000_000) & ((1 << 48) - 1)
    return UUID(int=milliseconds << 80 | _VERSION_NIBBLE | high << 64 | _VARIANT | low << _SUFFIX_BITS)


def derived_flow_run_id(at: int, key: str) -> UUID:
    """Return the flow run id that follows from a key, the same on every call; its time is up to a second after `at`."""
    digest = int.from_bytes(blake2b(key.encode("utf-8", "replace"), digest_size=8).digest(), "big")
    digest, late = divmod(digest, 1_000)
    identity = digest & ((1 << _IDENTITY_BITS) - 1)
    high, low = identity >> _IDENTITY_LOW_BITS, identity & ((1 << _IDENTITY_LOW_BITS) - 1)
    milliseconds = (at // 1_000_000 + late) & ((1 << 48) - 1)
    return UUID(int=milliseconds << 80 | _VERSION_NIBBLE | high << 64 | _VARIANT | low << _SUFFIX_BITS)


def task_run_id(flow_run: UUID, ordinal: int) -> UUID:
    """Return the id of the task run number `ordinal` of a flow run; ordinal 0 gives the flow run's own id."""
    return UUID(int=flow_run.int & ~_SUFFIX_MASK | ordinal << VERSION_BITS)


def task_run_text(flow_run: str, ordinal: int) -> str:
    """Return `str(task_run_id(...))` for the text of a flow run's id: the last twelve digits are all that differs."""
    return f"{flow_run[:24]}{ordinal << VERSION_BITS:012x}"


def task_id(flow: UUID, index: int) -> UUID:
    """Return the id of the task number `index` of a version of a flow."""
    return UUID(int=flow.int & ~_SUFFIX_MASK | (index + 1) << VERSION_BITS)


def event_id(flow_run: UUID, ordinal: int, version: int) -> UUID:
    """Return the id of the event that brought a task run to `version`.

    Versions past the layout's width (a loop of a million turns) get a hashed id, still the same on every read.
    """
    if version > MAX_VERSION:
        digest = blake2b(flow_run.bytes + ordinal.to_bytes(8, "big") + version.to_bytes(8, "big"), digest_size=16)
        return UUID(int=int.from_bytes(digest.digest(), "big") & ~_MARKS | _HASHED | _VARIANT)
    return UUID(int=flow_run.int & ~_SUFFIX_MASK | ordinal << VERSION_BITS | version)


def event_text(flow_run: str, ordinal: int, version: int) -> str:
    """Return `str(event_id(...))` for the text of a flow run's id."""
    if version > MAX_VERSION:
        return str(event_id(UUID(flow_run), ordinal, version))
    return f"{flow_run[:24]}{ordinal << VERSION_BITS | version:012x}"


def flow_run_from_text(text: str) -> UUID | None:
    """Return the id of a flow run that a text is, None when it is no such id: they leave room for task runs and events."""
    try:
        flow_run = UUID(text)
    except ValueError:
        return None
    return flow_run if flow_run.int & (_MARKS | _SUFFIX_MASK) == _VERSION_NIBBLE | _VARIANT else None


def flow_run_of(any_id: UUID) -> UUID:
    """Return the flow run that a task run id or event id belongs to."""
    return UUID(int=any_id.int & ~_SUFFIX_MASK)


def ordinal_of(any_id: UUID) -> int:
    """Return the ordinal inside its flow run that a task run id or event id carries."""
    return (any_id.int & _SUFFIX_MASK) >> VERSION_BITS


def created_at(flow_run: UUID) -> int:
    """Return the time in nanoseconds, to the millisecond, at which the flow run's id was made."""
    return (flow_run.int >> 80) * 1_000_000
