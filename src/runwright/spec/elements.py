"""Elements: what has keys of its own. The fields of an element's class are the one table of its keys.

A field says everything about its key: its name (`flow_id` is written `flowId`), its kind and its line of documentation (in
`Annotated`), its default; a key without a default is required. Reading, JSON Schema and the reference are made from that.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar, get_args, get_type_hints

import msgspec

from runwright.spec.kinds import WRONG, Kind, ListOf, Schema, refuse
from runwright.spec.nodes import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Mapping as MappingOf

    from runwright.spec.findings import Findings, Path

    Declared = TypeVar("Declared", bound="Element")

MOST_LISTED = 20


class Position(NamedTuple):
    """Where an element begins in its file; both count from 1."""

    line: int = 0
    column: int = 0


class Named(NamedTuple):
    """How a key is written where that does not follow from its field, and its older names."""

    name: str = ""
    also: tuple[str, ...] = ()


class Element(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a flow that has keys of its own; `position` is where it stands in the file."""

    position: Position = Position()

    @classmethod
    def check(cls, values: dict[str, Any], node: Mapping, path: Path, findings: Findings) -> None:
        """Say in `findings` what is wrong between keys; `values` has, by field, those that were read well."""


class Key(NamedTuple):
    """A row of the table of keys."""

    field: str
    name: str
    kind: Kind
    doc: str
    is_required: bool
    default: Any
    also: tuple[str, ...]


class Table(NamedTuple):
    """The keys of an element, and the way to a key from each of its names."""

    keys: tuple[Key, ...]
    by_name: dict[str, Key]


@cache
def table_of(element: type[Element]) -> Table:
    """Return the keys of an element in the order in which its class declares them."""
    hints = get_type_hints(element, include_extras=True)
    rows = [(each, _metadata(hints[each.name])) for each in msgspec.structs.fields(element)]
    found = [_key(field, metadata) for field, metadata in rows if metadata]
    return Table(tuple(found), {name: key for key in found for name in (key.name, *key.also)})


def _metadata(hint: Any) -> list[Any]:
    """Return all that is written about a type, for `Annotated[Text, doc]` and `Annotated[Text | None, doc]` alike."""
    inner = [found for part in get_args(hint) for found in getattr(part, "__metadata__", ())]
    outer = getattr(hint, "__metadata__", ())
    nested = [
        found for part in get_args(getattr(hint, "__origin__", None)) for found in getattr(part, "__metadata__", ())
    ]
    return [*inner, *nested, *outer]


def _key(field: msgspec.structs.FieldInfo, metadata: list[Any]) -> Key:
    kind = next(each for each in metadata if hasattr(each, "read"))
    doc = next(each for each in metadata if isinstance(each, str))
    named: Named = next((each for each in metadata if isinstance(each, Named)), Named())
    default = field.default_factory() if callable(field.default_factory) else field.default
    is_required = default is msgspec.NODEFAULT
    name = named.name or camel_case(field.name)
    return Key(field.name, name, kind, doc, is_required, None if is_required else default, named.also)


def camel_case(field: str) -> str:
    """Return the written form of a field's name: `flow_id` is `flowId`, `else_` is `else`."""
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), field.rstrip("_"))


def read_element(
    element: type[Declared], node: Mapping, path: Path, findings: Findings, ignored: frozenset[str] = frozenset()
) -> Declared | Any:
    """Return an element, or `WRONG` after saying in `findings` all that keeps it from being one."""
    table = table_of(element)
    given = _given(table, node, path, findings, ignored)
    values: dict[str, Any] = {"position": Position(node.line, node.column)}
    for key in table.keys:
        if key.field in given:
            name, child = given[key.field]
            value = key.kind.read(child, (*path, name), findings)
            if value is not WRONG:
                values[key.field] = value
        elif key.is_required:
            _add_missing(key, node, path, findings)
    element.check(values, node, path, findings)
    is_whole = all(key.field in values for key in table.keys if key.is_required)
    return element(**values) if is_whole else WRONG


def _given(
    table: Table, node: Mapping, path: Path, findings: Findings, ignored: frozenset[str]
) -> dict[str, tuple[str, Node]]:
    """Return the values that were written by field, each with the name that was used; null counts as not written."""
    given: dict[str, tuple[str, Node]] = {}
    for name, child in node.entries.items():
        key = table.by_name.get(name)
        if key is None:
            if name not in ignored:
                add_unknown_key(name, node, path, table.by_name, findings)
        elif key.field in given:
            message = f"{given[key.field][0]!r} and {name!r} are the same key: keep one of them."
            findings.add(node.keys[name], (*path, name), "duplicate_key", message)
        elif not child.is_null:
            given[key.field] = name, child
    return given


def add_unknown_key(name: str, node: Mapping, path: Path, known: MappingOf[str, Any], findings: Findings) -> None:
    """Say that an element has no such key, and which one is near."""
    near = findings.near(name, known) or f" It may have: {', '.join(known)}."
    findings.add(node.keys[name], (*path, name), "unknown_key", f"There is no key {name!r} here.{near}")


