"""Inputs: what a flow, or a person who lets a paused one go on, is given; one class for each type.

A class also says which values it takes. How an execution comes by its values is the business of `resolving`.
"""

from collections.abc import Callable
from typing import Annotated, Any, ClassVar

from runwright.errors import ExpressionOverBudget
from runwright.expression import is_match
from runwright.spec.durations import duration_text, parse_duration
from runwright.spec.elements import Element, Named, Of, OneOf, Unique, Variant, table_of
from runwright.spec.findings import Findings, Path
from runwright.spec.input_texts import BY_TYPE, Refused, items, shown, stored_file
from runwright.spec.key_types import (
    Anything,
    Boolean,
    Decimal,
    Duration,
    Expression,
    InputId,
    Integer,
    Pattern,
    SomeTexts,
    Text,
    Texts,
    TypeName,
)
from runwright.spec.kinds import Choice, is_expression
from runwright.spec.moments import DATE, DATETIME, TIME, parse_date, parse_moment, parse_time
from runwright.spec.nodes import Mapping


class DependsOn(Element, frozen=True, kw_only=True):
    """Which other inputs an input depends on, and when it is asked for at all."""

    inputs: Annotated[Texts, "The inputs that have to be known first."] = ()
    condition: Annotated[Expression | None, "The input is dropped when this yields false."] = None


class Input(Variant, frozen=True, kw_only=True):
    """What all inputs say; `is_text` says that an empty text is a value, and not the lack of one."""

    is_text: ClassVar[bool] = False

    id: Annotated[InputId, "The name; dots make nested ones.", Named(also=("name",))]
    type: Annotated[TypeName, "The type of the value."]
    description: Annotated[Text | None, "What the input is for."] = None
    required: Annotated[Boolean, "Whether there must be a value."] = True
    defaults: Annotated[Anything, "The value where none is given; expressions in it are rendered."] = None
    prefill: Annotated[Anything, "What a form shows at first; no default."] = None
    display_name: Annotated[Text | None, "What a form calls the input."] = None
    depends_on: Annotated[DependsOn | None, Of(DependsOn, "a mapping with inputs and condition"), "Other inputs."] = (
        None
    )

    def take(self, value: Any, choices: tuple[str, ...] = ()) -> Any:
        """Return what is kept of a value; `choices` are those that an expression yields. Raises `Refused`."""
        return BY_TYPE[self.names[0]](value)

    @classmethod
    def check(cls, values: dict[str, Any], node: Mapping, path: Path, findings: Findings) -> None:
        """Say that the default could not be given as a value."""
        default = values.get("defaults")
        is_whole = all(key.field in values for key in table_of(cls).keys if key.is_required)
        if default is None or not is_whole or _has_expression(default):
            return
        try:
            cls(**values).take(default)
        except Refused as refusal:
            findings.add(node.entries["defaults"], (*path, "defaults"), "invalid_value", f"The default: {refusal}.")


class Bounded(Input, frozen=True, kw_only=True):
    """What inputs with a least and a greatest value do."""

    @classmethod
    def check(cls, values: dict[str, Any], node: Mapping, path: Path, findings: Findings) -> None:
        """Say that the bounds leave no value."""
        super().check(values, node, path, findings)
        for least, most in (("min", "max"), ("after", "before")):
            if least in values and most in values and values[least] > values[most]:
                message = f"{least!r} is more than {most!r}: no value is between."
                findings.add(node.entries[least], (*path, least), "invalid_value", message)


class StringInput(Input, frozen=True, kw_only=True):
    """A text."""

    names: ClassVar = ("STRING",)

    validator: Annotated[Pattern | None, "A regular expression that the whole text must match."] = None

    is_text: ClassVar = True

    def take(self, value: Any, choices: tuple[str, ...] = ()) -> Any:
        """Return the text."""
        return _matching(super().take(value), self.validator)


class SecretInput(Input, frozen=True, kw_only=True):
    """A text that is stored encrypted and never shown."""

    names: ClassVar = ("SECRET",)

    validator: Annotated[Pattern | None, "A regular expression that the whole text must match."] = None

    is_text: ClassVar = True

    def take(self, value: Any, choices: tuple[str, ...] = ()) -> Any:
        """Return the text."""
        return _matching(super().take(value), self.validator)


class EmailInput(Input, frozen=True, kw_only=True):
    """An e-mail address."""

    names: ClassVar = ("EMAIL",)


class EnumInput(Input, frozen=True, kw_only=True):
    """One of a few texts."""

    names: ClassVar = ("ENUM",)

    values: Annotated[SomeTexts, "The texts to choose from."]

    def take(self, value: Any, choices: tuple[str, ...] = ()) -> Any:
        """Return the text."""
        return _chosen(super().take(value), self.values)


