"""Lists: what a server answers over HTTP about a record of a million task runs, in wall time as its clients see it.

Beside it stands the processor time of the server for each request, which other work on the machine disturbs less.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from runwright.store import Store

_WIDTH = 200
_FAILED_OF = 50
_CALLS = 100
_APART = 1_000_000_000
_GOALS_MS = {"by_state": 5.0, "count_by_state": 3.0, "of_flow_run": 10.0}
"""The 95th percentiles that are aimed at, on a machine that does nothing else."""


def write_record(store: Store, task_runs: int) -> UUID:
    """Write flow runs of 200 task runs, of which one in fifty failed; returns the id of one in the middle."""
    from runwright.testing.scribe import NOON, Scribe

    middle = None
    for number in range(task_runs // _WIDTH):
        at = NOON + number * _APART  # ids made in one millisecond would meet one day
        scribe = Scribe(store, flow=f"etl-{number % 20}", name=f"run-{number}", tasks=1, at=at).start()
        children = scribe.map(1, _WIDTH - 1)
        failed = [each for each in children if each % _FAILED_OF == 0]
        scribe.run(*(each for each in children if each % _FAILED_OF))
        scribe.run(*failed, ending="Failed", message="No.")
        scribe.enter(1, "Mapped").enter(0, "Success").commit()
        store.release(scribe.lease)
        if number == task_runs // _WIDTH // 2:
            middle = scribe.flow_run
    assert middle is not None
    return middle


def measured(name: str, task_runs: int) -> dict[str, Any]:
    """Return the milliseconds of the three questions, over each surface that answers them, beside a bare request and a bare read."""
    from runwright.stores import open_store
    from runwright.views import TaskRunFilter

    url = os.environ["RUNWRIGHT_RECORD"]
    with closing(open_store(url, synchronous="NORMAL")) as store:
        flow_run = write_record(store, task_runs)
        assert store.count_task_runs(TaskRunFilter())["count"] >= task_runs
        bare = {
            "by_state": _milliseconds(lambda: store.task_runs(TaskRunFilter(states=("Failed",), limit=50))),
            "count_by_state": _milliseconds(lambda: store.count_task_runs(TaskRunFilter(), by="state")),
            "of_flow_run": _milliseconds(lambda: store.task_runs(TaskRunFilter(flow_run=flow_run, limit=_WIDTH))),
        }
    with _server() as (process, port), closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        request = _milliseconds(lambda: _exchange(connection, "GET", "/livez", None), process)
        found = {
            surface: {
                question: _milliseconds(lambda ask=ask: _exchange(connection, "POST", *ask), process)
                for question, ask in questions.items()
            }
            for surface, questions in _questions(str(flow_run)).items()
        }
    worst = {question: max(each[question]["p95"] for each in found.values()) for question in _GOALS_MS}
    return {
        "bench": name,
        "task_runs": task_runs,
        "ms": found,
        "limit": {"bare_request_ms": request, "bare_read_ms": bare},
        "goal_p95_ms": _GOALS_MS,
        "worst_p95_ms": worst,
        "meets_goal": {question: worst[question] <= goal for question, goal in _GOALS_MS.items()},
        "load": [round(each, 1) for each in os.getloadavg()],
    }


def _questions(flow_run: str) -> dict[str, dict[str, tuple[str, Any]]]:
    """Return path and body of each question, by surface."""
    failed = {"task_runs": {"state": {"type": {"any_": ["FAILED"]}}}}
    own = {"flow_runs": {"id": {"any_": [flow_run]}}}
    return {
        "rest": {
            "by_state": ("/api/task_runs/filter", {**failed, "limit": 50, "sort": "ID_DESC"}),
            "count_by_state": ("/api/task_runs/count", failed),
            "of_flow_run": ("/api/task_runs/filter", {**own, "limit": _WIDTH}),
        },
        "graphql": {
            "by_state": _asked(
                '{task_run(where: {state: {_eq: "Failed"}}, order_by: {id: desc}, limit: 50) {id name state start_time end_time}}'
            ),
            "count_by_state": _asked(
                '{task_run_aggregate(where: {state: {_eq: "Failed"}}) {aggregate {count}}}',
            ),
            "of_flow_run": _asked(
                f'{{task_run(where: {{flow_run_id: {{_eq: "{flow_run}"}}}}, limit: 200) {{id name state start_time end_time}}}}'
            ),
        },
    }


def _asked(query: str) -> tuple[str, Any]:
    return "/graphql", {"query": query}


def _exchange(connection: http.client.HTTPConnection, method: str, path: str, body: Any) -> bytes:
    data = None if body is None else json.dumps(body).encode()
    connection.request(method, path, data, {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = response.read()
    if response.status != http.HTTPStatus.OK or b'"errors"' in answer[:20]:
        raise SystemExit(f"{path} was answered with {response.status}: {answer[:300]!r}")
    return answer


@contextmanager
def _server() -> Iterator[tuple[int, int]]:
    """Yield process and port of a server over the configured record."""
    command = [
        sys.executable,
        "-m",
        "runwright",
        "server",
        "start",
        "--port",
        "0",
        "--no-auth",
        "--no-access-log",
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)  # noqa: S603  our own program
    assert process.stderr is not None
    with process.stderr:
        try:
            for line in process.stderr:
                if found := re.search(r"serving on \S+:(\d+)", line):
                    yield process.pid, int(found[1])
                    break
        finally:
            process.terminate()
            process.wait()


def _milliseconds(make: Callable[[], Any], process: int | None = None) -> dict[str, float]:
    """Return the median and the 95th percentile of wall time, and the processor time that a process took for a call.

    The first call, which fills caches, does not count.
    """
    make()
    times: list[float] = []
    before = _processor_milliseconds(process)
    for _ in range(_CALLS):
        start = time.perf_counter()
        make()
        times.append((time.perf_counter() - start) * 1e3)
    cpu = (_processor_milliseconds(process) - before) / _CALLS
    times.sort()
    found = {"p50": round(times[_CALLS // 2], 2), "p95": round(times[int(_CALLS * 0.95) - 1], 2)}
    return {**found, "cpu": round(cpu, 2)} if cpu else found


def _processor_milliseconds(process: int | None) -> float:
    """Return the processor time of a process so far, as Linux tells it; 0 where nothing does."""
    stat = Path(f"/proc/{process}/stat")
    if process is None or not stat.exists():
        return 0.0
    user, system = stat.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK") * 1e3
