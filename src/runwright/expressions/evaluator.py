"""Evaluator: a tree of expressions as functions of a frame, compiled once and called at each rendering.

Straight code takes no steps as it runs: how many operations it has is known, and taken when its body is entered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from runwright.errors import ExpressionError, did_you_mean
from runwright.expressions import nodes
from runwright.expressions.arithmetic import OPERATIONS
from runwright.expressions.faults import Fault, Missing
from runwright.expressions.filters import FILTERS
from runwright.expressions.functions import FUNCTIONS, HOST_FUNCTIONS
from runwright.expressions.value_tests import TESTS
from runwright.expressions.values import entry, is_number, is_true, key_text, kind_of, names_in, plain

if TYPE_CHECKING:
    from runwright.expressions.frames import Frame
    from runwright.expressions.signatures import Routine

Value = Callable[["Frame"], Any]

# What a routine may raise for a value that it was not made for; everything else is a fault of ours.
_REFUSALS = (ArithmeticError, LookupError, TypeError, ValueError)


class Expressions:
    """Compiles the expressions of one template; `assigned` are the names that it sets itself."""

    def __init__(self, assigned: frozenset[str]) -> None:
        """Begin; `size` counts the operations compiled so far."""
        self.assigned = assigned
        self.size = 0
        self._compilers: dict[type[nodes.Node], Callable[[Any], Value]] = {
            nodes.Constant: self._constant,
            nodes.Name: self._name,
            nodes.Entry: self._entry,
            nodes.Items: self._items,
            nodes.Pairs: self._pairs,
            nodes.Unary: self._unary,
            nodes.Binary: self._binary,
            nodes.Choice: self._choice,
            nodes.Filtered: self._filtered,
            nodes.Tested: self._tested,
            nodes.Call: self._call,
            nodes.Captured: self.captured,
        }

    def compiled(self, node: nodes.Node) -> Value:
        """Return the function that gives an expression's value."""
        self.size += 1
        return self._compilers[type(node)](node)

    def captured(self, node: nodes.Captured) -> Value:
        """Return the function that gives a body's text; only statements have bodies."""
        raise NotImplementedError

    # ------------------------------------------------------------------------------------------------------ data

    def _constant(self, node: nodes.Constant) -> Value:
        value = node.value
        return lambda _: value

    def _name(self, node: nodes.Name) -> Value:
        name, at = node.name, node.at

        def read(frame: Frame) -> Any:
            try:
                return frame.variables[name]
            except KeyError:
                raise Missing(name, at, frame.variables) from None

        def read_local(frame: Frame) -> Any:
            return frame.local[name] if name in frame.local else read(frame)

        return read_local if name in self.assigned else read

    def _entry(self, node: nodes.Entry) -> Value:
        target, at = self.compiled(node.target), node.at
        if isinstance(node.key, nodes.Constant) and isinstance(node.key.value, str):
            return _fixed_entry(target, node.key.value, at)
        key = self.compiled(node.key)

        def read(frame: Frame) -> Any:
            of, wanted = target(frame), key(frame)
            try:
                return entry(of, wanted)
            except LookupError:
                raise Missing(_shown(wanted), at, names_in(of)) from None

        return read

    def _items(self, node: nodes.Items) -> Value:
        items = [self.compiled(item) for item in node.items]
        return lambda frame: [item(frame) for item in items]

    def _pairs(self, node: nodes.Pairs) -> Value:
        pairs = [(self._key(key), self.compiled(value)) for key, value in node.pairs]
        return lambda frame: {key_text(key(frame)): value(frame) for key, value in pairs}

    def _key(self, node: nodes.Node) -> Value:
        """Return the function that gives a map's key; a bare name is a variable, as everywhere."""
        return self.compiled(node)

    # ------------------------------------------------------------------------------------------------- operators

    def _unary(self, node: nodes.Unary) -> Value:
        operand, at, sign = self.compiled(node.operand), node.at, node.operator
        if sign == "not":
            return lambda frame: not is_true(operand(frame))

        def signed(frame: Frame) -> Any:
            value = operand(frame)
            if not is_number(value):
                raise Fault(f"`{sign}` is for numbers; this is {kind_of(value)}.", at)
            return -value if sign == "-" else value

        return signed

    def _binary(self, node: nodes.Binary) -> Value:
        left, right, at = self.compiled(node.left), self.compiled(node.right), node.at
        if node.operator == "and":
            return lambda frame: is_true(left(frame)) and is_true(right(frame))
        if node.operator == "or":
            return lambda frame: is_true(left(frame)) or is_true(right(frame))
        if node.operator in {"??", "???"}:
            return _with_default(left, right, also_null=node.operator == "??")
        operation = OPERATIONS[node.operator]

        def operate(frame: Frame) -> Any:
            first, second = left(frame), right(frame)
            try:
                return operation(frame.budget, first, second)
            except Fault as fault:
                raise _placed(fault, at) from None
            except _REFUSALS as error:
                raise Fault(f"`{node.operator}` cannot be done here: {error}.", at) from None

        return operate

    def _choice(self, node: nodes.Choice) -> Value:
        condition, then, otherwise = (self.compiled(each) for each in (node.condition, node.then, node.otherwise))
        return lambda frame: then(frame) if is_true(condition(frame)) else otherwise(frame)

    # -------------------------------------------------------------------------------------------------- routines

    def _arguments(self, routine: Routine, given: nodes.Arguments, at: int) -> list[Value]:
        positional = [self.compiled(each) for each in given.positional]
        named = {name: self.compiled(each) for name, each in given.named.items()}
        return routine.bind(at, positional, named, _constantly)

    def _filtered(self, node: nodes.Filtered) -> Value:
        value, routine, at = self.compiled(node.value), FILTERS[node.name], node.at
        arguments = self._arguments(routine, node.arguments, at)
        if node.name == "default":
            value = _with_default(value, _constantly(None), also_null=False)
        call = _guarded(routine, f"The filter `{node.name}`", at)
        return lambda frame: call(frame.budget, value(frame), *[argument(frame) for argument in arguments])

    def _tested(self, node: nodes.Tested) -> Value:
        value, routine, at, is_negated = self.compiled(node.value), TESTS[node.name], node.at, node.is_negated
        arguments = self._arguments(routine, node.arguments, at)
        if node.name == "defined":
            value = _with_default(value, _constantly(None), also_null=False)
        call = _guarded(routine, f"The test `{node.name}`", at)
        return lambda frame: (
            call(frame.budget, value(frame), *[argument(frame) for argument in arguments]) is not is_negated
        )

    def _call(self, node: nodes.Call) -> Value:
        routine = FUNCTIONS.get(node.name)
        if routine is None or node.name in self.assigned:
            return self._foreign_call(node)
        built_in = _guarded(routine, f"The function `{node.name}`", node.at)
        arguments = self._arguments(routine, node.arguments, node.at)
        name = node.name
        foreign = self._foreign_call(node)

        def call(frame: Frame) -> Any:
            if name in frame.functions:
                return foreign(frame)
            return built_in(frame, *[argument(frame) for argument in arguments])

        return call

    def _foreign_call(self, node: nodes.Call) -> Value:
        """Return a call of a macro, or of a function that the host gives."""
        name, at = node.name, node.at
        positional = [self.compiled(each) for each in node.arguments.positional]
        named = {key: self.compiled(each) for key, each in node.arguments.named.items()}

        def call(frame: Frame) -> Any:
            function = frame.macros.get(name) or frame.functions.get(name)
            if function is None:
                raise Fault(_no_function(name, frame), at)
            given = [argument(frame) for argument in positional]
            by_name = {key: argument(frame) for key, argument in named.items()}
            try:
                return plain(function(*given, **by_name))
            except Fault as fault:
                raise _placed(fault, at) from None
            except (ExpressionError, RecursionError):
                raise
            except Exception as error:
                told = (str(error) or type(error).__name__).removesuffix(".")
                raise Fault(f"The function `{name}` failed: {told}.", at) from error

        return call


