"""Bad input, as a newcomer meets it: what is wrong and what to do in a line or two, a documented status, nothing half-written."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import closing
from typing import Any

import apsw
import pytest
from tests.acceptance.newcomer import Newcomer, Outcome

from runwright import errors
from runwright.open_records import close_records, open_record

TASKS = """
import threading
from runwright import Flow, Parameter, task

@task
def numbers():
    return [1, 2]

@task
def one():
    return 1

@task
def add(x, y=1):
    return x + y
"""
SOUND = f"""{TASKS}
with Flow("sound") as flow:
    add.map(numbers())
"""
CYCLE = f"""{TASKS}
with Flow("cycle") as flow:
    first = add(1)
    second = add(first)
    first.set_upstream(second)
"""
SELF = f"""{TASKS}
with Flow("self") as flow:
    first = add(1)
    first.set_upstream(first)
"""
PARAMETER = f"""{TASKS}
with Flow("parameter") as flow:
    add(Parameter("number"))
"""
WRONG_ARGUMENT = f"""{TASKS}
with Flow("argument") as flow:
    add(z=1)
"""
MISSING_ARGUMENT = f"""{TASKS}
with Flow("argument") as flow:
    add()
"""
MAPPED_CONSTANT = f"""{TASKS}
with Flow("mapped") as flow:
    add.map(7)
"""
TWO = f"""{TASKS}
with Flow("first") as first:
    one()
with Flow("second") as second:
    one()
