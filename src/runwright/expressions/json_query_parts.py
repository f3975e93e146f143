"""JSON query parts: what the parts of a jq expression do: each is a function from a value to an iterator of values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from runwright.expressions.faults import Fault
from runwright.expressions.json_values import (
    OPERATIONS,
    QueryFault,
    descend,
    elements_of,
    is_truthy,
    json_text,
    part_of,
    slice_of,
)

if TYPE_CHECKING:
    from runwright.expressions.budget import Budget


class Scope(NamedTuple):
    """What a query may use, and the variables it has bound with `as`."""

    budget: Budget
    variables: dict[str, Any]


Query = Callable[[Any, Scope], Iterator[Any]]


def identity(value: Any, _: Scope) -> Iterator[Any]:
    """Give the value itself."""
    yield value


def recursive(value: Any, scope: Scope) -> Iterator[Any]:
    """Give the value and all in it."""
    return descend(value, scope.budget)


def constant(constant: Any) -> Query:
    """Return what gives a constant."""

    def give(_: Any, scope: Scope) -> Iterator[Any]:
        scope.budget.instructions(16)
        yield constant

    return give


def variable(name: str) -> Query:
    """Return what gives a variable."""

    def give(_: Any, scope: Scope) -> Iterator[Any]:
        if name not in scope.variables:
            raise Fault(f"jq knows no variable `{name}` here.")
        yield scope.variables[name]

    return give


def text_query(pieces: list[str | Query]) -> Query:
    """Return what gives a text with the results of queries in it."""
    if len(pieces) == 1:
        return constant(pieces[0])

    def give(value: Any, scope: Scope) -> Iterator[Any]:
        choices = [[piece] if isinstance(piece, str) else list(piece(value, scope)) for piece in pieces]
        for texts in product(*choices):
            text = "".join(each if isinstance(each, str) else json_text(each, scope.budget) for each in texts)
            scope.budget.text(len(text))
            scope.budget.charge(1)
            yield text

    return give


def piped(left: Query, right: Query) -> Query:
    """Return `left | right`."""

    def give(value: Any, scope: Scope) -> Iterator[Any]:
        for each in left(value, scope):
            scope.budget.instructions(16)
            yield from right(each, scope)

    return give


def bound(source: Query, name: str, body: Query) -> Query:
    """Return `source as $name | body`."""

    def give(value: Any, scope: Scope) -> Iterator[Any]:
        for each in source(value, scope):
            scope.budget.instructions(16)
            yield from body(value, Scope(scope.budget, {**scope.variables, name: each}))

    return give


def alternated(queries: list[Query]) -> Query:
    """Return `a, b`."""

    def give(value: Any, scope: Scope) -> Iterator[Any]:
        for query in queries:
            yield from query(value, scope)

    return give


def combined(sign: str, left: Query, right: Query) -> Query:
    """Return `left sign right`."""
    if sign in {"and", "or"}:
        return logical(left, right, is_or=sign == "or")
    if sign == "//":
        return alternative(left, right)
    operation = OPERATIONS[sign]

    def give(value: Any, scope: Scope) -> Iterator[Any]:
        for second in right(value, scope):
            for first in left(value, scope):
                scope.budget.instructions(16)
                yield operation(first, second, scope.budget)

    return give


def logical(left: Query, right: Query, *, is_or: bool) -> Query:
    """Return `left and right`, or `or`."""

    def give(value: Any, scope: Scope) -> Iterator[Any]:
        for first in left(value, scope):
            scope.budget.instructions(16)
            if is_truthy(first) is is_or:
                yield is_or
            else:
                yield from (is_truthy(second) for second in right(value, scope))

    return give


def alternative(left: Query, right: Query) -> Query:
    """Return `left // right`."""

    def give(value: Any, scope: Scope) -> Iterator[Any]:
        try:
            found = [each for each in left(value, scope) if is_truthy(each)]
        except QueryFault:
            found = []
        yield from found or right(value, scope)

    return give


def part(query: Query, key: Query) -> Query:
    """Return `query[key]`."""

    def give(value: Any, scope: Scope) -> Iterator[Any]:
        for target in query(value, scope):
            for wanted in key(value, scope):
                scope.budget.instructions(16)
                yield part_of(target, wanted)

    return give


def sliced(query: Query, start: Query, end: Query) -> Query:
    """Return `query[start:end]`."""

    def give(value: Any, scope: Scope) -> Iterator[Any]:
        for target in query(value, scope):
            for last in end(value, scope):
                for first in start(value, scope):
                    yield slice_of(target, first, last, scope.budget)

    return give


def each_of(query: Query) -> Query:
    """Return `query[]`."""

    def give(value: Any, scope: Scope) -> Iterator[Any]:
        for target in query(value, scope):
            for element in elements_of(target):
                scope.budget.instructions(16)
                yield element

    return give


def collected(query: Query) -> Query:
    """Return `[query]`."""

    def give(value: Any, scope: Scope) -> Iterator[Any]:
        yield list(query(value, scope))

    return give


def object_query(pairs: list[tuple[Query, Query]]) -> Query:
    """Return `{key: content}`."""

    def give(value: Any, scope: Scope) -> Iterator[Any]:
        choices: list[dict[str, Any]] = [{}]
        for key, content in pairs:
            keys, contents = list(key(value, scope)), list(content(value, scope))
            if not all(isinstance(each, str) for each in keys):
                raise QueryFault("Object keys must be strings")
            scope.budget.charge(len(choices) * len(keys) * len(contents))
            choices = [{**made, name: each} for made in choices for name in keys for each in contents]
        yield from choices

    return give


def chosen(condition: Query, then: Query, otherwise: Query) -> Query:
    """Return `if condition then then else otherwise end`."""

    def give(value: Any, scope: Scope) -> Iterator[Any]:
        for each in condition(value, scope):
            yield from (then if is_truthy(each) else otherwise)(value, scope)

    return give


def tried(query: Query, caught: Query | None) -> Query:
    """Return `try query catch caught`."""

    def give(value: Any, scope: Scope) -> Iterator[Any]:
        try:
            yield from query(value, scope)
        except QueryFault as fault:
            if caught is not None:
                yield from caught(fault.args[0], scope)

    return give


def reduced(source: Query, name: str, start: Query, update: Query) -> Query:
    """Return `reduce source as $name (start; update)`."""

    def give(value: Any, scope: Scope) -> Iterator[Any]:
        for initial in start(value, scope):
            made = initial
            for each in source(value, scope):
                scope.budget.instructions(16)
                inner = Scope(scope.budget, {**scope.variables, name: each})
                made = next(iter(list(update(made, inner))[-1:]), None)
            yield made

    return give
