"""Runs the benchmarks named on the command line (default: all but the longest) and prints a JSON line for each.

Each one runs in a process and a home of its own. `python -m bench --list` names them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile

from bench import workloads

_ON_REQUEST = {"million", "pages_million", "paint_million", "lists_million", "peers"}


def main(names: list[str]) -> int:
    """Run the benchmarks; returns the exit status."""
    if "--list" in names:
        for name, workload in workloads.ALL.items():
            sys.stdout.write(f"{name:20} {(workload.__doc__ or '').splitlines()[0]}\n")
        return 0
    if "--here" in names:
        sys.stdout.write(json.dumps(workloads.ALL[names[-1]]()) + "\n")
        return 0
    unknown = [name for name in names if name not in workloads.ALL and name != "--all"]
    if unknown:
        sys.stderr.write(f"No benchmark {', '.join(unknown)}: there are {', '.join(workloads.ALL)}.\n")
        return 2
    chosen = list(workloads.ALL) if "--all" in names else names or [n for n in workloads.ALL if n not in _ON_REQUEST]
    return max(_run(name) for name in chosen)


def _run(name: str) -> int:
    with tempfile.TemporaryDirectory(prefix="runwright-bench-") as home:
        durability = {"RUNWRIGHT_SYNCHRONOUS": "NORMAL"} if name.endswith("_normal") else {}
        environment = {
            **os.environ,
            "RUNWRIGHT_HOME": home,
            "RUNWRIGHT_RECORD": f"sqlite:///{home}/record.db",
            **durability,
        }
        command = [sys.executable, "-m", "bench", "--here", name]
        return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603  our own module


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
