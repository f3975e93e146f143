"""Slots: who may run under a limit, in a memory record. The caller holds the lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from runwright.store import Lease


class _Slot(msgspec.Struct):
    """A place in the line; `token` is that of the lease it is held under, 0 while it waits."""

    place: int
    token: int = 0
    is_kept: bool = False


class MemorySlots:
    """Slots by name and flow run. `token_of` returns the token of a lease that lives, 0 without one."""

    def __init__(self, token_of: Callable[[UUID], int], is_final: Callable[[UUID], bool]) -> None:
        """Hold none."""
        self._token_of = token_of
        self._is_final = is_final
        self._slots: dict[str, dict[UUID, _Slot]] = {}
        self._places = 0

    def claim(self, name: str, limit: int, lease: Lease, *, is_waiting: bool) -> bool:
        """Take a slot if one is free for this flow run."""
        line = self._slots[name] = {
            flow_run: slot for flow_run, slot in self._slots.get(name, {}).items() if not self._is_final(flow_run)
        }
        self._places += 1
        mine = line.setdefault(lease.flow_run, _Slot(self._places))
        others = [(slot, self._token_of(flow_run)) for flow_run, slot in line.items() if slot is not mine]
        if not (mine.is_kept or mine.token == lease.token):
            ahead = [
                slot
                for slot, token in others
                if slot.is_kept or (token and (slot.token == token or slot.place < mine.place))
            ]
            if len(ahead) >= limit:
                if not is_waiting:
                    del line[lease.flow_run]
                return False
        for slot, token in others:
            if not slot.is_kept and slot.token != token:
                slot.token = 0
        mine.token, mine.is_kept = lease.token, False
        return True

    def keep(self, name: str, lease: Lease) -> None:
        """Keep a slot beyond the lease that it was claimed under."""
        slot = self._slots.get(name, {}).get(lease.flow_run)
        if slot is not None and slot.token == lease.token:
            slot.is_kept = True

    def leave(self, name: str, lease: Lease) -> None:
        """Give a slot back, or a place in the line."""
        self._slots.get(name, {}).pop(lease.flow_run, None)

    def drop(self, flow_run: UUID) -> None:
        """Forget a flow run."""
        for line in self._slots.values():
            line.pop(flow_run, None)
