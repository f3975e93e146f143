"""Registered flows: YAML flows that a record keeps, by namespace and id, each change a revision.

A revision is a version of the flow `namespace/id`, whose source holds the text. The fingerprint is made of the revision before
and the text, so the same text again is no new revision, and a return to an earlier text is one. Deleting is a revision too: what
ran stays readable, and registering again goes on counting.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from runwright import clock
from runwright.executions.declared_flow import DeclaredFlow
from runwright.runs import FlowVersion
from runwright.spec import FlowSpec, parse_flow_spec

if TYPE_CHECKING:
    from typing import Protocol

    class Flows(Protocol):
        """The part of a store that is needed."""

        def register(self, flow: FlowVersion) -> FlowVersion:
            """Record a version."""
            ...

        def flows(self, name: str | None = None, flow_id: UUID | None = None) -> list[FlowVersion]:
            """Return versions, newest first."""
            ...


TEXT, NAMESPACE, ID, DELETED = "yaml", "namespace", "id", "deleted"


class RegisteredFlow(msgspec.Struct, frozen=True):
    """One revision: its text and what the record knows it by. `created` is in nanoseconds."""

    namespace: str
    id: str
    revision: int
    text: str
    flow_id: UUID
    created: int
    is_deleted: bool = False

    @classmethod
    def from_version(cls, version: FlowVersion) -> RegisteredFlow | None:
        """Return a version as what it is, None for one of a flow written in Python."""
        source = version.source
        if TEXT not in source or version.id is None:
            return None
        return cls(
            source.get(NAMESPACE, ""),
            source.get(ID, ""),
            version.version,
            source[TEXT],
            version.id,
            version.created,
            DELETED in source,
        )

    @property
    def spec(self) -> FlowSpec:
        """Return what the text declares."""
        return parse_flow_spec(self.text, f"{self.namespace}/{self.id}")


class RegisteredFlows:
    """The YAML flows of one record; a new version comes with what running it needs: its tasks and edges."""

    def __init__(self, record: Flows) -> None:
        """Read and write the record."""
        self._record = record

    def find(self, namespace: str, identity: str, revision: int | None = None) -> RegisteredFlow | None:
        """Return the newest revision, or the one given; deleted or not."""
        return next((each for each in self.revisions(namespace, identity) if revision in {None, each.revision}), None)

    def revisions(self, namespace: str, identity: str) -> list[RegisteredFlow]:
        """Return all revisions, newest first."""
        return _registered(self._record.flows(name=name_of(namespace, identity)))

    def all(self) -> list[RegisteredFlow]:
        """Return the newest revision of each flow that is not deleted, by namespace and id."""
        newest: dict[tuple[str, str], RegisteredFlow] = {}
        for each in _registered(self._record.flows()):
            newest.setdefault((each.namespace, each.id), each)
        return [each for _, each in sorted(newest.items()) if not each.is_deleted]

    def keep(self, text: str, spec: FlowSpec | None = None) -> RegisteredFlow:
        """Register a text as a new flow, or as the next revision of one; raises `FlowSpecError`."""
        spec = spec or parse_flow_spec(text)
        newest = self.find(spec.namespace, spec.id)
        if newest is not None and not newest.is_deleted and newest.text == text:
            return newest
        return self._register(spec.namespace, spec.id, text, newest, spec)

    def delete(self, flow: RegisteredFlow) -> RegisteredFlow:
        """Register that a flow is deleted, and return that revision."""
        return self._register(flow.namespace, flow.id, flow.text, flow, None)

    def _register(
        self,
        namespace: str,
        identity: str,
        text: str,
        before: RegisteredFlow | None,
        spec: FlowSpec | None,
    ) -> RegisteredFlow:
        source = {TEXT: text, NAMESPACE: namespace, ID: identity, **({} if spec else {DELETED: "true"})}
        revision = before.revision if before else 0
        fingerprint = fingerprint_of(revision, text, is_deleted=spec is None)
        if spec is None:
            version = FlowVersion(name_of(namespace, identity), fingerprint, source=source)
        else:
            version = DeclaredFlow(spec, text).to_version(fingerprint)
        version.created = clock.now()  # by the clock of events: triggers compare the two
        kept = RegisteredFlow.from_version(self._record.register(version))
        assert kept is not None  # noqa: S101  it was registered with its text
        return kept


def registered(record: Any, flow: DeclaredFlow) -> DeclaredFlow:
    """Return a flow as the revision that the record keeps it as, from now on."""
    revision = RegisteredFlows(record).keep(flow.text, flow.spec).revision
    version = next(each for each in record.flows(flow.name) if each.version == revision)
    return DeclaredFlow(flow.spec, flow.text, flow.file, fingerprint=version.fingerprint)


def name_of(namespace: str, identity: str) -> str:
    """Return the name that the record knows a YAML flow by."""
    return f"{namespace}/{identity}"


def fingerprint_of(before: int, text: str, *, is_deleted: bool = False) -> str:
    """Return what tells a revision from all others: the text, and the revision that it came after."""
    content = f"{before}\x00{int(is_deleted)}\x00{text}".encode("utf-8", "replace")
    return blake2b(content, digest_size=16).hexdigest()


def _registered(versions: list[FlowVersion]) -> list[RegisteredFlow]:
    found: list[Any] = [RegisteredFlow.from_version(each) for each in versions]
    return [each for each in found if each is not None]
