"""Statements: a template's text and tags as functions that write to a frame, compiled once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from runwright.expressions import nodes
from runwright.expressions.evaluator import Expressions, Value
from runwright.expressions.faults import Fault
from runwright.expressions.frames import Frame
from runwright.expressions.values import is_true, kind_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

Statement = Callable[[Frame], None]


class Statements(Expressions):
    """Compiles the statements of one template."""

    def body(self, statements: Iterable[nodes.Node]) -> Statement:
        """Return the function that runs statements one after the other, after taking the steps they cost."""
        before = self.size
        macros_first = sorted(statements, key=lambda each: not isinstance(each, nodes.Macro))
        compiled = [self._statement(each) for each in macros_first]
        size = self.size - before + len(compiled)

        def run(frame: Frame) -> None:
            frame.budget.charge(size)
            for each in compiled:
                each(frame)

        return run

    def captured(self, node: nodes.Captured) -> Value:
        """Return the function that gives a body's text."""
        body = self.body(node.body)
        return lambda frame: frame.captured(body)

    def _statement(self, node: nodes.Node) -> Statement:
        compilers: dict[type[nodes.Node], Callable[[Any], Statement]] = {
            nodes.Text: self._text,
            nodes.Print: self._print,
            nodes.If: self._if,
            nodes.For: self._for,
            nodes.Set: self._set,
            nodes.Block: self._block,
            nodes.Macro: self._macro,
        }
        return compilers[type(node)](node)

    def _text(self, node: nodes.Text) -> Statement:
        text = node.text
        return lambda frame: frame.write(text)

    def _print(self, node: nodes.Print) -> Statement:
        value, at = self.compiled(node.value), node.value.at

        def write(frame: Frame) -> None:
            try:
                frame.write(text_of(value(frame), frame.budget))
            except Fault as fault:
                if fault.at is None:
                    fault.at = at
                raise

        return write

    def _if(self, node: nodes.If) -> Statement:
        branches = [(self.compiled(condition), self.body(body)) for condition, body in node.branches]
        otherwise = self.body(node.otherwise)

        def run(frame: Frame) -> None:
            for condition, body in branches:
                if is_true(condition(frame)):
                    body(frame)
                    return
            otherwise(frame)

        return run

    def _for(self, node: nodes.For) -> Statement:
        values, name, at = self.compiled(node.values), node.name, node.values.at
        body, otherwise = self.body(node.body), self.body(node.otherwise)

        def run(frame: Frame) -> None:
            elements = _elements(values(frame), at)
            if not elements:
                otherwise(frame)
                return
            before = dict(frame.local)
            last = len(elements) - 1
            for index, element in enumerate(elements):
                frame.budget.charge(1)
                frame.local[name] = element
                frame.local["loop"] = {
                    "index": index,
                    "revindex": last - index,
                    "first": index == 0,
                    "last": index == last,
                    "length": last + 1,
                }
                body(frame)
            frame.local = _after_loop(frame, before, {name, "loop"})

        return run

    def _set(self, node: nodes.Set) -> Statement:
        name, value = node.name, self.compiled(node.value)

        def run(frame: Frame) -> None:
            frame.local[name] = value(frame)

        return run

    def _block(self, node: nodes.Block) -> Statement:
        name, body = node.name, self.body(node.body)

        def run(frame: Frame) -> None:
            frame.blocks[name] = body
            body(frame)

        return run

    def _macro(self, node: nodes.Macro) -> Statement:
        parameters = [(name, self.compiled(default)) for name, default in node.parameters]
        body, macro = self.body(node.body), node.name

        def run(frame: Frame) -> None:
            def call(*positional: Any, **named: Any) -> str:
                values = _bound(macro, [name for name, _ in parameters], positional, named)
                inner = Frame(values, frame.budget, frame.functions, frame.read)
                inner.macros = frame.macros
                for name, default in parameters:
                    if name not in values:
                        values[name] = default(inner)
                return inner.captured(body)

            frame.macros[macro] = call

        return run


def _elements(values: Any, at: int) -> list[Any]:
    """Return what a loop goes through: elements, or a map's entries; null has none."""
    if isinstance(values, list | tuple):
        return list(values)
    if isinstance(values, Mapping):
        return [{"key": key, "value": value} for key, value in values.items()]
    if values is None:
        return []
    raise Fault(f"`for` goes through a list or map; this is {kind_of(values)}.", at)


def _after_loop(frame: Frame, before: dict[str, Any], own: set[str]) -> dict[str, Any]:
    """Return the local variables after a loop: what the body set anew is gone, what it changed stays."""
    after = {
        name: value
        for name, value in frame.local.items()
        if name not in own and (name in before or name in frame.variables)
    }
    return {**after, **{name: before[name] for name in own if name in before}}


def _bound(macro: str, parameters: list[str], positional: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
    if len(positional) > len(parameters):
        raise Fault(f"The macro `{macro}` takes {len(parameters)} arguments, not {len(positional)}.")
    values = dict(zip(parameters, positional, strict=False))
    for name, value in named.items():
        if name not in parameters or name in values:
            raise Fault(f"The macro `{macro}` has no free argument `{name}`.")
        values[name] = value
    return values
