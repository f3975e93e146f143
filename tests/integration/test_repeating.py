"""A run of a Python flow that repeats another keeps what went well there, and runs the rest."""

from __future__ import annotations

import pytest

from runwright import app
from runwright.backend import record
from runwright.child_runs import ChildRuns, Order
from runwright.cli.main import main
from runwright.flow_files import load_flow
from runwright.views import FlowRunFilter, TaskRunFilter

CODE = """
from pathlib import Path
from runwright import Flow, Parameter, task
from runwright.triggers import all_finished

here = Path(__file__).parent


def note(text):
    with (here / "ran.txt").open("a") as file:
        file.write(text + "\\n")


@task
def numbers(count):
    note("numbers")
    return list(range(count))


@task
def double(number):
    note(f"double {number}")
    if number == 1 and not (here / "mended").exists():
        raise ValueError("not yet")
    return 2 * number


@task
def total(doubled):
    note("total")
    return sum(doubled)


@task(checkpoint=False)
def nothing_kept():
    note("nothing kept")
    return "lost"


with Flow("repeated") as flow:
    total(double.map(numbers(Parameter("count", default=3))))
    nothing_kept()
"""


@pytest.fixture
def failed(runwright_record, tmp_path):
    """Return a flow run that failed in one child of a map, what ran in it, and what begins a repetition."""
    file = tmp_path / "repeated.py"
    file.write_text(CODE)
    app.run_flow(load_flow(str(file)), record=runwright_record.url)
    run = runwright_record.flow_runs(FlowRunFilter(limit=1))[0]
    ran = tmp_path / "ran.txt"
    before = ran.read_text().splitlines()
    ran.unlink()

    def repeat(**options):
        children = ChildRuns(runwright_record.url)
        flow_run = children.create(children.flow_named("repeated"), Order("key", {}, {}, parent=run.id, **options))
        state = app.resume_flow_run(flow_run, record=runwright_record.url)
        return flow_run, state, ran.read_text().splitlines()

    return run, before, repeat


def test_only_what_did_not_go_well_runs_and_it_sees_the_values_that_were_kept(failed, tmp_path, runwright_record):
    run, before, repeat = failed
    (tmp_path / "mended").touch()

    flow_run, state, ran = repeat(keeps_successes=True)

    assert sorted(["numbers", "double 0", "double 1", "double 2", "nothing kept"]) == sorted(before)
    assert sorted(["double 1", "total", "nothing kept"]) == sorted(ran)
    assert state.is_successful()
    rows = runwright_record.task_runs(TaskRunFilter(flow_run=flow_run, task="double", oldest_first=True))
    assert ["Mapped", "Success", "Success", "Success"] == [row.kind.name for row in rows]
    total = runwright_record.task_runs(TaskRunFilter(flow_run=flow_run, task="total"))[0]
    assert 6 == record.read(total.result)
    assert str(run.id) == app.find_flow_run(runwright_record, flow_run).details["parent"]


def test_all_of_it_runs_again_where_nothing_is_to_be_kept(failed):
    _, _, repeat = failed

    _, state, ran = repeat()

    assert sorted(["numbers", "double 0", "double 1", "double 2", "nothing kept"]) == sorted(ran)
    assert not state.is_successful()


def test_what_fails_again_can_be_repeated_again(failed):
    _, _, repeat = failed

    _, state, ran = repeat(keeps_successes=True)

    assert sorted(["double 1", "nothing kept"]) == sorted(ran)
    assert not state.is_successful()


def test_the_command_line_restarts_a_run(failed, tmp_path, runwright_record, capsys):
    run, _, _ = failed
    (tmp_path / "mended").touch()

    assert 0 == main(["flow-run", "restart", str(run.id), "--record", runwright_record.url])

    newest = runwright_record.flow_runs(FlowRunFilter(limit=1))[0]
    assert ("Success", str(run.id)) == (newest.kind.name, newest.details["parent"])
    assert sorted(["double 1", "total", "nothing kept"]) == sorted((tmp_path / "ran.txt").read_text().splitlines())
