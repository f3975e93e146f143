"""Nodes: the tree that a template is read into. `at` is the offset in its text that an error points to."""

from __future__ import annotations

from typing import Any

import msgspec


class Node(msgspec.Struct, frozen=True):
    """A part of a template."""

    at: int


class Constant(Node, frozen=True):
    """A number, text, boolean or null."""

    value: Any


class Name(Node, frozen=True):
    """A variable."""

    name: str


class Entry(Node, frozen=True):
    """`target.key` or `target[key]`."""

    target: Node
    key: Node


class Items(Node, frozen=True):
    """`[a, b]`."""

    items: list[Node]


class Pairs(Node, frozen=True):
    """`{"a": b}`."""

    pairs: list[tuple[Node, Node]]


class Unary(Node, frozen=True):
    """`not a`, `-a`, `+a`."""

    operator: str
    operand: Node


class Binary(Node, frozen=True):
    """`a + b` and its like."""

    operator: str
    left: Node
    right: Node


class Choice(Node, frozen=True):
    """`condition ? then : otherwise`."""

    condition: Node
    then: Node
    otherwise: Node


class Arguments(msgspec.Struct, frozen=True):
    """What a filter, function or test is given."""

    positional: list[Node] = []
    named: dict[str, Node] = {}

    def nodes(self) -> list[Node]:
        """Return all of them."""
        return [*self.positional, *self.named.values()]


class Filtered(Node, frozen=True):
    """`value | name(arguments)`."""

    value: Node
    name: str
    arguments: Arguments


class Tested(Node, frozen=True):
    """`value is name(arguments)`, or `is not`."""

    value: Node
    name: str
    arguments: Arguments
    is_negated: bool


class Call(Node, frozen=True):
    """`name(arguments)`."""

    name: str
    arguments: Arguments


class Text(Node, frozen=True):
    """Text that stands for itself."""

    text: str


class Print(Node, frozen=True):
    """`{{ value }}`."""

    value: Node


class If(Node, frozen=True):
    """`{% if %}` with its `elseif` and `else`."""

    branches: list[tuple[Node, list[Node]]]
    otherwise: list[Node]


class For(Node, frozen=True):
    """`{% for name in values %}`; `otherwise` is for no values."""

    name: str
    values: Node
    body: list[Node]
    otherwise: list[Node]


class Set(Node, frozen=True):
    """`{% set name = value %}`."""

    name: str
    value: Node


class Captured(Node, frozen=True):
    """The text that a body makes, as a value: what the `filter` tag filters."""

    body: list[Node]


class Block(Node, frozen=True):
    """`{% block name %}`: a body that `block('name')` repeats."""

    name: str
    body: list[Node]


class Macro(Node, frozen=True):
    """`{% macro name(parameters) %}`: a body to be called, which sees its parameters only."""

    name: str
    parameters: list[tuple[str, Node]]
    body: list[Node]
