"""Newcomer: somebody with a folder, a home and the `runwright` command, who does everything for the first time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Outcome(NamedTuple):
    """What came of one command."""

    status: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """Return what was printed, read as JSON."""
        return json.loads(self.out)

    def check_told(self, status: int, *words: str) -> None:
        """Check that it failed as documented: an error in one line with these words, at most a hint after it, no traceback."""
        error, *rest = self.err.splitlines()
        assert (status, "") == (self.status, self.out)
        assert error.startswith("error: ")
        assert [] == [line for line in rest if not line.startswith("hint: ")]
        assert len(rest) <= 1
        assert [] == [word for word in words if word not in self.err]


class Newcomer:
    """Calls the command as a process of its own."""

    def __init__(self, folder: Path) -> None:
        """Work in `folder`, with a home beside the files."""
        self.folder = folder
        self.home = folder / "home"
        self.record = self.home / "record.db"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("RUNWRIGHT_")},
            "RUNWRIGHT_HOME": str(self.home),
            "RUNWRIGHT_LEASE_SECONDS": "1",
        }

    def write(self, text: str, name: str = "flow_file.py") -> str:
        """Write a file and return its name."""
        (self.folder / name).write_text(text)
        return name

    def runwright(self, *arguments: str, before: Callable[[], None] | None = None) -> Outcome:
        """Call the command and wait for it; `before` is called in the new process."""
        done = subprocess.run(
            [sys.executable, "-m", "runwright", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=before,
        )
        assert "Traceback" not in done.stderr
        return Outcome(done.returncode, done.stdout, done.stderr)

    def check_nothing_half_written(self, flow_runs: int, *options: str) -> None:
        """Check that every flow run has ended, and that the record is sound."""
        if not self.record.exists() and not options:
            assert flow_runs == 0
            return
        listed = self.runwright("flow-run", "ls", "--json", *options).data
        assert flow_runs == len(listed)
        assert [] == [row["state"] for row in listed if row["end_time"] is None]
        checked = self.runwright("store", "check", *options)
        assert (0, "") == (checked.status, checked.out)
