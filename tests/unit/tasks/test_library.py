"""The task library: every name is there, is a task or makes one, and is loaded only when it is asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from runwright import Task, tasks


@pytest.mark.parametrize("name", tasks.__all__)
def test_every_name_is_there_and_explained(name):
    found = getattr(tasks, name)
    assert found.__doc__
    assert name in {"case", "ifelse", "merge", "switch"} or issubclass(found, Task)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="FtpTask"):
        tasks.FtpTask  # noqa: B018  the access is what is tested


def test_nothing_is_loaded_before_it_is_asked_for():
    program = "import sys, runwright.tasks; print('subprocess' in sys.modules, 'runwright.operators' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "False False" == done.stdout.strip()
