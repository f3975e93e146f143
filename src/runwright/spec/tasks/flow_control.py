"""Flow control: the flowable tasks, which stand for others: branches, loops, waits and subflows."""

from typing import Annotated, Any, ClassVar

from runwright.spec.dependencies import check_dependencies
from runwright.spec.elements import Element, Named, Of
from runwright.spec.findings import Findings, Path
from runwright.spec.inputs import Inputs
from runwright.spec.key_types import (
    AnyMap,
    AnyMapOrList,
    Boolean,
    Count,
    Duration,
    Expression,
    Integer,
    ListMapOrText,
    ListOrText,
    RenderedDuration,
    RenderedPositive,
    Text,
    TextMap,
    TextOrTexts,
    Texts,
)
from runwright.spec.kinds import Choice, ListOf, MapOf
from runwright.spec.labels import RenderedLabels
from runwright.spec.nodes import Mapping
from runwright.spec.tasks.files import InputFiles, NamespaceFiles
from runwright.spec.tasks.task import CORE, TASK, AnyTasks, SomeTasks, Task, Tasks

FLOW = f"{CORE}flow."
OLD = "io.kestra.core.tasks.flows."


def _names(name: str, *also: str) -> tuple[str, ...]:
    """Return the full name, the short form and the older names of a type."""
    return (f"{FLOW}{name}", f"flow.{name}", f"{OLD}{name}", *also)


class Flowable(Task, frozen=True, kw_only=True):
    """A task that stands for others."""

    errors: Annotated[AnyTasks, "Run when one of the tasks has failed and is not tried again."] = ()
    finally_: Annotated[AnyTasks, "Run at the end, whatever came before."] = ()


class Sequential(Flowable, frozen=True, kw_only=True):
    """Runs its tasks one after the other."""

    names: ClassVar = _names("Sequential")

    tasks: Annotated[SomeTasks, "The tasks, in order."]


class Parallel(Flowable, frozen=True, kw_only=True):
    """Runs its tasks at the same time."""

    names: ClassVar = _names("Parallel")

    tasks: Annotated[SomeTasks, "The tasks."]
    concurrent: Annotated[Count, "How many run at once; 0 sets no limit."] = 0


class DagTask(Element, frozen=True, kw_only=True):
    """A task of a `Dag` and the tasks that it waits for."""

    task: Annotated[Task, TASK, "The task."]
    depends_on: Annotated[Texts, "The ids of tasks of the same `Dag` that must have ended before."] = ()


class Dag(Flowable, frozen=True, kw_only=True):
    """Runs each of its tasks as soon as those that it depends on have ended."""

    names: ClassVar = _names("Dag")

    tasks: Annotated[
        tuple[DagTask, ...],
        ListOf(Of(DagTask, "a mapping with task and dependsOn"), least=1),
        "The tasks, each with the ids that it depends on.",
    ]
    concurrent: Annotated[Count, "How many run at once; 0 sets no limit."] = 0

    @classmethod
    def check(cls, values: dict[str, Any], node: Mapping, path: Path, findings: Findings) -> None:
        """Say which dependencies there are not, and which go in a circle."""
        check_dependencies(node, path, findings)


class If(Flowable, frozen=True, kw_only=True):
    """Runs one list of tasks or another."""

    names: ClassVar = _names("If")

    condition: Annotated[Expression, "Chooses `else` when it yields an empty text, `false`, `0` or `-0`; else `then`."]
    then: Annotated[SomeTasks, "Run when the condition is true."]
    else_: Annotated[AnyTasks, "Run when the condition is false."] = ()


class Switch(Flowable, frozen=True, kw_only=True):
    """Runs the list of tasks that a value names."""

    names: ClassVar = _names("Switch")

    value: Annotated[Expression, "The value; its text is looked up among the cases."]
    cases: Annotated[dict[str, tuple[Task, ...]], MapOf(Tasks(least=1)), "Lists of tasks by text."] = {}
    defaults: Annotated[AnyTasks, "Run when no case has the text; without them that is a failure."] = ()


class ForEach(Flowable, frozen=True, kw_only=True):
    """Runs its tasks once for each value."""

    names: ClassVar = _names("ForEach")

    values: Annotated[ListMapOrText, "The values: a list, or a text that yields a JSON list."]
    tasks: Annotated[SomeTasks, "Run in order for each value."]
    concurrency_limit: Annotated[Count, "For how many values at once; 0 sets no limit."] = 1
    child_failure_policy: Annotated[Text | None, "What a failed round does to the others."] = None


