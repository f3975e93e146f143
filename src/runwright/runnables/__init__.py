"""Runnables: what the task types of YAML flows do, by the class of the task. One module for each family of types.

A family is loaded when one of its types first runs. Types that stand for other tasks are the engine's business.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from runwright.errors import NotRunnable
from runwright.spec.tasks import ForeignTask, flow_control, plain, programs, values

if TYPE_CHECKING:
    from runwright.scope import Runnable
    from runwright.spec.tasks import Task


class Place(NamedTuple):
    """Where a task type is done, as the module in this folder and the function in it, and which outputs it may have."""

    function: str
    outputs: tuple[str, ...] = ()


PROGRAM = ("vars", "exitCode", "outputFiles", "taskRunner")
PLACES: dict[type[Task], Place] = {
    plain.Log: Place("log:write"),
    plain.Echo: Place("log:echo"),
    plain.FetchLogs: Place("log:fetch", ("size", "uri")),
    plain.PurgeLogs: Place("log:purge", ("count",)),
    plain.Return: Place("debug:hand_on", ("value",)),
    plain.Fail: Place("execution:fail"),
    plain.Labels: Place("execution:set_labels"),
    plain.Resume: Place("execution:resume"),
    plain.Count: Place("execution:count", ("results", "total")),
    plain.PurgeExecutions: Place("execution:purge", ("executionsCount", "logsCount", "metricsCount", "storagesCount")),
    plain.Toggle: Place("execution:toggle_trigger"),
    plain.OutputValues: Place("output:hand_on", ("values",)),
    plain.UploadFiles: Place("namespace_files:upload", ("files",)),
    plain.DownloadFiles: Place("namespace_files:download", ("files",)),
    plain.DeleteFiles: Place("namespace_files:delete", ("files",)),
    values.SetKv: Place("kv:keep"),
    values.GetKv: Place("kv:get", ("value",)),
    values.KvKeys: Place("kv:list_keys", ("keys",)),
    values.DeleteKv: Place("kv:delete", ("deleted",)),
    values.SetState: Place("state:add", ("count", "key", "uri")),
    values.GetState: Place("state:get", ("count", "data", "key")),
    values.DeleteState: Place("state:delete", ("deleted", "key")),
    values.HttpRequest: Place("http:request", ("uri", "code", "headers", "body", "encryptedBody")),
    values.HttpDownload: Place("http:download", ("uri", "code", "headers", "length")),
    values.LocalFiles: Place("files:keep_local", ("uris",)),
    values.Concat: Place("files:concat", ("uri",)),
    values.Size: Place("files:measure", ("size",)),
    values.DeleteFile: Place("files:delete", ("uri", "deleted")),
    values.Write: Place("files:write", ("uri",)),
    values.PurgeFiles: Place("files:purge", ("uris",)),
    values.Split: Place("items:split", ("uris",)),
    values.Reverse: Place("items:reverse", ("uri",)),
    values.DeduplicateItems: Place("items:deduplicate", ("uri", "processedItemsTotal", "droppedItemsTotal", "numKeys")),
    values.FilterItems: Place("items:filter_items", ("uri", "processedItemsTotal", "droppedItemsTotal")),
    programs.ShellCommands: Place("programs:run_shell_commands", PROGRAM),
    programs.ShellScript: Place("programs:run_shell_script", PROGRAM),
    programs.PythonCommands: Place("programs:run_python_commands", PROGRAM),
    programs.PythonScript: Place("programs:run_python_script", PROGRAM),
    programs.PythonCall: Place("calls:call", ("value",)),
    flow_control.Sleep: Place("waiting:sleep"),
}
"""All types that do work; an output that there is nothing for may be missing."""

_added: dict[type[Task], Runnable] = {}


def add_runnable(task_type: type[Task], runnable: Any) -> None:
    """Say what a task type does; the last word counts, over the table too."""
    _added[task_type] = runnable


def runnable_for(task: Task) -> Runnable:
    """Return what a task does; raises `NotRunnable` for types that are not here or that stand for other tasks."""
    task_type = type(task)
    if task_type in _added:
        return _added[task_type]
    if task_type in PLACES:
        return _from_table(task_type)
    raise _refusal(task)


@cache
def _from_table(task_type: type[Task]) -> Runnable:
    module, _, function = PLACES[task_type].function.partition(":")
    return getattr(import_module(f"{__name__}.{module}"), function)


def _refusal(task: Task) -> NotRunnable:
    if isinstance(task, ForeignTask):
        return NotRunnable(
            f"{task.id}: Runwright has no task type {task.type!r}. Do its work with a script (shell.Commands, python.Script), "
            "with http.Request, or with a Python function (python.Call)."
        )
    if isinstance(task, flow_control.Template):
        return NotRunnable(
            f"{task.id}: There are no templates any more. Make a flow of it, and run that with flow.Subflow."
        )
    return NotRunnable(
        f"{task.id}: {task.type} stands for other tasks: it runs as a part of a flow, and not by itself."
    )
