"""A server that looks after triggers when a test says so, and the executions that it was to run. No time passes."""

from __future__ import annotations

from runwright import app
from runwright.clock import NANOSECONDS
from runwright.executions.catalogue import Executions
from runwright.executions.origin import Origin
from runwright.executions.runner import ExecutionRunner
from runwright.triggering.trigger_watch import TriggerWatch
from runwright.views import FlowRunFilter

HOUR = 3_600 * NANOSECONDS
MIDNIGHT = 1_767_225_600 * NANOSECONDS  # when the fake clock begins


class Server:
    """What a server does about triggers, when the test says so; `started` are the executions that it was to run."""

    def __init__(self, store):
        self.store = store
        self.started = []
        self.watch = TriggerWatch(store, self.started.append)
        self.watch.look()

    def look(self, times=1):
        for _ in range(times):
            self.watch.look()
        return self

    def run_all(self):
        """Run what was started, and return the texts that it handed on."""
        started, self.started[:] = list(self.started), []
        return [run(self.store, flow_run) for flow_run in started]


def run(store, flow_run):
    row = app.find_flow_run(store, flow_run)
    flow = Executions(store.url).flow_of(row)
    ExecutionRunner(flow, executor="threads:1").go_on(row)
    return next(iter(Executions(store.url).outputs_of(app.find_flow_run(store, flow_run)).values()), {}).get("value")


def start(store, flow_id, **origin):
    """Run a new execution of a flow of the team to its end, and return it."""
    flow = Executions(store.url).flow_named("company.team", flow_id)
    ExecutionRunner(flow, executor="threads:1").start({}, Origin(**origin))
    return executions(store, f"company.team/{flow_id}")[0]


def executions(store, flow):
    return store.flow_runs(FlowRunFilter(flow=flow))
