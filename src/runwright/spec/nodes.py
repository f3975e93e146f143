"""Nodes: a YAML document as a tree that knows where each part stands.

Values are made from nodes on demand only: what a plain word means depends on the key that it is written for. Nothing here
knows a library for YAML, or a key of a flow.
"""

from __future__ import annotations

from typing import Any

from runwright.spec.scalars import value_of


class Scalar:
    """A text, number, boolean or null; `is_plain` says that it was written without quotes."""

    __slots__ = ("column", "is_plain", "line", "text")

    size = 1
    height = 1

    def __init__(self, text: str, line: int, column: int, *, is_plain: bool = True) -> None:
        """Hold the text as written; line and column count from 1."""
        self.text = text
        self.is_plain = is_plain
        self.line = line
        self.column = column

    @property
    def value(self) -> Any:
        """Return what the text means in YAML 1.2; raises `OverflowError` for numbers beyond 64 bits."""
        return value_of(self.text) if self.is_plain else self.text

    @property
    def is_null(self) -> bool:
        """Say whether nothing was written, or null."""
        return self.is_plain and self.text in NULLS


class Sequence:
    """A list of nodes."""

    __slots__ = ("column", "height", "items", "line", "size")

    is_null = False

    def __init__(self, line: int, column: int) -> None:
        """Begin an empty list; `size` counts the values in it, `height` how deep they go."""
        self.items: list[Node] = []
        self.line = line
        self.column = column
        self.size = 1
        self.height = 1

    def add(self, node: Node) -> None:
        """Add a node at the end."""
        self.items.append(node)
        self.size += node.size
        self.height = max(self.height, node.height + 1)


class Mapping:
    """Nodes by key, in the order in which they were written; `keys` are where the keys stand."""

    __slots__ = ("column", "entries", "height", "keys", "line", "size")

    is_null = False

    def __init__(self, line: int, column: int) -> None:
        """Begin an empty mapping."""
        self.entries: dict[str, Node] = {}
        self.keys: dict[str, Scalar] = {}
        self.line = line
        self.column = column
        self.size = 1
        self.height = 1

    def add(self, key: Scalar, node: Node) -> None:
        """Add an entry, or replace the one with the same key."""
        self.entries[key.text] = node
        self.keys[key.text] = key
        self.size += node.size
        self.height = max(self.height, node.height + 1)


Node = Scalar | Sequence | Mapping


def plain_data(node: Node) -> Any:
    """Return dictionaries, lists, texts, numbers, booleans and None; raises `OverflowError` for too large numbers."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain_data(item) for item in node.items]
    return {key: plain_data(item) for key, item in node.entries.items()}


def words_for(node: Node) -> str:
    """Return what a person would call the node, for messages."""
    if isinstance(node, Sequence):
        return "a list"
    if isinstance(node, Mapping):
        return "a mapping"
    shown = node.text if len(node.text) <= LONGEST_SHOWN else f"{node.text[:LONGEST_SHOWN]}..."
    return "nothing" if node.is_null else repr(shown)


NULLS = frozenset({"", "~", "null", "Null", "NULL"})
LONGEST_SHOWN = 60
