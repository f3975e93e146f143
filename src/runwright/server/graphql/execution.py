"""Execution: one operation from its text to the JSON of its answer.

Each root field is one query of the record, whose text goes into the answer as the database gave it. What is wrong with an
operation is told in `errors`, with a code; what went wrong inside the server is told to its log only.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

import msgspec
from graphql import (
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    execute_sync,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values

from runwright import decoding
from runwright.errors import LeaseHeld, LeaseLost, NotOnRecord, QueryError, RecordError, RunwrightError
from runwright.server.auth import Role
from runwright.server.graphql import limits
from runwright.server.graphql.counts import count_from
from runwright.server.graphql.mutations import Mutations, role_of, shape
from runwright.server.graphql.schema import schema
from runwright.server.graphql.selection import Selected, Selection, root_type

if TYPE_CHECKING:
    from graphql import DocumentNode

    from runwright.query import Query, Summary
    from runwright.remote_runs import RemoteRuns
    from runwright.server.graphql.counts import KeptCounts
    from runwright.store import Store

BAD_REQUEST, FORBIDDEN, INTERNAL = "BAD_USER_INPUT", "FORBIDDEN", "INTERNAL_SERVER_ERROR"
_PARSED_KEPT = 200
_log = logging.getLogger("runwright.server")


class GraphQLRequest(msgspec.Struct):
    """What a client sends. `variables` is an object, or as some clients send it the JSON text of one."""

    query: str
    variables: dict[str, Any] | str | None = None
    operationName: str | None = None  # noqa: N815  the documented name
    extensions: dict[str, Any] | None = None


class Answer(NamedTuple):
    """What a client gets: a status of HTTP and the JSON."""

    status: int
    body: bytes


class GraphQL:
    """Answers operations about a record; `runs` is what mutations go to, None for a record that is read only.

    `counts` gives the number of task runs by state where somebody keeps count.
    """

    def __init__(self, record: Store, runs: RemoteRuns | None = None, counts: KeptCounts | None = None) -> None:
        """Hold the record."""
        self._record = record
        self._counts = counts
        self._mutations = None if runs is None else Mutations(record, runs)
        self._known: OrderedDict[str, DocumentNode] = OrderedDict()

    def answer(self, request: GraphQLRequest, role: Role = Role.VIEWER) -> Answer:
        """Return the answer to an operation of somebody in a role; viewers change nothing."""
        try:
            document = self._document(request.query)
            operation, selection = _prepared(document, request)
            if operation.operation is OperationType.MUTATION:
                return self._change(operation, selection, role)
            return self._read(document, operation, selection)
        except Exception as error:  # noqa: BLE001  no stack reaches a client
            return _told(error)

    def _document(self, text: str) -> DocumentNode:
        """Return a document that was checked, from memory where it was asked for before."""
        known = self._known.pop(text, None)
        if known is None:
            known = _checked(text)
        self._known[text] = known
        while len(self._known) > _PARSED_KEPT:
            self._known.popitem(last=False)
        return known

    # ---- queries

    def _read(self, document: DocumentNode, operation: OperationDefinitionNode, selection: Selection) -> Answer:
        fields = selection.fields(root_type("query"), [operation.selection_set])
        about_types = [each for each in fields if each.name in {"__schema", "__type"}]
        queries = {each.key: selection.root(each) for each in fields if each.name not in _NOT_OF_A_RECORD}
        limits.check_cost(list(queries.values()))
        told = _told_about_types(document, operation, about_types, selection)
        parts = [f'"{each.key}":{self._part(each, selection, queries, told)}' for each in fields]
        return Answer(200, f'{{"data":{{{",".join(parts)}}}}}'.encode())

    def _part(
        self, field: Selected, selection: Selection, queries: dict[str, Query | Summary], told: dict[str, Any]
    ) -> str:
        if field.key in queries:
            return self._found(queries[field.key])
        if field.key in told:
            return _json(told[field.key])
        if field.name == "__typename":
            return _json(field.type.name)
        if field.name == "hello":
            return _json("👋")
        if self._mutations is None:
            raise QueryError(f"{field.name} is not for a record that is only read.")
        return _json(shape(self._mutations.look_up(field.name, selection.arguments(field)), field, selection))

    def _found(self, query: Query | Summary) -> str:
        counted = None if self._counts is None else count_from(query, self._counts, self._record)
        return self._record.query(query) if counted is None else counted

    # ---- mutations

    def _change(self, operation: OperationDefinitionNode, selection: Selection, role: Role) -> Answer:
        fields = selection.fields(root_type("mutation"), [operation.selection_set])
        needed = max((role_of(each.name) for each in fields), default=Role.OPERATOR)
        if self._mutations is None:
            return failure(403, "This record is only read here: send mutations to a server.", FORBIDDEN)
        if role < needed:
            return failure(403, f"This mutation needs the role {needed.name.lower()}.", FORBIDDEN)
        data: dict[str, Any] = {}
        for field in fields:
            if field.name == "__typename":
                data[field.key] = field.type.name
                continue
            try:
                found = self._mutations.apply(field.name, selection.arguments(field)["input"])
            except RunwrightError as error:
                return _told(error, field.key)
            data[field.key] = shape(found, field, selection)
        return Answer(200, msgspec.json.encode({"data": data}))


_NOT_OF_A_RECORD = frozenset({"__schema", "__type", "__typename", "hello", "get_task_run_info", "mapped_children"})


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def failure(status: int, message: str, code: str, locations: Any = None, path: list[str] | None = None) -> Answer:
    """Return the answer that says what is wrong."""
    error: dict[str, Any] = {"message": message, "extensions": {"code": code}}
    if locations:
        error["locations"] = [{"line": each.line, "column": each.column} for each in locations]
    if path:
        error["path"] = path
    return Answer(status, msgspec.json.encode({"errors": [error], "data": None}))


def _checked(text: str) -> DocumentNode:
    """Return a document that is valid and within the limits; raises `GraphQLError` or `QueryError`."""
    if len(text) > limits.LONGEST_TEXT:
        raise QueryError(
            f"The query has {len(text)} characters: {limits.LONGEST_TEXT} are allowed. Send values as variables."
        )
    document = parse(text, max_tokens=limits.MOST_TOKENS)
    limits.check_size(document)
    problems = validate(schema(), document, max_errors=5)
    if problems:
        raise problems[0]
    limits.check_extent(document)
    return document


def _prepared(document: DocumentNode, request: GraphQLRequest) -> tuple[OperationDefinitionNode, Selection]:
    """Return the operation, and its selection with fragments and variables."""
    operation = next(each for each in document.definitions if isinstance(each, OperationDefinitionNode))
    if request.operationName and (operation.name is None or operation.name.value != request.operationName):
        raise QueryError(f"The document has no operation {request.operationName!r}.")
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    values = get_variable_values(
        schema(), operation.variable_definitions or (), _variables(request.variables), max_errors=5
    )
    if isinstance(values, list):
        raise values[0]
    return operation, Selection(fragments, values)


def _variables(given: dict[str, Any] | str | None) -> dict[str, Any]:
    if not isinstance(given, str):
        return given or {}
    try:
        return decoding.from_json(given, dict[str, Any] | None) or {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise QueryError("The variables are no JSON object.") from None


def _told_about_types(
    document: DocumentNode, operation: OperationDefinitionNode, fields: list[Selected], selection: Selection
) -> dict[str, Any]:
    """Return what the schema says of itself, where it is asked."""
    if not fields:
        return {}
    from graphql import DocumentNode, SelectionSetNode  # noqa: PLC0415  for the few that ask

    nodes = tuple(node for each in fields for node in each.nodes)
    asked = OperationDefinitionNode(
        operation=operation.operation,
        selection_set=SelectionSetNode(selections=nodes),
        variable_definitions=operation.variable_definitions,
        directives=(),
    )
    others = [each for each in document.definitions if isinstance(each, FragmentDefinitionNode)]
    result = execute_sync(
        schema(), DocumentNode(definitions=(asked, *others)), variable_values=_plain(selection.variables)
    )
    if result.errors:
        raise result.errors[0]
    return result.data or {}


def _plain(variables: Any) -> dict[str, Any]:
    return getattr(variables, "coerced", variables)


def _told(error: Exception, key: str | None = None) -> Answer:
    """Return what is said of an error: a mutation's under its `key`, and nothing but a number where it is the server's own."""
    if isinstance(error, GraphQLError):
        return failure(400, error.message, "GRAPHQL_VALIDATION_FAILED", error.locations)
    if isinstance(error, RecursionError):
        return failure(400, "The request is nested too deeply.", BAD_REQUEST)
    is_ours = isinstance(error, RecordError) and not isinstance(error, NotOnRecord | LeaseHeld | LeaseLost)
    if isinstance(error, RunwrightError) and not is_ours:
        status = 400 if key is None else 200
        return failure(status, str(error), getattr(error, "code", BAD_REQUEST), path=[key] if key else None)
    number = uuid4()
    _log.error("GraphQL request %s failed", number, exc_info=error)
    return failure(500, f"The server failed to answer; its log says why, under {number}.", INTERNAL)