def _add_missing(key: Key, node: Mapping, path: Path, findings: Findings) -> None:
    identity = node.entries.get("id")
    named = f"{identity.text}: " if isinstance(identity, Scalar) and path else ""
    what = f"The '{key.name}' property cannot be empty: give {key.kind.name}."
    findings.add(node, (*path, key.name), "missing_key", f"{named}{what}")


class Of:
    """The kind of an element of one class."""

    def __init__(self, element: type[Element], name: str) -> None:
        """Hold the class, and what people call it."""
        self.element = element
        self.name = name

    def read(self, node: Node, path: Path, findings: Findings) -> Any:
        """Return the element."""
        if not isinstance(node, Mapping):
            return refuse(self, node, path, findings)
        return read_element(self.element, node, path, findings)

    def schema(self) -> Schema:
        """Return a reference to the schema of the element."""
        return {"$ref": f"#/$defs/{self.element.__name__}"}


class Variant(Element, frozen=True, kw_only=True):
    """An element whose class is chosen by its `type`; `names` are all that mean this class, the full one first."""

    names: ClassVar[tuple[str, ...]] = ()


class OneOf:
    """The kind of an element of several classes, told apart by the word at `type`."""

    def __init__(self, name: str, schema_name: str, variants: dict[str, type[Variant]]) -> None:
        """Hold the classes by type name."""
        self.name = name
        self.schema_name = schema_name
        self.variants = variants

    def read(self, node: Node, path: Path, findings: Findings) -> Any:
        """Return an element of the class that its type names."""
        if not isinstance(node, Mapping):
            return refuse(self, node, path, findings)
        written = node.entries.get("type")
        if written is None or written.is_null:
            findings.add(
                node, (*path, "type"), "missing_key", f"The 'type' property cannot be empty: {self.name} has one."
            )
            return WRONG
        if not isinstance(written, Scalar):
            return refuse(TYPE_NAME, written, (*path, "type"), findings)
        return self.read_type(written.text, node, path, findings)

    def read_type(self, type_: str, node: Mapping, path: Path, findings: Findings) -> Any:
        """Return an element of the class that a type names."""
        variant = self.variants.get(type_)
        if variant is None:
            add_unknown_type(type_, node, path, self.variants, findings)
            return WRONG
        return read_element(variant, node, path, findings)

    def schema(self) -> Schema:
        """Return a reference to the schema of all classes."""
        return {"$ref": f"#/$defs/{self.schema_name}"}


def add_unknown_type(type_: str, node: Mapping, path: Path, known: MappingOf[str, Any], findings: Findings) -> None:
    """Say that there is no such type, and which one is near."""
    near = findings.near(type_, known) or findings.near(type_.upper(), known)
    if not near and len(known) <= MOST_LISTED:
        near = f" There are: {', '.join(known)}."
    place = node.entries.get("type") or node
    findings.add(place, (*path, "type"), "unknown_type", f"There is no type {type_!r} here.{near}")


class TypeName:
    """The kind of a type's name."""

    name = "the name of a type"

    def read(self, node: Node, path: Path, findings: Findings) -> Any:
        """Return the name; the class was chosen by it before."""
        return node.text if isinstance(node, Scalar) else refuse(self, node, path, findings)

    def schema(self) -> Schema:
        """Return the schema."""
        return {"type": "string"}


TYPE_NAME = TypeName()


class Unique:
    """The kind of a list of elements of which no two have the same id."""

    def __init__(self, kind: Kind, what: str) -> None:
        """Hold the kind of the elements, and what one is called."""
        self.list = ListOf(kind)
        self.what = what
        self.name = f"a list of {what}s"

    def read(self, node: Node, path: Path, findings: Findings) -> Any:
        """Return a tuple."""
        firsts: dict[str, Scalar] = {}
        for index, item in only_mappings(node):
            identity = item.entries.get("id") or item.entries.get("name")
            if isinstance(identity, Scalar):
                claim_id(identity, firsts, self.what, (*path, index), findings)
        return self.list.read(node, path, findings)

    def schema(self) -> Schema:
        """Return the schema."""
        return self.list.schema()


def claim_id(identity: Scalar, taken: dict[str, Scalar], what: str, path: Path, findings: Findings) -> None:
    """Keep the id of an element, or say that another one has it; what an alias brings a second time is another one."""
    first = taken.get(identity.text)
    if first is None:
        taken[identity.text] = identity
        return
    message = f"Duplicate {what} with name [{identity.text}]: the first is on line {first.line}. Rename one of them."
    findings.add(identity, (*path, "id"), "duplicate_id", message)


def only_mappings(node: Node) -> list[tuple[int, Mapping]]:
    """Return the mappings in a list with their indexes; none for what is no list."""
    items = node.items if isinstance(node, Sequence) else []
    return [(index, item) for index, item in enumerate(items) if isinstance(item, Mapping)]
