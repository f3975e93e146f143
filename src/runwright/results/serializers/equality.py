"""Equality: two serializers that write the same are the same."""

from __future__ import annotations


class BySettings:
    """Equality by type and settings."""

    def __eq__(self, other: object) -> bool:
        """Compare type and attributes."""
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        """Agree with the equality; settings may be unhashable."""
        return hash(type(self))
