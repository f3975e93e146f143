"""The package: its public names, and what importing it costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import runwright


def loaded_after(program):
    """Return the names of the modules that a fresh interpreter has loaded after `program`."""
    text = f"{program}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, check=True, env={"PYTHONPATH": "src"}
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("name", runwright.__all__)
def test_every_public_name_is_there_and_explained(name):
    assert getattr(runwright, name).__doc__
    assert name in dir(runwright)


def test_names_that_are_also_modules_are_what_users_expect():
    from runwright.context import Context
    from runwright.task import FunctionTask

    assert isinstance(runwright.context, Context)
    assert isinstance(runwright.task(loaded_after), FunctionTask)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'runwright' has no attribute 'Workflow'"):
        runwright.Workflow  # noqa: B018  the access is what is tested


def test_importing_loads_nothing_heavy():
    loaded = loaded_after("import runwright")
    heavy = {"asyncio", "concurrent", "multiprocessing", "pickle", "cloudpickle", "apsw", "click", "rich", "pydantic"}
    assert set() == loaded & heavy
    assert {"runwright.flow", "runwright.task"} <= loaded
    assert set() == loaded & {"runwright.app", "runwright.operators", "runwright.control_flow", "runwright.versioning"}
    assert set() == {name for name in loaded if name.startswith(("runwright.engine", "runwright.runtime"))}


def test_declaring_a_flow_loads_nothing_heavy_either():
    program = """
from runwright import Flow, task

@task
def inc(x):
    return x + 1

with Flow("f") as flow:
    inc.map([1, 2])
flow.compile()
"""
    assert set() == loaded_after(program) & {"asyncio", "pickle", "cloudpickle", "apsw", "difflib"}