def _fixed_entry(target: Value, key: str, at: int) -> Value:
    """Return the function that reads an entry whose key is written in the template."""

    def read(frame: Frame) -> Any:
        of = target(frame)
        try:
            return of[key] if type(of) is dict else entry(of, key)
        except LookupError:
            raise Missing(key, at, names_in(of)) from None

    return read


def _with_default(value: Value, default: Value, *, also_null: bool) -> Value:
    def read(frame: Frame) -> Any:
        try:
            found = value(frame)
        except Missing:
            return default(frame)
        return default(frame) if also_null and found is None else found

    return read


def _constantly(value: Any) -> Value:
    return lambda _: value


def _guarded(routine: Routine, what: str, at: int) -> Callable[..., Any]:
    """Return a routine's function, whose refusals are faults at a place."""
    function = routine.function

    def call(first: Any, *values: Any) -> Any:
        try:
            return function(first, *values)
        except Fault as fault:
            raise _placed(fault, at) from None
        except _REFUSALS as error:
            raise Fault(f"{what} cannot do that: {error}.", at) from None

    return call


def _placed(fault: Fault, at: int) -> Fault:
    """Return a fault that has a place: its own, or this one."""
    if fault.at is None:
        fault.at = at
    return fault


def _shown(key: Any) -> str:
    return kind_of(key) if isinstance(key, Mapping | list | tuple) else key_text(key)


def _no_function(name: str, frame: Frame) -> str:
    if name in HOST_FUNCTIONS:
        return f"The function `{name}` is not available here: whoever renders this template must give it."
    known = {*FUNCTIONS, *HOST_FUNCTIONS, *frame.macros, *frame.functions}
    return f"There is no function `{name}`.{did_you_mean(name, known)}"
