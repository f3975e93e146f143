"""Log lines: what runs logged, once or until they are final."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from runwright import clock
from runwright.cli.output import check_fields, show, write_json_line
from runwright.cli.rows import LOG_COLUMNS, LOG_FIELDS, log_row
from runwright.cli.text import clean
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from runwright.cli.session import Session
    from runwright.events import LogLine
    from runwright.runs import FlowRun, TaskRun
    from runwright.store import Store


class Source:
    """Where lines come from: `read` gives those after a time, `is_final` says whether more may come."""

    def __init__(
        self,
        read: Callable[[int | None], list[LogLine]],
        is_final: Callable[[], bool],
        name_of: Callable[[LogLine], str] | None = None,
    ) -> None:
        """Hold the reads; `name_of` names the task run of a line where lines of several are mixed."""
        self.read = read
        self.is_final = is_final
        self.name_of = name_of

    def follow(self) -> Iterator[LogLine]:
        """Yield the lines there are, and those that come, until the run is final."""
        last: int | None = None
        seen: set[tuple[Any, ...]] = set()
        looks = clock.Looks()
        while True:
            is_over = self.is_final()
            fresh = [line for line in self.read(None if last is None else last - 1) if _key(line) not in seen]
            for line in fresh:
                if line.at != last:
                    last, seen = line.at, set()
                seen.add(_key(line))
                yield line
            if is_over:
                return
            looks.wait_for_next(is_news=bool(fresh))


def of_task_run(store: Store, row: TaskRun, attempt: int | None) -> Source:
    """Return the lines of a task run, one attempt's or all; of a mapped task those of its children."""
    children = TaskRunFilter(flow_run=row.flow_run, parent=row.ordinal)
    names = {child.ordinal: child.full_name for child in store.task_runs(children)}

    def read(after: int | None) -> list[LogLine]:
        if not names:
            found = store.logs(row.flow_run, row.ordinal, after=after)
        else:
            family = {row.ordinal, *names}
            found = [line for line in store.logs(row.flow_run, after=after) if line.ordinal in family]
        return [line for line in found if attempt in {None, line.attempt}]

    def is_final() -> bool:
        now = store.task_runs(TaskRunFilter(flow_run=row.flow_run, ordinals=(row.ordinal,)))
        return all(each.kind.phase.is_final for each in now)

    return Source(read, is_final, (lambda line: names.get(line.ordinal, row.full_name)) if names else None)


def of_flow_run(store: Store, row: FlowRun) -> Source:
    """Return the lines of all task runs of a flow run."""
    names: dict[int, str] = {}

    def name_of(line: LogLine) -> str:
        if line.ordinal not in names:
            names[line.ordinal] = _name(store, row.id, line.ordinal)
        return names[line.ordinal]

    def is_final() -> bool:
        return all(each.kind.phase.is_final for each in store.flow_runs(FlowRunFilter(id=row.id)))

    return Source(lambda after: store.logs(row.id, after=after), is_final, name_of)


def print_logs(session: Session, source: Source, *, is_followed: bool) -> None:
    """Print lines as text, or as rows where a shape is asked for."""
    check_fields(session, LOG_FIELDS)
    if is_followed:
        for line in source.follow():
            if session.format in {"json", "jsonl"}:
                write_json_line(log_row(line))
            else:
                _print_text(line, source)
            sys.stdout.flush()
    elif session.format in {None, "table", "wide"} and not session.fields:
        for line in source.read(None):
            _print_text(line, source)
    else:
        rows = [log_row(line) for line in source.read(None)]
        show(session, rows, LOG_COLUMNS, name=lambda row: row["task_run_id"], fields=LOG_FIELDS)


def _print_text(line: LogLine, source: Source) -> None:
    row = log_row(line)
    name = f"  {clean(source.name_of(line))}" if source.name_of is not None else ""
    sys.stdout.write(f"{row['timestamp']}  {row['level']:<8}{name}  {clean(line.message)}\n")


def _name(store: Store, flow_run: UUID, ordinal: int) -> str:
    if not ordinal:
        return "flow run"
    found = store.task_runs(TaskRunFilter(flow_run=flow_run, ordinals=(ordinal,)))
    return found[0].full_name if found else f"task run {ordinal}"


def _key(line: LogLine) -> tuple[Any, ...]:
    return line.at, line.ordinal, line.attempt, line.level, line.message
