"""`runwright run` runs the flow of a file, and its exit status tells how that ended."""

from __future__ import annotations

import json
import sys

import pytest

from runwright import app
from runwright.cli.progress import Progress
from runwright.open_records import open_record
from runwright.views import FlowRunFilter, TaskRunFilter

SUM = """
from runwright import Flow, Parameter, task

@task
def add(a, b):
    return a + b

@task
def fail_if(wanted):
    if wanted:
        raise ValueError("as you wish")

with Flow("sum") as flow:
    fail_if(Parameter("fail", default=False))
    total = add(Parameter("a"), Parameter("b", default=2))

state = flow.run(a=1)
"""


@pytest.fixture(autouse=True)
def _modules_are_put_back(monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.endswith("_flow"):
            del sys.modules[name]


@pytest.fixture
def path(tmp_path):
    (tmp_path / "sum_flow.py").write_text(SUM)
    return str(tmp_path / "sum_flow.py")


def result_of_sum():
    store = open_record()
    (row,) = store.task_runs(TaskRunFilter(task="add-1", limit=1))
    return row


def test_a_flow_runs_on_record_and_its_tasks_are_shown(runwright, path):
    outcome = runwright("run", path, "-p", "a=40", "--run-name", "first")

    assert 0 == outcome.status
    assert outcome.lines[0].startswith("sum/first \u2713 Success after ")
    assert any(line.startswith("\u2713 Success") and "add-1" in line for line in outcome.lines)
    assert "record sqlite://" in outcome.err
    assert "42" == runwright("tr", "result", "first/add-1").out.strip()


def test_only_what_was_asked_for_runs(runwright, path):
    runwright("run", path, "-p", "a=1")

    assert 1 == len(open_record().flow_runs(FlowRunFilter()))


def test_a_failed_run_ends_with_1(runwright, path):
    outcome = runwright("run", path, "-p", "a=1", "-p", "fail=true", "--json")

    assert 1 == outcome.status
    assert ("Failed", "sum") == (outcome.data["state"], outcome.data["flow"]["name"])


@pytest.mark.parametrize(
    ("expected", "given"),
    [("[1]text", ["a=[1]", "b=[2]"]), ("ab", ["a=a", "b=b"]), ("1.5", ["a=1", "b=0.5"]), ("x=y2", ["a=x=y", 'b="2"'])],
)
def test_values_are_json_where_they_can_be_and_text_otherwise(runwright, path, expected, given):
    options = [part for text in given for part in ("-p", text)]

    assert 0 == runwright("run", path, *options, "--run-name", "n").status
    value = json.loads(runwright("tr", "result", "n/add-1").out)
    assert {"[1]text": [1, 2], "ab": "ab", "1.5": 1.5, "x=y2": "x=y2"}[expected] == value


def test_parameters_come_from_a_file_and_the_command_line_comes_first(runwright, path, tmp_path):
    (tmp_path / "given.toml").write_text("a = 5\nb = 6\n")
    (tmp_path / "given.json").write_text('{"a": 7, "b": 8}')

    assert (
        0 == runwright("run", path, "--param-file", f"{tmp_path}/given.toml", "-p", "b=1", "--run-name", "toml").status
    )
    assert 0 == runwright("run", path, "--param-file", f"{tmp_path}/given.json", "--run-name", "json").status
    assert "6" == runwright("tr", "result", "toml/add-1").out.strip()
    assert "15" == runwright("tr", "result", "json/add-1").out.strip()


@pytest.mark.parametrize(
    ("told", "options"),
    [
        ("required parameters: 'a'", []),
        ("no parameter 'c'", ["-p", "a=1", "-p", "c=1"]),
        ("write -p name=value", ["-p", "a"]),
        ("cannot be read", ["--param-file", "/nowhere.json"]),
        ("is no valid JSON", ["--param-file", "@"]),
    ],
)
def test_wrong_parameters_are_told_before_anything_runs(runwright, path, tmp_path, monkeypatch, told, options):
    (tmp_path / "@").write_text("a: 1")
    monkeypatch.chdir(tmp_path)

    outcome = runwright("run", path, *options)

    assert 2 == outcome.status
    assert told in outcome.err


def test_a_file_without_a_flow_ends_with_2(runwright, tmp_path):
    outcome = runwright("run", f"{tmp_path}/nothing_flow.py")

    assert 2 == outcome.status
    assert "does not exist" in outcome.err


def test_a_file_that_does_not_load_shows_its_traceback_on_request(runwright, tmp_path):
    (tmp_path / "broken_flow.py").write_text("1/0\n")

    outcome = runwright("run", f"{tmp_path}/broken_flow.py")
    assert [
        f"error: {tmp_path}/broken_flow.py does not load: ZeroDivisionError: division by zero (line 1)",
        "hint: --debug shows the traceback",
    ] == outcome.err.splitlines()
    assert "1/0" in runwright("run", f"{tmp_path}/broken_flow.py", "--debug").err


def test_an_interrupted_run_says_that_it_is_on_record(runwright, path, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "run_flow", interrupt)

    outcome = runwright("run", path, "-p", "a=1")

    assert (130, "interrupted: the flow run is cancelled, and on record\n") == (outcome.status, outcome.err)


class Runner:
    """What a progress hears of."""

    def __init__(self, counts, total):
        self.counts = counts
        self.total = total
        self.machine = self
        self.flow_run = None


def test_progress_is_silent_where_nobody_looks(fake_clock, capsys):
    progress = Progress("sum")
    fake_clock.advance(5)
    progress(Runner({"Success": 3}, 4))
    progress.finish()

    assert "" == capsys.readouterr().err


def test_progress_waits_a_second_and_cleans_up(fake_clock, capsys, monkeypatch):
    monkeypatch.setattr("runwright.cli.progress.is_terminal", lambda _: True)
    progress = Progress("sum")
    fake_clock.advance(0.5)
    progress(Runner({"Success": 1}, 4))
    assert "" == capsys.readouterr().err

    fake_clock.advance(1)
    progress(Runner({"Success": 2, "Cached": 1}, 4))
    drawn = capsys.readouterr().err
    assert drawn.startswith("\r\x1b[Ksum  ")
    assert " 75%  3/4  \u2713 3  1.5s" in drawn

    progress.finish()
    assert "\r\x1b[K" == capsys.readouterr().err


def test_progress_of_a_demo_stays(fake_clock, capsys):
    progress = Progress("demo", is_always=True)
    progress(Runner({"Success": 4}, 4))
    progress.finish()

    assert "100%  4/4  \u2713 4" in capsys.readouterr().err


TAKES = """
id: takes
namespace: company
inputs: [{id: file, type: FILE}]
tasks: [{id: show, type: debug.Return, format: "{{ read(inputs.file) }}"}]
"""


@pytest.mark.parametrize(
    "given", ["/etc/passwd", "file:///etc/passwd", "../secret", "kestra:///a/../b", "@@/etc/passwd"]
)
def test_a_path_is_no_file_of_a_yaml_flow_unless_it_is_uploaded(runwright, tmp_path, given):
    (tmp_path / "takes.yaml").write_text(TAKES)
    (tmp_path / "letter.txt").write_text("Dear Ann")

    refused = runwright("run", str(tmp_path / "takes.yaml"), "-i", f"file={given}")
    taken = runwright("run", str(tmp_path / "takes.yaml"), "-i", f"file=@{tmp_path / 'letter.txt'}")

    assert [False, 0] == [refused.status == 0, taken.status]
    assert "must be the address of a stored file" in refused.err


def test_an_input_that_the_flow_has_not_is_told_before_anything_runs(runwright, tmp_path):
    (tmp_path / "takes.yaml").write_text(TAKES)
    outcome = runwright("run", str(tmp_path / "takes.yaml"), "-i", "fiel=@letter.txt")

    assert (2, "") == (outcome.status, outcome.out)
    assert "has no input 'fiel'. Did you mean 'file'? It takes file." in outcome.err


def test_a_run_of_a_python_flow_is_not_replayed(runwright, run):
    outcome = runwright("fr", "replay", run.name)

    assert 2 == outcome.status
    assert f"{run.name} is a run of the Python flow etl: `runwright fr restart`" in outcome.err
