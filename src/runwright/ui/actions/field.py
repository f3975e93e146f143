"""Field: what a form asks for before something is done: the inputs of a YAML flow, the parameters of a Python flow, a state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from runwright.executions.uploads import Upload
from runwright.spec.kinds import is_expression
from runwright.ui.words import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runwright.runs import FlowVersion
    from runwright.spec.inputs import Input

    Given = Mapping[str, Any]

PREFIX = "in."
"""What the names of inputs begin with in a form, so that none of them is taken for a field of the action itself."""

_KINDS = {
    "INT": "number", "FLOAT": "text", "FILE": "file", "SECRET": "password", "JSON": "long", "YAML": "long", "ARRAY": "long",
    "DATE": "date", "MULTISELECT": "several", "EMAIL": "email",
}  # fmt: skip
_HINTS = {
    "DATETIME": "such as 2026-11-29T07:30:00Z",
    "TIME": "such as 07:30:00",
    "DURATION": "such as PT5M",
    "ARRAY": "a list as JSON",
    "URI": "with its scheme",
}
_NEVER_SHOWN = {"SECRET", "FILE"}


class Field(msgspec.Struct, frozen=True):
    """One field. `kind` says how it is asked for, `says` what for; `problem` is what is wrong with what was given."""

    name: str
    label: str
    kind: str = "text"
    value: str = ""
    choices: tuple[str, ...] = ()
    is_required: bool = False
    says: str = ""
    problem: str = ""


def fields_of_inputs(inputs: Iterable[Input], given: Given) -> list[Field]:
    """Return the fields for inputs of a YAML flow, filled with what is given, else with their defaults."""
    return [_field_of(each, given) for each in inputs]


def _field_of(declared: Input, given: Given) -> Field:
    kind, usual = declared.type, _usual(declared)
    values = tuple(getattr(declared, "values", ()))
    is_open = bool(getattr(declared, "allow_custom_value", False)) or not values
    choices = () if is_open else values
    if kind in {"BOOLEAN", "BOOL"}:
        choices = ("true", "false")
    form = _KINDS.get(kind, "one" if choices else "text")
    form = "long" if form == "several" and not choices else form
    says = ", ".join(filter(None, [declared.description, kind.lower(), _HINTS.get(kind), _default_in_words(declared)]))
    value = "" if kind in _NEVER_SHOWN else as_text(given.get(declared.id, usual))
    must = declared.required and declared.defaults is None and declared.depends_on is None
    return Field(f"{PREFIX}{declared.id}", declared.display_name or declared.id, form, value, choices, must, says)


def _usual(declared: Input) -> Any:
    """Return what the form shows at first: what the flow says, unless an expression would have to be rendered for it."""
    for value in (declared.prefill, declared.defaults):
        if value is not None and not is_expression(value):
            return value
    return None


def _default_in_words(declared: Input) -> str:
    return f"by default {declared.defaults}" if is_expression(declared.defaults) else ""


def fields_of_parameters(version: FlowVersion, given: Given) -> list[Field]:
    """Return the fields for the parameters of a Python flow; their values are JSON, or texts as they are."""
    found = [(task.slug, task.policies) for task in version.tasks if {"required", "default"} <= set(task.policies)]
    found += [(each["name"], each) for each in version.document.get("parameters") or () if "name" in each]
    fields: dict[str, Field] = {}
    for name, says in found:
        text = _written(given.get(name, says.get("default")))
        is_required = bool(says.get("required"))
        fields[name] = Field(f"{PREFIX}{name}", name, "text", text, (), is_required, "JSON, or a text as it is")
    return list(fields.values())


def as_text(value: Any) -> str:
    """Return a value as a form shows it: texts as they are, everything else as JSON, nothing that a page would change."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else msgspec.json.encode(value, enc_hook=str).decode("utf-8", "replace")
    return text if printable(text) == text else ""


def _written(value: Any) -> str:
    """Return a value so that reading it gives the same: a text that could be read as JSON is quoted."""
    return (
        as_text(value) if not isinstance(value, str) or _read(value) is value else msgspec.json.encode(value).decode()
    )


def inputs_from(form: Sequence[tuple[str, Any]], fields: Sequence[Field]) -> dict[str, Any]:
    """Return the inputs of a YAML flow that a form brings; what is empty and was not filled before is left out."""
    sent: dict[str, list[Any]] = {}
    for name, value in form:
        sent.setdefault(name, []).append(value)
    given: dict[str, Any] = {}
    for field in fields:
        values = sent.get(field.name, [])
        name = field.name.removeprefix(PREFIX)
        if field.kind == "several" and values:
            given[name] = values
        elif values and (isinstance(values[-1], Upload) or values[-1] != "" or field.value):
            given[name] = values[-1]
    return given


def parameters_from(form: Sequence[tuple[str, Any]], fields: Sequence[Field]) -> dict[str, Any]:
    """Return the parameters of a Python flow that a form brings, read as the command line reads them."""
    return {name: _read(text) for name, text in inputs_from(form, fields).items()}


def _read(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return text
