"""Labels: words that a flow gives to its executions, written as a mapping or as a list of keys and values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from runwright.spec import kinds
from runwright.spec.kinds import refuse
from runwright.spec.nodes import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runwright.spec.findings import Findings, Path

RESERVED = "system."
READ_ONLY = "system.readOnly"


class Label(NamedTuple):
    """One label; both texts may be expressions where the place renders them."""

    key: str
    value: str


class _Labels:
    """Labels by key, none twice: the first wins."""

    name = "labels: a mapping, or a list of {key, value}"

    def __init__(self, *, is_reserved_allowed: bool = False) -> None:
        """Hold whether keys of the system may be given."""
        self.is_reserved_allowed = is_reserved_allowed

    def read(self, node: Node, path: Path, findings: Findings) -> Any:
        """Return a tuple of labels."""
        if isinstance(node, Scalar):
            return refuse(self, node, path, findings)
        labels: dict[str, Label] = {}
        for key, value, place in self._pairs(node, path, findings):
            if key.startswith(RESERVED) and key != READ_ONLY and not self.is_reserved_allowed:
                message = f"The label {key!r} cannot be set: keys that begin with {RESERVED!r} belong to Runwright."
                findings.add(value, place, "reserved_label", message)
            elif not isinstance(value, Scalar) or value.is_null or not value.text:
                findings.add(
                    value, place, "wrong_type", f"The label {key!r} must have a text, not {kinds.words_for(value)}."
                )
            else:
                labels.setdefault(key, Label(key, value.text))
        return tuple(labels.values())

    def schema(self) -> kinds.Schema:
        """Return the schema."""
        value = {"type": ["string", "number", "boolean"]}
        pair = {
            "type": "object",
            "properties": {"key": {"type": "string"}, "value": value},
            "required": ["key", "value"],
            "additionalProperties": False,
        }
        return {"anyOf": [{"type": "object", "additionalProperties": value}, {"type": "array", "items": pair}]}

    def _pairs(self, node: Mapping | Sequence, path: Path, findings: Findings) -> Iterator[tuple[str, Node, Path]]:
        if isinstance(node, Mapping):
            yield from ((key, value, (*path, key)) for key, value in node.entries.items())
            return
        for index, item in enumerate(node.items):
            key = item.entries.get("key") if isinstance(item, Mapping) else None
            if not isinstance(item, Mapping) or not isinstance(key, Scalar) or set(item.entries) != {"key", "value"}:
                findings.add(item, (*path, index), "wrong_type", "A label in a list is written {key: ..., value: ...}.")
            else:
                yield key.text, item.entries["value"], (*path, index)


Labels = Annotated[tuple[Label, ...], _Labels()]
RenderedLabels = Annotated[
    tuple[Label, ...] | str,
    kinds.Either(
        mapping=_Labels(is_reserved_allowed=True),
        sequence=_Labels(is_reserved_allowed=True),
        scalar=kinds.Text("JSON text"),
    ),
]


def nested_labels(labels: dict[str, str]) -> dict[str, Any]:
    """Return labels as expressions see them: `system.correlationId` is an entry of `system`."""
    nested: dict[str, Any] = {}
    for key, value in labels.items():
        *outer, last = key.split(".")
        level = nested
        for part in outer:
            inner = level.setdefault(part, {})
            level = inner if isinstance(inner, dict) else {}
        level[last] = value
    return nested
