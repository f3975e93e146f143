"""App: the only place that picks adapters and puts a running engine together.

Everything above (command line, pages, servers) and `Flow.run` comes in here; nothing below knows of it.
"""

from __future__ import annotations

import atexit
import os
import threading
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from runwright import clock, codec, ids, settings, stores
from runwright.clock import to_datetime
from runwright.collecting import Constant
from runwright.context import context as run_context
from runwright.engine.machine import Machine
from runwright.errors import FlowError, IllegalTransition, NotOnRecord
from runwright.executors import executor_named
from runwright.flowables.dag import Dag
from runwright.flowables.mapped import Mapped
from runwright.result import Result
from runwright.results import find_damage, pack, reader_for
from runwright.runtime import approval, caching, journal, naming
from runwright.runtime.flow_runner import FlowRunner
from runwright.runtime.inputs import Inputs
from runwright.runtime.leases import LeaseKeeper
from runwright.runtime.scheduled_runs import follow_schedule
from runwright.runtime.writer import Writer
from runwright.schedule import checked_schedule
from runwright.states import State, Success
from runwright.stores import checking
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from uuid import UUID

    from runwright.executor import Executor
    from runwright.result import ResultRef
    from runwright.runs import FlowRun, TaskRun
    from runwright.schedule import ClockEvent
    from runwright.settings import Settings
    from runwright.store import Store

    Progress = Callable[[FlowRunner], None]

_open_records: dict[tuple[str, int, bool], Store] = {}
_records_lock = threading.Lock()


def open_record(url: str | None = None, *, read_only: bool = False) -> Store:
    """Return the record at `url` (default: the configured one), opened once for each process."""
    url = url or settings.load().record
    if "://" not in url:
        url = f"sqlite:///{url}"
    key = url, os.getpid(), read_only
    with _records_lock:
        store = _open_records.get(key)
        if store is None:
            store = _open_records[key] = _open(url, read_only=read_only)
    return store


def close_records() -> None:
    """Close every record that this process has open."""
    with _records_lock:
        for store in _open_records.values():
            store.close()
        _open_records.clear()


atexit.register(close_records)


def check_record(store: Store, *, results: Path | None = None, is_at_rest: bool = False) -> list[Any]:
    """Return all that `find_problems` finds."""
    return list(find_problems(store, results=results, is_at_rest=is_at_rest))


def find_problems(store: Store, *, results: Path | None = None, is_at_rest: bool = False) -> Iterator[Any]:
    """Yield what is wrong with a record, each as something whose text is one line.

    Looked at are the place that keeps it, the invariants, and whether its rows say what its log says. With `results`, the
    folder of packed results, the stored bytes of every result on this machine are compared with their checksums too;
    with `is_at_rest`, when no flow runs, leases are looked at.
    """
    look = None if results is None else partial(find_damage, root=results)
    yield from store.find_damage()
    yield from checking.check(store, is_at_rest=is_at_rest, find_damage=look)
    yield from store.rebuild()


def run_flow(
    flow: Any,
    *,
    parameters: dict[str, Any] | None = None,
    executor: Any = None,
    run_name: str | None = None,
    context: dict[str, Any] | None = None,
    record: str | None = None,
    task_states: dict[Any, State] | None = None,
    runner_cls: type[FlowRunner] | None = None,
    task_runner_cls: type[Any] | None = None,
    progress: Progress | None = None,
    scheduled_start_time: datetime | None = None,
) -> State:
    """Run a flow from the beginning and return its final state; everything of the run is on record by then.

    `executor` is an executor, its name (`inline`, `threads:8`, `processes`), or None for the flow's own or the configured one.
    `record` is a URL or path, `scheduled_start_time` when a schedule wanted it to start. Raises the errors of the record
    (`RecordFull`, `RecordUnreadable`, ...) and `KeyboardInterrupt` after the cancelled run is on record.
    """
    with _Assembly(flow, record, executor, runner_cls, task_runner_cls, progress) as assembly:
        at = clock.now()
        flow_run = ids.new_flow_run_id(at)
        name = run_name or naming.run_name(flow_run)
        values = flow.resolve_parameters(parameters)
        version = assembly.store.register(flow.to_version())
        created = {
            "flow": flow.name,
            "flow_version": version.version,
            "name": name,
            "parameters": codec.to_plain(values),
            "source": flow.source,
            "executor": assembly.executor_name,
        }
        if scheduled_start_time is not None:
            created["scheduled_start_time"] = clock.from_datetime(scheduled_start_time)
            context = {"scheduled_start_time": scheduled_start_time, **(context or {})}
        run_context = assembly.context(flow_run, name, at, values, context)
        runner = assembly.runner(flow_run, run_context, task_states)
        return runner.run(created)


