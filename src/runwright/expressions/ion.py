"""Ion: values as Ion text, and Ion text as values. Of Ion it knows what JSON has too, symbols, timestamps and annotations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from json.encoder import encode_basestring  # pyright: ignore[reportAttributeAccessIssue]  it is in C, and not in the stubs
from typing import TYPE_CHECKING, Any

from runwright.expressions.dates import moment_of
from runwright.expressions.faults import Fault, Overrun
from runwright.expressions.values import float_text, key_text, scalar_text

if TYPE_CHECKING:
    from runwright.expressions.budget import Budget

_SYMBOL = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)
_NOT_SYMBOLS = frozenset({"null", "true", "false", "nan"})
_SKIPPED = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
_WORD = re.compile(
    r"""(?P<timestamp>\d{4}-\d\d(?:-\d\d)?T?[\d:.+\-Z]*)
    |(?P<number>[+-]?\d[\d_]*(?:\.\d*)?(?:[eEdD][+-]?\d+)?)
    |(?P<text>"(?:[^"\\\n]|\\.)*")
    |(?P<symbol>[A-Za-z_$][\w$]*(?:\.[a-z]+)?|'(?:[^'\\\n]|\\.)*')
    |(?P<sign>::|[\[\]{},:])""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0", "a": "\a", "v": "\v"}
_LONGEST_NUMBER = 77


def ion_of(value: Any) -> str:
    """Return the Ion text of a value that has been weighed."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_field(key_text(key))}:{ion_of(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(ion_of, value)) + "]"
    if value is None:
        return "null"
    if isinstance(value, float):
        return _ion_float(float_text(value))
    if isinstance(value, bool | int | Decimal | date):
        return value.isoformat() if isinstance(value, datetime) else scalar_text(value)
    return encode_basestring(scalar_text(value))


def _ion_float(text: str) -> str:
    infinite = {"NaN": "nan", "Infinity": "+inf", "-Infinity": "-inf"}
    return infinite.get(text) or (text if "E" in text else text + "e0")


def _field(name: str) -> str:
    if _SYMBOL.fullmatch(name) and name not in _NOT_SYMBOLS:
        return name
    return "'" + encode_basestring(name)[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"


def ion_value(text: str, budget: Budget) -> Any:
    """Return the value of an Ion text; raises `Fault` when it is none."""
    budget.text(len(text))
    reader = _Reader(text, budget)
    value = reader.value(0)
    if reader.kind:
        raise reader.wrong()
    return value


class _Reader:
    def __init__(self, text: str, budget: Budget) -> None:
        self.text = text
        self.budget = budget
        self.at = 0
        self.kind = self.word = ""
        self.advance()

    def wrong(self) -> Fault:
        return Fault(f"This is no Ion: at {self.at} stands `{self.word[:20]}`.")

    def advance(self) -> None:
        if skipped := _SKIPPED.match(self.text, self.at):
            self.at = skipped.end()
        if self.at >= len(self.text):
            self.kind = self.word = ""
            return
        found = _WORD.match(self.text, self.at)
        if found is None:
            raise Fault(f"This is no Ion: at {self.at} stands `{self.text[self.at : self.at + 20]}`.")
        self.kind, self.word, self.at = found.lastgroup or "", found.group(), found.end()

    def skip(self, sign: str) -> bool:
        if self.kind == "sign" and self.word == sign:
            self.advance()
            return True
        return False

    def value(self, depth: int) -> Any:
        if depth > self.budget.limits.depth:
            raise Overrun("levels of nested data", self.budget.limits.depth)
        self.budget.instructions(4)
        if self.skip("["):
            return self._list(depth)
        if self.skip("{"):
            return self._struct(depth)
        kind, word = self.kind, self.word
        if kind in {"", "sign"}:
            raise self.wrong()
        self.advance()
        if kind == "symbol" and self.skip("::"):
            return self.value(depth + 1)
        return _scalar(kind, word)

    def _list(self, depth: int) -> list[Any]:
        items: list[Any] = []
        while not self.skip("]"):
            items.append(self.value(depth + 1))
            if not self.skip(",") and self.word != "]":
                raise self.wrong()
        return items

    def _struct(self, depth: int) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        while not self.skip("}"):
            kind, word = self.kind, self.word
            if kind not in {"symbol", "text"}:
                raise self.wrong()
            self.advance()
            if not self.skip(":"):
                raise self.wrong()
            fields[_unquoted(word)] = self.value(depth + 1)
            if not self.skip(",") and self.word != "}":
                raise self.wrong()
        return fields


def _scalar(kind: str, word: str) -> Any:
    if kind == "text":
        return _unquoted(word)
    if kind == "timestamp":
        return moment_of(word) if "T" in word else word
    if kind == "number":
        return _number(word.replace("_", ""))
    if word in {"true", "false"}:
        return word == "true"
    if word == "nan":
        return float("nan")
    return None if word.partition(".")[0] == "null" else _unquoted(word)


def _number(word: str) -> int | float:
    if len(word) > _LONGEST_NUMBER:
        raise Fault("This Ion number is too long.")
    return int(word) if word.lstrip("+-").isdecimal() else float(word.lower().replace("d", "e"))


def _unquoted(word: str) -> str:
    if word[0] not in "'\"":
        return word
    return _ESCAPE.sub(_unescaped, word[1:-1])


def _unescaped(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2]
    return chr(int(code, 16)) if code else _CONTROLS.get(escape[3], escape[3])
