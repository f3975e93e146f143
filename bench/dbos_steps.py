"""Runs in the environment of DBOS, not in ours: a workflow of no-op steps, each durable before the next, timed there.

`python dbos_steps.py COUNT URL` prints the seconds of wall and processor time of the workflow as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from typing import Any

sys.modules["sqlite3"] = import_module("pysqlite3")  # its tables need a newer SQLite than some systems have
DBOS: Any = import_module("dbos").DBOS


def main(count: int, url: str) -> None:
    """Run a short workflow for what is done once, then the one that is timed."""
    DBOS(config={"name": "bench", "system_database_url": url, "log_level": "ERROR", "run_admin_server": False})

    @DBOS.step()
    def step(number: int) -> int:
        return number + 1

    @DBOS.workflow()
    def chain(length: int) -> int:
        number = 0
        for _ in range(length):
            number = step(number)
        return number

    DBOS.launch()
    chain(50)
    wall, processor = time.perf_counter(), time.process_time()
    ended = chain(count)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    DBOS.destroy()
    if ended != count:
        raise SystemExit(f"The workflow ended with {ended} of {count} steps.")
    print(json.dumps({"wall": wall, "processor": processor}))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
