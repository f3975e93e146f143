"""Requests: what is asked of flow runs, in a memory record. The caller holds the lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace as replaced

from runwright.errors import NotOnRecord
from runwright.stores.texts import from_json, to_json, to_text

if TYPE_CHECKING:
    from uuid import UUID

    from runwright.request import Answer, Request


class MemoryRequests:
    """Requests in the order they came."""

    def __init__(self) -> None:
        """Hold none."""
        self._held: dict[UUID, Request] = {}

    def ask(self, request: Request, at: int) -> Request:
        """Keep a request unless its id is known."""
        data = from_json(to_json(request.data))
        return self._held.setdefault(
            request.id, replaced(request, at=at, data=data, by=to_text(request.by), taken_at=None, answer=None)
        )

    def find(self, flow_run: UUID | None, *, open_only: bool) -> list[Request]:
        """Return requests, oldest first."""
        return [
            each
            for each in self._held.values()
            if flow_run in {None, each.flow_run} and (each.is_open or not open_only)
        ]

    def drop(self, flow_run: UUID) -> None:
        """Forget what was asked of a flow run."""
        self._held = {identity: each for identity, each in self._held.items() if each.flow_run != flow_run}

    def one(self, request: UUID) -> Request:
        """Return a request; raises `NotOnRecord`."""
        if request not in self._held:
            raise NotOnRecord(f"No request {request} is on this record.")
        return self._held[request]

    def answer(self, request: UUID, answer: Answer, at: int) -> Request:
        """Answer a request unless it has an answer."""
        if self._held[request].is_open:
            self._held[request] = replaced(self._held[request], taken_at=at, answer=answer)
        return self._held[request]
