"""App: the only place that picks adapters and puts a running engine together.

Everything above (command line, pages, servers) and `Flow.run` comes in here; nothing below knows of it.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from runwright import codec, settings
from runwright.clock import utcnow
from runwright.collecting import Constant
from runwright.engine.machine import Machine
from runwright.errors import FlowError, IllegalTransition, NotOnRecord
from runwright.executors import executor_named
from runwright.flowables.dag import Dag
from runwright.open_records import address_of, guard_of, open_record, open_to_run
from runwright.result import Result
from runwright.results import find_damage, pack, reader_for
from runwright.runtime import approval, caching, journal
from runwright.runtime.flow_loop import FlowLoop
from runwright.runtime.inputs import Inputs
from runwright.runtime.leases import LeaseKeeper
from runwright.runtime.limits import Limit
from runwright.runtime.request_watch import RequestWatch
from runwright.runtime.root import Root
from runwright.runtime.scheduled_runs import follow_schedule
from runwright.runtime.successes import successes_of
from runwright.runtime.tag_slots import TagSlots
from runwright.runtime.task_workload import TaskWorkload
from runwright.runtime.writer import Writer
from runwright.schedule import checked_schedule
from runwright.states import Paused, Pending, Running, State, Success
from runwright.stores import checking
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from uuid import UUID

    from runwright.events import Event
    from runwright.executor import Executor
    from runwright.graph import Graph
    from runwright.result import ResultRef
    from runwright.runs import FlowRun, TaskRun
    from runwright.runtime.given_states import GivenStates
    from runwright.runtime.workload import Workload
    from runwright.schedule import ClockEvent
    from runwright.settings import Settings
    from runwright.store import Store

    Progress = Callable[[FlowLoop], None]


def execution_host(record: str | None = None) -> Any:
    """Return what executions on a record share in this process: files, values of namespaces, secrets."""
    from runwright.executions.host import ExecutionHost  # noqa: PLC0415  who runs no YAML flow does not load it
    from runwright.hosting.host import Host  # noqa: PLC0415  as above

    url = address_of(record or settings.load().record)
    return ExecutionHost(Host.from_settings(settings.load(), record=url, key_values=open_record(record)), record)


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
    runner_cls: type[Any] | None = None,
    task_runner_cls: type[Any] | None = None,
    progress: Progress | None = None,
    flow_run_id: str | None = None,
    scheduled_start_time: datetime | None = None,
    **keywords: Any,
) -> State:
    """Run a flow from the beginning and return its final state; everything of the run is on record by then.

    `executor` is an executor, its name (`inline`, `threads:8`, `processes`), or None for the flow's own or the configured one.
    `record` is a URL or path. `runner_cls` makes the flow runner; `keywords` are more of what its `run` takes. The result of
    the state is a dict with the state of every task. `scheduled_start_time` is when a schedule wanted the run to start. Raises
    the errors of the record (`RecordFull`, `RecordUnreadable`, ...) and `KeyboardInterrupt` after the cancelled run is on record.
    """
    from runwright.flow_runner import FlowRunner, Terms  # noqa: PLC0415  it stands on this module

    runner = (runner_cls or FlowRunner)(flow=flow, **_said(task_runner_cls=task_runner_cls))
    runner.terms = Terms(record, progress, _approval(progress), scheduled_start_time, is_patient=True)
    own = {"scheduled_start_time": scheduled_start_time or utcnow(), **(context or {})}
    own.update(_said(flow_run_id=flow_run_id, flow_run_name=run_name))
    options = _said(executor=executor, task_states=task_states, **keywords)
    state = runner.run(parameters=parameters, return_tasks=set(flow.tasks), context=own, **options)
    return _completed(flow, state)


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
    releases: bool = True,
    queues: bool = True,
    is_stoppable: bool = False,
) -> State:
    """Take over a flow run whose process is gone, or release one that is paused, and run it to its end.

    What is recorded as a success is not run again. `flow` None loads the flow from where the record says its code came from.
    With `releases` False only what was asked for on the record is released; with `queues` False an execution that may not run
    now, because of its flow's limit, stays Queued and is left. With `is_stoppable` tasks run in a thread of their own where neither
    the flow nor the settings say where: in that of the caller nothing could stop them.
    Raises `NotOnRecord`, `IllegalTransition` when the run has ended, `LeaseHeld` while its owner's lease runs.
    """
    from runwright.flow_runner import FlowRunner, Terms  # noqa: PLC0415  it stands on this module

    row = find_flow_run(open_record(record), flow_run)
    declared = _declared_flow(open_record(record), row)
    if declared is not None and flow is None:
        from runwright.executions.runner import ExecutionRunner  # noqa: PLC0415  it stands on this module

        return ExecutionRunner(
            declared, record=record, executor=executor, progress=progress, is_patient=queues
        ).take_over(row, releases=releases)
    if row.kind.phase.is_final:
        raise IllegalTransition(f"Flow run {row.name} ({row.id}) has ended: it is {row.kind.name}. Start a new one.")
    flow = flow or _load_flow(row)
    if is_stoppable and not (executor or flow.executor) and settings.load().executor == "inline":
        executor = "threads:1"
    runner = FlowRunner(flow)
    runner.terms = Terms(record, progress, _approval(progress), is_patient=True)
    return _completed(flow, runner.resume(row, executor, releases=releases))


def state_of(row: TaskRun, reader: Callable[[ResultRef], Result] | None = None) -> State:
    """Return the state that a task run is in on record; with `reader` its result can read the value."""
    data: dict[str, Any] = {**row.details, "due": row.due}
    if row.message is not None:
        data["message"] = row.message
    if row.result is not None:
        data["result"] = row.result
    return codec.state_from_data(row.state, data, reader)


def machine_of(flow_run: UUID, graph: Graph, window: int = 256) -> Machine:
    """Return the machine of a flow run, as it stands before the first event."""
    return Machine(flow_run, graph, ending=Dag(), window=window)


class Assembly:
    """The parts of one flow run, put together and taken apart again."""

    def __init__(self, flow: Any, record: str | None = None, executor: Any = None) -> None:
        """Pick the parts; `record` and `executor` None mean those of the flow, or the configured ones."""
        self.flow = flow
        self.graph = flow.compile()
        self.settings: Settings = settings.load()
        self.executor, self.executor_name = _executor(executor or flow.executor or self.settings.executor)
        self.store = open_to_run(record)
        self.root = Path(self.settings.home) / "results"
        self._keeper: LeaseKeeper | None = None
        self._loop: FlowLoop | None = None
        self._watch: RequestWatch | None = None
        self._limit: Limit | None = None
        self._flow_run: UUID | None = None
        self.inputs = Inputs(self.graph, lambda task: flow.constants.get(task, {}), self._load_children)
        self._packs = pack.FlowRunPacks()
        secure = self._packs.sync if self.settings.result_sync == "commit" else pack.flush_packs
        self.writer = Writer(self.store, before_commit=secure)
        journal.install(self.settings.log_level)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Commit what is left, and give the lease up."""
        try:
            self.writer.stop()
            self._packs.sync()
        finally:
            if self._watch is not None:
                self._watch.stop()
            if self._keeper is not None:
                self._keeper.release()
            self._packs.close()

    def create(
        self,
        flow_run: UUID,
        name: str,
        parameters: dict[str, Any],
        *,
        known_as: str,
        scheduled_start_time: datetime | None = None,
        more: dict[str, Any] | None = None,
    ) -> Root:
        """Begin the record of a flow run, under its lease; `known_as` is the id it goes by, which may be another.

        `more` is what else the record keeps of how it came to be.
        """
        version = self.store.register(self.flow.to_version())
        root = self._rooted(flow_run)
        root.create(
            {
                "flow": self.flow.name,
                "flow_version": version.version,
                "name": name,
                "parameters": codec.to_plain(parameters),
                "source": self.flow.source,
                "executor": self.executor_name,
                **({} if known_as == str(flow_run) else {"known_as": known_as}),
                **_said(scheduled_start_time=scheduled_start_time and codec.time_data(scheduled_start_time)),
                **(more or {}),
            }
        )
        return root

    def write(self, flow_run: UUID, events: Sequence[Event]) -> None:
        """Record a flow run that begins with these events, which others made."""
        self.store.register(self.flow.to_version())
        self._rooted(flow_run)
        self.writer.emit(events)
        self.writer.flush()

    def restore(self, row: FlowRun) -> Root:
        """Take over a flow run as its record left it; raises `FlowError` when the flow has other tasks now."""
        root = self.take_over(row)
        if root.has_begun:
            self._restore_inputs(row.id, root.machine)
        return root

    def take_over(self, row: FlowRun) -> Root:
        """Take the right to go on with a flow run, and fold its events; raises `FlowError` as `restore`."""
        root = self._rooted(row.id)
        _check_same_tasks(self.graph, self.store, row)
        root.machine.restore(self.store.iterate_events(row.id))
        return root

    def loop(self, root: Root, workload: Workload, **options: Any) -> FlowLoop:
        """Return the loop of a flow run's task runs; `options` are those of `FlowLoop` that only the caller knows."""
        loop = self._loop = FlowLoop(
            root,
            self.graph,
            executor=self.executor,
            workload=workload,
            is_strict=self.settings.durability == "strict",
            tag_slots=self._tag_slots(),
            **options,
        )
        if self._keeper is not None and self._watch is None:
            self._watch = RequestWatch(self.store, self._keeper, root, loop.ask)
        return loop

    def tasks(self, root: Root, context: dict[str, Any], given: GivenStates, **options: Any) -> TaskWorkload:
        """Return the tasks of a Python flow as a loop runs them; `options` are those of `TaskWorkload`."""
        result = self.flow.result or pack.PackedResult(root=self.root)
        if "flow_run_id" in context:  # a step of a runner that is called by itself has none
            self._packs.hold_back(str(context["flow_run_id"]))
        return TaskWorkload(self.graph, root.machine, self.inputs, context, given, result=result, **options)

    def _tag_slots(self) -> TagSlots | None:
        """Return what lets task runs wait for slots, if any of them has a tag that may have a limit."""
        keeper, tags = self._keeper, [node.tags for node in self.graph.nodes]
        return TagSlots(self.store, lambda: keeper.lease, tags) if keeper is not None and any(tags) else None

    def limit(self, name: str, slots: int) -> Limit:
        """Return a limit of flow runs under a name, for the one that this is of."""
        keeper = self._keeper
        if keeper is None:
            raise TypeError("A flow run has a slot under its lease.")
        self._limit = Limit(self.store, name, slots, lambda: keeper.lease)
        return self._limit

    def keep_slot(self) -> None:
        """Keep the slot of the flow run while nobody runs it."""
        if self._limit is not None:
            self._limit.keep()

    def recall(self) -> dict[str, Any]:
        """Return what a context needs to find earlier runs' caches on the record, for flows that have any."""
        if not any(getattr(node.task, "cache_for", None) is not None for node in self.graph.nodes):
            return {}

        def look_up(key: str, is_shared: bool) -> list[Any]:  # noqa: FBT001  as Recall calls it
            flow = None if is_shared else self.flow.name
            rows = self.store.task_runs(TaskRunFilter(cache_key=key, flow=flow, limit=caching.RECALL_LIMIT))
            return [self.state_of(row, is_bound=False) for row in rows if row.flow_run != self._flow_run]

        return {caching.RECALL: caching.Recall(look_up)}

    def _rooted(self, flow_run: UUID) -> Root:
        """Take the right to append to a flow run, and keep it until the assembly is taken apart."""
        self._flow_run = flow_run
        self._keeper = LeaseKeeper(
            self.store, flow_run, self.settings.lease_seconds, self._on_lost, guard_of(self.store)
        )
        self.writer.hold(self._keeper.lease)
        window = 256 if self.executor.slots == 1 else max(256, self.executor.slots * 8)
        return Root(machine_of(flow_run, self.graph, window), self.writer)

    def _restore_inputs(self, flow_run: UUID, machine: Machine) -> None:
        """Put back the states of the task runs that have ended, their values to be read when they are needed."""
        which = TaskRunFilter(flow_run=flow_run, parent=0)
        for row in self.store.task_runs(which):
            group = machine.group_of(row.ordinal)
            task = self.graph.nodes[row.ordinal - 1].task
            if isinstance(task, Constant):
                self.inputs.keep(row.ordinal, Success("Auto-generated constant value", Result(task.value)))
            elif group is not None and group.node is not None:
                self.inputs.open(group.node, group.first, group.status, row.message)
            elif row.kind.phase.is_final:
                self.inputs.keep(row.ordinal, self.state_of(row))

    def _load_children(self, start: int, stop: int) -> list[State | None]:
        self.writer.flush()
        which = TaskRunFilter(flow_run=self._flow_run, ordinals=tuple(range(start, stop)))
        states: list[State | None] = [None] * (stop - start)
        for row in self.store.task_runs(which):
            states[row.ordinal - start] = self.state_of(row)
        return states

    def state_of(self, row: TaskRun, *, is_bound: bool = True) -> State:
        """Return the state of a row; where it is bound, its result can read the value, with the task's own settings."""
        return state_of(row, self._reader(row) if is_bound else None)

    def successes_of(self, flow_run: UUID) -> dict[Any, State]:
        """Return by task what went well in another run of the flow, and can be read."""

        def read(row: TaskRun, task: Any) -> State:
            return state_of(row, lambda ref: reader_for(ref, root=self.root, own=task.result or self.flow.result))

        return successes_of(self.store, self.graph, flow_run, read)

    def _reader(self, row: TaskRun) -> Callable[[ResultRef], Result]:
        own = self.graph.nodes[row.task_index].task.result or self.flow.result
        return lambda ref: reader_for(ref, root=self.root, own=own)

    def _on_lost(self, lost: Any) -> None:
        if self._loop is not None:
            self._loop.lose_lease(lost)