class SelectInput(Input, frozen=True, kw_only=True):
    """One of a few texts, which an expression may yield."""

    names: ClassVar = ("SELECT",)

    values: Annotated[SomeTexts, "The texts to choose from."] = ()
    expression: Annotated[Expression | None, "Yields the texts to choose from."] = None
    allow_custom_value: Annotated[Boolean, "Other texts may be given too."] = False
    auto_select_first: Annotated[Boolean, "A form begins with the first of them."] = False
    is_radio: Annotated[Boolean, "A form shows all of them at once."] = False

    def take(self, value: Any, choices: tuple[str, ...] = ()) -> Any:
        """Return the text."""
        taken = super().take(value)
        return taken if self.allow_custom_value else _chosen(taken, self.values or choices)

    @classmethod
    def check(cls, values: dict[str, Any], node: Mapping, path: Path, findings: Findings) -> None:
        """Say that there is nothing to choose from."""
        _check_choices(node, path, findings)
        super().check(values, node, path, findings)


class MultiselectInput(Input, frozen=True, kw_only=True):
    """Some of a few texts."""

    names: ClassVar = ("MULTISELECT",)

    values: Annotated[SomeTexts, "The texts to choose from.", Named(also=("options",))] = ()
    expression: Annotated[Expression | None, "Yields the texts to choose from."] = None
    allow_custom_value: Annotated[Boolean, "Other texts may be given too."] = False
    auto_select_first: Annotated[Boolean, "A form begins with the first of them."] = False
    item_type: Annotated[str, Choice("STRING", "INT", "FLOAT", "BOOLEAN"), "The type of each."] = "STRING"

    def take(self, value: Any, choices: tuple[str, ...] = ()) -> Any:
        """Return the texts."""
        taken = items(value, self.item_type)
        if not self.allow_custom_value:
            for item in taken:
                _chosen(shown(item), self.values or choices)
        return taken

    @classmethod
    def check(cls, values: dict[str, Any], node: Mapping, path: Path, findings: Findings) -> None:
        """Say that there is nothing to choose from."""
        _check_choices(node, path, findings)
        super().check(values, node, path, findings)


class IntInput(Bounded, frozen=True, kw_only=True):
    """A whole number."""

    names: ClassVar = ("INT",)

    min: Annotated[Integer | None, "The least value."] = None
    max: Annotated[Integer | None, "The greatest value."] = None

    def take(self, value: Any, choices: tuple[str, ...] = ()) -> Any:
        """Return the number."""
        taken = super().take(value)
        if self.min is not None and taken < self.min:
            raise Refused(f"it must be more than `{self.min}`")
        if self.max is not None and taken > self.max:
            raise Refused(f"it must be less than `{self.max}`")
        return taken


class FloatInput(Bounded, frozen=True, kw_only=True):
    """A number."""

    names: ClassVar = ("FLOAT",)

    min: Annotated[Decimal | None, "The least value."] = None
    max: Annotated[Decimal | None, "The greatest value."] = None

    def take(self, value: Any, choices: tuple[str, ...] = ()) -> Any:
        """Return the number."""
        taken = super().take(value)
        if self.min is not None and taken < self.min:
            raise Refused(f"it must be more than `{self.min}`")
        if self.max is not None and taken > self.max:
            raise Refused(f"it must be less than `{self.max}`")
        return taken


class BooleanInput(Input, frozen=True, kw_only=True):
    """True or false."""

    names: ClassVar = ("BOOLEAN", "BOOL")


class DatetimeInput(Bounded, frozen=True, kw_only=True):
    """A moment, with its offset from UTC."""

    names: ClassVar = ("DATETIME",)

    after: Annotated[str | None, DATETIME, "The value must be after this."] = None
    before: Annotated[str | None, DATETIME, "The value must be before this."] = None

    def take(self, value: Any, choices: tuple[str, ...] = ()) -> Any:
        """Return the value as text."""
        return _between(super().take(value), self.after, self.before, parse_moment)


class DateInput(Bounded, frozen=True, kw_only=True):
    """A day."""

    names: ClassVar = ("DATE",)

    after: Annotated[str | None, DATE, "The value must be after this."] = None
    before: Annotated[str | None, DATE, "The value must be before this."] = None

    def take(self, value: Any, choices: tuple[str, ...] = ()) -> Any:
        """Return the value as text."""
        return _between(super().take(value), self.after, self.before, parse_date)


class TimeInput(Bounded, frozen=True, kw_only=True):
    """A time of day."""

    names: ClassVar = ("TIME",)

    after: Annotated[str | None, TIME, "The value must be after this."] = None
    before: Annotated[str | None, TIME, "The value must be before this."] = None

    def take(self, value: Any, choices: tuple[str, ...] = ()) -> Any:
        """Return the value as text."""
        return _between(super().take(value), self.after, self.before, parse_time)


