"""Expression: the contract of templates such as `{{ outputs.fetch.count + 1 }}`, and the public entry to them.

A template is text with expressions in it. It reads plain data only, knows before it runs which names it will read, and ends
within its limits whatever it says. How it is read and evaluated is in `runwright.expressions`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

FALSE_TEXTS = frozenset({"", "false", "0", "-0"})


class Limits(msgspec.Struct, frozen=True):
    """What one rendering may use; all of it is counted, none of it timed.

    `source` and `output` are in characters. A step is an operation; whatever works on long texts and lists takes a step for
    every 256 characters or 16 elements. `depth` is how deep brackets, tags and data nest, and renderings within renderings.
    """

    source: int = 8_192
    steps: int = 10_000
    output: int = 262_144
    depth: int = 50


LIMITS = Limits()


class Template(Protocol):
    """A template, read once, to be rendered many times.

    `names` are the variables it reads, `paths` the same with the entries that are known before it runs (`outputs.a.value` is
    `("outputs", "a", "value")`), `calls` the functions it calls.
    """

    text: str
    names: frozenset[str]
    paths: frozenset[tuple[str, ...]]
    calls: frozenset[str]

    def pasted(self, harmless: Collection[str]) -> frozenset[tuple[str, ...]]:
        """Return the paths whose values stand in the text as they are, a function as `name()`.

        What is only compared, counted or calculated with does not count, nor what goes through a filter of `harmless`.
        """
        ...

    def render(
        self,
        variables: Mapping[str, Any],
        *,
        limits: Limits = ...,
        functions: Mapping[str, Callable[..., Any]] | None = ...,
    ) -> str:
        """Return the text with every expression replaced; raises `ExpressionError`.

        `functions` are those that need a host (`secret`, `kv`, `read`, ...); they get the values of their arguments.
        """
        ...

    def render_value(
        self,
        variables: Mapping[str, Any],
        *,
        limits: Limits = ...,
        functions: Mapping[str, Callable[..., Any]] | None = ...,
    ) -> Any:
        """Return the value itself where the template is one expression and nothing else, and the text where it is more."""
        ...


def compile_template(text: str, *, limits: Limits = LIMITS) -> Template:
    """Return the template of a text; raises `ExpressionError` with the place when it cannot be read. The same text is read once."""
    from runwright.expressions.templates import template_of  # noqa: PLC0415  who has no expressions does not load them

    return template_of(text, limits)


def render(
    template: str,
    variables: Mapping[str, Any],
    *,
    limits: Limits = LIMITS,
    functions: Mapping[str, Callable[..., Any]] | None = None,
) -> str:
    """Return a template's text with every expression replaced by its value; see `Template.render`.

    >>> render("Hello {{ name | upper }}", {"name": "ada"})
    'Hello ADA'
    """
    return compile_template(template, limits=limits).render(variables, limits=limits, functions=functions)


def is_match(text: str, pattern: str) -> bool:
    """Say whether a regular expression matches the whole of a text, within the limits of an expression.

    Raises `ExpressionError` for what is no regular expression, and `ExpressionOverBudget` where matching would take too long.
    """
    return compile_template("{{ text matches pattern }}").render_value({"text": text, "pattern": pattern})


def is_true(rendered: str | None) -> bool:
    """Say whether a rendered condition holds: every text does but the empty one, `false`, `0` and `-0`."""
    return rendered is not None and rendered not in FALSE_TEXTS