def _approval(progress: Progress | None) -> Callable[[str], bool] | None:
    """Return whom to ask about paused task runs: nobody where progress is drawn."""
    return approval.ask if progress is None else None


def _said(**options: Any) -> dict[str, Any]:
    """Return the options that have a value."""
    return {name: value for name, value in options.items() if value is not None}


def _completed(flow: Any, state: State) -> State:
    """Return the state that `Flow.run` gives: with a state for every task, and Paused where only a request moves it on."""
    result: Any = {} if state.result is None else state.result
    if isinstance(result, dict):
        found = cast("dict[Any, State]", result)
        states = {task: found.get(task) or Pending("Task not run.") for task in flow.tasks} | found
        if isinstance(state, Running):
            return Paused("Everything that is open is paused.", result=states, context=state.context)
        state.result = states
    return state


def _executor(given: Any) -> tuple[Executor, str]:
    if isinstance(given, str):
        return executor_named(given), given
    return given, type(given).__name__


def find_flow_run(store: Store, flow_run: UUID) -> FlowRun:
    """Return a flow run as its record has it; raises `NotOnRecord`."""
    rows = store.flow_runs(FlowRunFilter(id=flow_run))
    if not rows:
        raise NotOnRecord(f"No flow run {flow_run} is on the record {store.url}: `runwright flow-run ls` lists them.")
    return rows[0]


def _declared_flow(store: Store, row: FlowRun) -> Any:
    """Return the YAML flow that a flow run is of, None for one of a Python flow."""
    version = next((each for each in store.flows(flow_id=row.flow_id) if each.version == row.flow_version), None)
    if version is None or "yaml" not in version.source:
        return None
    from runwright.executions.declared_flow import DeclaredFlow  # noqa: PLC0415  who runs no YAML flow does not load it

    return DeclaredFlow.from_version(version)


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
