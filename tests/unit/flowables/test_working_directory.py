"""WorkingDirectory: what is in the folder at first, what is kept of it, and what the next one finds."""

from __future__ import annotations

import uuid
from types import SimpleNamespace

import pytest
from tests.unit.flowables.seen import OK, flowable
from tests.unit.runnables.conftest import TestScope

from runwright.flowable import Children

HOUR = 3_600 * 10**9
TASKS = "tasks: [{id: a, type: shell.Commands, commands: ['true']}]"


@pytest.fixture
def folder(tmp_path):
    """Return how to make a scope with a folder of its own, on one drive; `now` is when it is looked at."""
    first = TestScope(tmp_path)

    def made(now=0):
        place = tmp_path / uuid.uuid4().hex
        place.mkdir()
        attempt = TestScope(place, name="b.txt")
        attempt.drive = first.drive
        return SimpleNamespace(attempt=attempt, now=now, state="Success")

    return made


def test_it_begins_with_what_is_declared_and_keeps_what_is_declared(folder):
    directory = flowable(
        f"type: flow.WorkingDirectory\ninputFiles: {{a.txt: one}}\noutputFiles: ['{{{{ name }}}}', '*.csv']\n{TASKS}"
    )
    scope = folder()
    assert Children(body=(1,)) == directory.expand(scope)
    assert "one" == (scope.attempt.folder / "a.txt").read_text()
    for name in ("b.txt", "c.csv", "d.txt"):
        (scope.attempt.folder / name).write_text(name)
    kept = directory.settle({"tasks": OK}, scope).outputs
    assert {"outputFiles": {name: f"{scope.attempt.prefix}{name}" for name in ("b.txt", "c.csv")}} == kept


def test_the_next_one_finds_what_was_cached_until_it_is_too_old(folder):
    directory = flowable(f"type: flow.WorkingDirectory\ncache: {{patterns: ['lib/**'], ttl: PT1H}}\n{TASKS}")
    first = folder()
    directory.expand(first)
    (first.attempt.folder / "lib").mkdir()
    (first.attempt.folder / "lib" / "a.bin").write_bytes(b"\0\1")
    (first.attempt.folder / "other.txt").write_text("x")
    assert directory.settle({"tasks": OK}, first).outputs is None
    (info,) = first.attempt.drive.list("kestra:///company/team/orders/_cache/")

    soon, late = folder(info.updated + HOUR), folder(info.updated + HOUR + 1)
    for scope in (soon, late):
        directory.expand(scope)
    assert [b"\0\1"] == [path.read_bytes() for path in soon.attempt.folder.rglob("*") if path.is_file()]
    assert [] == list(late.attempt.folder.iterdir())


def test_it_is_restarted_as_a_whole():
    assert flowable(f"type: flow.WorkingDirectory\n{TASKS}").restarts_whole
