"""Peers: the same work here and in DBOS, the engine that records at least cost among those we looked at, in turns.

DBOS has no fan-out that is cheaper than its steps one after the other: they stand for both.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.postgres import server

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.limits import Meter

_PYTHON = Path(__file__).parents[1] / ".peers" / "dbos" / "bin" / "python"
_STEPS, _TURNS = 500, 3
_GOALS = {"fan_out": 19.0, "chain_normal": 9.0, "chain_full": 4.5, "fan_out_postgres": 18.0, "chain_postgres": 3.3}
"""How many times as many task runs a second as DBOS makes steps we want to record."""


def peers() -> dict[str, Any]:
    """Run chains and fan-outs on SQLite and PostgreSQL beside steps of DBOS, three times in turns."""
    from bench.workloads import run_chain, run_map

    if not _PYTHON.exists():
        raise SystemExit("DBOS is not installed in .peers: `make peers` does it.")
    with server() as url:
        ours: dict[str, Callable[[], Meter]] = {
            "fan_out": lambda: _at(_sqlite(), "FULL", lambda: run_map(10_000, "inline")),
            "chain_normal": lambda: _at(_sqlite(), "NORMAL", lambda: run_chain(1_000)),
            "chain_full": lambda: _at(_sqlite(), "FULL", lambda: run_chain(1_000)),
            "fan_out_postgres": lambda: _at(url, "FULL", lambda: run_map(10_000, "inline")),
            "chain_postgres": lambda: _at(url, "FULL", lambda: run_chain(1_000)),
        }
        sizes = {name: 1_000 if name.startswith("chain") else 10_000 for name in ours}
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ours}
        steps: dict[str, list[tuple[float, float]]] = {"sqlite": [], "postgres": []}
        for turn in range(_TURNS):
            steps["sqlite"].append(_steps(f"sqlite:///{tempfile.mkdtemp()}/dbos.db"))
            steps["postgres"].append(_steps(_own_database(url, turn)))
            for name, run in ours.items():
                meter = run()
                taken[name].append((meter.wall / sizes[name], meter.processor / sizes[name]))
    return {
        "bench": "peers",
        "peer": "dbos",
        "turns": _TURNS,
        "steps_per_s": {name: round(1 / _least(each)[0]) for name, each in steps.items()},
        "cpu_us_per_step": {name: round(_least(each)[1] * 1e6) for name, each in steps.items()},
        "task_runs_per_s": {name: round(1 / _least(each)[0]) for name, each in taken.items()},
        "cpu_us_per_task_run": {name: round(_least(each)[1] * 1e6) for name, each in taken.items()},
        "times_rate": {name: round(_rate(name, taken, steps), 1) for name in ours},
        "goal": _GOALS,
        "meets_goal": {name: _rate(name, taken, steps) >= goal for name, goal in _GOALS.items()},
        "load": [round(each, 1) for each in os.getloadavg()],
    }


def _rate(name: str, taken: dict[str, list[tuple[float, float]]], steps: dict[str, list[tuple[float, float]]]) -> float:
    peer = steps["postgres" if name.endswith("postgres") else "sqlite"]
    return _least(peer)[0] / _least(taken[name])[0]


def _least(times: list[tuple[float, float]]) -> tuple[float, float]:
    return min(wall for wall, _ in times), min(processor for _, processor in times)


def _at(record: str, synchronous: str, run: Callable[[], Meter]) -> Meter:
    from bench.workloads import run_map
    from runwright.open_records import close_records

    os.environ |= {"RUNWRIGHT_RECORD": record, "RUNWRIGHT_SYNCHRONOUS": synchronous}
    run_map(200, "inline")
    meter = run()
    close_records()
    return meter


def _sqlite() -> str:
    return f"sqlite:///{tempfile.mkdtemp()}/record.db"


def _own_database(url: str, turn: int) -> str:
    """Return the URL of a database that DBOS makes on the same server."""
    place, _, options = url.partition("?")
    options = "&".join(each for each in options.split("&") if not each.startswith("options="))
    return f"{place.rpartition('/')[0]}/dbos_{turn}?{options}"


def _steps(url: str) -> tuple[float, float]:
    """Return the seconds of wall and processor time that a step of DBOS takes."""
    program = Path(__file__).with_name("dbos_steps.py")
    ran = subprocess.run([_PYTHON, program, str(_STEPS), url], capture_output=True, text=True, check=False)  # noqa: S603  our own program
    if ran.returncode:
        raise SystemExit(f"DBOS did not run:\n{ran.stderr[-2_000:]}")
    took = json.loads(ran.stdout.splitlines()[-1])
    return took["wall"] / _STEPS, took["processor"] / _STEPS
