"""The README, followed to the letter: its flow saved as a file, and each of its commands as it stands there."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from tests.acceptance.newcomer import Newcomer

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
FLOW, VIEW = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
(YAML,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
COMMANDS = re.findall(r"^\$ runwright (.*)$", README, re.MULTILINE)


@pytest.fixture
def newcomer(tmp_path):
    return Newcomer(tmp_path)


def test_every_command_shown_does_what_it_should(newcomer):
    newcomer.write(FLOW, "squares.py")
    newcomer.write(YAML, "squares.yaml")
    assert "run squares.py --run-name first" == COMMANDS[0]

    outcomes = {command: newcomer.runwright(*shlex.split(command)) for command in COMMANDS}

    assert [] == [(command, outcome) for command, outcome in outcomes.items() if outcome.status]
    assert "30\n" == outcomes["task-run result first/total-1"].out
    assert "index 2" in outcomes["task-run get 'first/square-1[2]'"].out
    newcomer.check_nothing_half_written(flow_runs=2)


def test_the_file_runs_as_a_script_and_can_be_asked_in_python(newcomer):
    script = newcomer.write(FLOW + VIEW, "squares.py")

    subprocess.run([sys.executable, script], cwd=newcomer.folder, env=newcomer.environment, check=True)

    newcomer.check_nothing_half_written(flow_runs=1)
