"""Control: what somebody asks of flow runs on a record, whoever runs them: to end, to wait, to go on.

It writes requests. Who holds a flow run's lease carries them out; where nobody does, this process takes the lease and does it
itself. It changes no row, and waits for no task.
"""

from __future__ import annotations

import getpass
import queue
import socket
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4, uuid5

from runwright import app, clock, ids, settings
from runwright.clock import NANOSECONDS, to_iso
from runwright.engine.stimuli import FinishRun, Reported
from runwright.errors import IllegalTransition, LeaseHeld, NotOnRecord
from runwright.executions.catalogue import Executions
from runwright.executions.declared_flow import DeclaredFlow
from runwright.executions.runner import ExecutionRunner
from runwright.graph import Graph, Link, Node
from runwright.open_records import open_record
from runwright.request import ENDING, Request
from runwright.runtime.leases import LeaseKeeper
from runwright.runtime.request_watch import RequestWatch, heed
from runwright.runtime.root import Root
from runwright.runtime.writer import Writer
from runwright.states import KIND_BY_NAME
from runwright.stores.urls import is_address
from runwright.views import TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.engine.stimuli import Requested
    from runwright.errors import LeaseLost
    from runwright.runs import FlowRun, FlowVersion
    from runwright.store import Store

    Action = Callable[["Control", FlowRun, Request, dict[str, Any] | None], object]

PATIENCE = 30.0
"""How long (seconds) an answer is waited for unless somebody says otherwise."""

_LOOK = 0.1
_ALONE = {"cascade": False}


