"""A yard: a home with YAML flows, a record, a file that the bodies of tasks leave traces in, and the processes that work there."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from runwright import clock
from runwright.open_records import open_record
from runwright.views import FlowRunFilter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from runwright.runs import FlowRun

SAYS = 'echo "{name}" >> "$EFFECTS"; sleep 0.05'
"""A command that leaves a trace and takes a little time."""


class Yard:
    """One home and one record, with leases that end soon after their owners."""

    def __init__(self, home: Path, flows: Mapping[str, str], record: str = "") -> None:
        """Write the flows by their names; without a URL the record is a file in the home."""
        self.home = home
        self.effects = home / "effects"
        self.effects.touch()
        self.record = record or f"sqlite:///{home}/record.db"
        self.environment = {
            **os.environ,
            "EFFECTS": str(self.effects),
            "RUNWRIGHT_HOME": str(home),
            "RUNWRIGHT_RECORD": self.record,
            "RUNWRIGHT_LEASE_SECONDS": "1",
        }
        for name, text in flows.items():
            (home / f"{name}.yaml").write_text(text)

    # ---- processes

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Call the command line, and wait for its end."""
        environment = self.environment
        return subprocess.run(_command(words), env=environment, capture_output=True, text=True, check=False)

    def start(self, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start the command line; without words it runs the flow `main`."""
        words = words or ("run", str(self.home / "main.yaml"))
        quiet = subprocess.DEVNULL
        return subprocess.Popen(
            _command(words), env={**self.environment, **environment}, stdin=quiet, stdout=quiet, stderr=quiet
        )

    @contextmanager
    def process(self, *words: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
        """Let the command line do something meanwhile; it is dead in the end."""
        process = self.start(*words, **environment)
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def kill_after(self, process: subprocess.Popen[bytes], traces: int) -> None:
        """Kill a process once tasks have left so many traces; it may have ended before."""
        while process.poll() is None and self.traces().total() < traces:
            clock.wait(queue.SimpleQueue(), 0.005)
        process.send_signal(signal.SIGKILL)
        process.communicate()

    # ---- what came of it

    def traces(self) -> Counter[str]:
        """Return how often each body has begun."""
        return Counter(self.effects.read_text().split())

    def rows(self, flow: str = "tests/main") -> list[FlowRun]:
        """Return the executions of a flow."""
        return open_record(self.record).flow_runs(FlowRunFilter(flow=flow))


def _command(words: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", "runwright", *words]
