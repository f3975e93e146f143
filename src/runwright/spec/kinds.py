"""Kinds: what the value of a key may be: how it is read from a node, what it is called, and its JSON Schema.

A kind reads one value and knows nothing of the key it stands for; elements (what has keys of its own) are in `elements`.
A text that holds an expression, `{{ ... }}`, is kept as it is: what it yields is known when the flow runs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

from runwright.errors import ExpressionError
from runwright.expression import compile_template, is_match
from runwright.spec.cron import cron_fault
from runwright.spec.durations import parse_duration
from runwright.spec.nodes import Mapping, Node, Scalar, Sequence, plain_data, words_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.spec.findings import Findings, Path

Schema = dict[str, Any]
WRONG: Any = type("Wrong", (), {"__repr__": lambda _: "WRONG"})()
EXPRESSION = re.compile(r"\{\{|\{%")

_EXPRESSION_SCHEMA: Schema = {"type": "string", "pattern": r"\{\{|\{%"}


class Kind(Protocol):
    """What the value of a key may be."""

    name: str

    def read(self, node: Node, path: Path, findings: Findings) -> Any:
        """Return the value, or `WRONG` after saying in `findings` why it is none."""
        ...

    def schema(self) -> Schema:
        """Return the JSON Schema of the values."""
        ...


def is_expression(value: object) -> bool:
    """Say whether a value is a text that has to be rendered to be known."""
    return isinstance(value, str) and EXPRESSION.search(value) is not None


def refuse(kind: Kind, node: Node, path: Path, findings: Findings, code: str = "wrong_type") -> Any:
    """Say that a node is not of a kind."""
    where = f"{path[-1]!r} " if path and isinstance(path[-1], str) else ""
    findings.add(
        node, path, code, f"{where}must be {kind.name}, not {words_for(node)}.".replace("must", "Must", not where)
    )
    return WRONG


class Text:
    """Any scalar, as the text that was written; with a pattern or a longest length where there is a grammar."""

    def __init__(
        self, name: str = "text", pattern: str | None = None, longest: int | None = None, code: str = "invalid_value"
    ) -> None:
        """Hold the grammar: a regular expression that the whole text matches."""
        self.name = name
        self.pattern = pattern
        self.longest = longest
        self.code = code
        self._matches: Callable[[str], Any] | None = re.compile(pattern).fullmatch if pattern else None

    def read(self, node: Node, path: Path, findings: Findings) -> Any:
        """Return the text."""
        if not isinstance(node, Scalar) or node.is_null:
            return refuse(self, node, path, findings)
        text = node.text
        if self._matches is not None and not self._matches(text):
            return refuse(self, node, path, findings, self.code)
        if self.longest is not None and len(text) > self.longest:
            findings.add(node, path, self.code, f"{path[-1]!r} has more than {self.longest} characters.")
            return WRONG
        return text

    def schema(self) -> Schema:
        """Return the schema; plain texts may be written as numbers and booleans too."""
        if self.pattern is None:
            return {"type": ["string", "number", "boolean"]}
        schema: Schema = {"type": ["string", "number"], "pattern": f"^(?:{self.pattern})$"}
        return schema if self.longest is None else {**schema, "maxLength": self.longest}


class Template(Text):
    """A text that is rendered; an expression in it that cannot be read is warned of, for it fails only when it is its turn."""

    def read(self, node: Node, path: Path, findings: Findings) -> Any:
        """Return the text."""
        text = super().read(node, path, findings)
        if text is not WRONG and EXPRESSION.search(text):
            try:
                compile_template(text)
            except ExpressionError as error:
                told = str(error).partition("\n")[0]
                findings.warn(node, path, "broken_expression", f"This fails when it is rendered: {told}")
        return text


class Boolean:
    """True or false; quoted ones count too."""

    name = "true or false"

    def read(self, node: Node, path: Path, findings: Findings) -> Any:
        """Return the boolean."""
        value = _WORDS.get(node.text.lower()) if isinstance(node, Scalar) else None
        return refuse(self, node, path, findings) if value is None else value

    def schema(self) -> Schema:
        """Return the schema."""
        return {"enum": [True, False, "true", "false"]}


class Number:
    """An integer, or any number; quoted ones count too."""

    def __init__(self, name: str, type_: type[int | float], least: float | None = None) -> None:
        """Hold the bound, which is allowed itself."""
        self.name = name
        self.type = type_
        self.least = least

    def read(self, node: Node, path: Path, findings: Findings) -> Any:
        """Return the number."""
        if not isinstance(node, Scalar):
            return refuse(self, node, path, findings)
        try:
            value = Scalar(node.text, node.line, node.column).value
        except OverflowError as error:
            findings.add(node, path, "number_range", f"The number is out of range: {error}.")
            return WRONG
        allowed = int if self.type is int else int | float
        if not isinstance(value, allowed) or isinstance(value, bool) or (self.least is not None and value < self.least):
            return refuse(self, node, path, findings)
        return value

    def schema(self) -> Schema:
        """Return the schema."""
        schema: Schema = {"type": "integer" if self.type is int else "number"}
        if self.least is not None:
            schema["minimum"] = self.least
        return {"anyOf": [schema, {"type": "string", "pattern": r"^[-+]?[0-9.eE+-]+$"}]}


class Duration:
    """A time span in ISO 8601."""

    name = "a duration such as PT30S, PT5M or P1D"

    def read(self, node: Node, path: Path, findings: Findings) -> Any:
        """Return the time span."""
        if not isinstance(node, Scalar):
            return refuse(self, node, path, findings)
        try:
            return parse_duration(node.text)
        except ValueError:
            return refuse(self, node, path, findings, "invalid_duration")

    def schema(self) -> Schema:
        """Return the schema."""
        return {"type": "string", "pattern": "^[-+]?[Pp]"}


class Rendered:
    """A kind whose value may also be an expression, kept as text."""

    def __init__(self, kind: Kind) -> None:
        """Hold what the expression must yield."""
        self.kind = kind
        self.name = f"{kind.name}, or an expression"

    def read(self, node: Node, path: Path, findings: Findings) -> Any:
        """Return the text of an expression, else what the kind reads."""
        if isinstance(node, Scalar) and EXPRESSION.search(node.text):
            return node.text
        return self.kind.read(node, path, findings)

    def schema(self) -> Schema:
        """Return the schema."""
        return {"anyOf": [self.kind.schema(), _EXPRESSION_SCHEMA]}


class Choice:
    """One of a few words."""

    def __init__(self, *words: str, also: dict[str, str] | None = None) -> None:
        """Hold the words, and what older ones mean."""
        self.words = words
        self.also = also or {}
        self.name = "one of " + ", ".join(words)

    def read(self, node: Node, path: Path, findings: Findings) -> Any:
        """Return the word."""
        if not isinstance(node, Scalar):
            return refuse(self, node, path, findings)
        word = self.also.get(node.text, node.text)
        if word in self.words:
            return word
        near = findings.near(node.text, self.words) or findings.near(node.text.upper(), self.words)
        findings.add(node, path, "invalid_value", f"{path[-1]!r} must be {self.name}, not {words_for(node)}.{near}")
        return WRONG

    def schema(self) -> Schema:
        """Return the schema."""
        return {"enum": [*self.words, *self.also]}


class Cron:
    """A cron expression."""

    name = "a cron expression of five fields, six with seconds first, or such as @daily"

    def read(self, node: Node, path: Path, findings: Findings) -> Any:
        """Return the expression."""
        if not isinstance(node, Scalar) or node.is_null:
            return refuse(self, node, path, findings)
        fault = cron_fault(node.text)
        if fault:
            findings.add(node, path, "invalid_cron", f"{path[-1]!r} is no cron expression: {fault}.")
            return WRONG
        return node.text

    def schema(self) -> Schema:
        """Return the schema."""
        return {"type": "string"}


class Pattern:
    """A regular expression."""

    name = "a regular expression"

    def read(self, node: Node, path: Path, findings: Findings) -> Any:
        """Return the expression as text."""
        if not isinstance(node, Scalar) or node.is_null:
            return refuse(self, node, path, findings)
        try:
            is_match("", node.text)
        except ExpressionError as error:
            findings.add(node, path, "invalid_value", f"{path[-1]!r} is no regular expression: {_reason(error)}.")
            return WRONG
        return node.text

    def schema(self) -> Schema:
        """Return the schema."""
        return {"type": "string", "format": "regex"}


def _reason(error: ExpressionError) -> str:
    """Return why a regular expression cannot be read, without the place in an expression, which there is none."""
    return str(error).partition(" (line")[0]


class Anything:
    """Any data: mappings, lists, texts, numbers, booleans, null."""

    name = "any value"

    def read(self, node: Node, path: Path, findings: Findings) -> Any:
        """Return plain data of its own; nothing else holds it."""
        try:
            return plain_data(node)
        except OverflowError:
            _find_large_numbers(node, path, findings)
            return WRONG

    def schema(self) -> Schema:
        """Return the schema."""
        return {}


class ListOf:
    """A list of one kind; where it says so, one value alone stands for a list of it."""

    def __init__(self, kind: Kind, *, least: int = 0, is_alone_enough: bool = False) -> None:
        """Hold the kind of the items and how many there must be."""
        self.kind = kind
        self.least = least
        self.is_alone_enough = is_alone_enough
        alone = f"{kind.name}, or " if is_alone_enough else ""
        self.name = f"{alone}a list (of {kind.name})"

    def read(self, node: Node, path: Path, findings: Findings) -> Any:
        """Return a tuple."""
        if not isinstance(node, Sequence):
            if not self.is_alone_enough:
                return refuse(self, node, path, findings)
            value = self.kind.read(node, path, findings)
            return WRONG if value is WRONG else (value,)
        if len(node.items) < self.least:
            findings.add(node, path, "empty", f"The '{path[-1]}' property cannot be empty: give at least one.")
            return WRONG
        values = [self.kind.read(item, (*path, index), findings) for index, item in enumerate(node.items)]
        return tuple(value for value in values if value is not WRONG)

    def schema(self) -> Schema:
        """Return the schema."""
        schema: Schema = {"type": "array", "items": self.kind.schema()}
        if self.least:
            schema["minItems"] = self.least
        return {"anyOf": [schema, self.kind.schema()]} if self.is_alone_enough else schema


class MapOf:
    """A mapping from texts to values of one kind."""

    def __init__(self, kind: Kind, *, least: int = 0) -> None:
        """Hold the kind of the values and how many there must be."""
        self.kind = kind
        self.least = least
        self.name = f"a mapping (to {kind.name})"

    def read(self, node: Node, path: Path, findings: Findings) -> Any:
        """Return a dictionary in the order of the file."""
        if not isinstance(node, Mapping):
            return refuse(self, node, path, findings)
        if len(node.entries) < self.least:
            findings.add(node, path, "empty", f"The '{path[-1]}' property cannot be empty: give at least one.")
            return WRONG
        values = {key: self.kind.read(item, (*path, key), findings) for key, item in node.entries.items()}
        return {key: value for key, value in values.items() if value is not WRONG}

    def schema(self) -> Schema:
        """Return the schema."""
        return {"type": "object", "additionalProperties": self.kind.schema()}


class Either:
    """Kinds told apart by the shape of what was written: a mapping, a list, or a scalar."""

    def __init__(
        self, *, mapping: Kind | None = None, sequence: Kind | None = None, scalar: Kind | None = None
    ) -> None:
        """Hold the kind for each shape that is allowed."""
        self.kinds: dict[type, Kind | None] = {Mapping: mapping, Sequence: sequence, Scalar: scalar}
        self.name = ", or ".join(kind.name for kind in self.kinds.values() if kind is not None)

    def read(self, node: Node, path: Path, findings: Findings) -> Any:
        """Return what the kind for the shape reads."""
        kind = self.kinds[type(node)]
        return refuse(self, node, path, findings) if kind is None else kind.read(node, path, findings)

    def schema(self) -> Schema:
        """Return the schema."""
        return {"anyOf": [kind.schema() for kind in self.kinds.values() if kind is not None]}


def _find_large_numbers(node: Node, path: Path, findings: Findings) -> None:
    if isinstance(node, Scalar):
        try:
            _ = node.value
        except OverflowError as error:
            findings.add(node, path, "number_range", f"The number is out of range: {error}. Put it in quotes.")
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            _find_large_numbers(item, (*path, index), findings)
    else:
        for key, item in node.entries.items():
            _find_large_numbers(item, (*path, key), findings)


ANYTHING = Anything()

_WORDS = {"true": True, "false": False}