class DurationInput(Bounded, frozen=True, kw_only=True):
    """A time span in ISO 8601."""

    names: ClassVar = ("DURATION",)

    min: Annotated[Duration | None, "The shortest value."] = None
    max: Annotated[Duration | None, "The longest value."] = None

    def take(self, value: Any, choices: tuple[str, ...] = ()) -> Any:
        """Return the duration as text."""
        taken = super().take(value)
        length = parse_duration(taken)
        if self.min is not None and length < self.min:
            raise Refused(f"It must be more than `{duration_text(self.min)}`")
        if self.max is not None and length > self.max:
            raise Refused(f"It must be less than `{duration_text(self.max)}`")
        return taken


class FileInput(Input, frozen=True, kw_only=True):
    """A file, given as the URI of its stored content."""

    names: ClassVar = ("FILE",)

    extension: Annotated[Text, "The ending of the stored file's name."] = ".upl"
    allowed_file_extensions: Annotated[Texts, "The endings that a given file's name may have."] = ()
    accept: Annotated[Texts, "The endings that a form offers."] = ()

    def take(self, value: Any, choices: tuple[str, ...] = ()) -> Any:
        """Return the address."""
        taken = stored_file(value)
        endings = tuple(each.lower() for each in self.allowed_file_extensions)
        if endings and not taken.lower().endswith(endings):
            raise Refused(f"the name of the file must end in one of `[{', '.join(self.allowed_file_extensions)}]`")
        return taken


class JsonInput(Input, frozen=True, kw_only=True):
    """Any data, given as JSON."""

    names: ClassVar = ("JSON",)


class YamlInput(Input, frozen=True, kw_only=True):
    """Any data, given as YAML."""

    names: ClassVar = ("YAML",)


class UriInput(Input, frozen=True, kw_only=True):
    """A URI with its scheme."""

    names: ClassVar = ("URI",)


class ArrayInput(Input, frozen=True, kw_only=True):
    """A list of values of one type."""

    names: ClassVar = ("ARRAY",)

    item_type: Annotated[
        str,
        Choice(
            "STRING", "INT", "FLOAT", "BOOLEAN", "DATETIME", "DATE", "TIME", "DURATION", "JSON", "YAML", "URI", "EMAIL"
        ),
        "The type of each.",
    ]

    def take(self, value: Any, choices: tuple[str, ...] = ()) -> Any:
        """Return the list."""
        return items(value, self.item_type)


def _matching(text: str, pattern: str | None) -> str:
    """Return a text that a pattern matches; one that takes forever to find that out matches none."""
    try:
        if pattern is None or is_match(text, pattern):
            return text
    except ExpressionOverBudget:
        raise Refused(f"it takes too long to see whether it matches the pattern `{pattern}`") from None
    raise Refused(f"it must match the pattern `{pattern}`")


def _chosen(text: str, choices: tuple[str, ...]) -> str:
    if choices and text not in choices:
        raise Refused(f"it must match the values `[{', '.join(choices)}]`")
    return text


def _between(text: str, after: str | None, before: str | None, parse: Callable[[str], Any]) -> str:
    value = parse(text)
    if after is not None and value <= parse(after):
        raise Refused(f"it must be after `{_shortened(after, parse)}`")
    if before is not None and value >= parse(before):
        raise Refused(f"it must be before `{_shortened(before, parse)}`")
    return text


def _shortened(text: str, parse: Callable[[str], Any]) -> str:
    """Return a time of day without its seconds when there are none, other texts as they are."""
    return text[:5] if parse is parse_time and not parse(text).second and len(text) == len("00:00:00") else text


def _has_expression(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_expression, value.values()))
    return any(map(_has_expression, value)) if isinstance(value, list) else is_expression(value)


def _check_choices(node: Mapping, path: Path, findings: Findings) -> None:
    if not {"values", "options", "expression"} & set(node.entries):
        message = "The 'values' property cannot be empty: give the values, or an expression that yields them."
        findings.add(node, (*path, "values"), "missing_key", message)


INPUTS: dict[str, type[Variant]] = {
    name: each
    for each in (
        StringInput, IntInput, FloatInput, BooleanInput, EnumInput, SelectInput, MultiselectInput, DatetimeInput, DateInput,
        TimeInput, DurationInput, FileInput, JsonInput, YamlInput, UriInput, EmailInput, SecretInput, ArrayInput,
    )
    for name in each.names
}  # fmt: skip
INPUT = OneOf("an input", "Input", INPUTS)
Inputs = Annotated[tuple[Input, ...], Unique(INPUT, "input")]


class Output(Element, frozen=True, kw_only=True):
    """A value that a flow hands on when it has ended well."""

    id: Annotated[InputId, "The name."]
    type: Annotated[str, Choice(*INPUTS), "The type of the value."]
    value: Annotated[Anything, "The value; expressions in it are rendered."]
    description: Annotated[Text | None, "What the output is."] = None
    display_name: Annotated[Text | None, "What pages call the output."] = None
    required: Annotated[Boolean, "Whether a missing value fails the execution."] = True
    item_type: Annotated[str | None, Choice(*INPUTS), "The type of each item of an ARRAY."] = None


Outputs = Annotated[tuple[Output, ...], Unique(Of(Output, "an output"), "output")]
