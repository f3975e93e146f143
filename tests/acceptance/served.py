"""Served: a server as a real process over a home of its own, for tests that talk to it from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

KEY = "key-of-the-acceptance-tests"


class Served:
    """A server on a free port of loopback; use it as a context manager."""

    def __init__(self, home: Path, *options: str) -> None:
        """Be ready to start it."""
        self.environment = {**os.environ, "RUNWRIGHT_HOME": str(home), "RUNWRIGHT_API_KEY": KEY}
        self.environment.pop("RUNWRIGHT_RECORD", None)
        self._options = options
        self.url = ""

    def __enter__(self) -> Self:
        """Start, and wait until it says where it is."""
        command = [sys.executable, "-m", "runwright", "server", "start", "--port", "0", *self._options]
        self.process = subprocess.Popen(command, env=self.environment, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if line.startswith("serving on "):
                self.url = line.split()[-1]
                self._reader = threading.Thread(target=self._read_on, daemon=True)
                self._reader.start()
                return self
        raise AssertionError(f"the server ended with {self.process.wait()}")

    def __exit__(self, *_: object) -> None:
        """Stop it, if it still runs."""
        if self.process.poll() is None:
            self.stop()
        self._reader.join(30)

    def _read_on(self) -> None:
        """Read what it logs: with a pipe that is full it would stop."""
        assert self.process.stderr is not None
        with self.process.stderr as log:
            log.read()

    def stop(self) -> int:
        """Ask it to stop; returns its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def environment_of_a_client(self, home: Path) -> dict[str, str]:
        """Return what the client of Prefect 3 needs in its environment to talk to this server."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "PREFECT_HOME": str(home / "prefect"),
            "PREFECT_API_URL": f"{self.url}/api",
            "PREFECT_API_AUTH_STRING": f"admin:{KEY}",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
        }

    def run_demo(self) -> None:
        """Run the demonstration flow in a process of its own, on the same record."""
        subprocess.run(
            [sys.executable, "-m", "runwright", "demo"],
            env=self.environment,
            check=True,
            capture_output=True,
        )