"""

FILES = {
    "a cycle": (CYCLE, [], 8, ["Cycle found", "add-1 -> add-2 -> add-1", "remove one of these edges"]),
    "a task after itself": (SELF, [], 8, ["flow_file.py (line ", "from a task to itself", "Leave that edge out"]),
    "an unknown parameter": (
        PARAMETER,
        ["-p", "nmber=1", "-p", "number=2"],
        2,
        ["has no parameter 'nmber'", "Did you mean 'number'?"],
    ),
    "a missing parameter": (PARAMETER, [], 2, ["required parameters: 'number'", "--param"]),
    "a parameter without a value": (PARAMETER, ["-p", "number"], 2, ["write -p name=value"]),
    "a wrong argument": (WRONG_ARGUMENT, [], 2, ["unexpected keyword argument 'z'", "It takes x", "(line "]),
    "a missing argument": (MISSING_ARGUMENT, [], 2, ["'x'", "(line "]),
    "mapping over a number": (MAPPED_CONSTANT, [], 2, ["Cannot map over", "unmapped(", "(line "]),
    "two flows": (TWO, [], 2, ["declares 2 flows: first (first), second (second)", "flow_file.py:first"]),
    "no flow": ("x = 1\n", [], 2, ["declares no flow at module level", "with Flow("]),
    "a syntax error": ("def f(:\n", [], 2, ["does not load: SyntaxError", "(line 1)", "--debug"]),
    "a module that is not there": ("import no_such_module\n", [], 2, ["No module named 'no_such_module'", "(line 1)"]),
    "an exit while loading": ("import sys\nsys.exit(3)\n", [], 2, ["ends the program", "__main__"]),
    "an unknown executor": (SOUND, ["-e", "bogus"], 2, ["no executor 'bogus'", "inline, threads, processes and dask"]),
    "an executor without a number": (SOUND, ["-e", "threads:x"], 2, ["write it as in threads:8"]),
    "an executor that is not installed": (SOUND, ["-e", "nowhere://host"], 2, ["needs a package", "inline, threads"]),
}


@pytest.fixture
def newcomer(tmp_path):
    return Newcomer(tmp_path)


@pytest.fixture
def ran(newcomer):
    """Return a newcomer whose flow has run once, under the name `first`."""
    assert 0 == newcomer.runwright("run", newcomer.write(SOUND), "--run-name", "first").status
    return newcomer


@pytest.mark.parametrize("what", FILES)
def test_what_is_declared_or_called_wrongly_never_begins(newcomer, what):
    text, options, status, words = FILES[what]

    newcomer.runwright("run", newcomer.write(text), *options).check_told(status, *words)
    newcomer.check_nothing_half_written(flow_runs=0)


def test_a_file_that_is_not_there_is_told(newcomer):
    newcomer.runwright("run", "none.py").check_told(2, "none.py does not exist", "Give a Python file")
    newcomer.runwright("run", newcomer.write(TWO) + ":third").check_told(2, "no flow 'third'", "first (first)")


ENDS_FAILED = {
    "mapping over one number": (
        f"{TASKS}\nwith Flow('bad') as flow:\n    add.map(one())\n",
        [],
        "add-1",
        ["unmappable result"],
        ["'x' is of type int: map over a list"],
    ),
    "an input that cannot be pickled": (
        f"{TASKS}\nwith Flow('bad') as flow:\n    add(threading.Lock())\n",
        ["-e", "processes:1"],
        "add-1",
        ["Input 'x' of task 'add-1'", "cannot pickle", "executor='threads'"],
        [],
    ),
    "a result that cannot be pickled": (
        f"{TASKS}\n@task\ndef lock():\n    return threading.Lock()\nwith Flow('bad') as flow:\n    lock()\n",
        ["-e", "processes:1"],
        "lock-1",
        ["cannot be pickled", "Return plain data"],
        [],
    ),
    "a result that stays in memory and cannot be pickled": (
        f"{TASKS}\n@task(checkpoint=False)\ndef lock():\n    return threading.Lock()\nwith Flow('bad') as flow:\n    lock()\n",
        ["-e", "processes:1"],
        "lock-1",
        ["cannot be sent back", "return plain data"],
        [],
    ),
}


@pytest.mark.parametrize("what", ENDS_FAILED)
def test_what_only_shows_in_a_run_ends_it_failed(newcomer, what):
    text, options, slug, message, logged = ENDS_FAILED[what]

    assert 1 == newcomer.runwright("run", newcomer.write(text), "--run-name", "bad", *options).status
    row = newcomer.runwright("task-run", "get", f"bad/{slug}", "--json").data
    assert ("Failed", []) == (row["state"], [word for word in message if word not in row["state_message"]])
    lines = newcomer.runwright("task-run", "logs", f"bad/{slug}").out
    assert [] == [word for word in logged if word not in lines]
    newcomer.check_nothing_half_written(flow_runs=1)


def packs(newcomer):
    return sorted((newcomer.home / "results").rglob("*.pack"))


def test_a_result_that_is_gone_is_told(ran):
    for pack in packs(ran):
        pack.unlink()

    ran.runwright("task-run", "result", "first/numbers-1").check_told(3, "is gone", "Restore it, or run the task again")
    assert 1 == ran.runwright("store", "check").status
    assert 0 == ran.runwright("store", "check", "--no-results").status


def test_a_result_that_is_damaged_is_told(ran):
    for pack in packs(ran):
        data = pack.read_bytes()
        pack.write_bytes(data.replace(b"[1,2]", b"[1,3]"))

    outcome = ran.runwright("task-run", "result", "first/numbers-1")
    outcome.check_told(1, "is damaged", "Restore it, or run the task again")
    assert "is damaged" in ran.runwright("store", "check").out


def test_a_result_that_runs_code_is_not_loaded_unasked(newcomer):
    file = newcomer.write(f"{TASKS}\n@task\ndef made():\n    return object()\nwith Flow('made') as flow:\n    made()\n")
    newcomer.runwright("run", file, "--run-name", "first")

    newcomer.runwright("task-run", "result", "first/made-1").check_told(2, "is pickled", "--unpickle")


class TestRecords:
    """A record that cannot be used is told with its path, to those who write and to those who read."""

    def check(self, newcomer: Newcomer, record: str, *words: str) -> None:
        file = newcomer.write(SOUND)
        for command in (["run", file], ["flow-run", "ls"], ["task-run", "ls"], ["store", "check"], ["events", "ls"]):
            newcomer.runwright(*command, "--record", record).check_told(5, record, *words)

    def test_a_later_version(self, ran):
        with closing(apsw.Connection(str(ran.record))) as db:
            db.pragma("user_version", 1_000)

        self.check(ran, str(ran.record), "has version 1000", "upgrade Runwright")

    def test_a_directory(self, newcomer):
        (newcomer.folder / "folder").mkdir()

        self.check(newcomer, "folder", "is a directory", "give the path of a file in it")

    def test_a_file_that_is_no_database(self, newcomer):
        newcomer.write("some text\n" * 1_000, "notes.txt")

        self.check(newcomer, "notes.txt", "is no record", "give another path")
        assert "some text\n" * 1_000 == (newcomer.folder / "notes.txt").read_text()

    def test_a_path_under_a_file(self, newcomer):
        newcomer.write("some text\n", "notes.txt")

        self.check(newcomer, "notes.txt/record.db", "cannot be opened", "check the path")

    def test_a_path_in_no_directory(self, newcomer):
        file = newcomer.write(SOUND)
        record = "no/such/record.db"

        newcomer.runwright("run", file, "--record", record).check_told(5, "no/such", "does not exist: create it first")
        newcomer.runwright("flow-run", "ls", "--record", record).check_told(5, record, "There is no record")

    def test_none_yet(self, newcomer):
        newcomer.runwright("flow-run", "ls").check_told(5, "There is no record at", "run a flow first")
        assert not newcomer.record.exists()

    def test_a_url_of_no_store(self, newcomer):
        newcomer.runwright("flow-run", "ls", "--record", "mysql://x").check_told(5, "'mysql://x'", "sqlite:///PATH")


def test_references_that_mean_nothing_or_too_much_are_told(ran):
    ran.runwright("run", "flow_file.py", "--run-name", "first")
    (one, two) = ran.runwright("flow-run", "ls", "--json").data

    ran.runwright("task-run", "get", "first").check_told(2, "names no task run", "RUN/SLUG")
    ran.runwright("task-run", "get", "second/add-1").check_told(3, "No flow run 'second'", "runwright fr ls")
    ran.runwright("task-run", "get", f"{one['id']}/ad-1").check_told(3, "has no task 'ad-1'", "add-1, numbers-1")
    ran.runwright("task-run", "get", f"{one['id']}/add-1[7]").check_told(3, "has no child 7")
    ran.runwright("task-run", "get", "ffffffff").check_told(3, "No task run with an id that begins with 'ffffffff'")
    for command, reference in (("flow-run", "first"), ("flow-run", one["id"][:6]), ("task-run", one["id"])):
        outcome = ran.runwright(command, "get", reference)
        if command == "task-run":
            assert (3, True) == (outcome.status, "is the id of a flow run" in outcome.err)
            continue
        assert 4 == outcome.status
        assert outcome.err.startswith(f"error: {reference!r} may mean 2 flow runs: name one of them\n")
        assert {one["id"], two["id"]} == {line.split()[0] for line in outcome.err.splitlines()[1:]}
    ambiguous = ran.runwright("task-run", "get", one["id"][:20])
    assert (4, True) == (ambiguous.status, "may mean 4 task runs: name one of them" in ambiguous.err)
    ran.check_nothing_half_written(flow_runs=2)


LARGE = f"""{TASKS}
@task
def many():
    return list(range(3_000))

