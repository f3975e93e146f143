"""Scalars: the types of columns as clients know them. What a value means is checked where the query is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLBoolean,
    GraphQLFloat,
    GraphQLInt,
    GraphQLScalarType,
    GraphQLString,
    value_from_ast_untyped,
)

if TYPE_CHECKING:
    from graphql import ValueNode

    from runwright.entities import Type


def _scalar(name: str, says: str) -> GraphQLScalarType:
    def from_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> Any:
        return value_from_ast_untyped(node, variables)

    def from_value(value: Any) -> Any:
        return value

    return GraphQLScalarType(name, parse_value=from_value, parse_literal=from_literal, description=says)


UUID = _scalar("uuid", "An id: a UUID as text.")
TIME = _scalar("timestamptz", "A time: ISO text such as `2026-05-12T18:00:00+00:00`.")
INTERVAL = _scalar("interval", "A duration: `HH:MM:SS.ffffff`, `PT1H`, or seconds.")
JSONB = _scalar("jsonb", "Any JSON.")
FLOAT8 = GraphQLScalarType("float8", parse_value=GraphQLFloat.parse_value, parse_literal=GraphQLFloat.parse_literal)
JSON = _scalar("JSON", "Any JSON, in what mutations take.")
UPPER_UUID = _scalar("UUID", "An id, in what mutations take.")
DATE_TIME = _scalar("DateTime", "A time, in what mutations take.")

OF_MUTATIONS = (JSON, UPPER_UUID, DATE_TIME)
"""What mutations take, under the names that their clients use."""

OF_TYPE: dict[Type, GraphQLScalarType] = {
    "uuid": UUID,
    "text": GraphQLString,
    "integer": GraphQLInt,
    "number": FLOAT8,
    "boolean": GraphQLBoolean,
    "time": TIME,
    "duration": INTERVAL,
    "json": JSONB,
}
"""The scalar of each type of column."""
