"""Executors are found by name."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from runwright import executors
from runwright.errors import MissingExtra, SettingError
from runwright.executors import (
    DaskExecutor,
    InlineExecutor,
    LocalDaskExecutor,
    LocalExecutor,
    ProcessExecutor,
    ThreadExecutor,
    executor_named,
)


@pytest.mark.parametrize(
    ("expected", "name"),
    [
        ((InlineExecutor, 1), "inline"),
        ((ThreadExecutor, 8), "threads:8"),
        ((ProcessExecutor, 2), "processes:2"),
        ((DaskExecutor, 3), "dask:3"),
    ],
)
def test_a_name_gives_an_executor_with_its_slots(expected, name):
    executor = executor_named(name)

    assert expected == (type(executor), executor.slots)


@pytest.mark.parametrize("name", ["threads", "processes", "dask"])
def test_slots_have_a_default(name):
    assert 1 <= executor_named(name).slots <= 4096


def test_the_local_executor_of_old_is_the_inline_one():
    assert InlineExecutor is LocalExecutor


@pytest.mark.parametrize("name", ["thread", "", "inline:2", "process:3", "INLINE"])
def test_an_unknown_name_is_answered_with_those_there_are(name):
    with pytest.raises(SettingError, match="there are inline, threads, processes and dask"):
        executor_named(name)


def test_a_near_miss_is_recognised():
    with pytest.raises(SettingError, match="Did you mean 'threads'"):
        executor_named("thread")


@pytest.mark.parametrize("name", ["threads:", "threads:0", "threads:many", "processes:-1", "processes:1.5", "dask:two"])
def test_slots_that_are_no_number_are_refused(name):
    with pytest.raises(SettingError, match="threads:8"):
        executor_named(name)


def test_a_missing_extra_is_named():
    with pytest.raises(MissingExtra, match=r"executor 'ray://here' needs the extra runwright\[ray\]"):
        executor_named("ray://here")


@pytest.mark.parametrize("name", ["dask", "dask://here:8786"])
def test_dask_is_missed_by_the_name_of_its_extra(name, monkeypatch):
    monkeypatch.delitem(sys.modules, "runwright.executors.dask", raising=False)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtra, match=r"needs the extra runwright\[dask\]"):
        executor_named(name)


@pytest.mark.parametrize(
    ("expected", "url"),
    [
        ("tcp://here:8786", "dask://here"),
        ("tcp://here:9000", "dask://here:9000/"),
        ("tcp://[::1]:8786", "dask://[::1]"),
        ("tcp://[::1]:9000", "dask://[::1]:9000"),
    ],
)
def test_a_dask_cluster_is_named_by_where_it_is(expected, url):
    assert expected == vars(executor_named(url))["address"]


def test_a_dask_cluster_must_be_somewhere():
    with pytest.raises(SettingError, match="dask://host:8786"):
        executor_named("dask://")


@pytest.mark.parametrize(
    ("expected", "scheduler"),
    [
        ((ThreadExecutor, 3), "threads"),
        ((ThreadExecutor, 3), "threading"),
        ((ProcessExecutor, 3), "processes"),
        ((ProcessExecutor, 3), "multiprocessing"),
        ((InlineExecutor, 1), "sync"),
        ((InlineExecutor, 1), "single-threaded"),
    ],
)
def test_the_local_dask_executor_of_old_is_one_of_ours(expected, scheduler):
    executor = LocalDaskExecutor(scheduler=scheduler, num_workers=3)

    assert expected == (type(executor), executor.slots)


def test_the_local_dask_executor_of_old_runs_threads_and_takes_any_setting():
    assert ThreadExecutor is type(LocalDaskExecutor(pool=None))


def test_a_local_scheduler_that_there_is_not_is_refused():
    with pytest.raises(SettingError, match="Did you mean 'threads'"):
        LocalDaskExecutor(scheduler="thread")


def test_a_scheme_that_nobody_knows_tells_how_to_register_it():
    with pytest.raises(MissingExtra, match=r"registers 'moon' in the entry points 'runwright\.executors'"):
        executor_named("moon://base")


def test_a_package_may_register_a_scheme(monkeypatch):
    registered = EntryPoints([EntryPoint("moon", "builtins:str.upper", executors.ENTRY_POINTS)])
    monkeypatch.setattr(executors, "entry_points", registered.select)

    assert "MOON://BASE" == executor_named("moon://base")


def test_there_is_nothing_else_to_import():
    with pytest.raises(AttributeError, match="no attribute 'MoonExecutor'"):
        executors.MoonExecutor  # noqa: B018  asking for it is the test


def test_an_executor_is_loaded_when_it_is_asked_for():
    program = (
        "import sys, runwright.executors as executors; "
        "before = {name for name in sys.modules if name.startswith('runwright.executors.')}; "
        "executors.executor_named('inline'); "
        "print(before, 'runwright.executors.processes' in sys.modules, 'runwright.executors.inline' in sys.modules)"
    )
    path = f"import sys; sys.path[:] = {sys.path!r}; "
    said = subprocess.run([sys.executable, "-c", path + program], capture_output=True, text=True, check=True)

    assert "set() False True\n" == said.stdout
