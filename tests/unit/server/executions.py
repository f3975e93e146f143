"""A server over a real record whose executions a test runs itself, as far as they go, whenever it wants."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

from runwright import app
from runwright.executions.catalogue import Executions
from runwright.executions.runner import ExecutionRunner

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from runwright.store import Store

MAIN = "/api/v1/main"
GREET = """\
id: greet
namespace: company.team
inputs:
  - {id: name, type: STRING}
  - {id: letter, type: FILE, required: false}
tasks:
  - {id: say, type: io.kestra.plugin.core.log.Log, message: "Hello {{ inputs.name }}"}
  - {id: echo, type: io.kestra.plugin.core.debug.Return, format: "{{ inputs.name }}!"}
"""
BROKEN = """\
id: broken
namespace: company.team.data
tasks:
  - {id: first, type: io.kestra.plugin.core.debug.Return, format: one}
  - {id: second, type: io.kestra.plugin.core.execution.Fail}
"""
WAITING = """\
id: waiting
namespace: company
tasks:
  - {id: wait, type: io.kestra.plugin.core.flow.Pause}
  - {id: last, type: io.kestra.plugin.core.debug.Return, format: done}
"""


class Workbench:
    """Speaks to a server and runs what is created there."""

    def __init__(self, client: TestClient, record: Store) -> None:
        """Register three flows."""
        self.client = client
        self.record = record
        for text in (GREET, BROKEN, WAITING):
            self.register(text)

    def register(self, text: str) -> dict[str, Any]:
        """Register a flow."""
        return self.answer("POST", "/flows", content=text)

    def create(self, flow: str, *, runs: bool = True, **more: Any) -> str:
        """Create an execution, run it as far as it goes, and return its id."""
        namespaces = {"greet": "company.team", "broken": "company.team.data", "waiting": "company"}
        created = self.answer("POST", f"/executions/{namespaces.get(flow, 'company.team')}/{flow}", **more)
        if runs:
            self.run(created["id"])
        return created["id"]

    def greet(self, name: str = "Ann", **more: Any) -> str:
        """Create an execution that greets, and run it."""
        return self.create("greet", files={"name": (None, name)}, **more)

    def run(self, execution_id: str) -> None:
        """Run an execution as far as it goes."""
        row = app.find_flow_run(self.record, UUID(execution_id))
        runner = ExecutionRunner(
            Executions(self.record.url).flow_of(row), record=self.record.url, executor="threads:1", is_patient=False
        )
        runner.go_on(row) if row.kind.name in {"Pending", "Scheduled"} else runner.take_over(row)

    def answer(self, method: str, path: str, status: int = 200, base: str = MAIN, **more: Any) -> Any:
        """Return the JSON that a request is answered with; it has this status."""
        answer = self.client.request(method, f"{base}{path}", **more)
        assert status == answer.status_code, answer.text
        return json.loads(answer.content) if answer.content else None

    def find(self, path: str = "/executions/search", **conditions: Any) -> list[Any]:
        """Return what a search finds: the ids of flows, and how many there are in all."""
        found = self.answer("GET", path, params=conditions)
        return [[each["flowId"] for each in found["results"]], found["total"]]

    def state_of(self, execution_id: str) -> str:
        """Return the state of an execution."""
        return self.answer("GET", f"/executions/{execution_id}")["state"]["current"]
