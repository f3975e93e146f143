"""Selection: what an operation asks for, read into queries.

The operation was validated against the schema before: names and types of fields and arguments are right.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLObjectType,
    GraphQLSkipDirective,
    get_named_type,
)
from graphql.execution.values import get_argument_values, get_directive_values

from runwright.entities import ENTITIES
from runwright.errors import QueryError
from runwright.query import (
    Aggregate,
    And,
    Compare,
    Exists,
    Fixed,
    Nested,
    Nodes,
    Not,
    Or,
    Order,
    Query,
    Related,
    Summary,
    Value,
    all_of,
    speaks_of,
)
from runwright.server.graphql.limits import MOST_ROWS, check_condition
from runwright.server.graphql.schema import PERCENTILES, schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from graphql import FragmentDefinitionNode, SelectionSetNode

    from runwright.entities import Entity
    from runwright.query import Condition, Field, SummaryField

_STEP = re.compile(r"\.?([^.\[\]\"]+)|\[(\d+)\]|\[?\"([^\"]*)\"\]?")


class Selected(NamedTuple):
    """A field under the key of its answer; `nodes` has more than one where a key is asked for several times."""

    key: str
    name: str
    type: GraphQLObjectType
    nodes: list[FieldNode]


class Selection:
    """Reads the selections of one operation, with its fragments and the values of its variables."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode], variables: Any) -> None:
        """Hold them; `variables` are as the library coerced them."""
        self._fragments = fragments
        self.variables = variables

    def fields(self, type_: GraphQLObjectType, sets: Iterable[SelectionSetNode | None]) -> list[Selected]:
        """Return the fields of selection sets on an object, fragments opened and what is skipped left out."""
        found: dict[str, Selected] = {}
        for each in sets:
            self._collect(type_, each, found, set())
        return list(found.values())

    def inner(self, field: Selected) -> list[Selected]:
        """Return what is selected below a field."""
        type_ = get_named_type(field.type.fields[field.name].type)
        return self.fields(type_, (node.selection_set for node in field.nodes))  # type: ignore[arg-type]  an object

    def arguments(self, field: Selected) -> dict[str, Any]:
        """Return the arguments of a field, with variables in place."""
        return get_argument_values(field.type.fields[field.name], field.nodes[0], self.variables)

    def root(self, field: Selected) -> Query | Summary:
        """Return the query for a root field about an entity."""
        arguments = self.arguments(field)
        if field.name in ENTITIES:
            return self._rows(ENTITIES[field.name], field, arguments)
        if field.name.endswith("_by_pk"):
            entity = ENTITIES[field.name.removesuffix("_by_pk")]
            where = Compare("id", "eq", arguments["id"])
            return Query(entity.name, self._fields(entity, field), where, limit=1, is_single=True)
        return self._summary(ENTITIES[field.name.removesuffix("_aggregate")], field, arguments)

    # ---- selections

    def _collect(
        self, type_: GraphQLObjectType, selected: SelectionSetNode | None, found: dict[str, Selected], seen: set[str]
    ) -> None:
        for node in selected.selections if selected else ():
            if self._is_left_out(node):
                continue
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                found.setdefault(key, Selected(key, node.name.value, type_, [])).nodes.append(node)
            elif not isinstance(node, FragmentSpreadNode):
                self._collect(type_, node.selection_set, found, seen)  # type: ignore[attr-defined]  an inline fragment
            elif node.name.value not in seen:
                seen.add(node.name.value)
                self._collect(type_, self._fragments[node.name.value].selection_set, found, seen)

    def _is_left_out(self, node: Any) -> bool:
        skip = get_directive_values(GraphQLSkipDirective, node, self.variables)
        include = get_directive_values(GraphQLIncludeDirective, node, self.variables)
        return bool(skip and skip["if"]) or bool(include and not include["if"])

    # ---- rows

    def _rows(self, entity: Entity, field: Selected, arguments: dict[str, Any]) -> Query:
        return Query(entity.name, self._fields(entity, field), **_which(entity, arguments))

    def _fields(self, entity: Entity, field: Selected) -> tuple[Field, ...]:
        return tuple(self._field(entity, each) for each in self.inner(field))

    def _field(self, entity: Entity, field: Selected) -> Field:
        if field.name == "__typename":
            return Fixed(field.key, field.type.name)
        if field.name in entity.columns:
            return Value(field.name, field.key, path_from(self.arguments(field).get("path")))
        is_aggregate = field.name not in entity.relations
        relation = entity.relation(field.name.removesuffix("_aggregate") if is_aggregate else field.name)
        other = ENTITIES[relation.entity]
        if is_aggregate:
            return Related(relation.name, self._summary(other, field, self.arguments(field)), field.key)
        if relation.is_list:
            return Related(relation.name, self._rows(other, field, self.arguments(field)), field.key)
        return Related(relation.name, Query(other.name, self._fields(other, field), limit=1, is_single=True), field.key)

    # ---- summaries

    def _summary(self, entity: Entity, field: Selected, arguments: dict[str, Any]) -> Summary:
        fields: list[SummaryField] = []
        for each in self.inner(field):
            if each.name == "nodes":
                fields.append(Nodes(each.key, self._fields(entity, each), MOST_ROWS))
            elif each.name == "aggregate":
                fields.append(Nested(each.key, tuple(self._numbers(each))))
            else:
                fields.append(Fixed(each.key, each.type.name))
        which = _which(entity, arguments)
        which["limit"] = arguments.get("limit")
        return Summary(entity.name, tuple(fields), **which)

    def _numbers(self, field: Selected) -> Iterable[SummaryField]:
        for each in self.inner(field):
            if each.name == "__typename":
                yield Fixed(each.key, each.type.name)
            elif each.name == "count":
                arguments = self.arguments(each)
                columns = tuple(arguments.get("columns") or ())
                yield Aggregate(each.key, "count", columns, bool(arguments.get("distinct")))
            else:
                yield Nested(each.key, tuple(_number(each.name, one) for one in self.inner(each)))


