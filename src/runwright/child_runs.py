"""ChildRuns: flow runs that the tasks of other flow runs start: found by name, created once, run here unless somebody else does.

A child runs in a thread of this process, under a lease like every flow run: a worker on the same record may be faster, and takes
it over when this process is lost.
"""

from __future__ import annotations

import logging
import queue
import threading
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import msgspec

from runwright import app, clock, codec, ids
from runwright.backend.record import uuid_from
from runwright.context import context
from runwright.errors import FlowFileError, IllegalTransition, LeaseHeld, LeaseLost, NotOnRecord, RecordError
from runwright.executions.declared_flow import DeclaredFlow
from runwright.executions.origin import Origin
from runwright.executions.runner import ExecutionRunner
from runwright.flow_files import load_flow
from runwright.open_records import open_record
from runwright.query import Compare, Exists, Query, all_of, columns
from runwright.remote_runs import RemoteRuns, is_remote
from runwright.runtime import naming
from runwright.runtime.leases import is_left

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runwright.runs import FlowVersion

_logger = logging.getLogger("runwright.ChildRuns")
_run_here: set[UUID] = set()
_changing = threading.Lock()


class Order(NamedTuple):
    """What is asked of a child: `key` makes it one however often it is asked for, `due` (ns) is when it is to start.

    `starter` is the task run that asks, as the trigger of an execution tells it. `parent` is the flow run that a run of a Python
    flow repeats, all of it, or with `keeps_successes` what did not go well in it.
    """

    key: str
    parameters: dict[str, Any]
    context: dict[str, Any]
    labels: Sequence[str] = ()
    name: str | None = None
    due: int | None = None
    run_config: dict[str, Any] | None = None
    starter: dict[str, Any] | None = None
    parent: UUID | None = None
    keeps_successes: bool = False


