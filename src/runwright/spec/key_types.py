"""Key types: the types that keys of elements have in Python, each with the kind that reads it.

Lists are tuples, mappings are dictionaries that nobody changes, durations are `timedelta`. Where an expression may stand the
type says `| str`: then a text is the expression, kept as written.
"""

from datetime import timedelta
from typing import Annotated, Any

from runwright.spec import kinds
from runwright.spec.kinds import ListOf, MapOf, Rendered

WORD = r"[a-zA-Z0-9][a-zA-Z0-9_-]*"
DOTTED_WORD = r"[a-zA-Z0-9][a-zA-Z0-9._-]*"
NAMESPACE = r"[a-z0-9][a-z0-9._-]*"
LEVELS = ("ERROR", "WARN", "INFO", "DEBUG", "TRACE")

_TEXT = kinds.Text()
_BOOLEAN = kinds.Boolean()
_COUNT = kinds.Number("a whole number of 0 or more", int, 0)
_POSITIVE = kinds.Number("a whole number of 1 or more", int, 1)

Text = Annotated[str, _TEXT]
Expression = Annotated[str, kinds.Template("text, rendered")]
Anything = Annotated[Any, kinds.Anything()]
Boolean = Annotated[bool, _BOOLEAN]
RenderedBoolean = Annotated[bool | str, Rendered(_BOOLEAN)]
Count = Annotated[int, _COUNT]
Positive = Annotated[int, _POSITIVE]
Integer = Annotated[int, kinds.Number("a whole number", int)]
Decimal = Annotated[float, kinds.Number("a number", float)]
RenderedCount = Annotated[int | str, Rendered(_COUNT)]
RenderedPositive = Annotated[int | str, Rendered(_POSITIVE)]
Duration = Annotated[timedelta, kinds.Duration()]
RenderedDuration = Annotated[timedelta | str, Rendered(kinds.Duration())]
Pattern = Annotated[str, kinds.Pattern()]
Cron = Annotated[str, kinds.Cron()]
Level = Annotated[str, kinds.Choice(*LEVELS)]
RenderedLevel = Annotated[str, Rendered(kinds.Choice(*LEVELS))]

TaskId = Annotated[
    str, kinds.Text("an id (letters, digits, _ and -; a letter or digit first)", WORD, 200, "invalid_id")
]
FlowId = Annotated[
    str, kinds.Text("an id (letters, digits, ., _ and -; a letter or digit first)", DOTTED_WORD, 100, "invalid_id")
]
InputId = Annotated[
    str, kinds.Text("an id (letters, digits, ., _ and -; a letter or digit first)", DOTTED_WORD, 200, "invalid_id")
]
Namespace = Annotated[
    str,
    kinds.Text(
        "a namespace (small letters, digits, ., _ and -; a letter or digit first)", NAMESPACE, 150, "invalid_id"
    ),
]
TypeName = Annotated[str, kinds.Text("the name of a type")]
Callable = Annotated[str, kinds.Text("`package.module:name`", r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")]

Texts = Annotated[tuple[str, ...], ListOf(_TEXT)]
SomeTexts = Annotated[tuple[str, ...], ListOf(_TEXT, least=1)]
TextOrTexts = Annotated[tuple[str, ...], ListOf(_TEXT, is_alone_enough=True)]
TextMap = Annotated[dict[str, str], MapOf(_TEXT)]
AnyMap = Annotated[dict[str, Any], MapOf(kinds.Anything())]
AnyList = Annotated[tuple[Any, ...], ListOf(kinds.Anything())]
AnyMapOrText = Annotated[dict[str, Any] | str, kinds.Either(mapping=MapOf(kinds.Anything()), scalar=_TEXT)]
AnyMapOrList = Annotated[
    dict[str, Any] | tuple[Any, ...],
    kinds.Either(mapping=MapOf(kinds.Anything()), sequence=ListOf(kinds.Anything())),
]
ListOrText = Annotated[
    tuple[Any, ...] | str, kinds.Either(sequence=ListOf(kinds.Anything()), scalar=kinds.Text("text, rendered"))
]
ListMapOrText = Annotated[
    tuple[Any, ...] | dict[str, Any] | str,
    kinds.Either(
        sequence=ListOf(kinds.Anything()), mapping=MapOf(kinds.Anything()), scalar=kinds.Text("text, rendered")
    ),
]
"""Values to go through: a list, a mapping, or a text that yields JSON."""
