"""Plain tasks: log lines, values, failures, labels, and what they do to executions and triggers."""

from typing import Annotated, ClassVar

from runwright.spec.key_types import (
    AnyMap,
    Boolean,
    Expression,
    ListOrText,
    RenderedLevel,
    SomeTexts,
    Text,
    TextOrTexts,
    Texts,
)
from runwright.spec.labels import RenderedLabels
from runwright.spec.tasks.task import CORE, Task

OLD = "io.kestra.core.tasks."


def _names(name: str, *old: str) -> tuple[str, ...]:
    """Return the full name, the short form and the older names of a type."""
    return (f"{CORE}{name}", name, *(f"{OLD}{each}" for each in old))


class Log(Task, frozen=True, kw_only=True):
    """Writes log lines."""

    names: ClassVar = _names("log.Log", "log.Log")

    message: Annotated[TextOrTexts, "The line, or several."]
    level: Annotated[RenderedLevel, "How important it is."] = "INFO"


class FetchLogs(Task, frozen=True, kw_only=True):
    """Writes the log lines of an execution to a file."""

    names: ClassVar = _names("log.Fetch", "log.Fetch")

    level: Annotated[RenderedLevel, "The least important lines to take."] = "INFO"
    tasks_id: Annotated[Texts, "Only the lines of these tasks."] = ()
    execution_id: Annotated[Expression | None, "The execution; this one where none is given."] = None
    namespace: Annotated[Expression | None, "The namespace of its flow."] = None
    flow_id: Annotated[Expression | None, "Its flow."] = None


class PurgeLogs(Task, frozen=True, kw_only=True):
    """Deletes log lines."""

    names: ClassVar = _names("log.PurgeLogs")

    namespace: Annotated[Expression | None, "Only those of this namespace."] = None
    flow_id: Annotated[Expression | None, "Only those of this flow."] = None
    execution_id: Annotated[Expression | None, "Only those of this execution."] = None
    log_levels: Annotated[Texts, "Only those of these levels."] = ()
    start_date: Annotated[Expression | None, "Only those from this moment on."] = None
    end_date: Annotated[Expression | None, "Only those before this moment."] = None


class Return(Task, frozen=True, kw_only=True):
    """Renders a text and hands it on as `value`."""

    names: ClassVar = _names("debug.Return", "debugs.Return")

    format: Annotated[Expression | None, "The text."] = None


class Echo(Task, frozen=True, kw_only=True):
    """Writes a log line. Older than `log.Log`."""

    names: ClassVar = _names("debug.Echo", "debugs.Echo")

    format: Annotated[Expression, "The line."]
    level: Annotated[RenderedLevel, "How important it is."] = "INFO"


class Fail(Task, frozen=True, kw_only=True):
    """Fails, always or when a condition holds."""

    names: ClassVar = _names("execution.Fail", "executions.Fail")

    condition: Annotated[Expression | None, "Fail only when this yields true."] = None
    error_message: Annotated[Expression, "What the failure says."] = "Task failure"


class Labels(Task, frozen=True, kw_only=True):
    """Sets labels of the execution."""

    names: ClassVar = _names("execution.Labels", "executions.Labels")

    labels: Annotated[RenderedLabels, "A mapping, a list of {key, value}, or a text that yields JSON."]


class Resume(Task, frozen=True, kw_only=True):
    """Lets a paused execution go on."""

    names: ClassVar = _names("execution.Resume", "executions.Resume")

    execution_id: Annotated[Expression | None, "The execution; one of this flow's trigger where none is given."] = None
    namespace: Annotated[Expression | None, "The namespace of its flow."] = None
    flow_id: Annotated[Expression | None, "Its flow."] = None
    inputs: Annotated[AnyMap, "What its Pause asks for."] = {}


class Count(Task, frozen=True, kw_only=True):
    """Counts executions of flows."""

    names: ClassVar = _names("execution.Count", "executions.Counts")

    flows: Annotated[ListOrText, "The flows, as {namespace, flowId}."] = ()
    namespaces: Annotated[Texts, "All flows of these namespaces."] = ()
    states: Annotated[Texts, "Only executions in these states."] = ()
    expression: Annotated[Expression, "A flow is in the outcome when this yields true."]
    start_date: Annotated[Expression | None, "Only executions from this moment on."] = None
    end_date: Annotated[Expression | None, "Only executions before this moment."] = None


class PurgeExecutions(Task, frozen=True, kw_only=True):
    """Deletes executions that have ended."""

    names: ClassVar = _names("execution.PurgeExecutions", "executions.PurgeExecution")

    namespace: Annotated[Expression | None, "Only those of this namespace."] = None
    flow_id: Annotated[Expression | None, "Only those of this flow."] = None
    states: Annotated[Texts, "Only those in these states."] = ()
    start_date: Annotated[Expression | None, "Only those from this moment on."] = None
    end_date: Annotated[Expression | None, "Only those before this moment."] = None
    purge_execution: Annotated[Boolean, "Delete the executions."] = True
    purge_log: Annotated[Boolean, "Delete their log lines."] = True
    purge_metric: Annotated[Boolean, "Delete their metrics."] = True
    purge_storage: Annotated[Boolean, "Delete their files."] = True


class OutputValues(Task, frozen=True, kw_only=True):
    """Renders values and hands them on as `values`."""

    names: ClassVar = _names("output.OutputValues")

    values: Annotated[AnyMap, "The values by name."]


class Toggle(Task, frozen=True, kw_only=True):
    """Turns a trigger on or off."""

    names: ClassVar = _names("trigger.Toggle", "trigger.Toggle")

    trigger: Annotated[Expression, "The id of the trigger."]
    enabled: Annotated[Boolean, "Whether it is on."] = False
    namespace: Annotated[Expression | None, "The namespace of its flow; this one where none is given."] = None
    flow_id: Annotated[Expression | None, "Its flow; this one where none is given."] = None


class UploadFiles(Task, frozen=True, kw_only=True):
    """Writes files of the namespace."""

    names: ClassVar = _names("namespace.UploadFiles")

    namespace: Annotated[Expression, "The namespace."]
    files: Annotated[ListOrText, "The files, as globs of the working directory."] = ()
    files_map: Annotated[AnyMap, "URIs by file name."] = {}
    destination: Annotated[Expression, "The directory to write to."] = "/"
    conflict: Annotated[Text, "What happens to a file that is there: OVERWRITE, ERROR or SKIP."] = "OVERWRITE"


class DownloadFiles(Task, frozen=True, kw_only=True):
    """Reads files of the namespace."""

    names: ClassVar = _names("namespace.DownloadFiles")

    namespace: Annotated[Expression, "The namespace."]
    files: Annotated[TextOrTexts, "The files, as globs."]
    destination: Annotated[Expression, "The directory to write to."] = ""


class DeleteFiles(Task, frozen=True, kw_only=True):
    """Deletes files of the namespace."""

    names: ClassVar = _names("namespace.DeleteFiles")

    namespace: Annotated[Expression, "The namespace."]
    files: Annotated[SomeTexts, "The files, as globs."]


TYPES: tuple[type[Task], ...] = (
    Log, FetchLogs, PurgeLogs, Return, Echo, Fail, Labels, Resume, Count, PurgeExecutions, OutputValues, Toggle, UploadFiles,
    DownloadFiles, DeleteFiles,
)  # fmt: skip
