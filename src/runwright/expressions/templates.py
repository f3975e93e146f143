"""Templates: what `compile_template` gives: a text, read once, with the names it reads and the function that renders it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from runwright.expression import LIMITS, Limits
from runwright.expressions import nodes
from runwright.expressions.budget import Budget
from runwright.expressions.faults import Fault, Overrun
from runwright.expressions.frames import Frame
from runwright.expressions.reading import pasted_by, read_by
from runwright.expressions.statements import Statements
from runwright.expressions.tags import statements_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

_KEPT = 4_096
_NO_FUNCTIONS: dict[str, Any] = {}


class CompiledTemplate:
    """A template that has been read; it may be rendered by several threads at once."""

    __slots__ = ("_body", "_value", "calls", "names", "paths", "text")

    def __init__(self, text: str, limits: Limits) -> None:
        """Read a text; raises `Fault`."""
        if len(text) > limits.source:
            raise Overrun("characters of source", limits.source)
        statements = statements_of(text, limits.depth)
        found = read_by(statements)
        self.text = text
        self.names = frozenset(path[0] for path in found.paths)
        self.paths = frozenset(found.paths)
        self.calls = frozenset(found.calls)
        compiler = Statements(frozenset(found.assigned))
        self._body = compiler.body(statements)
        match statements:
            case [nodes.Print(value=value)]:
                self._value = compiler.compiled(value)
            case _:
                self._value = None

    def pasted(self, harmless: Collection[str]) -> frozenset[tuple[str, ...]]:
        """Return the paths whose values stand in the text as they are; see `Template.pasted`."""
        return frozenset(pasted_by(statements_of(self.text, LIMITS.depth), harmless))

    def render(
        self,
        variables: Mapping[str, Any],
        *,
        limits: Limits = LIMITS,
        functions: Mapping[str, Callable[..., Any]] | None = None,
    ) -> str:
        """Return the text with every expression replaced; raises `ExpressionError`."""
        return self._run(self.render_in, _frame(variables, limits, functions))

    def render_value(
        self,
        variables: Mapping[str, Any],
        *,
        limits: Limits = LIMITS,
        functions: Mapping[str, Callable[..., Any]] | None = None,
    ) -> Any:
        """Return the value itself where the template is one expression and nothing else, and the text where it is more."""
        work = self.render_in if self._value is None else self._value
        return self._run(work, _frame(variables, limits, functions))

    def render_in(self, frame: Frame) -> str:
        """Return the text as part of a rendering that is under way; raises `Fault`."""
        try:
            self._body(frame)
        except Fault as fault:
            if fault.source is None:
                fault.source = self.text
            raise
        return "".join(frame.out)

    def _run(self, work: Callable[[Frame], Any], frame: Frame) -> Any:
        try:
            return work(frame)
        except Fault as fault:
            raise fault.to_error(self.text) from fault.__cause__
        except RecursionError:
            raise Overrun("levels of nesting", frame.budget.limits.depth).to_error(self.text) from None


def _frame(variables: Mapping[str, Any], limits: Limits, functions: Mapping[str, Callable[..., Any]] | None) -> Frame:
    return Frame(variables, Budget(limits), functions or _NO_FUNCTIONS, lambda text: read_template(text, limits))


def template_of(text: str, limits: Limits) -> CompiledTemplate:
    """Return the template of a text, from the last ones read if it is among them; raises `ExpressionError`."""
    if not isinstance(text, str):
        raise TypeError(f"A template is a text; got {text!r}.")
    try:
        return _by_default(text) if limits is LIMITS else read_template(text, limits)
    except Fault as fault:
        raise fault.to_error(text) from None
    except RecursionError:
        raise Overrun("levels of nesting", limits.depth).to_error(text) from None


@lru_cache(maxsize=_KEPT)
def read_template(text: str, limits: Limits) -> CompiledTemplate:
    """Return the template of a text; raises `Fault`."""
    return CompiledTemplate(text, limits)


@lru_cache(maxsize=_KEPT)
def _by_default(text: str) -> CompiledTemplate:
    """Return the template of a text within the default limits, which need not be compared then."""
    return CompiledTemplate(text, LIMITS)
