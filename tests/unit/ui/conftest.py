"""Pages asked over HTTP without a network, on records in memory."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import NamedTuple

import httpx
import msgspec
import pytest
from tests.ui import records

from runwright.server.graphql.execution import GraphQL, GraphQLRequest
from runwright.stores import open_store
from runwright.ui.application import pages


class Answer(NamedTuple):
    """What came back."""

    status: int
    text: str
    headers: httpx.Headers

    @property
    def data(self):
        """Return the JSON."""
        return msgspec.json.decode(self.text)


@pytest.fixture(params=["memory", "sqlite"])
def store(request, tmp_path, runwright_home):
    url = "memory://" if request.param == "memory" else f"sqlite:///{tmp_path}/record.db"
    with closing(open_store(url, synchronous="NORMAL")) as store:
        yield store


@pytest.fixture
def runs(store):
    """Return the flow runs of a working day, on record."""
    return records.fill_normal(store)


@pytest.fixture
def ask(store):
    """Ask for a path: `ask("/task-runs", method="POST", headers={...})`."""
    app = pages(store, "record", answer=lambda text: GraphQL(store).answer(GraphQLRequest(text)).body)

    def get(path, *, method="GET", host="127.0.0.1", **options):
        async def send():
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
                return await client.request(method, path, **options)

        answer = asyncio.run(send())
        return Answer(answer.status_code, answer.text, answer.headers)

    return get
