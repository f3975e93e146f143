"""Flow runs: tasks that start runs of other flows, wait for them and take the results of their tasks."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from runwright import clock
from runwright.context import context
from runwright.signals import signal_from_state
from runwright.task import task

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from runwright.backend import FlowRunView

ORIGIN = "_origin"
"""The entry of the context with the URL of the record, None for the configured one, and the file of the flow, None for none."""


@task
def create_flow_run(
    flow_id: str | None = None,
    flow_name: str | None = None,
    project_name: str = "",
    parameters: Mapping[str, Any] | None = None,
    context: Mapping[str, Any] | None = None,  # noqa: A002, RUF100  the documented name
    labels: Iterable[str] | None = None,
    run_name: str | None = None,
    run_config: Any = None,
    scheduled_start_time: datetime | None = None,
    idempotency_key: str | None = None,
) -> str:
    """Start a run of another flow and return its id; it runs while this flow run goes on.

    The flow is named by its id or its name: one that is on the record, or that the file of this flow declares. A YAML flow
    is named `namespace/id`, or by its id with the namespace as `project_name`. The run is called `<this run>-<flow>` unless it
    is given a name. `context` is for its tasks, `run_config` adds labels. For each `idempotency_key` a flow runs once; by
    default that is the id of this task run, so that a retry starts no second child. Raises `ValueError` for both or neither of
    `flow_id` and `flow_name`, and for a flow that is not found; `ParameterError` for wrong parameters.
    """
    from runwright.child_runs import ChildRuns, Order  # noqa: PLC0415  the assembly stands above; see pyproject.toml

    if (flow_id is None) == (flow_name is None):
        raise ValueError("create_flow_run needs one of `flow_id` and `flow_name`, and not both.")
    around = _around()
    record, file = _origin(around)
    children = ChildRuns(record)
    by_id = flow_id is not None
    flow = children.flow_with_id(flow_id) if by_id else children.flow_named(str(flow_name), project_name, beside=file)
    named = run_name or _joined(around.get("flow_run_name"), flow_name or getattr(flow, "name", None))
    own_labels = getattr(run_config, "labels", None)
    order = Order(
        key=idempotency_key or around.get("task_run_id") or secrets.token_hex(16),
        parameters=dict(parameters or {}),
        context=dict(context or {}),
        labels=tuple(labels if labels is not None else own_labels or ()),
        name=named,
        due=None if scheduled_start_time is None else clock.from_datetime(scheduled_start_time),
        starter=_trigger(around),
    )
    return str(children.start(flow, order))


@task
def wait_for_flow_run(
    flow_run_id: str,
    stream_states: bool = True,  # noqa: FBT001, FBT002  the documented signature
    stream_logs: bool = False,  # noqa: FBT001, FBT002  the documented signature
    raise_final_state: bool = False,  # noqa: FBT001, FBT002  the documented signature
    max_duration: timedelta = timedelta(hours=12),
) -> FlowRunView:
    """Wait until a flow run has ended, and return its view.

    Its states, and with `stream_logs` what its tasks log, go into the log of this task. With `raise_final_state` this task ends
    in the state of the flow run, with the view as its result. Raises `RuntimeError` after `max_duration`.
    """
    from runwright.backend import FlowRunView, watch_flow_run  # noqa: PLC0415  as above

    around = _around()
    record, _ = _origin(around)
    view = FlowRunView.from_flow_run_id(flow_run_id, record=record)
    for line in watch_flow_run(flow_run_id, stream_states, stream_logs, max_duration, record=record):
        around["logger"].log(line.level, "Flow run %s: %s", view.name, line.message)
    view = view.get_latest()
    if raise_final_state:
        message = f"Flow run {view.name} ({flow_run_id}) finished in state {view.state!r}"
        raise signal_from_state(view.state)(message=message, result=view)
    return view


@task
def get_task_run_result(flow_run_id: str, task_slug: str, map_index: int = -1, poll_time: float = 5) -> Any:
    """Return what a task of another flow run returned, once that flow run has ended.

    `map_index` names a child of a mapped task; without it a mapped task gives the list of its children's results. `poll_time`
    is the longest time, in seconds, between two looks. Raises `ValueError` for this flow run itself, and what
    `TaskRunView.get_result` raises.
    """
    from runwright.backend import FlowRunView  # noqa: PLC0415  as above

    around = _around()
    if str(flow_run_id) == around.get("flow_run_id"):
        raise ValueError(
            "A task run's result is there when its flow run has ended: pass it on inside the flow instead."
        )
    view = FlowRunView.from_flow_run_id(flow_run_id, record=_origin(around)[0])
    looks = clock.Looks(longest=poll_time)
    while not view.state.is_finished():
        looks.wait_for_next(is_news=False)
        view = view.get_latest()
    return view.get_task_run(task_slug=task_slug, map_index=map_index).get_result()


def _around() -> dict[str, Any]:
    """Return the context of this task run; `create_flow_run` has a parameter of that name."""
    return context.to_dict()


def _origin(around: Mapping[str, Any]) -> tuple[str | None, str | None]:
    return around.get(ORIGIN) or (None, None)


def _joined(run: str | None, flow: str | None) -> str | None:
    return f"{run}-{flow}" if run and flow else None


def _trigger(around: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return how an execution tells what started it."""
    starter = around.get("flow_run_id")
    if starter is None:
        return None
    variables = {"executionId": starter, "flowId": around.get("flow_name"), "taskRunId": around.get("task_run_id")}
    return {"id": around.get("task_slug") or "create_flow_run", "type": "create_flow_run", "variables": variables}
