"""Failpoints fail where they are told to, once, and cost nothing otherwise."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from runwright import failpoints
from runwright.failpoints import FailpointReached, hits, parse


def test_without_the_variable_nothing_happens():
    assert failpoints._pass is hits("")


def test_a_place_fails_at_its_hit_and_once():
    hit = hits("here:raise:3")
    hit("here")
    hit("there")
    hit("here")
    with pytest.raises(FailpointReached, match="here"):
        hit("here")
    hit("here")


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ({"a": ("raise", 1)}, "a:raise"),
        ({"a": ("kill", 2), "b": ("hang", 1)}, "a:kill:2, b:hang:1"),
        ({"append.after_commit": ("raise", 4)}, "append.before_commit:commit_then_raise:4"),
    ],
)
def test_the_variable_names_places_actions_and_counts(expected, text):
    assert expected == parse(text)


@pytest.mark.parametrize("text", ["a", "a:explode", "a:raise:0", "a:raise:x", ":raise", "a:raise,"])
def test_what_cannot_be_read_is_an_error(text):
    with pytest.raises(ValueError, match="RUNWRIGHT_FAILPOINT"):
        parse(text)


APPENDER = """
import sys
from runwright.stores import open_store
from runwright.testing.scribe import Scribe
scribe = Scribe(open_store(sys.argv[1])).start()
scribe.commit()
scribe.run(1).commit()
"""


@pytest.mark.parametrize(("expected", "place"), [(2, "append.before_commit"), (3, "append.after_commit")])
def test_a_process_killed_at_a_commit_has_committed_or_not(tmp_path, expected, place):
    from runwright.stores import open_store
    from runwright.views import TaskRunFilter

    url = f"sqlite:///{tmp_path}/record.db"
    environment = {**os.environ, "PYTHONPATH": "src", "RUNWRIGHT_FAILPOINT": f"{place}:kill:2"}
    killed = subprocess.run([sys.executable, "-c", APPENDER, url], env=environment, check=False)

    assert -signal.SIGKILL == killed.returncode
    store = open_store(url)
    versions = sum(row.version for row in store.task_runs(TaskRunFilter()))
    assert [] == store.rebuild()
    store.close()
    assert {2: 2, 3: 4}[expected] == versions
