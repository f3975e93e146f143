"""Executors under the alias: the names, and functions of modules that import `prefect` in worker processes."""

from __future__ import annotations

import importlib
import sys

import pytest

pytestmark = pytest.mark.usefixtures("alias")


def test_both_modules_have_the_same_classes():
    from prefect import engine, executors
    from prefect.executors.dask import LocalDaskExecutor

    assert executors.LocalDaskExecutor is engine.executors.LocalDaskExecutor is LocalDaskExecutor
    assert isinstance(LocalDaskExecutor(), executors.base.Executor)
    assert {True} == {
        issubclass(kind, executors.Executor) for kind in (executors.LocalExecutor, executors.DaskExecutor)
    }


def test_a_worker_process_has_the_alias_too(tmp_path, monkeypatch):
    (tmp_path / "written_for_prefect.py").write_text(
        "import prefect\ndef version(): return prefect.__version__\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(tmp_path)
    from prefect.executors import LocalDaskExecutor

    module = importlib.import_module("written_for_prefect")
    executor = LocalDaskExecutor(scheduler="processes", num_workers=1)
    with executor.start():
        assert module.version() == executor.wait(executor.submit(module.version))
    del sys.modules["written_for_prefect"]
