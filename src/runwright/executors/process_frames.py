"""Frames: how what is said between a worker process and its parent is told apart on a stream of bytes.

A frame has a kind, the ordinal and attempt it is about, and a body that this module does not look into.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import NamedTuple

CHUNK = 64 * 1024
"""How many bytes to read at once."""

TICKET = struct.Struct("<qq")
"""What stands for one call in the pipe of tickets beside the stream: its ordinal and attempt."""

_HEADER = struct.Struct("<QBqq")


class Kind(IntEnum):
    """What a frame says, and who says it."""

    SETUP = 1
    """Parent: how to be a worker; the first frame."""
    READY = 2
    """Worker: calls may come."""
    SETTING = 3
    """Parent: what all calls from here on have in common. The ordinal is its number."""
    TASK = 4
    """Parent: a task that calls will name. The ordinal is its number."""
    CALL = 5
    """Parent: an attempt to make."""
    PARTIAL = 6
    """Worker: a report."""
    FINAL = 7
    """Worker: the last report of an attempt."""


class Frame(NamedTuple):
    """One thing said."""

    kind: int
    ordinal: int
    attempt: int
    body: bytes


def packed(kind: Kind, body: bytes, ordinal: int = 0, attempt: int = 0) -> bytes:
    """Return the bytes of a frame."""
    return _HEADER.pack(len(body), kind, ordinal, attempt) + body


class Unpacker:
    """Puts frames together from the chunks that a stream comes in."""

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._bytes = bytearray()

    def feed(self, chunk: bytes) -> list[Frame]:
        """Return the frames that are complete now."""
        held = self._bytes
        held += chunk
        frames: list[Frame] = []
        start, known = 0, len(held)
        while known - start >= _HEADER.size:
            length, kind, ordinal, attempt = _HEADER.unpack_from(held, start)
            body = start + _HEADER.size
            if known - body < length:
                break
            start = body + length
            frames.append(Frame(kind, ordinal, attempt, bytes(memoryview(held)[body:start])))
        del held[:start]
        return frames
