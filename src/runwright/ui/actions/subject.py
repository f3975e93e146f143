"""Subject: what an action is about: a flow run, one of its task runs, or a flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from runwright.errors import NotOnRecord
from runwright.executions.declared_flow import DeclaredFlow
from runwright.remote_runs import is_remote
from runwright.triggering.flow_schedules import NAME as SCHEDULE
from runwright.ui import rows

if TYPE_CHECKING:
    from runwright.runs import FlowRun, FlowVersion, TaskRun
    from runwright.store import Store
    from runwright.ui.ask import Ask

FLOW_RUNS, TASK_RUNS, FLOWS = "flow-runs", "task-runs", "flows"


class Subject(NamedTuple):
    """A flow at one version, and where there are any, a run of it and one of that run's task runs.

    `is_scheduled` says of a flow alone, written in Python, that a schedule on the record starts it.
    """

    version: FlowVersion
    flow_run: FlowRun | None = None
    task_run: TaskRun | None = None
    is_scheduled: bool = False

    @property
    def is_execution(self) -> bool:
        """Say whether it is of a flow written in YAML."""
        return "yaml" in self.version.source

    @property
    def is_elsewhere(self) -> bool:
        """Say whether a program elsewhere runs the flow."""
        return is_remote(self.version)

    @property
    def declared(self) -> DeclaredFlow:
        """Return the YAML flow that it is of."""
        return DeclaredFlow.from_version(self.version)

    @property
    def run(self) -> FlowRun:
        """Return the flow run; raises `NotOnRecord` where it is about a flow alone."""
        if self.flow_run is None:
            raise NotOnRecord(f"This is about the flow {self.version.name}, not about one of its runs.")
        return self.flow_run

    @property
    def name(self) -> str:
        """Return the name that people see."""
        if self.task_run is not None:
            return self.task_run.full_name
        return self.version.name if self.flow_run is None else self.flow_run.name

    @property
    def address(self) -> str:
        """Return where its page is, below the base of all pages."""
        if self.task_run is not None:
            return f"{TASK_RUNS}/{self.task_run.id}"
        if self.flow_run is not None:
            return f"{FLOW_RUNS}/{self.flow_run.id}"
        return f"{FLOWS}/{quote(self.version.name, safe='')}"


def subject_of(store: Store, kind: str, ask: Ask) -> Subject:
    """Return what an address is about; raises `NotOnRecord`."""
    if kind == FLOWS:
        return of_flow(store, ask.path["name"])
    if kind == FLOW_RUNS:
        return of_flow_run(store, rows.find_flow_run(store, ask.identity("id")))
    task_run = rows.find_task_run(store, ask.identity("id"))
    return of_flow_run(store, rows.find_flow_run(store, task_run.flow_run), task_run)


def of_flow(store: Store, name: str) -> Subject:
    """Return a flow as it is now; raises `NotOnRecord`."""
    versions = store.flows(name=name)
    if not versions:
        raise NotOnRecord(f"No flow {name[:200]!r} is on this record.")
    is_scheduled = store.find_trigger("", name, SCHEDULE) is not None
    return Subject(max(versions, key=lambda version: version.version), is_scheduled=is_scheduled)


def of_flow_run(store: Store, flow_run: FlowRun, task_run: TaskRun | None = None) -> Subject:
    """Return a flow run, or one of its task runs, with the version of the flow that it is of."""
    version = rows.version_of(store, flow_run)
    if version is None:
        raise NotOnRecord(f"The flow of flow run {flow_run.name} is not on this record.")
    return Subject(version, flow_run, task_run)