class EachSequential(Flowable, frozen=True, kw_only=True):
    """Runs its tasks once for each value, one value after the other. Older than `ForEach`."""

    names: ClassVar = _names("EachSequential")

    value: Annotated[ListOrText, "The values: a list, or a text that yields a JSON list."]
    tasks: Annotated[SomeTasks, "Run in order for each value."]


class EachParallel(Flowable, frozen=True, kw_only=True):
    """Runs its tasks once for each value, all values at once. Older than `ForEach`."""

    names: ClassVar = _names("EachParallel")

    value: Annotated[ListOrText, "The values: a list, or a text that yields a JSON list."]
    tasks: Annotated[SomeTasks, "Run in order for each value."]
    concurrent: Annotated[Count, "For how many values at once; 0 sets no limit."] = 0


class Loop(Flowable, frozen=True, kw_only=True):
    """Runs its tasks once for each value; each round is by itself, and what it hands on is declared."""

    names: ClassVar = (f"{FLOW}Loop", "flow.Loop")

    values: Annotated[ListMapOrText, "The values: a list, a mapping, or a text that yields one."]
    tasks: Annotated[SomeTasks, "Run in order for each value."]
    concurrency_limit: Annotated[Count, "For how many values at once; 0 sets no limit."] = 0
    transmit_failed: Annotated[Boolean, "A failed round makes the loop fail."] = True
    outputs: Annotated[AnyMapOrList, "What each round hands on."] = ()
    fetch_type: Annotated[str, Choice("AUTO", "FETCH", "STORE"), "Where outputs go: into the record, or a file."] = (
        "AUTO"
    )


class AllowFailure(Flowable, frozen=True, kw_only=True):
    """Runs its tasks one after the other; a failure among them counts as WARNING."""

    names: ClassVar = _names("AllowFailure")

    tasks: Annotated[SomeTasks, "The tasks, in order."]


class CheckFrequency(Element, frozen=True, kw_only=True):
    """How often, how long and at what intervals `LoopUntil` goes on."""

    max_iterations: Annotated[RenderedPositive | None, "The most rounds."] = None
    max_duration: Annotated[RenderedDuration | None, "The longest time."] = None
    interval: Annotated[RenderedDuration | None, "The time between two rounds."] = None


class LoopUntil(Flowable, frozen=True, kw_only=True):
    """Runs its tasks again and again until a condition holds."""

    names: ClassVar = _names("LoopUntil", f"{FLOW}WaitFor", "flow.WaitFor", f"{OLD}WaitFor")

    condition: Annotated[Expression, "Ends the loop when it yields true after a round."]
    tasks: Annotated[SomeTasks, "Run in order in each round."]
    fail_on_max_reached: Annotated[Boolean, "Reaching a maximum is a failure."] = False
    check_frequency: Annotated[
        CheckFrequency,
        Of(CheckFrequency, "a mapping with maxIterations, maxDuration and interval"),
        "The maxima, and the time between rounds.",
    ] = CheckFrequency()


class Pause(Flowable, frozen=True, kw_only=True):
    """Waits: for a person, for a time, or for whichever comes first."""

    names: ClassVar = _names("Pause")

    delay: Annotated[RenderedDuration | None, "The wait ends by itself after this.", Named(also=("pauseDuration",))] = (
        None
    )
    behavior: Annotated[
        str | None,
        Choice("RESUME", "WARN", "FAIL", "CANCEL"),
        "What the end of the time does: without it a delay resumes, and a timeout fails.",
    ] = None
    on_resume: Annotated[Inputs, "Inputs that a person gives to let it go on."] = ()
    on_pause: Annotated[Task | None, TASK, "A task that runs when the wait begins."] = None
    tasks: Annotated[AnyTasks, "Run after the wait. Older: write them after the Pause."] = ()


class DirectoryCache(Element, frozen=True, kw_only=True):
    """Files of a working directory that the next execution finds again."""

    patterns: Annotated[TextOrTexts, "Which files, as globs."]
    ttl: Annotated[Duration | None, "How long they are kept."] = None


