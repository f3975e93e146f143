"""JSON query functions: what a jq expression can call, by name and count of arguments.

There are no definitions, no input or output and no environment. Each gets the value, the scope and its arguments as queries.
"""

from __future__ import annotations

import json
import math
from itertools import islice
from typing import TYPE_CHECKING, Any

from runwright.expressions.json_values import (
    OPERATIONS,
    QueryFault,
    compare,
    descend,
    elements_of,
    is_truthy,
    json_text,
    part_of,
    sorted_by,
    type_of,
)
from runwright.expressions.patterns import pattern_of
from runwright.expressions.values import is_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runwright.expressions.json_query_parts import Query, Scope

    Function = Callable[..., Iterator[Any]]

FUNCTIONS: dict[tuple[str, int], Function] = {}


def _add_many(name: str, arguments: int = 0) -> Callable[[Function], Function]:
    """Return a decorator that adds a function that gives any number of results."""

    def decorate(function: Function) -> Function:
        FUNCTIONS[name, arguments] = function
        return function

    return decorate


def _add_one(name: str, arguments: int = 0) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that adds a function of values: one result for each combination of its arguments'."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        def give(value: Any, scope: Scope, *queries: Query) -> Iterator[Any]:
            scope.budget.instructions(16)
            if not queries:
                yield function(value, scope)
                return
            for given in queries[0](value, scope):
                for second in queries[1](value, scope) if len(queries) > 1 else (None,):
                    scope.budget.instructions(16)
                    yield function(value, scope, given) if len(queries) == 1 else function(value, scope, given, second)

        FUNCTIONS[name, arguments] = give
        return function

    return decorate


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise QueryFault(f"{type_of(value)} is no array")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise QueryFault(f"{type_of(value)} is no string")
    return value


def _number(value: Any) -> Any:
    if not is_number(value):
        raise QueryFault(f"{type_of(value)} is no number")
    return value


# --------------------------------------------------------------------------------------------- streams of results


@_add_many("empty")
def _empty(_: Any, __: Scope) -> Iterator[Any]:
    yield from ()


@_add_many("select", 1)
def _select(value: Any, scope: Scope, condition: Query) -> Iterator[Any]:
    for holds in condition(value, scope):
        if is_truthy(holds):
            yield value


@_add_many("map", 1)
def _map(value: Any, scope: Scope, query: Query) -> Iterator[Any]:
    yield [made for each in elements_of(value) for made in query(each, scope)]


@_add_many("map_values", 1)
def _map_values(value: Any, scope: Scope, query: Query) -> Iterator[Any]:
    if isinstance(value, dict):
        yield {key: made for key, each in value.items() for made in list(query(each, scope))[:1]}
    else:
        yield [made for each in _list(value) for made in list(query(each, scope))[:1]]


@_add_many("recurse")
def _recurse(value: Any, scope: Scope) -> Iterator[Any]:
    yield from descend(value, scope.budget)


@_add_many("recurse", 1)
def _recurse_by(value: Any, scope: Scope, query: Query) -> Iterator[Any]:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        scope.budget.charge(1)
        yield each
        waiting.extend(reversed(list(query(each, scope))))


@_add_many("first", 1)
def _first_of(value: Any, scope: Scope, query: Query) -> Iterator[Any]:
    for each in query(value, scope):
        yield each
        return


@_add_many("last", 1)
def _last_of(value: Any, scope: Scope, query: Query) -> Iterator[Any]:
    yield from list(query(value, scope))[-1:]


@_add_many("limit", 2)
def _limit(value: Any, scope: Scope, count: Query, query: Query) -> Iterator[Any]:
    for most in count(value, scope):
        yield from islice(query(value, scope), max(0, math.ceil(_number(most))))


@_add_many("range", 1)
def _range(value: Any, scope: Scope, end: Query) -> Iterator[Any]:
    for last in end(value, scope):
        yield from _counted(0, _number(last), scope)


@_add_many("range", 2)
def _range_from(value: Any, scope: Scope, start: Query, end: Query) -> Iterator[Any]:
    for first in start(value, scope):
        for last in end(value, scope):
            yield from _counted(_number(first), _number(last), scope)


def _counted(first: Any, last: Any, scope: Scope) -> Iterator[Any]:
    while first < last:
        scope.budget.instructions(16)
        yield first
        first += 1


@_add_many("any", 1)
def _any_of(value: Any, scope: Scope, condition: Query) -> Iterator[Any]:
    yield any(is_truthy(holds) for each in elements_of(value) for holds in condition(each, scope))


@_add_many("all", 1)
def _all_of(value: Any, scope: Scope, condition: Query) -> Iterator[Any]:
    yield all(is_truthy(holds) for each in elements_of(value) for holds in condition(each, scope))


@_add_many("error", 0)
def _error(value: Any, scope: Scope) -> Iterator[Any]:
    raise QueryFault(value if isinstance(value, str) else json_text(value, scope.budget))
    yield  # a generator, as all of them


