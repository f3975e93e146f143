"""A process that reads flows and renders templates with little memory: what would need more than its budget dies there, not here.

Run as a program it answers a line of JSON for each line of JSON: `{"flow": text}` or `{"template": text, "variables": {...}}`. What an
answer costs beyond what the process had at rest is limited by the operating system.
"""

from __future__ import annotations

import json
import os
import resource
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

BUDGET = 64 * 1024 * 1024
"""How many bytes of address space a question may cost."""
PATIENCE = 60
"""After so many seconds a process that does not answer is killed: nothing here is measured, it only ends."""


class Confined:
    """The process; `ask` starts it anew when it died."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, **question: Any) -> Any:
        """Return the answer to a question; `{"died": how}` where there was none."""
        process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(question).encode() + b"\n")
        process.stdin.flush()
        is_ready, _, _ = select.select([process.stdout], [], [], PATIENCE)
        line = process.stdout.readline() if is_ready else b""
        if line:
            return json.loads(line)
        process.kill()
        self._process = None
        return {"died": process.wait()}

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def _start(self) -> subprocess.Popen[bytes]:
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(os.environ)
        )
        return self._process


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """Return the codes and words of the problems of a flow, or the text or error of a template."""
    from runwright.errors import ExpressionError
    from runwright.expression import render
    from runwright.spec import examine

    if "flow" in question:
        outcome = examine(question["flow"])
        problems = [[each.code, each.line, each.path, each.message] for each in outcome.problems if not each.is_warning]
        return {"is_flow": outcome.spec is not None, "problems": problems}
    try:
        return {"text": render(question["template"], question.get("variables", {}))}
    except ExpressionError as error:
        return {"error": type(error).__name__, "message": str(error)}


def _confine() -> None:
    """Let this process have little more memory than it has when everything that it needs is loaded."""
    answer({"flow": "id: a\nnamespace: b\ntasks: [{id: c, type: log.Log, message: d}]"})
    answer({"template": "{{ 'a' | jq('.') | first }}{{ 'a' matches 'a' }}{{ yaml('a: 1') }}{{ now() | date('yyyy') }}"})
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    limit = pages * resource.getpagesize() + BUDGET
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    _confine()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(line))) + "\n")
        sys.stdout.flush()
