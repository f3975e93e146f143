"""FlowView: a flow as its record shows it, at one of its versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright import clock
from runwright.backend import record as reading

if TYPE_CHECKING:
    from uuid import UUID

    from runwright.backend.record import Record
    from runwright.runs import FlowVersion


class FlowView:
    """A flow at one version. Make one with `from_flow_id` or `from_flow_name`.

    `tasks` and `edges` are in the order of the graph; `source` says where the code came from. The id is text.
    """

    def __init__(self, row: FlowVersion) -> None:
        """Hold what was read."""
        self.flow_id = str(row.id)
        self.name = row.name
        self.version = row.version
        self.fingerprint = row.fingerprint
        self.tasks = row.tasks
        self.edges = row.edges
        self.source = row.source
        self.created = clock.to_datetime(row.created)

    @classmethod
    def from_flow_id(cls, flow_id: str | UUID, *, version: int | None = None, record: Record = None) -> FlowView:
        """Return the flow with an id, by default its newest version; raises `ValueError` when there is none."""
        wanted = reading.uuid_from(flow_id, "flow")
        rows = reading.open_for_reading(record).flows(flow_id=wanted)
        return cls._newest(rows, version, f"id is {wanted}")

    @classmethod
    def from_flow_name(cls, flow_name: str, *, version: int | None = None, record: Record = None) -> FlowView:
        """Return the flow with a name, by default its newest version; raises `ValueError` when there is none."""
        rows = reading.open_for_reading(record).flows(name=flow_name)
        return cls._newest(rows, version, f"name is {flow_name!r}")

    @classmethod
    def _newest(cls, rows: list[FlowVersion], version: int | None, condition: str) -> FlowView:
        if version is not None:
            rows, condition = [row for row in rows if row.version == version], f"{condition} and version is {version}"
        return cls(reading.only(rows[:1], "flows", condition))

    @property
    def settings(self) -> dict[str, Any]:
        """Return the policies of the tasks that have any, by slug."""
        return {task.slug: task.policies for task in self.tasks if task.policies}

    def __repr__(self) -> str:
        """Return id, name and version."""
        return f"FlowView(flow_id={self.flow_id!r}, name={self.name!r}, version={self.version})"
