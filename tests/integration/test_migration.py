"""The flows of the migration guide: each runs under the alias and in Runwright's own names, and does the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples" / "migration"
NAMES = sorted(path.stem for path in (EXAMPLES / "before").glob("*.py"))


def results_of(home, *arguments):
    environment = {**os.environ, "RUNWRIGHT_HOME": str(home)}
    done = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, f"{done.stdout}\n{done.stderr}"
    return [line for line in done.stdout.splitlines() if line.startswith("result:")]


def test_every_flow_is_there_twice():
    assert NAMES == sorted(path.stem for path in (EXAMPLES / "after").glob("*.py"))
    assert ["branches", "caching", "etl", "flow_of_flows", "scheduled"] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_it_does_the_same_in_both_names(tmp_path, name):
    before = results_of(tmp_path / "before", "-m", "runwright.compat.prefect", str(EXAMPLES / "before" / f"{name}.py"))
    after = results_of(tmp_path / "after", str(EXAMPLES / "after" / f"{name}.py"))
    assert before == after
    assert before == EXPECTED[name]


EXPECTED = {
    "etl": [
        "result: True 10 EUR, 20 EUR, 40 EUR",
        "result: ['Success', 'Success', 'Failed', 'Success']",
    ],
    "branches": [
        "result: cleaned up tmp",
        "result: 500 tmp: split 500 Success",
        "result: cleaned up tmp",
        "result: 5 tmp: copied 5 Skipped",
        "result: cleaned up tmp",
        "result: -1 nothing was done Skipped",
    ],
    "caching": [
        "result: 3 12 ['Cached', 'Success']",
        "result: 3 12 ['Cached', 'Cached']",
        "result: 4 20 ['Cached', 'Success']",
        "result: ['square 3', 'add 3 9', 'square 4', 'add 4 16'] ['sum-3.json', 'sum-4.json']",
    ],
    "flow_of_flows": [
        "result: Success ['ada', 'FAIL', 'grace']",
        "result: ['Task run succeeded.', \"the run for 'broken' ended as Failed\", 'Task run succeeded.']",
    ],
    "scheduled": [
        "result: hello first True",
        "result: hello second True",
        "result: no more times",
    ],
}
