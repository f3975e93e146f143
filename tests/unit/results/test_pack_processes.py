"""Packs and processes: writers side by side, forked children, and processes that are killed in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from runwright.result import ResultRef
from runwright.results import PackedResult, pack
from runwright.results.pack_file import scan_pack

START = f"""
import os, sys
sys.path[:0] = {sys.path!r}
import msgspec
from runwright.results import LocalResult, PackedResult, pack
packed = PackedResult(sys.argv[1])
local = LocalResult(sys.argv[1], location="{{x}}.json")

def write(value, result=packed):
    ref = result.write(value, flow_run_id="run", x=value).ref
    sys.stdout.buffer.write(msgspec.json.encode(ref) + b"\\n")
    sys.stdout.flush()
"""

WRITE_MANY = """
for number in range(50):
    write([os.getpid(), number])
"""

WRITE_TEN = """
for number in range(10):
    write(number)
"""

WRITE_TEN_FILES = """
for number in range(10):
    write(number, local)
"""

FORK = """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
write("parent, before")
pack._open.lock.acquire()  # as another thread of the parent may hold it at that moment
child = os.fork()
if child == 0:
    write("child")
    pack.FlowRunPacks().sync()
    os._exit(0)
pack._open.lock.release()
assert os.waitpid(child, 0)[1] == 0
write("parent, after")
"""


def start(program, root, **environment):
    return subprocess.Popen(
        [sys.executable, "-c", START + program, str(root)],
        env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def finish(process, expected=0):
    """Return the references that a process told of before it ended as expected."""
    output, errors = process.communicate()
    assert expected == process.returncode, errors
    return [msgspec.convert(json.loads(line), ResultRef) for line in output.splitlines()]


def conditions(root):
    return [record.condition for path in sorted(Path(root).rglob("*.pack")) for record in scan_pack(path)]


def test_processes_write_to_one_flow_run_side_by_side(tmp_path):
    processes = [start(WRITE_MANY, tmp_path) for _ in range(3)]
    refs = {process.pid: finish(process) for process in processes}

    packed = PackedResult(tmp_path)
    for pid, own in refs.items():
        assert [[pid, number] for number in range(50)] == [packed.read_ref(ref).value for ref in own]
    assert 3 == len(list((tmp_path / "run").iterdir()))
    assert ["whole"] * 150 == conditions(tmp_path)


def test_a_forked_child_has_its_own_pack(tmp_path):
    before, child, after = finish(start(FORK, tmp_path))
    packed = PackedResult(tmp_path)

    assert ["parent, before", "child", "parent, after"] == [
        packed.read_ref(ref).value for ref in (before, child, after)
    ]
    parent_file, child_file = (ref.location.partition("#")[0] for ref in (before, child))
    assert parent_file != child_file
    assert parent_file == after.location.partition("#")[0]


@pytest.mark.parametrize(("records", "failpoint"), [
    (5, "result.write.before"), (6, "result.write.mid"), (6, "result.write.after"),
])  # fmt: skip
def test_a_kill_in_the_middle_of_a_write_loses_nothing_that_was_told(tmp_path, records, failpoint):
    """A value that is in the file and that nobody heard of does no harm: the task runs again, and its value is another."""
    killed = start(WRITE_TEN, tmp_path, RUNWRIGHT_FAILPOINT=f"{failpoint}:kill:6")
    refs = finish(killed, expected=-signal.SIGKILL)
    packed = PackedResult(tmp_path)

    assert list(range(5)) == [packed.read_ref(ref).value for ref in refs]
    assert ["whole"] * records == conditions(tmp_path)
    assert list(range(10)) == [packed.read_ref(ref).value for ref in finish(start(WRITE_TEN, tmp_path))]


@pytest.mark.parametrize(("files", "failpoint"), [
    (5, "result.write.before"), (5, "result.write.mid"), (6, "result.write.after"),
])  # fmt: skip
def test_a_kill_leaves_no_half_file_under_the_name_of_a_result(tmp_path, files, failpoint):
    killed = start(WRITE_TEN_FILES, tmp_path, RUNWRIGHT_FAILPOINT=f"{failpoint}:kill:6")
    refs = finish(killed, expected=-signal.SIGKILL)

    assert [f"{number}.json" for number in range(5)] == [Path(ref.location).name for ref in refs]
    assert [str(number) for number in range(files)] == [
        path.read_text() for path in sorted(tmp_path.glob("[!.]*.json"))
    ]


def test_an_error_in_the_middle_leaves_a_process_that_goes_on(tmp_path):
    program = """
write("first")
try:
    write("second")
except Exception as failure:
    assert "result.write.mid" in str(failure)
write("third")
"""
    refs = finish(start(program, tmp_path, RUNWRIGHT_FAILPOINT="result.write.mid:raise:2"))

    assert ["first", "third"] == [PackedResult(tmp_path).read_ref(ref).value for ref in refs]


def test_a_fork_forgets_what_the_parent_has_to_sync(tmp_path):
    program = """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
from runwright.results import syncing
write("parent")
syncing.unsynced._lock.acquire()
child = os.fork()
if child == 0:
    pack.FlowRunPacks().sync()
    os._exit(len(syncing.unsynced._files))
assert os.waitpid(child, 0)[1] == 0
assert len(syncing.unsynced._files) == 1
"""
    assert 1 == len(finish(start(program, tmp_path)))


@pytest.fixture(autouse=True)
def closed():
    yield
    pack.close_packs()
