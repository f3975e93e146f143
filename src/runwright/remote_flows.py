"""Remote flows: flows that programs elsewhere register, in parts: the flow first, then its tasks and edges in batches.

A flow is on the record once its last batch is there; until then it is remembered by this process. Nothing of a flow is code
here: documents are kept as they came.
"""

from __future__ import annotations

import base64
import binascii
import threading
import zlib
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import msgspec

from runwright import decoding
from runwright.errors import FlowError, NotOnRecord
from runwright.query import Compare, Query, columns
from runwright.runs import EdgeInfo, FlowVersion, TaskInfo
from runwright.stores.registration import flow_id_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runwright.store import Store

    Document = dict[str, Any]

BATCH = 500
"""How many tasks or edges a full batch has; a smaller one is the last."""

LARGEST = 16 * 1024 * 1024
MOST_DRAFTS = 1_000
_OF_TASKS = ("type", "max_retries", "retry_delay", "timeout", "cache_key", "cache_for", "trigger", "auto_generated")
_NUMBERS = frozenset({"max_retries", "retry_delay", "timeout", "cache_for"})
_OF_FLOWS = ("environment", "run_config", "storage", "schedule", "parameters", "reference_tasks")


def unpacked(text: str) -> Document:
    """Return the document in base64 text of compressed JSON; raises `FlowError` for anything else, or more than 16 MiB."""
    try:
        reader = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
        data = reader.decompress(base64.b64decode(text, validate=True), LARGEST)
        if reader.unconsumed_tail:
            raise FlowError("The flow has more than 16 MiB: make it smaller.")
        return decoding.from_json(data, dict[str, Any])
    except (binascii.Error, ValueError, zlib.error, msgspec.DecodeError, RecursionError) as error:
        if isinstance(error, FlowError):
            raise
        raise FlowError("The flow is no compressed JSON: register it again with an unchanged client.") from None


class RemoteFlows:
    """Takes the parts of flows and registers them when they are complete."""

    def __init__(self, record: Store) -> None:
        """Remember no draft."""
        self._record = record
        self._drafts: dict[UUID, _Draft] = {}
        self._lock = threading.Lock()

    def create(
        self, project: UUID, document: Document, *, idempotency_key: str | None = None, description: str | None = None
    ) -> UUID:
        """Return the id of a flow, at once on record where its tasks came with it; a key that is known gives the same flow."""
        name = document.get("name")
        if not isinstance(name, str) or not name:
            raise FlowError("The flow has no name.")
        kept = {
            **{key: document[key] for key in _OF_FLOWS if key in document},
            "project": self._project_named(project),
            "description": description,
            "core_version": document.get("__version__"),
            "serialized_flow": {key: value for key, value in document.items() if key not in {"tasks", "edges"}},
        }
        fingerprint = f"key {idempotency_key}" if idempotency_key else f"once {uuid4()}"
        draft = _Draft(FlowVersion(name, fingerprint, document=kept))
        flow_id = flow_id_of(draft.version)
        if self._record.flows(flow_id=flow_id):
            return flow_id
        if document.get("tasks"):
            draft.tasks, draft.edges = list(document["tasks"]), list(document.get("edges") or ())
            self._record.register(draft.complete())
            return flow_id
        with self._lock:
            self._drafts[flow_id] = draft
            while len(self._drafts) > MOST_DRAFTS:
                del self._drafts[next(iter(self._drafts))]
        return flow_id

    def add_tasks(self, flow_id: UUID, tasks: Sequence[Document]) -> None:
        """Take a batch of tasks; raises `NotOnRecord` for a flow that nobody created here."""
        self._add(flow_id, tasks, "tasks")

    def add_edges(self, flow_id: UUID, edges: Sequence[Document]) -> None:
        """Take a batch of edges; raises `NotOnRecord` for a flow that nobody created here."""
        self._add(flow_id, edges, "edges")

    def check_known(self, flow_id: UUID) -> None:
        """Raise `NotOnRecord` for a flow that is neither on record nor being registered."""
        if flow_id not in self._drafts and not self._record.flows(flow_id=flow_id):
            raise NotOnRecord(f"There is no flow {flow_id} on the record: register it again.")

    def _add(self, flow_id: UUID, batch: Sequence[Document], part: str) -> None:
        self.check_known(flow_id)
        with self._lock:
            draft = self._drafts.get(flow_id)
            if draft is None:
                return  # complete already: a client that repeats itself
            getattr(draft, part).extend(batch)
            draft.open_parts -= {part} if len(batch) < BATCH else set()
            if not draft.open_parts:
                self._record.register(draft.complete())
                del self._drafts[flow_id]

    def _project_named(self, project: UUID) -> str:
        query = Query("project", columns("name"), Compare("id", "eq", project), limit=1, is_single=True)
        found = msgspec.json.decode(self._record.query(query))
        if found is None:
            raise NotOnRecord(f"There is no project {project} on the record: create it first.")
        return found["name"]


class _Draft:
    """A flow whose parts are still coming."""

    def __init__(self, version: FlowVersion) -> None:
        self.version = version
        self.tasks: list[Document] = []
        self.edges: list[Document] = []
        self.open_parts = {"tasks", "edges"}

    def complete(self) -> FlowVersion:
        try:
            edges = tuple(_edge(each) for each in self.edges)
            mapped = {edge.downstream for edge in edges if edge.mapped}
            tasks = tuple(_task(each, mapped) for each in self.tasks)
        except (KeyError, TypeError, AttributeError) as error:
            raise FlowError(
                f"The flow {self.version.name!r} has a task or edge that cannot be read: {error!r}."
            ) from None
        return msgspec.structs.replace(self.version, tasks=tasks, edges=edges)


def _task(document: Document, mapped: set[str]) -> TaskInfo:
    policies = {key: document[key] for key in _OF_TASKS if document.get(key) is not None}
    for key in _NUMBERS & policies.keys():
        if isinstance(policies[key], bool) or not isinstance(policies[key], int | float):
            raise TypeError(f"{key} is {policies[key]!r}, no number")
    slug = str(document["slug"])
    return TaskInfo(
        slug, str(document.get("name") or slug), tuple(document.get("tags") or ()), slug in mapped, policies
    )


def _edge(document: Document) -> EdgeInfo:
    return EdgeInfo(
        str(document["upstream_task"]["slug"]),
        str(document["downstream_task"]["slug"]),
        document.get("key"),
        bool(document.get("mapped")),
        bool(document.get("flattened")),
    )
