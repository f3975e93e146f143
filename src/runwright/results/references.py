"""References: what the record keeps of stored bytes, and the proof that the bytes read are those that were written."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

from runwright.errors import ResultDamaged, ResultUnavailable
from runwright.result import ResultRef

CHECKSUM_BYTES = 8

_WITHOUT_LENGTH = frozenset({type(None), bool, int, float})
_WITH_LENGTH = frozenset({list, tuple, dict, str, bytes})


def checksum(data: bytes) -> bytes:
    """Return the BLAKE2b-64 of stored bytes."""
    return blake2b(data, digest_size=CHECKSUM_BYTES).digest()


def reference(kind: str, location: str, serializer: str, data: bytes, value: Any) -> ResultRef:
    """Return the reference to `data`, stored at `location`, that `value` became."""
    return ResultRef(kind, location, serializer, len(data), checksum(data).hex(), length_of(value))


def length_of(value: Any) -> int | None:
    """Return `len(value)` where the value can be mapped over: it has a length and items; else None."""
    kind = type(value)
    if kind in _WITHOUT_LENGTH:
        return None
    if kind not in _WITH_LENGTH and not (hasattr(kind, "__len__") and hasattr(kind, "__getitem__")):
        return None
    try:
        return len(value)
    except Exception:  # noqa: BLE001  a length that cannot be told is none
        return None


def check(ref: ResultRef, data: bytes) -> bytes:
    """Return the bytes read for a reference.

    Raises `ResultUnavailable` when some are missing, `ResultDamaged` when they are not those that were written.
    """
    if len(data) < ref.size:
        raise unavailable(ref.location, f"only {len(data)} of {ref.size} bytes are left")
    if ref.checksum and checksum(data).hex() != ref.checksum:
        raise damaged(ref.location)
    return data


def unavailable(location: str, reason: str) -> ResultUnavailable:
    """Return the error for a stored result that is gone."""
    return ResultUnavailable(f"The result at {location} is gone: {reason}. Restore it, or run the task again.")


def damaged(location: str) -> ResultDamaged:
    """Return the error for stored bytes that changed."""
    return ResultDamaged(
        f"The result at {location} is damaged: its bytes are not those that were written. Restore it, or run the "
        "task again."
    )
