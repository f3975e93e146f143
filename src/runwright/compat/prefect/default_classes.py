"""Default classes: those that `prefect.config.engine` names."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

from runwright.compat.prefect.configuration import config


def get_default_executor_class() -> Any:
    """Return the class of `engine.executor.default_class`."""
    return _named("executor", "prefect.executors.LocalExecutor")


def get_default_flow_runner_class() -> Any:
    """Return the class of `engine.flow_runner.default_class`."""
    return _named("flow_runner", "prefect.engine.flow_runner.FlowRunner")


def get_default_task_runner_class() -> Any:
    """Return the class of `engine.task_runner.default_class`."""
    return _named("task_runner", "prefect.engine.task_runner.TaskRunner")


def _named(kind: str, usual: str) -> Any:
    given = config.get_nested(f"engine.{kind}.default_class")
    if not isinstance(given, str):
        return given
    try:
        return _imported(given)
    except (ImportError, AttributeError, ValueError):
        warnings.warn(f"Could not import {given}: {usual} is used instead.", stacklevel=3)
        return _imported(usual)


def _imported(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)
