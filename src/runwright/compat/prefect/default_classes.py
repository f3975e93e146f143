"""Default classes: those that `prefect.config.engine` names."""

from __future__ import annotations

import importlib
from typing import Any

from runwright.compat.prefect.configuration import config


def get_default_executor_class() -> Any:
    """Return the class of `engine.executor.default_class`."""
    return _named("executor")


def get_default_flow_runner_class() -> Any:
    """Return the class of `engine.flow_runner.default_class`."""
    return _named("flow_runner")


def get_default_task_runner_class() -> Any:
    """Return the class of `engine.task_runner.default_class`."""
    return _named("task_runner")


def _named(kind: str) -> Any:
    given = config.get_nested(f"engine.{kind}.default_class")
    if not isinstance(given, str):
        return given
    module, _, name = given.rpartition(".")
    return getattr(importlib.import_module(module), name)
