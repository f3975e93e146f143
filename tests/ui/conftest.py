"""A real Chromium that the system provides, and pages served over each kind of record."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import uvicorn
from tests.ui import records

from runwright.server.graphql.execution import GraphQL, GraphQLRequest
from runwright.stores import open_store
from runwright.ui.application import pages

AXE = Path(__file__).parents[1] / "vendor" / "axe.min.js"
CHROMIUM = os.environ.get("RUNWRIGHT_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


class Site:
    """Pages over one record: the address, the store behind, and the runs that were recorded."""

    def __init__(self, store, runs):
        self.store = store
        self.runs = runs
        self.url = ""


@contextmanager
def served(store, runs):
    """Serve the pages over a record from a thread of this process."""
    site = Site(store, runs)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        site.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(
            uvicorn.Config(
                pages(store, "record.db", answer=lambda text: GraphQL(store).answer(GraphQLRequest(text)).body),
                log_level="error",
                lifespan="off",
                timeout_graceful_shutdown=1,
                ws="none",
            )
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield site
        finally:
            server.should_exit = True
            thread.join(10)


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """Keep settings and records of this session away from the user's own."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUNWRIGHT_HOME", str(folder))
        patch.delenv("RUNWRIGHT_RECORD", raising=False)
        yield folder


def _site(home, name, fill):
    with (
        closing(open_store(f"sqlite:///{home}/{name}.db", synchronous="NORMAL")) as store,
        served(store, fill(store)) as site,
    ):
        yield site


@pytest.fixture(scope="session")
def empty(home):
    yield from _site(home, "empty", lambda _: {})


@pytest.fixture(scope="session")
def normal(home):
    yield from _site(home, "normal", records.fill_normal)


@pytest.fixture(scope="session")
def large(home):
    yield from _site(home, "large", lambda store: {"wide": records.fill_large(store)})


@pytest.fixture(scope="session")
def hostile(home):
    yield from _site(home, "hostile", lambda store: {"hostile": records.fill_hostile(store)})


@pytest.fixture(scope="package")
def chromium():
    """Return a browser, whose event loop runs in this thread until the last of these tests has ended.

    Without one the tests are skipped, or fail where RUNWRIGHT_REQUIRE_BROWSER says so.
    """
    if CHROMIUM is None:
        if os.environ.get("RUNWRIGHT_REQUIRE_BROWSER"):
            pytest.fail("no Chromium: set RUNWRIGHT_CHROMIUM")
        pytest.skip("no Chromium: install it, or set RUNWRIGHT_CHROMIUM")
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


class Visitor:
    """A page in the browser that remembers everything that went wrong on it."""

    def __init__(self, context):
        self.context = context
        self.page = context.new_page()
        self.problems: list[str] = []
        self.page.on("console", lambda said: said.type in {"error", "warning"} and self.problems.append(said.text))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("requestfailed", self._note_failed_request)

    def _note_failed_request(self, request):
        """Note it, unless the page was left before the answer came."""
        if "/live" not in request.url and request.failure != "net::ERR_ABORTED":
            self.problems.append(f"{request.url} {request.failure}")

    def go(self, address):
        """Open an address and return the answer."""
        answer = self.page.goto(address, wait_until="load")
        self.page.wait_for_selector("html.scripted", state="attached")
        return answer

    def axe(self):
        """Return what axe finds wrong: the rule, and where."""
        if not self.page.evaluate("Boolean(window.axe)"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [f"{each['id']}: {[node['target'] for node in each['nodes']][:3]}" for each in found["violations"]]


@pytest.fixture
def visit(chromium):
    """Open pages: `visit(scheme="dark", width=390)`."""
    contexts = []

    def make(*, scheme="light", width=1440, reduced_motion="reduce", **options):
        context = chromium.new_context(
            color_scheme=scheme,
            reduced_motion=reduced_motion,
            viewport={"width": width, "height": 900},
            timezone_id="UTC",
            **options,
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        return Visitor(context)

    yield make
    for context in contexts:
        context.close()
