"""The unmodified client of Prefect 1 registers, runs and reads a flow: its library, its agent and its runners, our server."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import uvicorn

from runwright.app import check_record
from runwright.server.app import create_app
from runwright.server.context import ServerOptions
from runwright.stores import open_store
from runwright.worker import Worker

ROOT = Path(__file__).parents[2]
CLIENT = Path(os.environ.get("RUNWRIGHT_PREFECT1_PYTHON", ROOT / ".clients/prefect1/bin/python"))
needs_client = pytest.mark.skipif(
    not CLIENT.exists(),
    reason="no client of Prefect 1: `make clients` installs one",
)


@contextmanager
def served(record):
    """Serve a record on a free port of loopback."""
    worker = Worker(record).start()
    app = create_app(record, options=ServerOptions(worker=worker))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="off"))
    started = threading.Event()
    startup = server.startup

    async def announce(sockets=None):
        await startup(sockets)
        started.set()

    server.startup = announce
    thread = threading.Thread(target=server.run)
    thread.start()
    started.wait(30)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        worker.stop()
        server.should_exit = True
        thread.join(30)


@needs_client
def test_a_flow_is_registered_run_and_read(tmp_path):
    with closing(open_store(f"sqlite:///{tmp_path}/record.db")) as record, served(record) as url:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PREFECT__BACKEND": "server",
            "PREFECT__CLOUD__API": url,
            "PREFECT__SERVER__ENDPOINT": url,
            "PREFECT__FLOWS__CHECKPOINTING": "true",
        }
        command = [CLIENT, "-W", "ignore", Path(__file__).with_name("prefect1_client.py"), tmp_path]
        run = subprocess.run(command, check=False, env=environment, capture_output=True, text=True, timeout=110)
        assert 0 == run.returncode, run.stderr
        told = json.loads(run.stdout.splitlines()[-1])
        problems = check_record(record)

    assert {
        "same": True,
        "flow": "doubling",
        "state": "Success",
        "states": ["Pending", "Scheduled", "Submitted", "Running", "Success"],
        "total": 12,
        "doubled": [0, 2, 4, 6],
        "one": 4,
        "task_runs": 8,
        "logs": 4,
        "task_run": {"task_run_aggregate": {"aggregate": {"count": 7}}},
    } == told
    assert [] == problems
