"""Task types: every type of task that a YAML flow may name, one class for each."""

from __future__ import annotations

from runwright.spec.tasks import flow_control, plain, programs, values
from runwright.spec.tasks.task import TASK_TYPES, ForeignTask, Task

ALL_TYPES: tuple[type[Task], ...] = (*flow_control.TYPES, *plain.TYPES, *values.TYPES, *programs.TYPES)

TASK_TYPES.update({name: each for each in ALL_TYPES for name in each.names})

__all__ = ["ALL_TYPES", "TASK_TYPES", "ForeignTask", "Task"]
