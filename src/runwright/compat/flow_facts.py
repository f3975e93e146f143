"""Flow facts: what is the same for every run of a version of a flow, in the words of event clients."""

from __future__ import annotations

from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from runwright.runs import FlowVersion, TaskInfo

if TYPE_CHECKING:
    from uuid import UUID

    from runwright.compat.run_models import Likeness, Model
    from runwright.runs import EdgeInfo
    from runwright.views import Views


_KEPT = 1_000


class TaskFacts:
    """A task of a version of a flow; `edges` lead to it."""

    def __init__(self, flow: str, task: TaskInfo, edges: list[EdgeInfo]) -> None:
        """Put a task of the flow of a name into words."""
        self.slug = task.slug
        self.tags = sorted(task.tags)
        self.key = f"{task.name}-{_digest(flow, task.name)}"
        self.policy = _policy_of(task)
        self.policy_with_jitter = {"retry_jitter_factor": None, **self.policy}
        self.edges = edges
        self.is_joined_by_index = any(each.mapped and not each.flattened for each in edges)


class FlowFacts:
    """A version of a flow; it does not change, so it may be kept as long as one likes."""

    def __init__(self, flow: FlowVersion) -> None:
        """Put its tasks into words."""
        self._flow = flow
        edges: dict[str, list[EdgeInfo]] = {}
        for edge in flow.edges:
            edges.setdefault(edge.downstream, []).append(edge)
        self.tasks = [TaskFacts(flow.name, task, edges.get(task.slug, [])) for task in flow.tasks]
        self._others: dict[str, TaskFacts] = {}

    @property
    def is_declared(self) -> bool:
        """Say whether the flow is one in YAML, whose task runs are not those of its tasks alone."""
        return "yaml" in self._flow.source

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Return the number of each task by its slug."""
        return {task.slug: number for number, task in enumerate(self.tasks)}

    def task(self, number: int, slug: str = "", name: str = "") -> TaskFacts:
        """Return a task by its number; one that the flow does not have by what a row calls it."""
        if number < len(self.tasks):
            return self.tasks[number]
        slug = slug or f"task-{number}"
        if slug not in self._others:
            self._others[slug] = TaskFacts(self._flow.name, TaskInfo(slug=slug, name=name or slug), [])
        return self._others[slug]


class KnownFlows:
    """The versions of flows of one record, each read once, and documents of their task runs; safe for threads."""

    def __init__(self, views: Views) -> None:
        """Read from `views` what is not known yet."""
        self._views = views
        self._known: dict[tuple[UUID | None, int], FlowFacts] = {}
        self.models: dict[Likeness, Model] = {}

    def find(self, flow: UUID | None, version: int, name: str) -> FlowFacts:
        """Return a version of a flow by its id; one that is not on record has no tasks, and the name given."""
        known = self._known.get((flow, version))
        if known is None:
            if len(self._known) >= _KEPT:
                self._known.clear()
            known = self._known[flow, version] = FlowFacts(self._read(flow, version) or FlowVersion(name, ""))
        return known

    def keep_model(self, model: Model) -> None:
        """Keep a document of a task run among `models`, for others that are like it."""
        if len(self.models) >= _KEPT:
            self.models.clear()
        self.models[model.likeness] = model

    def _read(self, flow: UUID | None, version: int) -> FlowVersion | None:
        return next((each for each in self._views.flows(flow_id=flow) if each.version == version), None)


def _digest(*texts: str) -> str:
    return blake2b("\x00".join(texts).encode(), digest_size=4).hexdigest()


def _policy_of(task: TaskInfo) -> dict[str, Any]:
    policies = task.policies
    delays = policies.get("retry_delay") or 0
    if isinstance(delays, list) and len(delays) == 1:
        delays = delays[0]
    policy: dict[str, Any] = {
        "max_retries": 0,
        "retry_delay_seconds": 0.0,
        "retries": policies.get("max_retries", 0),
        "retry_delay": delays,
    }
    if policies.get("retry_jitter"):
        policy["retry_jitter_factor"] = policies["retry_jitter"]
    return policy
