"""YAML texts: values as YAML in block style, and YAML text as plain data: no tags, no anchors, one document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from runwright.errors import MissingExtra
from runwright.expressions.faults import Fault, Overrun
from runwright.expressions.values import json_of, key_text

if TYPE_CHECKING:
    from runwright.expressions.budget import Budget

_PLAIN = re.compile(r"[A-Za-z_/][\w./@+-]*(?:[ :][\w./@+-]+)*")
_OTHERWISE_READ = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})
_INTEGER = re.compile(r"[+-]?\d{1,77}")
_DECIMAL = re.compile(r"[+-]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d{1,3})?")
_WORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None, "true": True, "True": True, "TRUE": True,
          "false": False, "False": False, "FALSE": False}  # fmt: skip


def yaml_of(value: Any) -> str:
    """Return the YAML of a value that has been weighed, with a line end."""
    return "\n".join(_lines(value)) + "\n"


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _entry_lines(_scalar(key_text(key)), item)
    elif isinstance(value, list | tuple) and value:
        for item in value:
            first, *rest = _lines(item)
            yield f"- {first}"
            yield from (f"  {line}" for line in rest)
    else:
        yield _scalar(value)


def _entry_lines(key: str, item: Any) -> Iterator[str]:
    if not isinstance(item, Mapping | list | tuple) or not item:
        yield f"{key}: {_scalar(item)}"
        return
    yield f"{key}:"
    indent = "  " if isinstance(item, Mapping) else ""
    yield from (indent + line for line in _lines(item))


def _scalar(value: Any) -> str:
    """Return a scalar on one line; what could be read as something else is quoted as in JSON, which YAML reads alike."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _OTHERWISE_READ:
        return value
    return json_of(value)


def yaml_value(text: str, budget: Budget) -> Any:
    """Return the data of a YAML text; raises `Fault` when it cannot be read."""
    try:
        import yaml  # noqa: PLC0415  who reads no YAML does not load it
    except ImportError:
        raise MissingExtra("`yaml()` needs the package pyyaml: install it.") from None
    budget.text(len(text))
    try:
        return _Builder(budget).built(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except yaml.YAMLError as error:
        raise Fault(f"This is no YAML: {' '.join(str(error).split())[:200]}.") from None


class _Builder:
    """Makes data from the events of a YAML parser, which are told by the names of their classes."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.documents: list[Any] = []

    def built(self, events: Any) -> Any:
        stack: list[list[Any]] = [self.documents]
        for event in events:
            self.budget.instructions(4)
            kind = type(event).__name__
            self._check(event, kind, len(stack))
            if kind in {"SequenceStartEvent", "MappingStartEvent"}:
                stack.append([])
            elif kind == "SequenceEndEvent":
                stack[-2].append(stack.pop())
            elif kind == "MappingEndEvent":
                stack[-2].append(_mapping(stack.pop()))
            elif kind == "ScalarEvent":
                stack[-1].append(_plain(event.value) if event.implicit[0] else event.value)
        return self.documents[0] if self.documents else None

    def _check(self, event: Any, kind: str, depth: int) -> None:
        if depth > self.budget.limits.depth:
            raise Overrun("levels of nested data", self.budget.limits.depth)
        if kind == "AliasEvent" or getattr(event, "anchor", None):
            raise Fault("YAML with anchors is not read here: write out what they stand for.")
        if getattr(event, "tag", None):
            raise Fault(f"YAML with tags is not read here: leave out {str(event.tag)[:40]!r}.")
        if kind == "DocumentStartEvent" and self.documents:
            raise Fault("This YAML has several documents; one can be read.")


def _mapping(flat: list[Any]) -> dict[str, Any]:
    keys = flat[::2]
    if any(isinstance(key, list | dict) for key in keys):
        raise Fault("A key of a YAML mapping must be a scalar.")
    return dict(zip(map(key_text, keys), flat[1::2], strict=True))


def _plain(text: str) -> Any:
    """Return what a word without quotes means in YAML 1.2."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text
