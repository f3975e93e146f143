"""Schema: the types of GraphQL for the entities of a record, with the names and arguments that clients know.

Nothing is resolved here: `runwright.server.graphql.selection` reads what an operation asks for.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLFloat,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    extend_schema,
    parse,
)

from runwright.entities import ENTITIES
from runwright.server.graphql.scalars import INTERVAL, OF_MUTATIONS, OF_TYPE

if TYPE_CHECKING:
    from graphql import GraphQLInputType, GraphQLOutputType

    from runwright.entities import Column, Entity, Relation, Type

_OF_ANY = ("eq", "neq", "gt", "gte", "lt", "lte")
_OF_TEXT = ("like", "nlike", "ilike", "nilike")
_ORDERS = ("asc", "desc", "asc_nulls_first", "asc_nulls_last", "desc_nulls_first", "desc_nulls_last")

NUMBERS: dict[str, tuple[Type, ...]] = {
    "min": ("text", "integer", "number", "time", "duration"),
    "max": ("text", "integer", "number", "time", "duration"),
    "sum": ("integer", "number", "duration"),
    "avg": ("integer", "number", "duration"),
}
"""The types of the columns that an aggregate has."""

PERCENTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
"""The fractions of aggregates that clients of old do not know."""


@cache
def schema() -> GraphQLSchema:
    """Return the schema, made once."""
    return _Schema().made()


class _Schema:
    def __init__(self) -> None:
        self._order = GraphQLEnumType(
            "order_by", {name: name for name in _ORDERS}, description="The direction of an order."
        )
        self._comparisons = {type_: self._comparison(type_) for type_ in OF_TYPE}
        self._bool_exps = {name: self._bool_exp(entity) for name, entity in ENTITIES.items()}
        self._orders = {name: self._order_by(entity) for name, entity in ENTITIES.items()}
        self._columns = {name: _select_column(entity) for name, entity in ENTITIES.items()}
        self._objects = {name: self._object(entity) for name, entity in ENTITIES.items()}
        self._aggregates = {name: self._aggregate(entity) for name, entity in ENTITIES.items()}

    def made(self) -> GraphQLSchema:
        fields: dict[str, GraphQLField] = {}
        for name, entity in ENTITIES.items():
            listed = GraphQLNonNull(GraphQLList(GraphQLNonNull(self._objects[name])))
            key = {"id": GraphQLArgument(GraphQLNonNull(OF_TYPE["uuid"]))}
            fields[name] = GraphQLField(listed, self._arguments(name), description=entity.says)
            fields[f"{name}_by_pk"] = GraphQLField(self._objects[name], key, description="The one with an id.")
            aggregate = GraphQLNonNull(self._aggregates[name])
            fields[f"{name}_aggregate"] = GraphQLField(
                aggregate, self._arguments(name), description="Numbers about them."
            )
        root = GraphQLObjectType("query_root", fields, description="What can be asked.")
        plain = GraphQLSchema(root, types=OF_MUTATIONS)
        more = parse(
            (files("runwright.server.graphql") / "mutations.graphql").read_text(encoding="utf-8"), no_location=True
        )
        return extend_schema(plain, more)

    # ---- what is answered

    def _object(self, entity: Entity) -> GraphQLObjectType:
        def fields() -> dict[str, GraphQLField]:
            found = {name: _column_field(column) for name, column in entity.columns.items()}
            for relation in entity.relations.values():
                found |= self._relation_fields(relation)
            return found

        return GraphQLObjectType(entity.name, fields, description=entity.says)

    def _relation_fields(self, relation: Relation) -> dict[str, GraphQLField]:
        related = self._objects[relation.entity]
        if not relation.is_list:
            return {relation.name: GraphQLField(related, description=relation.says)}
        listed = GraphQLNonNull(GraphQLList(GraphQLNonNull(related)))
        aggregate, arguments = self._aggregates[relation.entity], self._arguments(relation.entity)
        return {
            relation.name: GraphQLField(listed, arguments, description=relation.says),
            f"{relation.name}_aggregate": GraphQLField(
                GraphQLNonNull(aggregate), arguments, description="Numbers about them."
            ),
        }

    def _aggregate(self, entity: Entity) -> GraphQLObjectType:
        name = entity.name
        nodes = GraphQLNonNull(GraphQLList(GraphQLNonNull(self._objects[name])))
        columns = GraphQLArgument(GraphQLList(GraphQLNonNull(self._columns[name])))
        count = GraphQLField(
            GraphQLInt,
            {"columns": columns, "distinct": GraphQLArgument(GraphQLBoolean)},
            description="How many; with `columns` those where none of them is null.",
        )
        fields = {"count": count}
        for function, types in NUMBERS.items():
            of = self._aggregate_fields(entity, function, types)
            fields |= {function: GraphQLField(of)} if of else {}
        for percentile in PERCENTILES:
            of = self._aggregate_fields(entity, percentile, NUMBERS["sum"])
            fields |= (
                {percentile: GraphQLField(of, description="What that part of the values does not exceed.")}
                if of
                else {}
            )
        inner = GraphQLObjectType(f"{name}_aggregate_fields", fields)
        return GraphQLObjectType(f"{name}_aggregate", {"aggregate": GraphQLField(inner), "nodes": GraphQLField(nodes)})

    def _aggregate_fields(self, entity: Entity, function: str, types: tuple[Type, ...]) -> GraphQLObjectType | None:
        found = [column for column in entity.columns.values() if column.type in types]
        if not found:
            return None
        fields = {column.name: GraphQLField(_aggregate_scalar(function, column.type)) for column in found}
        return GraphQLObjectType(f"{entity.name}_{function}_fields", fields)

    # ---- what is asked with

    def _arguments(self, entity: str) -> dict[str, GraphQLArgument]:
        columns = GraphQLList(GraphQLNonNull(self._columns[entity]))
        return {
            "where": GraphQLArgument(self._bool_exps[entity], description="Which rows."),
            "order_by": GraphQLArgument(
                GraphQLList(GraphQLNonNull(self._orders[entity])), description="In which order."
            ),
            "limit": GraphQLArgument(GraphQLInt, description="How many at most."),
            "offset": GraphQLArgument(GraphQLInt, description="After how many."),
            "distinct_on": GraphQLArgument(columns, description="The first of each combination of values."),
        }

    def _bool_exp(self, entity: Entity) -> GraphQLInputObjectType:
        def fields() -> dict[str, GraphQLInputField]:
            own = self._bool_exps[entity.name]
            found: dict[str, GraphQLInputType] = {
                "_and": GraphQLList(own),
                "_or": GraphQLList(own),
                "_not": own,
                **{name: self._comparisons[column.type] for name, column in entity.columns.items()},
                **{name: self._bool_exps[relation.entity] for name, relation in entity.relations.items()},
            }
            return {name: GraphQLInputField(type_) for name, type_ in found.items()}

        return GraphQLInputObjectType(f"{entity.name}_bool_exp", fields)

    def _order_by(self, entity: Entity) -> GraphQLInputObjectType:
        def fields() -> dict[str, GraphQLInputField]:
            found: dict[str, GraphQLInputType] = {
                name: self._order for name, column in entity.columns.items() if column.type != "json"
            }
            single = (each for each in entity.relations.values() if not each.is_list)
            found |= {each.name: self._orders[each.entity] for each in single}
            return {name: GraphQLInputField(type_) for name, type_ in found.items()}

        return GraphQLInputObjectType(f"{entity.name}_order_by", fields)

    def _comparison(self, type_: Type) -> GraphQLInputObjectType:
        scalar = OF_TYPE[type_]
        listed, words = GraphQLList(GraphQLNonNull(scalar)), GraphQLList(GraphQLNonNull(GraphQLString))
        operators: dict[str, Any] = {"is_null": GraphQLBoolean, "eq": scalar, "neq": scalar}
        if type_ == "json":
            operators |= {"contains": scalar, "contained_in": scalar, "has_key": GraphQLString}
            operators |= {"has_keys_any": words, "has_keys_all": words}
        else:
            operators |= dict.fromkeys(_OF_ANY, scalar) | {"in": listed, "nin": listed}
        if type_ == "text":
            operators |= dict.fromkeys(_OF_TEXT, scalar)
        fields = {f"_{name}": GraphQLInputField(of) for name, of in operators.items()}
        return GraphQLInputObjectType(f"{scalar.name}_comparison_exp", fields)


def _column_field(column: Column) -> GraphQLField:
    scalar = OF_TYPE[column.type]
    path = (
        {"path": GraphQLArgument(GraphQLString, description="Into the JSON: `$.a.b[0]`.")}
        if column.type == "json"
        else None
    )
    is_required = column.is_required and path is None
    return GraphQLField(GraphQLNonNull(scalar) if is_required else scalar, path, description=column.says)


def _aggregate_scalar(function: str, type_: Type) -> GraphQLOutputType:
    if function == "avg":
        return INTERVAL if type_ == "duration" else GraphQLFloat
    return OF_TYPE[type_]


def _select_column(entity: Entity) -> GraphQLEnumType:
    return GraphQLEnumType(f"{entity.name}_select_column", {name: name for name in entity.columns})
