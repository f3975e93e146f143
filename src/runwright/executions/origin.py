"""Origin: how an execution comes to be: what started it, and what it replaces or repeats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from runwright.spec.triggers import TRIGGERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runwright.runs import FlowRun


class Origin(NamedTuple):
    """How an execution comes to be: what started it, and what it replaces or repeats.

    `labels` go beyond those of the flow, `trigger` is what expressions see. `original` is the first execution of a chain of
    retries, `parent` the one before, `attempt` the place in that chain and `began` (ns) when the chain did. `due` (ns) is when
    it is to start. For each `key` there is one execution of a flow.
    """

    labels: Mapping[str, str] = {}
    trigger: dict[str, Any] | None = None
    parent: str | None = None
    original: str | None = None
    attempt: int = 1
    began: int = 0
    due: int | None = None
    key: str | None = None

    @property
    def is_automatic(self) -> bool:
        """Say whether a trigger of a flow started it: nobody is there who could give inputs that are missing."""
        return self.trigger is not None and self.trigger["type"] in TRIGGERS

    def of_copy(self, name: str, revision: int | None) -> dict[str, Any]:
        """Return what the creation of a copy says otherwise than that of the earlier one; `revision` where that is another."""
        changes = {"parent": self.parent, "original": self.original, "name": name}
        more = {"idempotency_key": self.key, "flow_version": revision}
        return {**changes, **{key: value for key, value in more.items() if value is not None}}

    @classmethod
    def from_earlier(cls, row: FlowRun, **more: Any) -> Origin:
        """Return how an execution comes to be that repeats an earlier one, or replaces it."""
        details, earlier = row.details, str(row.id)
        return cls(
            labels=details.get("labels") or {},
            trigger=details.get("trigger"),
            parent=earlier,
            original=details.get("original") or earlier,
            **more,
        )