class Control:
    """Asks on one record, given as a URL or path, as a store, or None for the configured one.

    Each method returns the flow run as it is once it was answered and has taken effect, or once `timeout` seconds are over (0:
    at once); the request stays on record and is taken later. They raise `NotOnRecord`, and `IllegalTransition` for what cannot be
    done: a flow run that has ended does not go on. `by` says who asks, None for the user of this process.
    """

    def __init__(self, record: Store | str | None = None) -> None:
        """Open the record, unless it is open."""
        self.store: Store = open_record(record) if record is None or isinstance(record, str) else record

    def cancel(self, flow_run: UUID, *, by: str | None = None, timeout: float = PATIENCE) -> FlowRun:
        """Cancel a flow run: what runs is stopped and ends Killed, what has not begun ends Cancelled."""
        return self.settle(self.ask(flow_run, "cancel", by=by), timeout)

    def kill(
        self, flow_run: UUID, *, by: str | None = None, timeout: float = PATIENCE, cascade: bool = True
    ) -> FlowRun:
        """Kill a flow run: as `cancel`, and all that was open ends Killed.

        With `cascade` the executions that an execution started, and those that they did, are killed too, also when it has
        ended itself.
        """
        row = app.find_flow_run(self.store, flow_run)
        below = self._open_below(row) if cascade and row.kind.phase.is_final else []
        for child in below:
            self.settle(self.ask(child.id, "kill", data=_ALONE, by=by), timeout)
        if below:
            return row
        return self.settle(self.ask(flow_run, "kill", data=None if cascade else _ALONE, by=by), timeout)

    def pause(self, flow_run: UUID, *, by: str | None = None, timeout: float = PATIENCE) -> FlowRun:
        """Let nothing new begin; what runs ends as it would."""
        return self.settle(self.ask(flow_run, "pause", by=by), timeout)

    def resume(
        self,
        flow_run: UUID,
        task_run: UUID | None = None,
        inputs: dict[str, Any] | None = None,
        *,
        by: str | None = None,
        timeout: float = PATIENCE,
        **options: Any,
    ) -> FlowRun:
        """Let what is paused go on: all of it, or one task run; `inputs` are what it asks for.

        When nobody runs the flow run this process does, to its end; `options` are those of `app.resume_flow_run`. Raises
        `LeaseHeld` when another process runs it and nothing of it is paused, `InputError` when it asks for something else.
        """
        row = app.find_flow_run(self.store, flow_run)
        if self.has_aftermath(row):
            app.resume_flow_run(row.id, record=self.store.url, **options)
            return app.find_flow_run(self.store, flow_run)
        return self.settle(self.ask(flow_run, "resume", task_run, inputs, by=by), timeout, **options)

    def restart(self, flow_run: UUID, *, by: str | None = None, timeout: float = PATIENCE) -> FlowRun:
        """Reopen an execution that has failed or was killed: what ended badly is to run again, whoever takes it over.

        Raises `IllegalTransition` when nothing of it ended badly.
        """
        return self.settle(self.ask(flow_run, "restart", by=by), timeout)

    def mark(
        self, flow_run: UUID, task_run: UUID | None, state: str, *, by: str | None = None, timeout: float = PATIENCE
    ) -> FlowRun:
        """Put a task run of an execution into a final state (a name of the state table), and reopen what is above it.

        Without a task run it is the execution that has ended, and nothing of it runs again.
        """
        kind = KIND_BY_NAME.get(state)
        if kind is None or not kind.phase.is_final:
            raise IllegalTransition(f"A task run is marked with a final state, and {state!r} is none.")
        return self.settle(self.ask(flow_run, "mark", task_run, {"state": kind.code}, by=by), timeout)

    # ---- the two steps of each

    def ask(
        self,
        flow_run: UUID,
        intent: str,
        task_run: UUID | None = None,
        data: dict[str, Any] | None = None,
        *,
        by: str | None = None,
        request: UUID | None = None,
    ) -> Request:
        """Put a request on record and return it; `request` is its id, so that sending it again does not ask again."""
        row = app.find_flow_run(self.store, flow_run)
        ordinal = 0 if task_run is None else self._ordinal(row, task_run)
        if row.kind.phase.is_final:
            self._check_ended(row, intent)
        if intent == "resume":
            self._check_paused(row)
            data = self._given(row, ordinal, data or {})
        asked = self.store.ask(Request(request or uuid4(), flow_run, intent, ordinal, data or {}, by or asker()))
        for child in self._killed_with(asked, row):
            self.store.ask(Request(uuid5(asked.id, str(child.id)), child.id, intent, data=_ALONE, by=asked.by))
        return asked

    def settle(self, request: Request, timeout: float = PATIENCE, **options: Any) -> FlowRun:
        """Wait until a request was answered and has taken effect, carried out here where nobody holds the flow run."""
        end = clock.now() + int(timeout * NANOSECONDS)
        while True:
            request = self.latest(request)
            row = app.find_flow_run(self.store, request.flow_run)
            if request.answer is not None:
                request.answer.raise_if_refused()
                if not self.is_under_way(request, row):
                    self._settle_below(request, row, end)
                    return row
            elif not (self.is_elsewhere or self.is_held(row.id)) and self._carry_out(
                row, request, options if timeout > 0 else None
            ):
                continue
            if clock.now() >= end:
                return row
            clock.wait(queue.SimpleQueue(), _LOOK)

    @property
    def is_elsewhere(self) -> bool:
        """Say whether the record is a server's, which sees that what is asked is done; nothing is done here then."""
        return is_address(self.store.url)

    def is_held(self, flow_run: UUID) -> bool:
        """Say whether a process runs the flow run, or did until a moment ago: its lease has not ended."""
        lease = self.store.find_lease(flow_run)
        return lease is not None and lease.expires > self.store.now()

    @staticmethod
    def is_under_way(request: Request, row: FlowRun) -> bool:
        """Say whether what was asked for, and begun, is not over: a flow run that is to end has not ended."""
        return request.intent in ENDING and not row.kind.phase.is_final

    def latest(self, request: Request) -> Request:
        """Return a request as it is on record now, with its answer if there is one."""
        kept = self.store.requests(request.flow_run, open_only=False)
        return next(each for each in kept if each.id == request.id)

    # ---- where nobody holds the flow run

    def _carry_out(self, row: FlowRun, request: Request, options: dict[str, Any] | None) -> bool:
        """Do what was asked, here; says whether it is answered now. Without `options` no task is run for it."""
        try:
            ACTIONS.get(request.intent, decide)(self, row, request, options)
        except LeaseHeld:  # somebody else was faster
            return False
        return not self.latest(request).is_open

    def _killed_with(self, request: Request, row: FlowRun) -> list[FlowRun]:
        """Return the open flow runs that are killed with one."""
        return self._open_below(row) if request.intent == "kill" and request.data != _ALONE else []

    def _open_below(self, row: FlowRun) -> list[FlowRun]:
        """Return the open executions that an execution started, and behind them those that they did."""
        if _text_of(self.store, row) is None:
            return []
        children = Executions(self.store.url).children_of(str(row.id))
        below = [each for child in children for each in self._open_below(child)]
        return [child for child in children if not child.kind.phase.is_final] + below

    def _settle_below(self, request: Request, row: FlowRun, end: int) -> None:
        for child in self._killed_with(request, row):
            for each in self.store.requests(child.id):
                if each.intent == request.intent:
                    self.settle(each, max(0.0, (end - clock.now()) / NANOSECONDS))

    def _ordinal(self, row: FlowRun, task_run: UUID) -> int:
        ordinal = ids.ordinal_of(task_run)
        which = TaskRunFilter(flow_run=row.id, ordinals=(ordinal,), limit=1)
        if ids.flow_run_of(task_run) != row.id or not self.store.task_runs(which):
            raise NotOnRecord(f"No task run {task_run} is in flow run {row.name} ({row.id}).")
        return ordinal

    def has_aftermath(self, row: FlowRun) -> bool:
        """Say whether a lost process has left what runs after the end of an execution."""
        version = _version_of(self.store, row)
        if not row.kind.phase.is_final or "yaml" not in version.source:
            return False
        return ExecutionRunner(DeclaredFlow.from_version(version), record=self.store.url).has_aftermath(row)

    def _given(self, row: FlowRun, ordinal: int, data: dict[str, Any]) -> dict[str, Any]:
        """Return what is given as the record keeps it; raises `InputError` when a pause asks for something else."""
        return data if _text_of(self.store, row) is None else Executions(self.store.url).given(row, data, ordinal)

    def _check_ended(self, row: FlowRun, intent: str) -> None:
        """Raise `IllegalTransition` unless a flow run that has ended can be asked this; one of a Python flow is over."""
        possible = list(OF_ENDED) if _text_of(self.store, row) is not None else []
        if intent not in possible:
            instead = f"{' or '.join(possible).capitalize()} it" if possible else "Start a new one"
            raise IllegalTransition(
                f"Flow run {row.name} ({row.id}) has ended: it is {row.kind.name}, nothing is left to {intent}. {instead}."
            )

    def _check_paused(self, row: FlowRun) -> None:
        """Raise `LeaseHeld` for a flow run that another process runs, and nothing of it waits for anybody."""
        lease = self.store.find_lease(row.id)
        if lease is None or lease.expires <= self.store.now() or row.kind.name == "Paused":
            return
        if not self.store.count_task_runs(TaskRunFilter(flow_run=row.id, states=("Paused",)))["count"]:
            raise LeaseHeld(
                f"Flow run {row.name} ({row.id}) is run by {lease.owner}, whose lease ends at {to_iso(lease.expires)} or "
                "later, and nothing of it is paused: let it run."
            )


