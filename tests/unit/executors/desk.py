"""What tests of executors share: calls of tasks, and attempts that stand in for the pipeline."""

from __future__ import annotations

from runwright.edge import Edge
from runwright.executor import Report, TaskCall
from runwright.result import Result
from runwright.states import Running, Success
from runwright.task import FunctionTask


def give_back(x=None):
    return x


SOURCE = FunctionTask(give_back, name="source")
TASK = FunctionTask(give_back, name="give_back")
CONTEXT = {"checkpointing": False}


def call_of(task=TASK, ordinal=1, inputs=None, **details):
    upstream = {Edge(SOURCE, task, key): Success(result=Result(value)) for key, value in (inputs or {}).items()}
    return TaskCall(
        ordinal=ordinal,
        node=0,
        slug=details.pop("slug", task.name),
        task=task,
        task_run_id=f"task run {ordinal}",
        context=details.pop("context", CONTEXT),
        upstream=details.pop("upstream", upstream),
        **details,
    )


def succeed(call, report):
    """Stand in for the pipeline: an attempt that does nothing, and well."""
    report(Report(call.ordinal, call.attempt, 1, Running()))
    report(Report(call.ordinal, call.attempt, 2, Success(), is_final=True))
