"""Files that import prefect, run as processes: by the module, as a module of their own, and by the command line."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SCRIPT = """
import sys
import prefect
from prefect import Flow, Parameter, task
import neighbour

@task
def double(x):
    return neighbour.two * x

with Flow("doubling") as flow:
    doubled = double(Parameter("x", default=4))

if __name__ == "__main__":
    print("result:", flow.run().result[doubled].result, sys.argv[1:])
"""


PARALLEL = """
import prefect
from prefect import Flow, task

@task
def speak():
    state = prefect.engine.state.Success
    return state.__name__, prefect.context.logger.name, prefect.config.flows.checkpointing

with Flow("f") as flow:
    made = speak()

if __name__ == "__main__":
    print("result:", [flow.run(executor="processes:1").result[made].result])
"""


FAMILY = """
from prefect import Flow, task
from prefect.backend import FlowRunView, TaskRunView
from prefect.tasks.prefect import create_flow_run, get_task_run_result, wait_for_flow_run

@task
def create_some_data():
    return list(range(5))

@task
def inc(x):
    return x + 1

with Flow("child") as child_flow:
    data = create_some_data()
    inc.map(data)

with Flow("parent") as parent_flow:
    child_run_id = create_flow_run(flow_name="child")
    child_data = get_task_run_result(child_run_id, "create_some_data-1")
    child_view = wait_for_flow_run(child_run_id)

if __name__ == "__main__":
    state = parent_flow.run()
    print("result:", state.result[child_data].result)
    view = state.result[child_view].result
    one = TaskRunView.from_task_slug("inc-1", flow_run_id=view.flow_run_id, map_index=2)
    print("views:", view.get_task_run("inc-1").get_result(), one.get_result(), [run.get_result() for run in
        TaskRunView.from_task_slug("inc-1", flow_run_id=view.flow_run_id).iter_mapped()])
"""


@pytest.fixture
def run(tmp_path):
    (tmp_path / "family.py").write_text(FAMILY)
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "neighbour.py").write_text("two = 2\n")

    def run(*arguments):
        environment = {**os.environ, "RUNWRIGHT_HOME": str(tmp_path / "home")}
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.parametrize("target", [("script.py",), ("-m", "script")], ids=" ".join)
def test_a_script_runs_as_it_is(run, target):
    done = run("runwright.compat.prefect", *target, "a", "b")
    assert "result: 8 ['a', 'b']" in done.stdout, done.stderr


def test_the_command_line_runs_it_too(run):
    done = run("runwright", "run", "--compat", "prefect", "script.py", "-p", "x=5")
    assert (0, True) == (done.returncode, "double" in done.stdout), done.stderr


def test_worker_processes_have_the_alias_too(run, tmp_path):
    (tmp_path / "parallel.py").write_text(PARALLEL)
    done = run("runwright.compat.prefect", "parallel.py")
    assert "result: [('Success', 'prefect.speak', False)]" in done.stdout, f"{done.stdout}\n{done.stderr}"


def test_without_a_script_it_says_how(run):
    done = run("runwright.compat.prefect")
    assert done.returncode
    assert "usage: python -m runwright.compat.prefect SCRIPT.py" in done.stderr


def test_it_explains_itself_and_what_is_not_there(run):
    helped, missing = run("runwright.compat.prefect", "--help"), run("runwright.compat.prefect", "nothing.py")

    assert (0, True) == (helped.returncode, helped.stdout.startswith("usage: python -m runwright.compat.prefect"))
    assert (1, "error: there is no file nothing.py") == (missing.returncode, missing.stderr.splitlines()[0])


def test_the_command_line_without_the_alias_names_it(run):
    for command in ("run", "flow register"):
        told = run("runwright", *command.split(), "script.py").stderr.splitlines()
        assert "No module named 'prefect'" in told[0]
        assert "--compat prefect" in told[1]
        assert "python -m runwright.compat.prefect -m runwright" in told[1]


def test_a_flow_that_registers_itself_is_run_by_a_worker(run, tmp_path):
    text = SCRIPT.replace("flow.run().result[doubled].result", "flow.register(project_name='Ours')")
    (tmp_path / "script.py").write_text(text.replace('if __name__ == "__main__":', "if True:"))
    registered = run("runwright.compat.prefect", "script.py")
    flow_run = run("runwright.compat.prefect", "-m", "runwright", "flow", "start", "doubling", "-p", "x=5")

    assert "is registered, version 1" in registered.stdout, registered.stderr
    assert 0 == flow_run.returncode, flow_run.stderr
    resumed = run("runwright.compat.prefect", "-m", "runwright", "fr", "resume", flow_run.stdout.splitlines()[-1])
    assert "Success" in resumed.stdout, resumed.stderr


def test_a_parent_runs_its_child_and_takes_its_data_as_documented(run):
    done = run("runwright.compat.prefect", "family.py")
    expected = "result: [0, 1, 2, 3, 4]\nviews: [1, 2, 3, 4, 5] 3 [1, 2, 3, 4, 5]\n"
    assert expected == "".join(
        line for line in done.stdout.splitlines(keepends=True) if line.startswith(("result", "views"))
    )
    assert 0 == done.returncode, done.stderr