def decide(control: Control, row: FlowRun, request: Request, options: dict[str, Any] | None) -> None:
    """Take the lease of a flow run that nobody holds, and let its machine do what was asked; no task is run."""
    del request, options
    store = control.store
    keeper = LeaseKeeper(store, row.id, settings.load().lease_seconds, _say_nothing)
    try:
        machine = app.machine_of(row.id, graph_of(store, row))
        machine.keeps_ended = True
        machine.restore(store.iterate_events(row.id))
        root = Root(machine, Writer(store))
        root.writer.hold(keeper.lease)
        asked: queue.SimpleQueue[Any] = queue.SimpleQueue()
        watch = RequestWatch(store, keeper, root, asked.put)
        while not asked.empty():
            each = asked.get()
            if each.request.intent != "resume" or machine.is_finished:  # to go on is for who runs tasks
                heed(each, machine, lambda stimulus: _apply(root, stimulus), root.writer.flush)
        root.writer.stop()
        watch.stop()
    finally:
        keeper.release()


def take_over(control: Control, row: FlowRun, request: Request, options: dict[str, Any] | None) -> None:
    """Run a flow run that nobody holds as far as it goes; what was asked is on its record, and comes first."""
    del request
    if options is not None:
        app.resume_flow_run(row.id, record=control.store.url, releases=False, **options)


ACTIONS: dict[str, Action] = {"resume": take_over}
"""What is done by intent about a flow run that nobody holds; `decide` does the rest."""

OF_ENDED = ("restart", "mark")
"""What a flow run that has ended can be asked, if it is one of a YAML flow; other intents are refused."""


def graph_of(store: Store, row: FlowRun) -> Graph:
    """Return the graph of a flow run as its record knows it: enough to end what is open, without the user's code."""
    version = _version_of(store, row)
    if "yaml" in version.source:
        return DeclaredFlow.from_version(version).compile()
    place = {task.slug: index for index, task in enumerate(version.tasks)}
    nodes = [Node(index, task.slug, task.name, None, tags=task.tags) for index, task in enumerate(version.tasks)]
    links = [
        Link(place[edge.upstream], place[edge.downstream], key=edge.key, mapped=edge.mapped, flattened=edge.flattened)
        for edge in version.edges
    ]
    return Graph(version.name, nodes, links)


def _version_of(store: Store, row: FlowRun) -> FlowVersion:
    return next(each for each in store.flows(flow_id=row.flow_id) if each.version == row.flow_version)


def _text_of(store: Store, row: FlowRun) -> str | None:
    """Return the text of a flow that was written in YAML."""
    return _version_of(store, row).source.get("yaml")


def asker() -> str:
    """Return who asks from this process, for people to read."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user without a name
        user = "somebody"
    return f"{user}@{socket.gethostname()}"


def _say_nothing(_: LeaseLost) -> None:
    """Let the next thing that is recorded tell of it."""


def _apply(root: Root, stimulus: Requested) -> None:
    """Feed the machine, and end the flow run when nothing of it is left."""
    for effect in root.apply(stimulus):
        if isinstance(effect, FinishRun):
            root.apply(Reported(0, 0, KIND_BY_NAME[effect.state].code, {"message": effect.message}))