def run_on_schedule(flow: Any, run: Callable[..., State], given: dict[str, Any]) -> State | None:
    """Call `run` at each time of the flow's schedule and return the last state, None when no time is left.

    The parameters `given` win over those of the schedule. Raises `ParameterError` before a time with wrong ones is waited for,
    and `TypeError` when what the flow was given later is no schedule.
    """

    def parameters_of(event: ClockEvent) -> dict[str, Any]:
        return flow.resolve_parameters({**event.parameter_defaults, **given})

    schedule = checked_schedule(flow.schedule)
    return None if schedule is None else follow_schedule(schedule, run, parameters_of)


def resume_flow_run(
    flow_run: UUID,
    *,
    flow: Any = None,
    record: str | None = None,
    executor: Any = None,
    progress: Progress | None = None,
) -> State:
    """Take over a flow run whose process is gone, or release one that is paused, and run it to its end.

    What is recorded as a success is not run again. `flow` None loads the flow from where the record says its code came from.
    Raises `NotOnRecord`, `IllegalTransition` when the run has ended, `LeaseHeld` while its owner's lease runs.
    """
    store = open_record(record)
    row = _find(store, flow_run)
    if row.kind.phase.is_final:
        raise IllegalTransition(f"Flow run {row.name} ({row.id}) has ended: it is {row.kind.name}. Start a new one.")
    with _Assembly(flow or _load_flow(row), record, executor, None, None, progress) as assembly:
        assembly.take_lease(flow_run)
        _check_same_tasks(assembly.graph, store, row)
        due = row.scheduled_start_time
        extra = None if due is None else {"scheduled_start_time": to_datetime(due)}
        context = assembly.context(flow_run, row.name, row.created, row.parameters, extra)
        runner = assembly.runner(flow_run, context, None)
        runner.machine.restore(store.iterate_events(flow_run))
        assembly.restore_inputs(flow_run, runner.machine)
        is_paused = any(cell.parked for cell in runner.machine.open_cells())
        return runner.resume(() if is_paused else None)