class ChildRuns:
    """The children on the record at a URL, None for the configured one."""

    def __init__(self, record: str | None = None) -> None:
        """Start nothing yet."""
        self._record = record
        self._store = open_record(record)

    # ---- flows

    def flow_with_id(self, flow_id: str | UUID) -> Any:
        """Return what runs the newest version of a flow; raises `ValueError` for no id, `NotOnRecord`."""
        versions = self._store.flows(flow_id=uuid_from(flow_id, "flow"))
        if not versions:
            raise NotOnRecord(f"There is no flow with the id {flow_id} on the record {self._store.url}.")
        return _flow_of(versions[0])

    def flow_named(self, name: str, project: str = "", *, beside: str | None = None) -> Any:
        """Return what runs the flow of a name: one on the record, or one that the file `beside` declares.

        A YAML flow is named `namespace/id`, or by its id with its namespace as `project`. Raises `NotOnRecord`.
        """
        for wanted in (name, f"{project}/{name}") if project else (name,):
            versions = [each for each in self._store.flows(name=wanted) if _is_in(each, project, wanted)]
            if versions:
                return _flow_of(versions[0])
        if beside is not None:
            try:
                return load_flow(f"{beside}:{name}")
            except FlowFileError:
                pass  # the error below tells of the record too
        known = ", ".join(sorted({each.name for each in self._store.flows()})) or "none"
        where = "" if beside is None else f" nor in {beside}"
        raise NotOnRecord(
            f"There is no flow {name!r} on the record{where}. Run it once, register it, or declare it in the file of the flow "
            f"that starts it. Flows on the record: {known}."
        )

    # ---- runs

    def start(self, flow: Any, order: Order) -> UUID:
        """Return the flow run that an order stands for, created if there is none, and see that it runs.

        Raises `ParameterError` or `InputError` before anything is recorded.
        """
        flow_run = self.create(flow, order)
        row = app.find_flow_run(self._store, flow_run)
        is_ours = not isinstance(flow, _Remote) and not row.kind.phase.is_final
        if is_ours and _is_first_here(flow_run):
            waits = row.scheduled_start_time is not None and row.scheduled_start_time > clock.now()
            target = None if isinstance(flow, DeclaredFlow) else flow
            threading.Thread(
                target=self._run, args=(flow_run, target, order.due), name=f"runwright-{flow_run}", daemon=waits
            ).start()
        return flow_run

    def create(self, flow: Any, order: Order) -> UUID:
        """Return the flow run that an order stands for, created if there is none, for others to run; raises as `start`."""
        if isinstance(flow, _Remote):
            return self._hand_over(flow.version, order)
        known = self.find(flow.name, order.key)
        try:
            return known or self._create(flow, order)
        except RecordError:
            raced = self.find(flow.name, order.key)
            if raced is None:
                raise
            return raced  # another process was faster

    def _create(self, flow: Any, order: Order) -> UUID:
        if isinstance(flow, DeclaredFlow):
            labels = {key: value for key, _, value in (label.partition(":") for label in order.labels)}
            origin = Origin(labels=labels, trigger=order.starter, due=order.due, key=order.key)
            return ExecutionRunner(flow, record=self._record).create(order.parameters, origin, name=order.name)
        parameters = flow.resolve_parameters(order.parameters)
        flow_run = ids.new_flow_run_id(clock.now())
        more = {
            "idempotency_key": order.key,
            "labels": list(order.labels),
            "context": codec.to_plain(order.context) or None,
            "run_config": order.run_config,
            "trigger": order.starter,
            "parent": str(order.parent) if order.parent else None,
            "keeps_successes": order.keeps_successes,
        }
        due = None if order.due is None else clock.to_datetime(order.due)
        with app.Assembly(flow, self._record) as assembly:
            root = assembly.create(
                flow_run,
                order.name or naming.run_name(flow_run),
                parameters,
                known_as=str(flow_run),
                scheduled_start_time=due,
                more={name: value for name, value in more.items() if value},
            )
            if order.due is not None:
                root.schedule(order.due)
        return flow_run

    def _hand_over(self, flow: FlowVersion, order: Order) -> UUID:
        """Create a run of a flow whose program runs it itself."""
        return RemoteRuns(self._store).create(
            flow_id=flow.id,
            idempotency_key=order.key,
            parameters=order.parameters,
            labels=order.labels or None,
            context=order.context or None,
            run_config=order.run_config,
            start_time=order.due,
            name=order.name,
        )

    def find(self, flow_name: str, key: str) -> UUID | None:
        """Return the run of a flow that was created for a key, None where there is none."""
        where = all_of(Compare("idempotency_key", "eq", key), Exists("flow", Compare("name", "eq", flow_name)))
        found = msgspec.json.decode(self._store.query(Query("flow_run", columns("id"), where, limit=1, is_single=True)))
        return None if found is None else UUID(found["id"])

    def _run(self, flow_run: UUID, flow: Any, due: int | None) -> None:
        try:
            if due is not None and due > clock.now():
                clock.wait(queue.SimpleQueue(), (due - clock.now()) / clock.NANOSECONDS)
            # Its results are for others: they are stored, whatever a configuration says.
            with context(checkpointing=True):
                self._go_on(flow_run, flow)
        except (LeaseHeld, LeaseLost, IllegalTransition):
            pass  # somebody else runs it, or it has ended
        except Exception:
            _logger.exception("Flow run %s stopped: `runwright flow-run resume %s` goes on.", flow_run, flow_run)
        finally:
            with _changing:
                _run_here.discard(flow_run)

    def _go_on(self, flow_run: UUID, flow: Any) -> None:
        """Run a flow run as far as it goes; one that a lost process had is waited for. Raises `LeaseHeld` while another runs it."""
        while True:
            try:
                app.resume_flow_run(flow_run, flow=flow, record=self._record, progress=_ignore, releases=False)
            except LeaseHeld:
                lease = self._store.find_lease(flow_run)
                if lease is not None and lease.expires > self._store.now():
                    clock.wait(queue.SimpleQueue(), (lease.expires - self._store.now()) / clock.NANOSECONDS)
                if not is_left(self._store, flow_run):
                    raise
            else:
                return


class _Remote(NamedTuple):
    """A flow that a program elsewhere runs."""

    version: FlowVersion


def _is_first_here(flow_run: UUID) -> bool:
    """Say whether no thread of this process runs a flow run yet, and note that one does: two would only wait for its lease."""
    with _changing:
        is_first = flow_run not in _run_here
        _run_here.add(flow_run)
        return is_first


def _flow_of(version: FlowVersion) -> Any:
    """Return what runs a flow on record: its YAML, its Python file, or a program elsewhere; raises `FlowFileError`."""
    if "yaml" in version.source:
        return DeclaredFlow.from_version(version)
    if is_remote(version):
        return _Remote(version)
    file = version.source.get("file")
    if not file:
        raise FlowFileError(
            f"The record does not know where the code of {version.name} is: it was declared in no file. Put it into one."
        )
    return load_flow(f"{file}:{version.source.get('name') or version.name}")


def _is_in(version: FlowVersion, project: str, name: str) -> bool:
    """Say whether a version is meant: one that says its project must say this one, and a deleted one never is."""
    own = version.document.get("project")
    return "deleted" not in version.source and (not project or name != version.name or own in {None, project})


def _ignore(_: Any) -> None:
    """Take no notice of progress."""
