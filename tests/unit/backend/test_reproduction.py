"""A task run as a test: it calls the task with what is on record, whatever its inputs come from."""

from __future__ import annotations

import pytest

from runwright.backend.reproduction import test_of as reproduction_of
from runwright.cli.main import main
from runwright.open_records import open_record
from runwright.views import FlowRunFilter, TaskRunFilter

CODE = """
from runwright import Flow, Parameter, task, unmapped
import datetime


@task
def numbers(count):
    return list(range(count))


@task
def day():
    return datetime.date(2026, 11, 28)


@task
def add(number, more, when):
    if number == 2:
        raise ValueError(f"no {number} on {when}")
    return number + more


@task
def total(sums, by=1):
    return sum(sums) * by


@task(trigger=__import__("runwright").triggers.always_run)
def say(sums):
    return f"{len(sums)} sums"


with Flow("adding") as flow:
    sums = add.map(numbers(Parameter("count", default=4)), more=unmapped(10), when=unmapped(day()))
    say(sums)
    total(numbers(3), by=2)
"""


@pytest.fixture
def run(runwright_home, tmp_path, capsys):
    """Run the flow, and return its record and what runs a task run again: `run("add-1", 3)`."""
    file = tmp_path / "adding.py"
    file.write_text(CODE)
    main(["run", str(file)])
    store = open_record(read_only=True)
    flow_run = store.flow_runs(FlowRunFilter(limit=1))[0]

    def find(slug, index=-1):
        return store.task_runs(TaskRunFilter(flow_run=flow_run.id, task=slug, map_index=(index,)))[0]

    capsys.readouterr()
    return store, find


def test_inputs_are_written_into_the_test_where_they_are_small_and_plain(run):
    store, find = run

    source = reproduction_of(store, find("total-1"))

    assert "'sums': [0, 1, 2]," in source
    assert "assert 6 == result" in source
    assert "slug == 'total-1'" in source


@pytest.mark.parametrize(
    ("slug", "index", "status", "told"),
    [
        ("add-1", 3, 0, "it returned what is on record"),
        ("add-1", 2, 1, "it failed: ValueError: no 2 on 2026-11-28"),
        ("numbers-1", -1, 0, "it returned what is on record"),
        ("total-1", -1, 0, "it returned what is on record"),
        ("count", -1, 0, "it returned what is on record"),
    ],
)
def test_a_task_run_is_run_again_with_its_inputs(run, capsys, slug, index, status, told):
    _, find = run

    assert status == main(["task-run", "reproduce", str(find(slug, index).id), "--run"])
    assert told in capsys.readouterr().err


def test_a_test_is_written_that_pytest_takes(run, tmp_path, pytester_like):
    _, find = run
    path = tmp_path / "test_again.py"

    assert 0 == main(["task-run", "reproduce", str(find("add-1", 3).id), "-o", str(path)])
    assert 0 == pytester_like(path)


@pytest.fixture
def pytester_like():
    """Run the functions of a file that pytest would run; returns how many of them fail."""

    def run_tests(path):
        names = {}
        exec(compile(path.read_text(), str(path), "exec"), names)  # noqa: S102  what the command has just written
        failures = 0
        for name, value in list(names.items()):
            if name.startswith("test_"):
                try:
                    value()
                except AssertionError:
                    failures += 1
        return failures

    return run_tests


def test_a_task_of_a_yaml_flow_is_replayed_instead(runwright_home, tmp_path, capsys):
    file = tmp_path / "flow.yaml"
    file.write_text("id: a\nnamespace: b\ntasks: [{id: t, type: io.kestra.plugin.core.debug.Return, format: x}]\n")
    main(["run", str(file)])
    row = open_record(read_only=True).task_runs(TaskRunFilter(limit=1))[0]
    capsys.readouterr()

    assert 0 != main(["task-run", "reproduce", str(row.id)])
    assert "replay" in capsys.readouterr().err
