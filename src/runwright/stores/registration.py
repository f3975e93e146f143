"""Registration: the id of a version of a flow, the same on every record."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from runwright.runs import FlowVersion

_FIXED = 0xF << 76 | 0b11 << 62
_VERSION_8 = 0x8 << 76 | 0b10 << 62  # the standard library makes no UUID of version 8 before Python 3.14


def flow_id_of(flow: FlowVersion) -> UUID:
    """Return the id that follows from name and fingerprint: registering again, anywhere, gives it again."""
    return _id_of(f"{flow.name}\x00{flow.fingerprint}")


def project_id_of(name: str) -> UUID:
    """Return the id that follows from the name of a project."""
    return _id_of(f"project\x00\x00{name}")


def _id_of(text: str) -> UUID:
    number = int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=16).digest(), "big")
    return UUID(int=number & ~_FIXED | _VERSION_8)
