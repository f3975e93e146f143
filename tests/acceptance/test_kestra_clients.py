"""The Python clients of executions, unmodified, in the versions before and after the change of paths, against a real server."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from tests.acceptance.served import KEY, Served

pytestmark = pytest.mark.timeout(300)  # it starts several processes, on machines that do other things too

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("kestra_client.py")


@pytest.fixture(params=["kestra1", "kestra2"])
def client(request):
    variable = f"RUNWRIGHT_{request.param.upper()}_PYTHON"
    python = Path(os.environ.get(variable, ROOT / ".clients" / request.param / "bin/python"))
    if not python.exists():
        pytest.skip(f"no clients in .clients/{request.param}: `make clients` installs them")
    return python


def test_everything_that_clients_do_works(client, tmp_path):
    with Served(tmp_path / "home") as served:
        done = subprocess.run([client, SCRIPT, served.url, KEY], capture_output=True, text=True, check=False)

    assert 0 == done.returncode, done.stderr
    assert {
        "flow": ["greet", 1, True],
        "flows": 3,
        "created": ["SUCCESS", ["say", "twice", "read"]],
        "outputs": [{"value": "Ben 4"}, {"value": "Dear Ben"}],
        "followed": "SUCCESS",
        "logs": ["Hello Ben"],
        "text": True,
        "lines": ["Hello Ben"],
        "file": "Dear Ben",
        "size": 8,
        "graph": 5,
        "latest": True,
        "kestra": {"None": ["SUCCESS", True], "main": ["SUCCESS", True]},
        "all": [4, ["broken", "greet"]],
        "failed": [1, ["broken"]],
        "labelled": [1, ["greet"]],
        "below": [1, ["broken"]],
        "recent": [4, ["greet"]],
        "of_flow": 3,
        "restarted": [True, "FAILED"],
        "replayed": [True, "FAILED"],
        "changed": "WARNING",
        "labels": {"seen": "yes"},
        "resumed": "SUCCESS",
        "killed": "KILLED",
        "killed_by_query": 1,
        "restarted_by_ids": 1,
        "missing": 404,
        "refused": 422,
        "invalid": 422,
    } == json.loads(done.stdout)
