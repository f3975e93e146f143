"""Task-run page: everything the record knows of one task run, told in the order in which it happened."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from runwright import clock
from runwright.cli import rows
from runwright.cli.table import symbol
from runwright.cli.text import clean_line, duration, time_of_day
from runwright.clock import NANOSECONDS
from runwright.codec import USUAL_MESSAGES
from runwright.events import EventKind
from runwright.states import KIND_BY_CODE, Phase
from runwright.views import EventFilter, FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runwright.cli.session import Session
    from runwright.events import Event
    from runwright.runs import TaskInfo, TaskRun
    from runwright.store import Store

FIELDS = (*rows.TASK_RUN_FIELDS, "max_attempts", "attempts", "history", "children")

_STEP = 10


def tell(store: Store, row: TaskRun) -> dict[str, Any]:
    """Return a task run as data, with its attempts, its history, and its children by state."""
    task = _task_of(store, row)
    return {
        **rows.task_run_row(row),
        "max_attempts": 1 + int(task.policies.get("max_retries", 0)) if task is not None else None,
        "attempts": [rows.attempt_row(attempt) for attempt in store.attempts(row.flow_run, row.ordinal)],
        "history": [_began(row), *(_step(event) for event in _steps(store, row))],
        "children": store.count_task_runs(TaskRunFilter(flow_run=row.flow_run, parent=row.ordinal), "state"),
    }


def lines(session: Session, store: Store, row: TaskRun, story: dict[str, Any]) -> Iterator[str]:
    """Yield the page: who it is, what happened, where the result is, what to ask next."""
    import click  # noqa: PLC0415  JSON has no style

    def styled(text: str, **style: Any) -> str:
        return click.style(text, **style) if session.is_colored else text

    state = f"{symbol(row.kind.name)} {row.kind.name}"
    attempt = f"   attempt {row.attempt} of {max(story['max_attempts'] or 1, row.attempt)}" if row.attempt else ""
    yield f"{styled('Task run', bold=True)} {row.id}   {styled(state, fg=_rgb(row.kind.colour))}{attempt}"
    yield clean_line(_where(row))
    yield f"times in UTC, {(rows.iso(row.created) or '')[:10]}"
    width = max(_STEP, *(len(step["state"]) for step in story["history"]))
    yield from _history(story["history"], width, is_final=row.kind.phase.is_final)
    if story["children"]:
        yield "Children  " + ", ".join(f"{count} {state}" for state, count in story["children"].items())
    if row.result is not None:
        held = row.result
        yield f"Result    {clean_line(f'{held.serializer}, {held.size} bytes, {held.kind} {held.location}')}"
    yield "Next      " + "\n          ".join(_next(store, row, story))


def _where(row: TaskRun) -> str:
    parts = [f"flow {row.flow_name}", f"run {row.flow_run_name}", f"task {row.slug}"]
    parts += [f"index {row.map_index}"] if row.map_index >= 0 else []
    parts += [f"name {row.name}"] if row.name else []
    parts += [f"tags {', '.join(sorted(row.tags))}"] if row.tags else []
    return " \u00b7 ".join(parts)


def _history(history: list[dict[str, Any]], width: int, *, is_final: bool) -> Iterator[str]:
    """Yield one line per state: since when, which attempt, and how long the one before took."""
    before: dict[str, Any] | None = None
    for step in history:
        number = f"#{step['attempt']}" if step["state"] == "Running" else ""
        notes = [note for note in (_took(before, step), clean_line(step["message"] or "")) if note]
        text = f"  {time_of_day(_at(step))}  {step['state']:<{width}}  {number:<4}{': '.join(notes)}"
        yield text.rstrip()
        before = step
    if before is not None and not is_final:
        yield f"  {'now':<12}  {'':<{width}}  {'':<4}for {duration((clock.now() - _at(before)) / NANOSECONDS)}"


def _took(before: dict[str, Any] | None, step: dict[str, Any]) -> str:
    if before is None:
        return ""
    seconds = duration((_at(step) - _at(before)) / NANOSECONDS)
    ended = f"attempt {before['attempt']} {step['attempt_state']} " if step.get("attempt_state") else ""
    return f"{ended}{'waited' if before['phase'] == Phase.WAITING.value else 'after'} {seconds}"


def _began(row: TaskRun) -> dict[str, Any]:
    return _moment("Pending", Phase.WAITING, row.created, 0, None)


def _step(event: Event) -> dict[str, Any]:
    kind, data = KIND_BY_CODE[event.state], event.data or {}
    message = data.get("message", USUAL_MESSAGES.get(event.state))
    if message == USUAL_MESSAGES.get(event.state):
        message = None
    step = _moment(kind.name, kind.phase, event.at, event.attempt, message)
    failed = data.get("failed")
    if failed:
        step["attempt_state"] = rows.state_name(failed["state"])
        step["message"] = failed.get("message") or message
    if data.get("due"):
        step["due"] = rows.iso(data["due"])
    return step


def _moment(state: str, phase: Phase, at: int, attempt: int, message: str | None) -> dict[str, Any]:
    return {
        "state": state,
        "timestamp": rows.iso(at),
        "attempt": attempt,
        "message": message,
        "phase": phase.value,
    }


def _at(step: dict[str, Any]) -> int:
    return clock.from_datetime(datetime.fromisoformat(step["timestamp"]))


def _steps(store: Store, row: TaskRun) -> Iterator[Event]:
    cursor = 0
    while True:
        page = store.events(EventFilter(cursor, row.flow_run, row.ordinal))
        yield from (event for event in page if event.kind == EventKind.STATE)
        if len(page) < EventFilter().limit:
            return
        cursor = page[-1].cursor


def _task_of(store: Store, row: TaskRun) -> TaskInfo | None:
    flow_run = store.flow_runs(FlowRunFilter(id=row.flow_run))[0]
    for flow in store.flows(flow_id=flow_run.flow_id):
        if flow.version == flow_run.flow_version and row.task_index < len(flow.tasks):
            return flow.tasks[row.task_index]
    return None


def _next(store: Store, row: TaskRun, story: dict[str, Any]) -> Iterator[str]:
    """Yield the commands that lead on from here."""
    path = clean_line(story["path"])
    if not row.kind.phase.is_final:
        yield f"runwright tr watch {path}"
    if row.kind.phase is Phase.WAITING and row.kind.name == "Paused":
        yield f"runwright fr resume {row.flow_run}"
    if store.logs(row.flow_run, row.ordinal):
        yield f"runwright tr logs {path}"
    if row.result is not None or (row.kind.name == "Mapped" and story["children"]):
        yield f"runwright tr result {path}"
    if story["children"]:
        bad = [state for state in story["children"] if state not in {"Success", "Cached", "Skipped"}]
        state = f" --state {bad[0]}" if bad else ""
        yield f"runwright tr ls --flow-run {row.flow_run} --task {clean_line(row.slug)}{state}"
    yield f"runwright fr get {row.flow_run}"


def _rgb(colour: str) -> Any:
    return tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5))
