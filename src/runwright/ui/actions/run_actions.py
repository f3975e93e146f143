"""Run actions: what can be done to a flow run or to one of its task runs, and why it cannot be where it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.errors import IllegalTransition, InputError, NotOnRecord, TagRefused
from runwright.executions.runner import ExecutionRunner
from runwright.given_tags import TagChange
from runwright.states import KIND_BY_NAME, TABLE, Phase
from runwright.ui.actions.action import Action
from runwright.ui.actions.field import Field, fields_of_inputs, inputs_from

if TYPE_CHECKING:
    from runwright.runs import FlowRun, TaskRun
    from runwright.ui.actions.acting import Acting
    from runwright.ui.actions.action import Asked
    from runwright.ui.actions.subject import Subject

_ELSEWHERE = "A program elsewhere runs it: ask there, or run it again."
_NO_FILE = "The record does not know where its code is: it was declared in no file."
_MARKS = ("Success", "Warning", "Failed", "Skipped", "Cancelled", "Killed")


def _ended(run: FlowRun | TaskRun) -> str:
    return f"It has ended: it is {run.kind.name}." if run.kind.phase.is_final else ""


def _only_executions(subject: Subject) -> str:
    return "" if subject.is_execution else "Only executions of YAML flows can be asked this."


def _cannot_end(subject: Subject) -> str:
    return _ended(subject.run)


def _cannot_pause(subject: Subject) -> str:
    run = subject.run
    return _ended(run) or ("" if run.kind.name == "Running" else f"It is {run.kind.name}: only what runs is paused.")


def _cannot_resume(subject: Subject) -> str:
    if subject.task_run is not None:
        kind = subject.task_run.kind
        return "" if kind.name == "Paused" else f"It is {kind.name}: only what is paused is resumed."
    run = subject.run
    is_waiting = run.kind.name == "Paused" or bool(run.counts.get("Paused"))
    return _ended(run) or ("" if is_waiting else f"It is {run.kind.name}: nothing of it waits for anybody.")


def _cannot_restart(subject: Subject) -> str:
    run, task_run = subject.run, subject.task_run
    if not subject.is_execution and _has_no_code(subject):
        return _has_no_code(subject)
    if not run.kind.phase.is_final:
        return f"The flow run is {run.kind.name}: it is restarted when it has ended."
    if task_run is not None and task_run.kind.phase is not Phase.BAD:
        return f"It is {task_run.kind.name}: only what failed or was killed runs again. Run again repeats it."
    has_failed = any(KIND_BY_NAME[state].phase is Phase.BAD for state, count in run.counts.items() if count)
    return "" if has_failed else "Nothing of it failed or was killed."


def _has_no_code(subject: Subject) -> str:
    if subject.is_elsewhere:
        return _ELSEWHERE
    return "" if subject.version.source.get("file") else _NO_FILE


def _cannot_run_again(subject: Subject) -> str:
    return "" if subject.is_execution or subject.is_elsewhere else _has_no_code(subject)


def _cannot_mark(subject: Subject) -> str:
    if _only_executions(subject):
        return "Only task runs of YAML flows are marked: a flow written in Python decides by its own states."
    if subject.task_run is None:
        return "" if subject.run.kind.phase.is_final else f"It is {subject.run.kind.name}: only its end can be changed."
    return ""


def _cannot_label(subject: Subject) -> str:
    refusal = _only_executions(subject)
    return refusal or (
        "" if subject.run.kind.phase.is_final else f"It is {subject.run.kind.name}: labels are given when it has ended."
    )


def _cannot_delete(subject: Subject) -> str:
    run = subject.run
    if run.details.get("deleted"):
        return "It is deleted already."
    return "" if run.kind.phase.is_final else f"It is {run.kind.name}: end it first, or wait for that."


def _cannot_start_now(subject: Subject) -> str:
    run = subject.run
    return (
        _only_executions(subject)
        or _ended(run)
        or (
            ""
            if run.kind.name in {"Scheduled", "Queued"}
            else f"It is {run.kind.name}: it waits for no time and no slot."
        )
    )


def _cannot_tag(subject: Subject) -> str:
    return "" if subject.task_run is not None else "Only task runs are given tags."


# ---- what is asked for


def _fields_of_resume(subject: Subject, given: dict[str, Any]) -> list[Field]:
    """Return the inputs that what is paused asks for."""
    if not subject.is_execution:
        return []
    slug = None if subject.task_run is None else subject.task_run.slug
    asked = [(task.id, getattr(task, "on_resume", ())) for _, task in subject.declared.spec.all_tasks()]
    fields = [fields_of_inputs(inputs, given) for task, inputs in asked if slug in {None, task}]
    return list({field.name: field for several in fields for field in several}.values())


def _fields_of_mark(_: Subject, given: dict[str, Any]) -> list[Field]:
    known = {kind.name for kind in TABLE}
    marks = tuple(name for name in _MARKS if name in known)
    return [Field("state", "State", "one", given.get("state", "Success"), marks, is_required=True)]


def _fields_of_labels(_: Subject, given: dict[str, Any]) -> list[Field]:
    return [Field("label", "Label", "text", given.get("label", ""), is_required=True, says="key:value")]


def fields_of_tags(subject: Subject | None, given: dict[str, Any]) -> list[Field]:
    """Return what giving tags asks for, of one task run or of many."""
    task_run = None if subject is None else subject.task_run
    held = tuple(each.tag for each in task_run.given_tags) if task_run is not None else ()
    several = "One, or several with commas between."
    fields = [Field("give", "Tags to give", "text", given.get("give", ""), says=several)]
    if subject is None or held:
        says = f"Given so far: {', '.join(held)}." if held else f"{several} What their tasks are tagged with stays."
        fields.append(Field("take", "Tags to take back", "text", given.get("take", ""), says=says))
    return fields


def tags_from(give: str, take: str) -> TagChange:
    """Return what two fields ask for; raises `InputError` for what is no tag, and for none at all."""
    added, removed = ([word for word in map(str.strip, text.split(",")) if word] for text in (give, take))
    if not added and not removed:
        raise InputError({"give": "Write a tag."})
    try:
        return TagChange.checked(added, removed)
    except TagRefused as error:
        raise InputError({"give": str(error)}) from None


# ---- doing it


def _asking(intent: str) -> Any:
    def carry_out(acting: Acting, subject: Subject, asked: Asked) -> str:
        acting.ask(subject, intent, asked)
        return subject.address

    return carry_out


def _resume(acting: Acting, subject: Subject, asked: Asked) -> str:
    given = inputs_from(asked.form, _fields_of_resume(subject, {}))
    if given:
        runner = ExecutionRunner(subject.declared, record=acting.record.url)
        given = runner.stored(given, subject.run.id)
    acting.ask(subject, "resume", asked, given)
    return subject.address


def _mark(acting: Acting, subject: Subject, asked: Asked) -> str:
    state = asked.get("state")
    if state not in _MARKS:
        raise InputError({"state": f"{state[:40]!r} is no state that a run can be marked with."})
    acting.ask(subject, "mark", asked, {"state": KIND_BY_NAME[state].code})
    return subject.address


def _restart(acting: Acting, subject: Subject, asked: Asked) -> str:
    if subject.is_execution:
        acting.ask(subject, "restart", asked)
        return subject.address
    parameters = dict(subject.run.parameters)
    return f"flow-runs/{acting.start(subject, parameters, asked, parent=subject.run.id, keeps_successes=True)}"


def _run_again(acting: Acting, subject: Subject, asked: Asked) -> str:
    if subject.is_execution:
        return f"flow-runs/{acting.repeat(subject, asked)}"
    return f"flow-runs/{acting.start(subject, dict(subject.run.parameters), asked, parent=subject.run.id)}"


def _label(acting: Acting, subject: Subject, asked: Asked) -> str:
    key, colon, value = asked.get("label").partition(":")
    if not colon or not key.strip() or key.startswith("system."):
        raise InputError({"label": "A label is written as key:value, and its key does not begin with system."})
    acting.executions.label(subject.run, {key.strip(): value.strip()})
    return subject.address


def _tag(acting: Acting, subject: Subject, asked: Asked) -> str:
    if subject.task_run is None:
        raise NotOnRecord(_cannot_tag(subject))
    change = tags_from(asked.get("give"), asked.get("take"))
    acting.record.change_tags([subject.task_run.id], change.add, change.remove, by=asked.by)
    return subject.address


def _delete(acting: Acting, subject: Subject, _: Asked) -> str:
    if subject.is_execution:
        acting.executions.delete(subject.run)
    elif not acting.record.purge([subject.run.id]).flow_runs:
        raise IllegalTransition("It has just ended, or is asked something: delete it in a moment.")
    return "flow-runs"


def _start_now(acting: Acting, subject: Subject, _: Asked) -> str:
    acting.executions.start_now(subject.run)
    return subject.address


def _said(of_flow_run: str, of_task_run: str = "") -> Any:
    return lambda subject: of_flow_run if subject.task_run is None else (of_task_run or of_flow_run)


def _says_of_restarting(subject: Subject) -> str:
    if not subject.is_execution:
        return (
            "A flow written in Python does not go on after its end: a new flow run begins, which takes over what went well in this "
            "one, and runs the rest."
        )
    if subject.task_run is None:
        return "What failed or was killed runs again, in this same execution; what succeeded does not."
    return "Everything that failed or was killed in its execution runs again, this task run with it; what succeeded does not."


def _says_of_running_again(subject: Subject) -> str:
    if subject.task_run is None:
        return "A new flow run begins, with the same values."
    if subject.is_execution:
        return "A new execution begins here: what came before this task run is taken over as it is on record."
    return "A new flow run begins, with the same values: a flow written in Python is run again as a whole."


def _says_of_deleting(subject: Subject) -> str:
    if subject.is_execution:
        return (
            "Lists show the execution no more, and clients are told that it is not there. Its events stay in the log."
        )
    return "It leaves the record for good, with its task runs and what they logged. What they stored stays where it is."


RESTART = Action(
    "restart", "Restart", _says_of_restarting, "It is restarted.", _cannot_restart, _restart, key="r",
)  # fmt: skip
RUN_AGAIN = Action(
    "run-again", "Run again", _says_of_running_again,
    "This is the new flow run.", _cannot_run_again, _run_again, key="a",
)  # fmt: skip
MARK = Action(
    "mark", "Mark as",
    _said(
        "The execution ends in another state than it did; nothing of it runs again.",
        "The task run ends in the state that you choose, without running, and its execution goes on from there.",
    ),
    "It is marked.", _cannot_mark, _mark, _fields_of_mark, key="m",
)  # fmt: skip
RESUME = Action(
    "resume", "Resume", _said("All that is paused goes on.", "This task run goes on."),
    "It was asked to go on.", _cannot_resume, _resume, _fields_of_resume, key="u",
)  # fmt: skip
PAUSE = Action(
    "pause", "Pause", _said("Nothing new begins; what runs ends as it would."),
    "It was asked to pause.", _cannot_pause, _asking("pause"), key="p",
)  # fmt: skip
CANCEL = Action(
    "cancel", "Cancel", _said("What runs is stopped, and what has not begun never does. The flow run ends Cancelled."),
    "It was asked to end.", _cannot_end, _asking("cancel"), key="C", is_harmful=True,
)  # fmt: skip
KILL = Action(
    "kill", "Kill",
    _said(
        "All that is open ends Killed, and so do the executions that it started.",
        "A task run is not killed alone: its whole flow run is. All that is open in it ends Killed.",
    ),
    "It was asked to die.", _cannot_end, _asking("kill"), key="K", is_harmful=True,
)  # fmt: skip
START_NOW = Action(
    "start-now", "Start now", _said("It waits no longer for its time or for a slot."), "It starts now.", _cannot_start_now,
    _start_now, is_rare=True,
)  # fmt: skip
LABEL = Action(
    "label", "Set a label", _said("The execution gets a label, in the place of the one with the same key."),
    "It has the label.", _cannot_label, _label, _fields_of_labels, is_rare=True,
)  # fmt: skip
TAG = Action(
    "tag", "Tag", _said("", "It is found by these tags from now on, as by those of its task. Nothing of its run changes."),
    "Its tags are changed.", _cannot_tag, _tag, fields_of_tags, key="t",
)  # fmt: skip
DELETE = Action(
    "delete", "Delete",
    _says_of_deleting,
    "The flow run is deleted.", _cannot_delete, _delete, is_harmful=True, is_rare=True,
)  # fmt: skip

OF_FLOW_RUNS = (RESTART, RUN_AGAIN, RESUME, PAUSE, CANCEL, KILL, MARK, START_NOW, LABEL, DELETE)
OF_TASK_RUNS = (RESTART, RUN_AGAIN, MARK, RESUME, KILL, TAG)