def _number(function: str, field: Selected) -> SummaryField:
    if field.name == "__typename":
        return Fixed(field.key, field.type.name)
    if function in PERCENTILES:
        return Aggregate(field.key, "percentile", (field.name,), fraction=PERCENTILES[function])
    return Aggregate(field.key, function, (field.name,))  # type: ignore[arg-type]  the schema knows no others


def _which(entity: Entity, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a query that says which rows and in which order."""
    check_condition(arguments.get("where"))
    limit = arguments.get("limit")
    if limit is not None and not 0 <= limit <= MOST_ROWS:
        raise QueryError(
            f"limit is {limit}: from 0 to {MOST_ROWS} rows can be asked for at once. Use order_by and where for pages."
        )
    order = [each for given in arguments.get("order_by") or () for each in _orders(entity, given, ())]
    where = condition_from(entity, arguments.get("where"))
    return {
        "where": where,
        "without_deleted": not speaks_of(where, "deleted"),
        "order": tuple(order),
        "limit": MOST_ROWS if limit is None else limit,
        "offset": arguments.get("offset") or 0,
        "distinct_on": tuple(arguments.get("distinct_on") or ()),
    }


def condition_from(entity: Entity, given: Mapping[str, Any] | None) -> Condition | None:
    """Return the condition of a `where`. What is compared with null restricts nothing, as clients expect."""
    parts: list[Condition | None] = []
    for name, value in (given or {}).items():
        if value is None:
            continue
        if name == "_and":
            parts += [condition_from(entity, each) for each in value]
        elif name == "_or":
            parts.append(Or(tuple(condition_from(entity, each) or And() for each in value)))
        elif name == "_not":
            parts.append(Not(condition_from(entity, value) or And()))
        elif name in entity.columns:
            parts += [Compare(name, operator[1:], each) for operator, each in value.items() if each is not None]
        else:
            inner = condition_from(ENTITIES[entity.relation(name).entity], value)
            parts.append(None if inner is None and value else Exists(name, inner))
    return all_of(*parts)


def _orders(entity: Entity, given: Mapping[str, Any], via: tuple[str, ...]) -> Iterable[Order]:
    for name, value in given.items():
        if value is None:
            continue
        if name in entity.columns:
            direction, _, nulls = value.partition("_nulls_")
            yield Order(name, direction == "desc", nulls or None, via)
        else:
            yield from _orders(ENTITIES[entity.relation(name).entity], value, (*via, name))


def path_from(text: str | None) -> tuple[str | int, ...]:
    """Return the steps of a path such as `$.a.b[0]`; raises `QueryError` for a text that is none."""
    rest = (text or "").strip().removeprefix("$")
    steps: list[str | int] = []
    while rest:
        step = _STEP.match(rest)
        if step is None:
            raise QueryError(f"{text!r} is no path into JSON: write one like $.a.b[0].")
        name, index, quoted = step.groups()
        steps.append(int(index) if index else name or quoted)
        rest = rest[step.end() :]
    return tuple(steps)


def root_type(kind: str) -> GraphQLObjectType:
    """Return the root of queries or mutations."""
    found = schema().mutation_type if kind == "mutation" else schema().query_type
    if found is None:
        raise TypeError(f"The schema has no {kind}.")
    return found
