"""The flows on the page of task types run, task by task."""

from __future__ import annotations

import asyncio
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from runwright.runnables import PLACES, runnable_for
from runwright.scope import Outcome
from runwright.spec import parse_flow_spec

PAGE = Path(__file__).parents[3] / "docs" / "task-types.md"
FLOWS = [
    parse_flow_spec(text) for text in re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
]


class Orders(BaseHTTPRequestHandler):
    """A server that has orders."""

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"a,b\n")

    do_POST = do_GET  # noqa: N815  the server asks for this name

    def log_message(self, *_):
        """Write nothing."""


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    server = HTTPServer(("127.0.0.1", 0), Orders)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("flow", [pytest.param(flow, id=flow.id) for flow in FLOWS])
def test_an_example_runs(scope, server, flow):
    scope.executions.entries = {"e1": [{"level": "INFO", "taskId": "say", "message": "hello"}]}
    scope.executions.counts = {("company.team", "a"): 3}
    scope.variables.update(inputs={"server": server}, outputs={})
    for task in flow.tasks:
        made = runnable_for(task)(task, scope)
        made = asyncio.run(made) if asyncio.iscoroutine(made) else made
        outputs = made.outputs if isinstance(made, Outcome) else made
        assert set(outputs or ()) <= set(PLACES[type(task)].outputs)
        scope.variables["outputs"][task.id] = outputs or {}
    expected = {"plain": ("values", "values", {"count": "3", "text": "3 of them"}), "programs": ("call", "value", 5.0)}
    if flow.id in expected:
        task_id, name, value = expected[flow.id]
        assert value == scope.variables["outputs"][task_id][name]


def test_there_are_examples():
    assert {"plain", "values", "files", "web", "programs", "about"} == {flow.id for flow in FLOWS}
