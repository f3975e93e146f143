"""The router leaves out only routes that would not have served a path, and keeps the order of the others."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Match, Mount, Route

from runwright.server.app import create_app
from runwright.server.router import PathRouter
from runwright.stores.memory import MemoryStore

with warnings.catch_warnings(action="ignore"):  # newer versions ask for a client that is too new to ask for
    from starlette.testclient import TestClient

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.routing import BaseRoute

WORDS = ("a.b", "018bcfe5-6800-7d6b-80b2-000000000000")


def route(path: str, *methods: str) -> Route:
    async def answer(_: Any) -> PlainTextResponse:
        return PlainTextResponse(path)

    return Route(path, answer, methods=list(methods or ("GET",)))


def chosen(routes: Iterable[BaseRoute], path: str, method: str) -> BaseRoute | None:
    """Return the route that serves a request when all of these are asked one after the other."""
    scope = {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}
    matches = [(each, each.matches(scope)[0]) for each in routes]
    full = [each for each, match in matches if match is Match.FULL]
    partial = [each for each, match in matches if match is Match.PARTIAL]
    return next(iter([*full, *partial]), None)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_every_path_of_the_server_finds_the_route_that_asking_all_of_them_finds(method: str) -> None:
    app = create_app(MemoryStore())
    router: Any = app.router
    paths = {re.sub(r"\{[^}]*\}", word, each.path) for each in router.routes for word in WORDS}
    paths |= {f"{path}/" for path in paths}

    expected = {path: chosen(router.routes, path, method) for path in paths}

    assert expected == {path: chosen(router.candidates(path), path, method) for path in paths}
    assert any(expected.values())


def test_the_first_of_two_routes_for_a_path_serves_it_however_plain_its_words_are() -> None:
    client = TestClient(PathRouter([route("/{any}/one"), route("/a/one"), route("/{rest:path}")]))

    assert ["/{any}/one", "/{any}/one", "/{rest:path}"] == [
        client.get(f"/{path}").text for path in ("a/one", "b/one", "a")
    ]


def test_a_route_that_knows_the_method_goes_before_one_that_refuses_it() -> None:
    client = TestClient(PathRouter([route("/{any}", "GET"), route("/a", "POST")]))

    assert "/a" == client.post("/a").text
    assert 405 == client.post("/b").status_code
    assert 404 == client.get("/a/b").status_code


def test_what_is_mounted_takes_all_that_is_below_it() -> None:
    client = TestClient(PathRouter([Mount("/files", app=PathRouter([route("/{rest:path}")])), route("/files/a/b")]))

    assert "/{rest:path}" == client.get("/files/a/b").text
