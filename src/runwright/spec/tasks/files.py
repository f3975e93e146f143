"""Files: what tasks say about the files that they find, and those that they leave."""

from typing import Annotated, Any

from runwright.spec.elements import Element
from runwright.spec.key_types import Boolean, TextOrTexts
from runwright.spec.kinds import Anything, Either, ListOf, MapOf, Text

InputFiles = Annotated[
    dict[str, Any] | tuple[Any, ...] | str | None,
    Either(mapping=MapOf(Anything()), sequence=ListOf(Anything()), scalar=Text("text that yields JSON")),
]
"""Contents or URIs by file name, as a mapping, a list, or a text that yields JSON."""


class NamespaceFiles(Element, frozen=True, kw_only=True):
    """Which files of the namespace are there."""

    enabled: Annotated[Boolean, "Whether there are any."] = True
    include: Annotated[TextOrTexts, "Only these, as globs."] = ()
    exclude: Annotated[TextOrTexts, "None of these, as globs."] = ()