class WorkingDirectory(Flowable, frozen=True, kw_only=True):
    """Runs its tasks one after the other in one directory, on one worker."""

    names: ClassVar = _names("WorkingDirectory")

    tasks: Annotated[SomeTasks, "The tasks, in order; no flowable ones."]
    input_files: Annotated[InputFiles, "Files that are there at the beginning."] = None
    output_files: Annotated[TextOrTexts, "Files that are kept at the end, as globs."] = ()
    namespace_files: Annotated[
        NamespaceFiles | None,
        Of(NamespaceFiles, "a mapping with enabled, include and exclude"),
        "Files of the namespace.",
    ] = None
    cache: Annotated[
        DirectoryCache | None, Of(DirectoryCache, "a mapping with patterns and ttl"), "Files that the next one finds."
    ] = None

    @classmethod
    def check(cls, values: dict[str, Any], node: Mapping, path: Path, findings: Findings) -> None:
        """Say which of the tasks stand for others: one worker cannot run those."""
        for task in values.get("tasks", ()):
            if isinstance(task, Flowable | ChildFlow):
                message = (
                    f"{task.id}: {type(task).__name__} cannot run in a WorkingDirectory: only tasks that do work can."
                )
                findings.add(task.position, (*path, "tasks"), "invalid_value", message)


class ChildFlow(Task, frozen=True, kw_only=True):
    """What tasks that run another flow say."""

    namespace: Annotated[Expression, "The namespace of the flow."]
    flow_id: Annotated[Expression, "The id of the flow."]
    revision: Annotated[Integer | None, "Which revision of the flow; the newest where none is given."] = None
    inputs: Annotated[AnyMap, "Its inputs; expressions are rendered."] = {}
    labels: Annotated[RenderedLabels, "Labels for its executions."] = ()
    wait: Annotated[Boolean, "Wait for its end."] = True
    transmit_failed: Annotated[Boolean, "A failure of it is a failure of this task."] = True
    inherit_labels: Annotated[Boolean, "Its executions get the labels of this one."] = False
    schedule_date: Annotated[
        Expression | None, "Start it at this moment, not at once; where nobody waits for it, a worker does."
    ] = None
    restart_behavior: Annotated[str, Choice("RETRY_FAILED", "NEW_EXECUTION"), "What a restart does with it."] = (
        "RETRY_FAILED"
    )


class Subflow(ChildFlow, frozen=True, kw_only=True):
    """Runs another flow as a child."""

    names: ClassVar = _names("Subflow", f"{OLD}Flow", f"{FLOW}Flow")

    outputs: Annotated[AnyMap, "Values to take from it. Older: declare outputs in the flow itself."] = {}


class Batch(Element, frozen=True, kw_only=True):
    """How a file is cut into batches."""

    rows: Annotated[RenderedPositive | None, "The number of lines in each."] = None
    bytes: Annotated[Expression | None, "The size of each, such as `10 MB`."] = None
    partitions: Annotated[RenderedPositive | None, "The number of batches."] = None
    separator: Annotated[Text, "What ends a line."] = "\n"
    regex_pattern: Annotated[Text | None, "Lines with the same match go to the same batch."] = None


class ForEachItem(ChildFlow, frozen=True, kw_only=True):
    """Cuts a file in batches and runs another flow for each."""

    names: ClassVar = _names("ForEachItem")

    items: Annotated[Expression, "The URI of the file."]
    batch: Annotated[Batch, Of(Batch, "a mapping with rows, bytes, partitions and separator"), "The batches."] = Batch()
    errors: Annotated[AnyTasks, "Run when it has failed and is not tried again."] = ()
    finally_: Annotated[AnyTasks, "Run at the end, whatever came before."] = ()


class Sleep(Task, frozen=True, kw_only=True):
    """Waits for a time, at work."""

    names: ClassVar = _names("Sleep")

    duration: Annotated[RenderedDuration, "How long."]


class Template(Task, frozen=True, kw_only=True):
    """Runs the tasks of a template. Older: use `Subflow`."""

    names: ClassVar = _names("Template")

    namespace: Annotated[Text, "The namespace of the template."]
    template_id: Annotated[Text, "The id of the template."]
    args: Annotated[TextMap, "Values for the template."] = {}


TYPES: tuple[type[Task], ...] = (
    Sequential, Parallel, Dag, If, Switch, ForEach, Loop, LoopUntil, AllowFailure, Pause, WorkingDirectory, Subflow, ForEachItem,
    Sleep, EachSequential, EachParallel, Template,
)  # fmt: skip