@_add_many("error", 1)
def _error_of(value: Any, scope: Scope, message: Query) -> Iterator[Any]:
    for each in message(value, scope):
        raise QueryFault(each if isinstance(each, str) else json_text(each, scope.budget))
    yield from ()


@_add_many("with_entries", 1)
def _with_entries(value: Any, scope: Scope, query: Query) -> Iterator[Any]:
    changed = [made for each in _to_entries(value, scope) for made in query(each, scope)]
    yield _from_entries(changed, scope)


# ----------------------------------------------------------------------------------------- arrays ordered by a key


def _by(name: str, made: Callable[[list[tuple[Any, Any]]], Any]) -> None:
    """Add a function and its form with `_by`: `made` gets pairs of key and element in order."""

    def plain(value: Any, scope: Scope) -> Iterator[Any]:
        elements = _list(value)
        yield made(sorted_by(elements, elements, scope.budget))

    def by_key(value: Any, scope: Scope, query: Query) -> Iterator[Any]:
        elements = _list(value)
        yield made(sorted_by(elements, [list(query(each, scope)) for each in elements], scope.budget))

    FUNCTIONS[name, 0], FUNCTIONS[f"{name}_by", 1] = plain, by_key


def _groups(pairs: list[tuple[Any, Any]]) -> list[list[Any]]:
    groups: list[list[Any]] = []
    before: list[Any] = []
    for key, element in pairs:
        if not before or compare(before[0], key) != 0:
            groups.append([])
        before = [key]
        groups[-1].append(element)
    return groups


_by("sort", lambda pairs: [element for _, element in pairs])
_by("group", _groups)
_by("unique", lambda pairs: [group[0] for group in _groups(pairs)])
_by("min", lambda pairs: pairs[0][1] if pairs else None)
_by("max", lambda pairs: pairs[-1][1] if pairs else None)
del FUNCTIONS["group", 0]


# --------------------------------------------------------------------------------------------------- single results


@_add_one("not")
def _not(value: Any, _: Scope) -> bool:
    return not is_truthy(value)


@_add_one("length")
def _length(value: Any, _: Scope) -> Any:
    if value is None:
        return 0
    if isinstance(value, bool):
        raise QueryFault("boolean has no length")
    return abs(value) if is_number(value) else len(value)


@_add_one("keys")
def _keys(value: Any, scope: Scope) -> list[Any]:
    scope.budget.elements(len(elements_of(value)))
    return sorted(value) if isinstance(value, dict) else list(range(len(value)))


@_add_one("keys_unsorted")
def _keys_unsorted(value: Any, scope: Scope) -> list[Any]:
    scope.budget.elements(len(elements_of(value)))
    return list(value) if isinstance(value, dict) else list(range(len(value)))


@_add_one("values")
def _values(value: Any, _: Scope) -> Any:
    return value


@_add_many("values")
def _not_null(value: Any, _: Scope) -> Iterator[Any]:
    if value is not None:
        yield value


@_add_one("type")
def _type(value: Any, _: Scope) -> str:
    return type_of(value)


@_add_one("has", 1)
def _has(value: Any, _: Scope, key: Any) -> bool:
    if isinstance(value, dict):
        return key in value
    return 0 <= _number(key) < len(_list(value))


@_add_one("contains", 1)
def _contains(value: Any, scope: Scope, other: Any) -> bool:
    scope.budget.weigh([value, other])
    return _is_part(value, other, scope)


def _is_part(value: Any, other: Any, scope: Scope) -> bool:
    scope.budget.charge(1)
    if isinstance(value, str) and isinstance(other, str):
        return other in value
    if isinstance(value, dict) and isinstance(other, dict):
        return all(key in value and _is_part(value[key], item, scope) for key, item in other.items())
    if isinstance(value, list) and isinstance(other, list):
        return all(any(_is_part(each, item, scope) for each in value) for item in other)
    return compare(value, other) == 0


@_add_one("index", 1)
def _index(value: Any, _: Scope, other: Any) -> int | None:
    found = _text(value).find(_text(other))
    return None if found < 0 else found


@_add_one("add")
def _add(value: Any, scope: Scope) -> Any:
    total: Any = None
    for each in elements_of(value):
        total = OPERATIONS["+"](total, each, scope.budget)
    return total


@_add_one("any")
def _any(value: Any, _: Scope) -> bool:
    return any(map(is_truthy, elements_of(value)))


@_add_one("all")
def _all(value: Any, _: Scope) -> bool:
    return all(map(is_truthy, elements_of(value)))


@_add_one("flatten")
def _flatten(value: Any, scope: Scope) -> list[Any]:
    return _flat(scope.budget.weigh(_list(value)), math.inf)


@_add_one("flatten", 1)
def _flatten_to(value: Any, scope: Scope, depth: Any) -> list[Any]:
    return _flat(scope.budget.weigh(_list(value)), _number(depth))


