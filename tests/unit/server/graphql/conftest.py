"""Asking: a query over HTTP, and a query without a server."""

from __future__ import annotations

import msgspec
import pytest

from runwright.remote_runs import RemoteRuns
from runwright.server.auth import Role
from runwright.server.graphql.execution import GraphQL, GraphQLRequest


@pytest.fixture
def ask(client):
    """Return the data that a query is answered with over HTTP."""

    def ask(query, **variables):
        answer = client.post("/graphql", json={"query": query, "variables": variables})
        body = answer.json()
        assert "errors" not in body, body["errors"]
        return body["data"]

    return ask


@pytest.fixture
def refusal(record):
    """Return what is said about a query that is refused, and its code."""
    graphql = GraphQL(record, RemoteRuns(record))

    def refusal(query, variables=None, role=Role.VIEWER, **more):
        answer = graphql.answer(GraphQLRequest(query, variables, **more), role)
        error = msgspec.json.decode(answer.body)["errors"][0]
        return answer.status, error["extensions"]["code"], error["message"]

    return refusal
