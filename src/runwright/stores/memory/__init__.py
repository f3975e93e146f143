"""Memory: records that end with their process, for tests and for trying things out."""

from runwright.stores.memory.store import MemoryStore

__all__ = ["MemoryStore"]
