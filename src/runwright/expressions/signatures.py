"""Signatures: what the filters, functions and tests of the tables take, and how what is written is bound to it.

Binding is done once, when a template is compiled: a call with a wrong argument is an error before anything runs.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, NamedTuple

from runwright.errors import did_you_mean
from runwright.expressions.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

REQUIRED: Any = inspect.Parameter.empty


class Parameter(NamedTuple):
    """An argument with its documented name; `default` is REQUIRED when there is none."""

    name: str
    default: Any


class Routine:
    """A filter, function or test: `function` takes what runs it, for filters and tests the value, then the arguments."""

    def __init__(self, name: str, function: Callable[..., Any], *, leading: int = 2) -> None:
        """Read the parameters of a function; the `leading` ones are not written in templates."""
        self.name = name
        self.function = function
        self.meaning = (inspect.getdoc(function) or "").splitlines()[0]
        found = list(inspect.signature(function).parameters.values())[leading:]
        self.takes_more = bool(found) and found[-1].kind is inspect.Parameter.VAR_POSITIONAL
        self.more = found[-1].name if self.takes_more else ""
        self.parameters = tuple(
            Parameter(documented_name(each.name), each.default)
            for each in found
            if each.kind is not inspect.Parameter.VAR_POSITIONAL
        )

    @property
    def signature(self) -> str:
        """Return the parameters as the documentation shows them."""
        shown = [
            each.name if each.default is REQUIRED else f"{each.name}={_shown(each.default)}" for each in self.parameters
        ]
        return ", ".join([*shown, f"{self.more}..."] if self.takes_more else shown)

    def bind(self, at: int, positional: list[Any], named: dict[str, Any], constant: Callable[[Any], Any]) -> list[Any]:
        """Return the arguments in order, defaults by `constant`; raises `Fault` for one too many, unknown or missing."""
        if len(positional) > len(self.parameters) and not self.takes_more:
            raise Fault(f"`{self.name}` takes {self._count()}, not {len(positional)}.", at)
        bound: list[Any] = list(positional)
        rest = dict(named)
        free = [each.name for each in self.parameters[len(positional) :]]
        for name in named:
            if name not in free:
                raise Fault(f"`{self.name}` has no free argument `{name}`.{did_you_mean(name, free)}", at)
        for parameter in self.parameters[len(positional) :]:
            if parameter.name in rest:
                bound.append(rest.pop(parameter.name))
            elif parameter.default is REQUIRED:
                raise Fault(f"`{self.name}` needs the argument `{parameter.name}`.", at)
            else:
                bound.append(constant(parameter.default))
        return bound

    def _count(self) -> str:
        count = len(self.parameters)
        return "no argument" if count == 0 else "one argument at most" if count == 1 else f"{count} arguments at most"


def documented_name(name: str) -> str:
    """Return a Python parameter's documented name: `time_zone` is written `timeZone`, `from_` is written `from`."""
    first, *rest = name.strip("_").split("_")
    return first + "".join(word.capitalize() for word in rest)


def _shown(default: Any) -> str:
    if default is None or isinstance(default, bool):
        return {None: "null", True: "true", False: "false"}[default]
    return repr(default)


class Table(dict[str, Routine]):
    """Routines by name."""

    def add(self, *names: str, leading: int = 2) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Return a decorator that adds a function under these names."""

        def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
            for name in names:
                self[name] = Routine(name, function, leading=leading)
            return function

        return decorate
