"""YAML texts: values as YAML in block style, and YAML text as plain data: read as a flow's file is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from runwright.expressions.faults import Fault, Overrun
from runwright.expressions.values import json_of, key_text
from runwright.spec.findings import Findings
from runwright.spec.load import MOST_NODES, load
from runwright.spec.nodes import plain_data

if TYPE_CHECKING:
    from runwright.expressions.budget import Budget

_BUDGETS = frozenset({"yaml_alias_budget", "yaml_nodes"})
_PLAIN = re.compile(r"[A-Za-z_/][\w./@+-]*(?:[ :][\w./@+-]+)*")
_OTHERWISE_READ = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})


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
    budget.text(len(text))
    if not text.strip():
        return None
    findings = Findings("yaml()")
    node = load(text, findings)
    if any(each.code in _BUDGETS for each in findings.in_order()):
        raise Overrun("values of YAML, aliases written out", MOST_NODES)
    if node is None or findings.has_errors:
        raise Fault(f"This is no YAML: {findings.in_order()[0].message}")
    return budget.weigh(plain_data(node))
