"""Equality: two serializers that write the same are the same."""

from __future__ import annotations

from typing import Any


class BySettings:
    """What every serializer has: a name, and equality by type and settings."""

    @property
    def name(self) -> str:
        """Return the class's name and where it is: serializers of the user's own need no other."""
        return f"{type(self).__module__}.{type(self).__qualname__}"

    def serialize(self, value: Any) -> bytes:
        """Return the bytes for a value: for subclasses to write."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it writes: override serialize(value).")

    def deserialize(self, data: bytes) -> Any:
        """Return the value that the bytes stand for: for subclasses to write."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it reads: override deserialize(data).")

    def __eq__(self, other: object) -> bool:
        """Compare type and attributes."""
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        """Agree with the equality; settings may be unhashable."""
        return hash(type(self))
