"""Query: questions to the record without a server: an entity, its columns, a condition, an order; the answer is a table.

The condition is written as the `where` of GraphQL is, in JSON. What is asked is shown as GraphQL too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import msgspec

from runwright.entities import ENTITIES
from runwright.errors import QueryError, did_you_mean
from runwright.query import And, Compare, Exists, Not, Operator, Or, Order, Query, Related, columns, speaks_of
from runwright.ui.copying import Copy, graphql_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runwright.entities import Entity
    from runwright.query import Condition, Field
    from runwright.ui.ask import Ask
    from runwright.ui.surface import Surface

LIMIT = 100
MOST_ROWS = 1_000
MOST_TEXT = 10_000
DEEPEST = 12
_OPERATORS = frozenset(get_args(Operator))


class ColumnOffer(msgspec.Struct, frozen=True):
    """A column that may be asked for."""

    name: str
    type: str
    says: str


class Example(msgspec.Struct, frozen=True):
    """A question to begin with."""

    title: str
    link: str


class QueryPage(msgspec.Struct):
    """The page: what is asked, what could be, and the answer. `why` says what is wrong with the question."""

    entity: str
    entities: list[str]
    says: str
    fields: str
    where: str
    order: str
    limit: int
    offers: list[ColumnOffer]
    relations: list[ColumnOffer]
    examples: list[Example]
    columns: list[str] = []
    cells: list[list[str]] = []
    why: str = ""
    copies: list[Copy] = []
    status: int = 200


_USUAL = {
    "task_run": "id state map_index duration_seconds task.slug flow_run.name",
    "flow_run": "id name state start_time duration_seconds flow.name",
    "flow": "name version created",
    "log": "timestamp level message task_run.id",
    "task": "slug name mapped tags max_retries",
}
_EXAMPLES = (
    ("The slowest task runs", "task_run", "", '{"duration_seconds": {"_is_null": false}}', "-duration_seconds"),
    (
        "What failed, and why",
        "task_run",
        "task.slug flow_run.name state_message end_time",
        '{"phase": {"_eq": "bad"}}',
        "-end_time",
    ),
    ("Errors in the logs", "log", "", '{"level": {"_in": ["ERROR", "CRITICAL"]}}', "-timestamp"),
    (
        "Retried task runs",
        "task_run",
        "task.slug attempt state duration_seconds",
        '{"attempt": {"_gt": 1}}',
        "-attempt",
    ),
)


def read(surface: Surface, ask: Ask) -> QueryPage:
    """Return the page with the answer to its question."""
    entity = ENTITIES[ask.one_of("entity", "task_run", *ENTITIES)]
    usual = _USUAL.get(entity.name, " ".join(list(entity.columns)[:6]))
    page = QueryPage(
        entity.name,
        list(ENTITIES),
        entity.says,
        ask.get("fields").strip()[:MOST_TEXT] or usual,
        ask.get("where").strip()[:MOST_TEXT],
        ask.get("order").strip()[:MOST_TEXT],
        ask.number("limit", LIMIT, most=MOST_ROWS),
        [ColumnOffer(each.name, each.type, each.says) for each in entity.columns.values()],
        [ColumnOffer(each.name, each.entity, each.says) for each in entity.relations.values() if not each.is_list],
        [_example(ask, *each) for each in _EXAMPLES],
    )
    try:
        _answer(page, surface, entity)
    except ValueError as error:
        page.why, page.status = str(error), 400
    return page


def _example(ask: Ask, title: str, entity: str, fields: str, where: str, order: str) -> Example:
    return Example(title, ask.link(entity=entity, fields=fields, where=where, order=order, limit=None))


def _answer(page: QueryPage, surface: Surface, entity: Entity) -> None:
    names = page.fields.replace(",", " ").split()
    condition = condition_of(_read(page.where), entity) if page.where else None
    order = tuple(_order(word, entity) for word in page.order.replace(",", " ").split())
    query = Query(
        entity.name,
        tuple(_fields(names, entity)),
        condition,
        order,
        page.limit,
        without_deleted=not speaks_of(condition, "deleted"),
    )
    page.copies = [Copy("GraphQL", graphql_of(query))]
    found = msgspec.json.decode(surface.views.query(query))
    page.columns = names
    page.cells = [[_cell(row, name) for name in names] for row in found]


def _read(where: str) -> Any:
    try:
        return msgspec.json.decode(where)
    except msgspec.DecodeError as error:
        raise QueryError(f"The condition is no JSON: {error}.") from None


def _fields(names: list[str], entity: Entity) -> Iterator[Field]:
    related: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        first, dot, rest = name.partition(".")
        if dot:
            related.setdefault(first, []).append(rest)
        else:
            yield columns(entity.column(first).name)[0]
    for name, inner in related.items():
        relation = entity.relation(name)
        if relation.is_list:
            raise QueryError(f"{entity.name}.{name} is a list: ask for {relation.entity} itself.")
        yield Related(name, Query(relation.entity, tuple(_fields(inner, ENTITIES[relation.entity])), is_single=True))


def _order(word: str, entity: Entity) -> Order:
    return Order(entity.column(word.lstrip("-+")).name, is_descending=word.startswith("-"))


def _cell(row: dict[str, Any], name: str) -> str:
    value: Any = row
    for key in name.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return "" if value is None else value if isinstance(value, str) else msgspec.json.encode(value).decode()


def condition_of(where: Any, entity: Entity, depth: int = 0) -> Condition:
    """Return the condition that a `where` of GraphQL means; raises `QueryError`."""
    if not isinstance(where, dict):
        raise QueryError('A condition is an object, such as {"state": {"_eq": "Failed"}}.')
    if depth > DEEPEST:
        raise QueryError(f"A condition may be {DEEPEST} levels deep.")
    return _all(*(_part(key, value, entity, depth + 1) for key, value in where.items()))


def _part(key: str, value: Any, entity: Entity, depth: int) -> Condition:
    if key in {"_and", "_or"}:
        parts = value if isinstance(value, list) else [value]
        return (And if key == "_and" else Or)(tuple(condition_of(each, entity, depth) for each in parts))
    if key == "_not":
        return Not(condition_of(value, entity, depth))
    if key in entity.relations:
        return Exists(key, condition_of(value, ENTITIES[entity.relations[key].entity], depth))
    column = entity.column(key)
    if not isinstance(value, dict):
        raise QueryError(f'{key} is compared by an object, such as {{"{key}": {{"_eq": ...}}}}.')
    return _all(*(_compare(column.name, operator, each) for operator, each in value.items()))


def _all(*parts: Condition) -> Condition:
    return parts[0] if len(parts) == 1 else And(parts)


def _compare(column: str, operator: str, value: Any) -> Compare:
    name: Any = operator.removeprefix("_")
    if name not in _OPERATORS:
        hint = did_you_mean(name, _OPERATORS)
        raise QueryError(f"There is no comparison {operator!r}.{hint} There are _{', _'.join(sorted(_OPERATORS))}.")
    return Compare(column, name, tuple(value) if isinstance(value, list) and name in {"in", "nin"} else value)