class _Assembly:
    """The parts of one flow run, put together and taken apart again."""

    def __init__(
        self,
        flow: Any,
        record: str | None,
        executor: Any,
        runner_cls: type[FlowRunner] | None,
        task_runner_cls: type[Any] | None,
        progress: Progress | None,
    ) -> None:
        self.flow = flow
        self.graph = flow.compile()
        self.settings: Settings = settings.load()
        self.executor, self.executor_name = _executor(executor or flow.executor or self.settings.executor)
        self.store = open_record(record)
        self.root = Path(self.settings.home) / "results"
        self._runner_cls = runner_cls or FlowRunner
        self._task_runner_cls = task_runner_cls
        self._progress = progress
        self._keeper: LeaseKeeper | None = None
        self._runner: FlowRunner | None = None
        self.inputs = Inputs(self.graph, lambda task: flow.constants.get(task, {}), self._load_children)
        self.writer = Writer(self.store, before_commit=self._secure_results())
        self._flow_run: UUID | None = None
        journal.install(self.settings.log_level)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.writer.stop()
            pack.sync_packs()
        finally:
            if self._keeper is not None:
                self._keeper.release()
            pack.close_packs()

    def take_lease(self, flow_run: UUID) -> None:
        """Take the right to append to a flow run, and keep it until the assembly is taken apart."""
        if self._keeper is None:
            self._flow_run = flow_run
            self._keeper = LeaseKeeper(self.store, flow_run, self.settings.lease_seconds, self._on_lost)
            self.writer.hold(self._keeper.lease)

    def runner(self, flow_run: UUID, context: dict[str, Any], task_states: dict[Any, State] | None) -> FlowRunner:
        """Return the runner of a flow run, under its lease."""
        self.take_lease(flow_run)
        window = 256 if self.executor.slots == 1 else max(256, self.executor.slots * 8)
        machine = Machine(flow_run, self.graph, root=Dag(), mapped=Mapped(), window=window)
        self._runner = self._runner_cls(
            self.flow,
            self.graph,
            machine,
            executor=self.executor,
            writer=self.writer,
            inputs=self.inputs,
            context=context,
            result=self.flow.result or pack.PackedResult(root=self.root),
            is_strict=self.settings.durability == "strict",
            task_runner=self._task_runner_cls,
            task_states=task_states,
            on_progress=self._progress,
            approve=approval.ask if self._progress is None else None,
        )
        return self._runner

    def context(
        self, flow_run: UUID, name: str, at: int, parameters: dict[str, Any], extra: dict[str, Any] | None
    ) -> dict[str, Any]:
        """Return the context that every task of a flow run sees."""
        moment = to_datetime(at)
        days = {"today": 0, "yesterday": -1, "tomorrow": 1}
        dates = {word: (moment + timedelta(days=days[word])).strftime("%Y-%m-%d") for word in days}
        return {
            "date": moment,
            **dates,
            **{f"{word}_nodash": text.replace("-", "") for word, text in dates.items()},
            "flow_name": self.flow.name,
            "flow_id": self.flow.name,
            "flow_run_id": str(flow_run),
            "flow_run_name": name,
            "scheduled_start_time": moment,
            "parameters": parameters,
            "caches": caching.caches(),
            "checkpointing": run_context.get("checkpointing", True),
            **self._recall(flow_run),
            **(extra or {}),
        }

    def _recall(self, flow_run: UUID) -> dict[str, Any]:
        """Return the way to earlier runs' caches on the record, for flows that have any."""
        if not any(getattr(node.task, "cache_for", None) is not None for node in self.graph.nodes):
            return {}

        def look_up(key: str, is_shared: bool) -> list[Any]:  # noqa: FBT001  as Recall calls it
            flow = None if is_shared else self.flow.name
            rows = self.store.task_runs(TaskRunFilter(cache_key=key, flow=flow, limit=caching.RECALL_LIMIT))
            return [self._state(row, is_bound=False) for row in rows if row.flow_run != flow_run]

        return {caching.RECALL: caching.Recall(look_up)}

    def restore_inputs(self, flow_run: UUID, machine: Machine) -> None:
        """Put back the states of the task runs that have ended, their values to be read when they are needed."""
        which = TaskRunFilter(flow_run=flow_run, parent=0)
        for row in self.store.task_runs(which):
            group = machine.group_of(row.ordinal)
            task = self.graph.nodes[row.ordinal - 1].task
            if isinstance(task, Constant):
                self.inputs.keep(row.ordinal, Success("Task run succeeded.", Result(task.value)))
            elif group is not None and group.node is not None:
                self.inputs.open(group.node, group.first, group.status, row.message)
            elif row.kind.phase.is_final:
                self.inputs.keep(row.ordinal, self._state(row))

    def _load_children(self, first: int, start: int, stop: int) -> list[State | None]:
        del first
        self.writer.flush()
        which = TaskRunFilter(flow_run=self._flow_run, ordinals=tuple(range(start, stop)))
        states: list[State | None] = [None] * (stop - start)
        for row in self.store.task_runs(which):
            states[row.ordinal - start] = self._state(row)
        return states

    def _state(self, row: TaskRun, *, is_bound: bool = True) -> State:
        """Return the state of a row; where it is bound, its result can read the value, with the task's own settings."""
        data: dict[str, Any] = {**row.details, "due": row.due}
        if row.message is not None:
            data["message"] = row.message
        if row.result is not None:
            data["result"] = row.result
        return codec.state_from_data(row.state, data, self._reader(row) if is_bound else None)

    def _reader(self, row: TaskRun) -> Callable[[ResultRef], Result]:
        own = self.graph.nodes[row.task_index].task.result or self.flow.result
        return lambda ref: reader_for(ref, root=self.root, own=own)

    def _secure_results(self) -> Callable[[], Any]:
        pack.hold_back()
        return pack.sync_packs if self.settings.result_sync == "commit" else pack.flush_packs

    def _on_lost(self, lost: Any) -> None:
        if self._runner is not None:
            self._runner.lose_lease(lost)


def _open(url: str, *, read_only: bool) -> Store:
    return stores.open_store(url, read_only=read_only, synchronous=settings.load().synchronous)


def _executor(given: Any) -> tuple[Executor, str]:
    if isinstance(given, str):
        return executor_named(given), given
    return given, type(given).__name__


def _find(store: Store, flow_run: UUID) -> FlowRun:
    rows = store.flow_runs(FlowRunFilter(id=flow_run))
    if not rows:
        raise NotOnRecord(f"No flow run {flow_run} is on the record {store.url}: `runwright flow-run ls` lists them.")
    return rows[0]


def _load_flow(row: FlowRun) -> Any:
    from runwright.flow_files import load_flow  # noqa: PLC0415  user code is loaded only here

    source = row.source.get("file")
    if not source:
        raise FlowError(f"The record does not know where the code of {row.flow_name} came from: resume it in Python.")
    return load_flow(f"{source}:{row.source.get('name') or row.flow_name}")


def _check_same_tasks(graph: Any, store: Store, row: FlowRun) -> None:
    recorded = next((each for each in store.flows(flow_id=row.flow_id) if each.version == row.flow_version), None)
    slugs = [node.slug for node in graph.nodes]
    if recorded is not None and [task.slug for task in recorded.tasks] != slugs:
        changed = sorted(set(slugs) ^ {task.slug for task in recorded.tasks})
        raise FlowError(
            f"The tasks of {row.flow_name} are not those that flow run {row.name} began with (changed: "
            f"{', '.join(changed) or 'their order'}): put the code back, or start a new run."
        )
