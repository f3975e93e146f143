"""Runnables: what the task types of YAML flows do, by the class of the task. One module for each family of types.

A family is loaded when one of its types first runs. Types that stand for other tasks are the engine's business.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from runwright.errors import NotRunnable
from runwright.spec.tasks import ForeignTask, flow_control, plain, programs, values

if TYPE_CHECKING:
    from runwright.scope import Runnable
    from runwright.spec.tasks import Task

PLACES: dict[type[Task], str] = {
    plain.Log: "log:write",
    plain.Echo: "log:echo",
    plain.FetchLogs: "log:fetch",
    plain.PurgeLogs: "log:purge",
    plain.Return: "debug:hand_on",
    plain.Fail: "execution:fail",
    plain.Labels: "execution:set_labels",
    plain.Resume: "execution:resume",
    plain.Count: "execution:count",
    plain.PurgeExecutions: "execution:purge",
    plain.Toggle: "execution:toggle_trigger",
    plain.OutputValues: "output:hand_on",
    plain.UploadFiles: "namespace_files:upload",
    plain.DownloadFiles: "namespace_files:download",
    plain.DeleteFiles: "namespace_files:delete",
    values.SetKv: "kv:keep",
    values.GetKv: "kv:get",
    values.KvKeys: "kv:list_keys",
    values.DeleteKv: "kv:delete",
    values.SetState: "state:add",
    values.GetState: "state:get",
    values.DeleteState: "state:delete",
    values.HttpRequest: "http:request",
    values.HttpDownload: "http:download",
    values.LocalFiles: "files:keep_local",
    values.Concat: "files:concat",
    values.Size: "files:measure",
    values.DeleteFile: "files:delete",
    values.Write: "files:write",
    values.PurgeFiles: "files:purge",
    values.Split: "items:split",
    values.Reverse: "items:reverse",
    values.DeduplicateItems: "items:deduplicate",
    values.FilterItems: "items:filter_items",
    programs.ShellCommands: "programs:run_shell_commands",
    programs.ShellScript: "programs:run_shell_script",
    programs.PythonCommands: "programs:run_python_commands",
    programs.PythonScript: "programs:run_python_script",
    programs.PythonCall: "calls:call",
    flow_control.Sleep: "waiting:sleep",
}
"""The module in this folder and the function in it, by task type."""

_added: dict[type[Task], Runnable] = {}


def add_runnable(task_type: type[Task], runnable: Runnable) -> None:
    """Say what a task type does; the last word counts, over the table too."""
    _added[task_type] = runnable


def runnable_for(task: Task) -> Runnable:
    """Return what a task does; raises `NotRunnable` for types that are not here or that stand for other tasks."""
    added = _added.get(type(task))
    return _from_table(type(task)) if added is None and type(task) in PLACES else added or _refuse(task)


@cache
def _from_table(task_type: type[Task]) -> Runnable:
    module, _, function = PLACES[task_type].partition(":")
    return getattr(import_module(f"{__name__}.{module}"), function)


def _refuse(task: Task) -> Runnable:
    if isinstance(task, ForeignTask):
        raise NotRunnable(
            f"{task.id}: Runwright has no task type {task.type!r}. Do its work with a script (shell.Commands, python.Script), "
            "with http.Request, or with a Python function (python.Call)."
        )
    if isinstance(task, flow_control.Template):
        raise NotRunnable(
            f"{task.id}: There are no templates any more. Make a flow of it, and run that with flow.Subflow."
        )
    raise NotRunnable(f"{task.id}: {task.type} stands for other tasks: it runs as a part of a flow, and not by itself.")
