"""Plugin defaults: values that a flow gives to all elements of a type, put in place before anything is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from runwright.spec.elements import only_mappings
from runwright.spec.load import MOST_NODES
from runwright.spec.nodes import Mapping, Node, Scalar, Sequence
from runwright.spec.tasks import TASK_TYPES
from runwright.spec.triggers import TRIGGERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runwright.spec.findings import Findings

MOST_ADDED = 10 * MOST_NODES
KEYS = ("pluginDefaults", "taskDefaults")
PLACES = ("tasks", "errors", "finally", "afterExecution", "triggers", "listeners")


class _Defaults(NamedTuple):
    type: str
    is_forced: bool
    values: Mapping


def apply_plugin_defaults(flow: Mapping, findings: Findings) -> bool:
    """Add what a flow's defaults say to the elements of their types; what is written there wins unless it is forced.

    Returns whether there was room for all of it.
    """
    chosen = list(_defaults_of(flow))
    if not chosen:
        return True
    budget = MOST_ADDED
    for element, type_ in _typed(flow):
        for defaults in chosen:
            if type_.startswith(defaults.type):
                budget -= defaults.values.size
                if budget < 0:
                    message = f"Plugin defaults add more than {MOST_ADDED:,} values: write fewer, or split the flow."
                    findings.add(defaults.values, KEYS[:1], "yaml_nodes", message)
                    return False
                _fill(element, defaults.values, is_forced=defaults.is_forced)
    return True


def _defaults_of(flow: Mapping) -> Iterator[_Defaults]:
    for key in KEYS:
        for _, row in only_mappings(flow.entries.get(key) or Sequence(0, 0)):
            type_, values, forced = (row.entries.get(name) for name in ("type", "values", "forced"))
            if isinstance(type_, Scalar) and not type_.is_null and isinstance(values, Mapping):
                is_forced = isinstance(forced, Scalar) and forced.text == "true"
                yield _Defaults(_full_name(type_.text), is_forced, values)


def _typed(flow: Mapping) -> Iterator[tuple[Mapping, str]]:
    """Yield every mapping with a type inside of tasks and triggers, each once however many aliases lead to it."""
    seen: set[int] = set()
    waiting: list[Node] = [flow.entries[name] for name in PLACES if name in flow.entries]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Sequence):
            waiting += node.items
        elif isinstance(node, Mapping):
            type_ = node.entries.get("type")
            if isinstance(type_, Scalar):
                yield node, _full_name(type_.text)
            waiting += node.entries.values()


def _full_name(type_: str) -> str:
    found = TASK_TYPES.get(type_) or TRIGGERS.get(type_)
    return found.names[0] if found is not None else type_


def _fill(element: Mapping, values: Mapping, *, is_forced: bool) -> None:
    for name, value in values.entries.items():
        own = element.entries.get(name)
        if own is None:
            element.add(values.keys[name], value)
        elif isinstance(own, Mapping) and isinstance(value, Mapping):
            merged = Mapping(own.line, own.column)
            for each in own.entries:
                merged.add(own.keys[each], own.entries[each])
            _fill(merged, value, is_forced=is_forced)
            element.add(element.keys[name], merged)
        elif is_forced:
            element.add(element.keys[name], value)
