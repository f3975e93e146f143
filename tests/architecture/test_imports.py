"""`import runwright` is cheap: what is heavy or optional is loaded by those who use it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {
    "apsw", "asyncio", "click", "cloudpickle", "concurrent.futures", "http", "hypothesis", "multiprocessing", "psycopg",
    "pydantic", "pytest", "rich", "sqlalchemy", "sqlite3", "ssl", "unittest", "yaml",
}  # fmt: skip

USE_AUTHORING = """
import runwright
for name in {"Flow", "Parameter", "Task", "task"} & set(dir(runwright)):
    getattr(runwright, name)
"""


@pytest.mark.parametrize("statements", ["import runwright", USE_AUTHORING], ids=["import", "authoring"])
def test_writing_a_flow_loads_nothing_heavy(statements):
    assert set() == HEAVY & loaded_by(statements)


@pytest.mark.parametrize("library", ["asyncio", "http", "rich"])
def test_a_heavy_import_would_be_seen(library):
    assert {library} == {library} & loaded_by(f"import {library}")


def loaded_by(statements):
    """Return the modules that a fresh interpreter loads for these statements, beyond what it starts with."""
    program = (
        f"import json, sys\nsys.path[:0] = {sys.path!r}\nbefore = set(sys.modules)\n"
        f"{statements}\nprint(json.dumps(sorted(set(sys.modules) - before)))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(answer.stdout))