def _flat(value: list[Any], depth: float) -> list[Any]:
    flat: list[Any] = []
    for each in value:
        flat.extend(_flat(each, depth - 1) if isinstance(each, list) and depth > 0 else [each])
    return flat


@_add_one("reverse")
def _reverse(value: Any, scope: Scope) -> Any:
    scope.budget.elements(len(value or []))
    return value[::-1] if isinstance(value, str) else _list(value or [])[::-1]


@_add_one("first")
def _first(value: Any, _: Scope) -> Any:
    return part_of(value, 0)


@_add_one("last")
def _last(value: Any, _: Scope) -> Any:
    return part_of(value, -1)


@_add_one("to_entries")
def _to_entries(value: Any, scope: Scope) -> list[Any]:
    if not isinstance(value, dict):
        raise QueryFault(f"{type_of(value)} has no entries")
    scope.budget.elements(len(value))
    return [{"key": key, "value": item} for key, item in value.items()]


@_add_one("from_entries")
def _from_entries(value: Any, scope: Scope) -> dict[str, Any]:
    entries = _list(value)
    scope.budget.elements(len(entries))
    made: dict[str, Any] = {}
    for each in entries:
        if not isinstance(each, dict):
            raise QueryFault(f"{type_of(each)} is no entry")
        key = next((each[name] for name in ("key", "k", "name", "Key", "Name") if name in each), None)
        content = next((each[name] for name in ("value", "v", "Value") if name in each), None)
        made[key if isinstance(key, str) else json_text(key, scope.budget)] = content
    return made


@_add_one("tostring")
def _to_string(value: Any, scope: Scope) -> str:
    return value if isinstance(value, str) else json_text(value, scope.budget)


@_add_one("tojson")
def _to_json(value: Any, scope: Scope) -> str:
    return json_text(value, scope.budget)


@_add_one("tonumber")
def _to_number(value: Any, _: Scope) -> Any:
    if is_number(value):
        return value
    text = _text(value).strip()
    try:
        return int(text) if text.lstrip("-").isdecimal() and len(text) < 60 else float(text)  # noqa: PLR2004  no integer is longer
    except ValueError:
        raise QueryFault(f"Cannot read `{text[:60]}` as a number") from None


@_add_one("fromjson")
def _from_json(value: Any, scope: Scope) -> Any:
    text = _text(value)
    scope.budget.text(len(text))
    try:
        return scope.budget.weigh(json.loads(text, parse_int=_integer))
    except ValueError:
        raise QueryFault(f"Cannot read `{text[:60]}` as JSON") from None


def _integer(digits: str) -> Any:
    return int(digits) if len(digits) < 60 else float(digits)  # noqa: PLR2004  no integer is longer


@_add_one("floor")
def _floor(value: Any, _: Scope) -> int:
    return math.floor(_number(value))


@_add_one("ceil")
def _ceil(value: Any, _: Scope) -> int:
    return math.ceil(_number(value))


@_add_one("round")
def _round(value: Any, _: Scope) -> int:
    return math.floor(_number(value) + 0.5)


@_add_one("abs")
def _abs(value: Any, _: Scope) -> Any:
    return abs(_number(value))


@_add_one("join", 1)
def _join(value: Any, scope: Scope, separator: Any) -> str:
    texts = [
        "" if each is None else each if isinstance(each, str) else json_text(each, scope.budget)
        for each in _list(value)
    ]
    scope.budget.text(sum(map(len, texts)) + len(_text(separator)) * len(texts))
    return separator.join(texts)


@_add_one("split", 1)
def _split(value: Any, scope: Scope, separator: Any) -> Any:
    return OPERATIONS["/"](_text(value), _text(separator), scope.budget)


@_add_one("test", 1)
def _test(value: Any, scope: Scope, pattern: Any) -> bool:
    return pattern_of(_text(pattern)).find(_text(value), 0, scope.budget) is not None


@_add_one("ascii_downcase")
def _ascii_downcase(value: Any, _: Scope) -> str:
    return _text(value).lower()


@_add_one("ascii_upcase")
def _ascii_upcase(value: Any, _: Scope) -> str:
    return _text(value).upper()


@_add_one("startswith", 1)
def _startswith(value: Any, _: Scope, other: Any) -> bool:
    return _text(value).startswith(_text(other))


@_add_one("endswith", 1)
def _endswith(value: Any, _: Scope, other: Any) -> bool:
    return _text(value).endswith(_text(other))


@_add_one("ltrimstr", 1)
def _ltrimstr(value: Any, _: Scope, other: Any) -> Any:
    return value.removeprefix(other) if isinstance(value, str) and isinstance(other, str) else value


@_add_one("rtrimstr", 1)
def _rtrimstr(value: Any, _: Scope, other: Any) -> Any:
    return value.removesuffix(other) if isinstance(value, str) and isinstance(other, str) else value


@_add_one("trim")
def _trim(value: Any, _: Scope) -> str:
    return _text(value).strip()
