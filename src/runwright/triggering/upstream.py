"""Upstream: an execution that came to a state, as triggers look at it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from runwright.clock import to_milliseconds
from runwright.executions.catalogue import Executions
from runwright.spec.labels import nested_labels
from runwright.states import KIND_BY_CODE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runwright.events import Event
    from runwright.runs import FlowRun
    from runwright.store import Store


class Upstream:
    """The execution of a row, in the state that an event of the log brought it to."""

    def __init__(self, record: Store, row: FlowRun, event: Event) -> None:
        """Read no more than that."""
        self.row = row
        self.event = event
        self.state = KIND_BY_CODE[event.state].execution
        self.namespace, _, self.flow_id = row.flow_name.partition("/")
        self.labels: dict[str, str] = row.details.get("labels") or {}
        self.outputs: dict[str, Any] = (event.data or {}).get("outputs") or {}
        self._record = record

    @property
    def is_final(self) -> bool:
        """Say whether the execution ended with this."""
        return KIND_BY_CODE[self.event.state].phase.is_final

    @property
    def key(self) -> str:
        """Return what tells this from all else that happened."""
        return f"{self.row.id}/{self.event.version}"

    def variables(self) -> dict[str, Any]:
        """Return what expressions see as `trigger`."""
        return {
            "executionId": str(self.row.id),
            "namespace": self.namespace,
            "flowId": self.flow_id,
            "flowRevision": self.row.flow_version,
            "state": self.state,
            "outputs": self.outputs,
        }

    def surroundings(self, text: str) -> dict[str, Any]:
        """Return what else expressions of a trigger see, whose flow has this text: what they name is read, and no more."""
        found: dict[str, Any] = {
            "execution": {
                "id": str(self.row.id),
                "startDate": to_milliseconds(self.row.start_time or self.row.created),
                "originalId": self.row.details.get("original") or str(self.row.id),
                "state": self.state,
            },
            "labels": nested_labels(self.labels),
            "inputs": self.row.parameters,
        }
        return {**found, "outputs": self._task_outputs} if "outputs" in text else found

    def states_of_retried(self) -> Iterator[str]:
        """Return the states of the attempts of task runs that were tried again."""
        return Executions(self._record.url).states_of_retried(self.row)

    @cached_property
    def _task_outputs(self) -> dict[str, Any]:
        return Executions(self._record.url).outputs_of(self.row)