with Flow("large") as flow:
    add.map(many())
"""


def check_goes_on(newcomer: Newcomer, record: str) -> None:
    """Check that what was committed is sound, and that the run goes on once there is room and its lease has ended."""
    (row,) = newcomer.runwright("flow-run", "ls", "--json", "--record", record).data
    assert 0 == newcomer.runwright("store", "check", "--record", record).status
    outcome = Outcome(4, "", "")
    while outcome.status == 4:
        outcome = newcomer.runwright("flow-run", "resume", row["id"], "--record", record)
    assert 0 == outcome.status
    newcomer.check_nothing_half_written(1, "--record", record)
    assert {"count": 3_002} == newcomer.runwright("task-run", "count", "--json", "--record", record).data


def test_a_record_that_may_not_grow_is_told_and_goes_on_with_room(newcomer):
    """The limit of the size of files (RLIMIT_FSIZE) stands for a full disk: it needs no rights."""
    resource = pytest.importorskip("resource")
    outcome = newcomer.runwright(
        "run",
        newcomer.write(LARGE),
        "--record",
        "limited.db",
        before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY)),
    )

    outcome.check_told(5, "limited.db is full", "nothing was half-written: free some space", "fr resume RUN")
    check_goes_on(newcomer, "limited.db")


MOUNTED = """
mount -t tmpfs -o size=800k tmpfs disk || exit 99
"$@"
status=$?
cp disk/* saved
exit $status
"""


def test_a_record_on_a_full_disk_is_told_and_goes_on_with_room(newcomer):
    """A disk of 800 kB (tmpfs in a mount namespace of its own) where that is allowed."""
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare")
    for name in ("disk", "saved"):
        (newcomer.folder / name).mkdir()
    file = newcomer.write(LARGE)
    command = [sys.executable, "-m", "runwright", "run", file, "--record", "disk/record.db"]
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", MOUNTED, "sh", *command],
        cwd=newcomer.folder,
        env=newcomer.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode in {1, 99} and "error: " not in done.stderr:
        pytest.skip(f"mounting is not allowed: {done.stderr.strip()}")

    Outcome(done.returncode, done.stdout, done.stderr).check_told(5, "disk/record.db is full", "free some space")
    check_goes_on(newcomer, "saved/record.db")


class TestInPython:
    """The same, as exceptions: each documented in runwright.errors, or the one that Python itself raises."""

    @pytest.mark.parametrize(
        ("expected", "text", "options"),
        [
            (errors.CycleError, CYCLE, {}),
            (errors.ParameterError, PARAMETER, {"nmber": 1, "number": 2}),
            (errors.ParameterError, PARAMETER, {}),
            (errors.SettingError, SOUND, {"executor": "bogus"}),
            (errors.MissingExtra, SOUND, {"executor": "nowhere://host"}),
        ],
    )
    def test_a_flow_that_does_not_begin(self, runwright_home, expected, text, options):
        flow = declared(text)
        with pytest.raises(expected):
            flow.run(**options)
        assert not (runwright_home / "record.db").exists()

    @pytest.mark.parametrize(
        ("expected", "text"),
        [
            (errors.CycleError, SELF),
            (TypeError, WRONG_ARGUMENT),
            (TypeError, MISSING_ARGUMENT),
            (TypeError, MAPPED_CONSTANT),
        ],
    )
    def test_a_flow_that_cannot_be_declared(self, expected, text):
        with pytest.raises(expected):
            declared(text)

    @pytest.mark.parametrize("text", [TWO, "x = 1\n", "def f(:\n"])
    def test_a_file_without_its_one_flow(self, newcomer, text):
        from runwright.flow_files import load_flow

        with pytest.raises(errors.FlowFileError):
            load_flow(str(newcomer.folder / newcomer.write(text, "flow_file_in_python.py")))

    @pytest.mark.parametrize(
        ("expected", "body", "executor"),
        [
            (errors.UnpicklableCall, "add(threading.Lock())", "processes:1"),
            (errors.ResultSerializationError, "task(lambda: threading.Lock(), name='add')()", "inline"),
        ],
    )
    def test_a_value_that_cannot_be_pickled(self, runwright_record, expected, body, executor):
        state = declared(f"{TASKS}\nwith Flow('bad') as flow:\n    {body}\n").run(executor=executor)

        assert state.is_failed()
        (ended,) = [each for task, each in state.result.items() if task.name == "add"]
        assert isinstance(ended.result, expected)

    @pytest.mark.parametrize(
        ("expected", "damage"),
        [
            (errors.ResultUnavailable, lambda pack: pack.unlink()),
            (errors.ResultDamaged, lambda pack: pack.write_bytes(pack.read_bytes().replace(b"[1,2]", b"[1,3]"))),
        ],
    )
    def test_a_result_that_is_not_what_it_was(self, runwright_home, expected, damage):
        from runwright.backend import FlowRunView

        state = declared(SOUND).run()
        for pack in (runwright_home / "results").rglob("*.pack"):
            damage(pack)
        run = FlowRunView.from_flow_run_id(state.context["flow_run_id"])
        with pytest.raises(expected):
            run.get_task_run(task_slug="numbers-1").get_result()

    def test_a_record_that_cannot_be_used(self, tmp_path, runwright_home):

        (tmp_path / "notes.txt").write_text("some text\n" * 1_000)
        for path in (tmp_path, tmp_path / "notes.txt", tmp_path / "notes.txt" / "record.db"):
            with pytest.raises(errors.RecordUnreadable):
                declared(SOUND).run(record=str(path))
        open_record(str(tmp_path / "later.db"))
        close_records()
        with closing(apsw.Connection(str(tmp_path / "later.db"))) as db:
            db.pragma("user_version", 1_000)
        with pytest.raises(errors.RecordTooNew):
            declared(SOUND).run(record=str(tmp_path / "later.db"))

    def test_a_record_that_is_full(self, runwright_home):
        from runwright import app

        store: Any = open_record()
        store._db.pragma("max_page_count", store._db.pragma("page_count") + 20)
        with pytest.raises(errors.RecordFull):
            declared(LARGE).run()
        assert [] == app.check_record(store, results=runwright_home / "results")

    def test_a_run_that_is_not_on_record(self, runwright_record):
        from runwright.backend import FlowRunView, TaskRunView

        nobody = "00000000-0000-7000-8000-000000000000"
        with pytest.raises(errors.NotOnRecord):
            FlowRunView.from_flow_run_id(nobody)
        with pytest.raises(errors.NotOnRecord):
            TaskRunView.from_task_run_id(nobody)


def declared(text):
    """Return the flow that a file would declare."""
    names: dict[str, Any] = {"__name__": "declared_here"}
    exec(text, names)  # noqa: S102  the text is ours
    return names["flow"]
