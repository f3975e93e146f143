"""Limits: how much one operation may ask for, so that no request holds the server up for others.

Counted are tokens, fields, depth, aliases after fragments were opened, and cost: the number of rows that the answer may
have, lists that say no `limit` counting as 25.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    Visitor,
    visit,
)

from runwright.errors import QueryError
from runwright.query import Nested, Nodes, Query, Related

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import DocumentNode, SelectionSetNode

    from runwright.query import Summary

MOST_TOKENS = 2_000
MOST_FIELDS = 500
MOST_DIRECTIVES = 50
MOST_ALIASES = 30
MOST_ROWS = 10_000
DEEPEST = 12
HIGHEST_COST = 5_000
MOST_CONDITIONS = 200
DEEPEST_CONDITION = 20
LONGEST_TEXT = 256 * 1024

_USUAL_ROWS = 25


class Extent(NamedTuple):
    """How deep a selection is, and how many aliases it has."""

    depth: int
    aliases: int


def check_size(document: DocumentNode) -> None:
    """Raise `QueryError` for a document that would take long to validate, or has several operations."""
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    if len(operations) != 1:
        raise QueryError(f"The document has {len(operations)} operations: send one at a time.")
    counter = _Counter()
    visit(document, counter)
    if counter.fields > MOST_FIELDS:
        raise QueryError(f"The document has {counter.fields} fields: {MOST_FIELDS} are allowed.")
    if counter.directives > MOST_DIRECTIVES:
        raise QueryError(f"The document has {counter.directives} directives: {MOST_DIRECTIVES} are allowed.")


def check_extent(document: DocumentNode) -> None:
    """Raise `QueryError` for an operation that is too deep or has too many aliases; the document is valid."""
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    known: dict[str, Extent] = {}
    for each in document.definitions:
        if isinstance(each, OperationDefinitionNode):
            depth, aliases = _extent(each.selection_set, fragments, known)
            if depth > DEEPEST:
                raise QueryError(
                    f"The query is {depth} levels deep: {DEEPEST} are allowed. Ask for the rest separately."
                )
            if aliases > MOST_ALIASES:
                raise QueryError(f"The query has {aliases} aliases, fragments opened: {MOST_ALIASES} are allowed.")


def check_cost(queries: list[Query | Summary]) -> None:
    """Raise `QueryError` when the answers may have too many rows."""
    cost = sum(_cost(each) for each in queries)
    if cost > HIGHEST_COST:
        raise QueryError(
            f"The query may answer with {cost} rows, lists without a limit counted as {_USUAL_ROWS}; "
            f"{HIGHEST_COST} are allowed. Give the lists inside lists a smaller `limit`."
        )


def check_condition(given: Any) -> None:
    """Raise `QueryError` for a `where` with too many conditions, or too many inside one another."""
    level, count = [given], 0
    for _ in range(DEEPEST_CONDITION):
        level = [inner for each in level for inner in _inner(each)]
        count += len(level)
        if not level:
            return
        if count > MOST_CONDITIONS:
            raise QueryError(f"The condition has more than {MOST_CONDITIONS} parts: use _in, or ask several times.")
    raise QueryError(f"The condition is more than {DEEPEST_CONDITION} levels deep.")


def _inner(given: Any) -> list[Any]:
    """Return the conditions right inside a condition: those of operators, which begin with `_`, hold values."""
    if isinstance(given, list):
        return given
    if not isinstance(given, dict):
        return []
    return [value for key, value in given.items() if key in _JOINING or not key.startswith("_")]


_JOINING = frozenset({"_and", "_or", "_not"})


class _Counter(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.fields = self.directives = 0

    def enter_field(self, *_: Any) -> None:
        self.fields += 1

    def enter_directive(self, *_: Any) -> None:
        self.directives += 1


def _extent(
    selected: SelectionSetNode | None, fragments: Mapping[str, FragmentDefinitionNode], known: dict[str, Extent]
) -> Extent:
    depth = aliases = 0
    for node in selected.selections if selected else ():
        if isinstance(node, FieldNode):
            if node.name.value in {"__schema", "__type"}:
                continue  # of bounded size, whatever is asked
            inner = _extent(node.selection_set, fragments, known)
            inner = Extent(inner.depth + 1, inner.aliases + (node.alias is not None))
        elif isinstance(node, FragmentSpreadNode):
            name = node.name.value
            inner = known.get(name) or _extent(fragments[name].selection_set, fragments, known)
            known[name] = inner
        else:
            inner = _extent(node.selection_set, fragments, known)  # type: ignore[attr-defined]  an inline fragment
        depth, aliases = max(depth, inner.depth), aliases + inner.aliases
    return Extent(depth, aliases)


def _cost(query: Query | Summary) -> int:
    if not isinstance(query, Query):
        return 1 + sum(_part_cost(each, query.limit) for each in query.fields)
    inner = sum(_cost(each.query) for each in query.fields if isinstance(each, Related))
    return _rows(query.limit) * (1 + inner)


def _part_cost(field: Any, limit: int | None) -> int:
    if isinstance(field, Nodes):
        inner = sum(_cost(each.query) for each in field.fields if isinstance(each, Related))
        return _rows(limit) * (1 + inner)
    return len(field.fields) if isinstance(field, Nested) else 0


def _rows(limit: int | None) -> int:
    return _USUAL_ROWS if limit is None or limit >= MOST_ROWS else limit
