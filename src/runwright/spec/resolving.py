"""Resolving: the values that an execution begins with, from what it was given and the defaults of its inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from runwright.errors import InputError, RunwrightError
from runwright.spec.input_texts import BY_TYPE, Refused, items, shown, told
from runwright.spec.inputs import Input, MultiselectInput, SecretInput, SelectInput
from runwright.spec.kinds import is_expression

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from runwright.spec.inputs import Output

    Render = Callable[[str, dict[str, Any]], Any]

FALSE = frozenset({"", "false", "0", "-0"})
MASK = "********"


def resolve(inputs: Iterable[Input], given: Mapping[str, Any], render: Render | None = None) -> dict[str, Any]:
    """Return the values of all inputs; ids with dots make nested dictionaries, and what is given may be nested too.

    `render(template, variables)` yields what an expression in a default or a condition means; without it expressions in
    defaults stay, and conditions hold. What is given for no input is ignored. An input that depends on a condition that
    does not hold is left out; one that is not required and not given is None.

    Raises `InputError`, which has the problem of every input that is missing or refused.
    """
    found = look_at(inputs, given, render)
    if found.problems:
        raise InputError(found.problems)
    return found.values


class Look(NamedTuple):
    """What would become of what is given: the values, the problems by input, and the inputs that are not asked for."""

    values: dict[str, Any]
    problems: dict[str, str]
    dropped: set[str]

    def value_of(self, name: str) -> Any:
        """Return the value of an input, None where it has none."""
        return _given(self.values, name)


def look_at(inputs: Iterable[Input], given: Mapping[str, Any], render: Render | None = None) -> Look:
    """Return what would become of what is given for inputs; as `resolve`, but nothing is refused."""
    resolution = _Resolution(given, render)
    for each in in_order(inputs):
        resolution.add(each)
    return Look(resolution.values, resolution.problems, resolution.dropped)


def handed_on(outputs: Iterable[Output], evaluate: Callable[[Any], Any]) -> dict[str, Any]:
    """Return the values of a flow's outputs by id; `evaluate` renders what is declared of one.

    Raises `InputError`, which has the problem of every output that is missing, or is not of its type.
    """
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for each in outputs:
        found = evaluate(each.value)
        try:
            values[each.id] = None if found is None else _typed(each, found)
        except Refused as refusal:
            problems[each.id] = f"Invalid output for `{each.id}`, {refusal}, but received `{told(found)}`"
        if found is None and each.required:
            problems[each.id] = f"Invalid output for `{each.id}`, it is required, but received `null`"
    if problems:
        raise InputError(problems)
    return values


def _typed(output: Output, found: Any) -> Any:
    if output.type in {"ARRAY", "MULTISELECT"}:
        return items(found, output.item_type or "STRING")
    if output.type == "STRING" and not isinstance(found, str | bool | int | float):
        return shown(found)
    return BY_TYPE[output.type](found)


def in_order(inputs: Iterable[Input]) -> list[Input]:
    """Return inputs with those that others depend on first, else as they are declared."""
    waiting = {each.id: each for each in inputs}
    ordered: list[Input] = []
    while waiting:
        ready = [each for each in waiting.values() if not any(name in waiting for name in _needs(each))]
        ready = ready or list(waiting.values())
        ordered += ready
        for each in ready:
            del waiting[each.id]
    return ordered


def _needs(each: Input) -> tuple[str, ...]:
    return each.depends_on.inputs if each.depends_on is not None else ()


class _Resolution:
    """The values found so far, and what is wrong."""

    def __init__(self, given: Mapping[str, Any], render: Render | None) -> None:
        self.given = given
        self.render = render
        self.values: dict[str, Any] = {}
        self.problems: dict[str, str] = {}
        self.dropped: set[str] = set()

    def add(self, each: Input) -> None:
        """Find the value of an input."""
        try:
            if self._is_asked_for(each):
                _put(self.values, each.id, self._accepted(each, self._value(each)))
            else:
                self.dropped.add(each.id)
        except RunwrightError as error:
            self.problems[each.id] = f"Invalid input for `{each.id}`, its expression cannot be rendered: {error}"

    def _accepted(self, each: Input, value: Any) -> Any:
        if value is None:
            if each.required:
                self._refuse(each, "missing required input", "null")
            return None
        try:
            return each.take(value, self._choices(each))
        except Refused as refusal:
            self._refuse(each, str(refusal), told(value))
            return None

    def _refuse(self, each: Input, reason: str, received: str) -> None:
        if isinstance(each, SecretInput) and received != "null":
            reason, received = reason.replace(f"`{received}`", f"`{MASK}`"), MASK
        self.problems[each.id] = f"Invalid input for `{each.id}`, {reason}, but received `{received}`"

    def _is_asked_for(self, each: Input) -> bool:
        condition = each.depends_on.condition if each.depends_on is not None else None
        if condition is None or (is_expression(condition) and self.render is None):
            return True
        found = self._rendered(condition)
        return found is not None and (found if isinstance(found, bool) else str(found) not in FALSE)

    def _value(self, each: Input) -> Any:
        value = _given(self.given, each.id)
        if value is None or (isinstance(value, str) and not value and not each.is_text):
            return self._rendered(each.defaults)
        return value

    def _choices(self, each: Input) -> tuple[str, ...]:
        if not isinstance(each, SelectInput | MultiselectInput) or each.expression is None or self.render is None:
            return ()
        found = self._rendered(each.expression)
        return tuple(shown(item) for item in items(found, "STRING"))

    def _rendered(self, value: Any) -> Any:
        """Return a value with the expressions in it rendered, however deep."""
        if self.render is None:
            return value
        if isinstance(value, str):
            return self.render(value, {"inputs": self.values}) if is_expression(value) else value
        if isinstance(value, list | tuple):
            return [self._rendered(item) for item in value]
        if isinstance(value, dict):
            return {key: self._rendered(item) for key, item in value.items()}
        return value


def _given(given: Mapping[str, Any], name: str) -> Any:
    """Return what was given for an id, by the whole id or level by level."""
    if name in given:
        return given[name]
    found: Any = given
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _put(values: dict[str, Any], name: str, value: Any) -> None:
    *outer, last = name.split(".")
    for part in outer:
        values = values.setdefault(part, {})
    values[last] = value
