"""JSON Schema: the table of keys as a JSON Schema (draft 2020-12), for editors that complete and check YAML flows.

It knows each key by itself. What is wrong between keys (ids that are there twice, circles) only `runwright validate` knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.spec.conditions import CONDITIONS
from runwright.spec.elements import Element, Key, Variant, table_of
from runwright.spec.flow_spec import FlowSpec
from runwright.spec.inputs import INPUTS, Input
from runwright.spec.retries import RETRIES
from runwright.spec.tasks import TASK_TYPES, Task
from runwright.spec.triggers import TRIGGERS, Trigger

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runwright.spec.kinds import Schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FOREIGN = r"^(?!io\.kestra\.plugin\.(?:core|scripts)\.)[^.]+\.[^.]+\..+$"

_UNIONS: dict[str, tuple[Mapping[str, type[Variant]], type[Variant] | None]] = {
    "Task": (TASK_TYPES, Task),
    "Trigger": (TRIGGERS, Trigger),
    "Input": (INPUTS, None),
    "Condition": (CONDITIONS, None),
    "Retry": (RETRIES, None),
}
_FAMILIES: dict[str, type[Variant]] = {"TaskKeys": Task, "TriggerKeys": Trigger, "InputKeys": Input}
_PLAIN = (str, int, float, bool)


def flow_schema() -> Schema:
    """Return the JSON Schema of a YAML flow."""
    definitions: dict[str, Schema] = {}
    elements = {element.__name__: element for element in _elements(Element)}
    waiting = [FlowSpec.__name__]
    while waiting:
        name = waiting.pop()
        if name not in definitions:
            definitions[name] = _definition(name, elements)
            waiting += sorted(_references(definitions[name]))
    return {
        "$schema": DIALECT,
        "title": "Runwright flow",
        **definitions.pop(FlowSpec.__name__),
        "$defs": dict(sorted(definitions.items())),
    }


def _definition(name: str, elements: Mapping[str, type[Element]]) -> Schema:
    if name in _UNIONS:
        return _union(name)
    if name in _FAMILIES:
        return {"properties": _properties(_FAMILIES[name])}
    return _element(elements[name])


def _elements(element: type[Element]) -> Iterator[type[Element]]:
    for each in element.__subclasses__():
        yield each
        yield from _elements(each)


def _element(element: type[Element], *, is_open: bool = False) -> Schema:
    table = table_of(element)
    schema: Schema = {"type": "object"}
    if element.__doc__:
        schema["description"] = element.__doc__.partition("\n")[0]
    schema["properties"] = _properties(element)
    required = [key for key in table.keys if key.is_required]
    schema["required"] = [key.name for key in required if not key.also]
    choices = [[{"required": [name]} for name in (key.name, *key.also)] for key in required if key.also]
    if choices:
        schema["allOf"] = [{"anyOf": names} for names in choices]
    if not is_open:
        schema["additionalProperties"] = False
    return schema


def _properties(element: type[Element]) -> dict[str, Schema]:
    """Return the schemas of an element's keys; those that its whole family has are written once."""
    family = next((name for name, each in _FAMILIES.items() if issubclass(element, each) and element is not each), None)
    known = table_of(_FAMILIES[family]).keys if family is not None else ()
    return {
        name: {"$ref": f"#/$defs/{family}/properties/{name}"}
        if key in known
        else _property(key, is_older=name != key.name)
        for key in table_of(element).keys
        for name in (key.name, *key.also)
    }


def _property(key: Key, *, is_older: bool) -> Schema:
    schema = {**key.kind.schema(), "description": key.doc}
    if isinstance(key.default, _PLAIN):
        schema["default"] = key.default
    if is_older:
        schema["deprecated"] = True
    return schema


def _union(name: str) -> Schema:
    """Return the schema of elements told apart by `type`; unknown types with a package of their own may have any keys."""
    variants, open_element = _UNIONS[name]
    by_class: dict[type[Variant], list[str]] = {}
    for type_, variant in variants.items():
        by_class.setdefault(variant, []).append(type_)
    known: Schema = {"enum": [type_ for names in by_class.values() for type_ in names]}
    branches: list[Schema] = [
        {"if": _has_type({"enum": names}), "then": {"$ref": f"#/$defs/{variant.__name__}"}}
        for variant, names in by_class.items()
    ]
    type_schema = known
    if open_element is not None:
        foreign: Schema = {"type": "string", "pattern": FOREIGN}
        type_schema = {"anyOf": [known, foreign]}
        branches.append({"if": _has_type({"not": known}), "then": _element(open_element, is_open=True)})
    return {"type": "object", "properties": {"type": type_schema}, "required": ["type"], "allOf": branches}


def _has_type(schema: Schema) -> Schema:
    return {"properties": {"type": schema}, "required": ["type"]}


def _references(schema: Any) -> set[str]:
    if isinstance(schema, dict):
        own = {schema["$ref"].split("/")[2]} if isinstance(schema.get("$ref"), str) else set[str]()
        return own.union(*(_references(each) for each in schema.values()))
    return set[str]().union(*(_references(each) for each in schema)) if isinstance(schema, list) else set()
