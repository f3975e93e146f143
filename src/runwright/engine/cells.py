"""Cells: what the machine remembers of a run that is open, and of a group of children.

A cell is dropped when its run is final; of a child only one byte stays, its state code in the group.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Any

import msgspec

from runwright.flowable import Tally
from runwright.states import KIND_BY_NAME, TABLE, Phase

if TYPE_CHECKING:
    from runwright.engine.branches import Branch  # noqa: TC004  as below
    from runwright.graph import Node  # noqa: TC004  never decoded: no types are needed at run time

PENDING = KIND_BY_NAME["Pending"].code
RUNNING = KIND_BY_NAME["Running"].code
LOOPED = KIND_BY_NAME["Looped"].code
CANCELLING = KIND_BY_NAME["Cancelling"].code
CANCELLED = KIND_BY_NAME["Cancelled"].code
CRASHED = KIND_BY_NAME["Crashed"].code
KILLED = KIND_BY_NAME["Killed"].code
FAILED = KIND_BY_NAME["Failed"].code
PAUSED = KIND_BY_NAME["Paused"].code
RETRYING = KIND_BY_NAME["Retrying"].code
RETRIED = KIND_BY_NAME["Retried"].code
WARNING = KIND_BY_NAME["Warning"].code
RESUME = KIND_BY_NAME["Resume"].code
QUEUED = KIND_BY_NAME["Queued"].code
MAPPED = KIND_BY_NAME["Mapped"].code

_size = max(kind.code for kind in TABLE) + 1
IS_FINAL = [False] * _size
IS_OK = [False] * _size
IS_ACTIVE = [False] * _size
IS_WAITING = [False] * _size
IS_CANCELLED = [False] * _size
for _kind in TABLE:
    IS_FINAL[_kind.code] = _kind.phase.is_final
    IS_OK[_kind.code] = _kind.phase is Phase.OK
    IS_ACTIVE[_kind.code] = _kind.phase is Phase.ACTIVE
    IS_WAITING[_kind.code] = _kind.phase is Phase.WAITING
    IS_CANCELLED[_kind.code] = "Cancelled" in {_kind.name, _kind.parent}

UNTOUCHED = 0
OPEN = 255
_ENDED = re.compile(rb"[^\x00\xff]")


class Cell(msgspec.Struct, eq=False):
    """One open run, Pending at version 1 at first. `serving` is the attempt that is being made, 0 for none.

    `group` is the children it belongs to. `lost` counts the attempts that used up no retry: a process was lost, or they
    paused. `waiting` is the number of upstream links not yet satisfied. `due` is when (ns) a waiting run goes on. `parked`
    says that nothing but a request moves it on. `resumed` says that the attempt follows a pause, or that somebody asked for it,
    with `given` as what came with the request. `opened` is when (ns) a child of a branch was opened. `suspended` says that it is
    paused, and that whoever paused it has left it. `restarted` is when (ns) somebody last restarted it, after so many `turns`.
    """

    ordinal: int
    node: Node | None
    index: int
    group: Group | Branch | None
    waiting: int = 0
    code: int = PENDING
    version: int = 1
    attempt: int = 0
    serving: int = 0
    lost: int = 0
    tried: int = 0
    due: int | None = None
    parked: bool = False
    resumed: bool = False
    loop: dict[str, Any] | None = None
    given: dict[str, Any] | None = None
    opened: int = 0
    suspended: bool = False
    restarted: int = 0
    turns: int = 0

    @property
    def is_idle(self) -> bool:
        """Say whether nothing keeps this run from being submitted."""
        return not (self.serving or self.waiting or self.parked or self.due is not None or IS_ACTIVE[self.code])

    @property
    def is_paused(self) -> bool:
        """Say whether a request to resume moves this run on."""
        return self.parked or (self.code == PAUSED and not self.serving)


class Group:
    """The children of one run: ordinals `first` to `first + count - 1`, with one byte of state each.

    `sources` are the groups whose child i must be final before child i here may start; `sinks` are the reverse.
    """

    __slots__ = (
        "_cursor",
        "bad",
        "cancelled",
        "count",
        "first",
        "node",
        "ok",
        "open",
        "parent",
        "ready",
        "reference_bad",
        "reference_other",
        "sinks",
        "sources",
        "status",
    )

    def __init__(self, parent: Cell, first: int, count: int, node: Node | None, sources: list[Group]) -> None:
        """Open a group; `node` is what every child runs, None where child i runs node i."""
        self.parent = parent
        self.first = first
        self.count = count
        self.node = node
        self.open = count
        self.status = bytearray(count)
        self.ok = self.bad = self.cancelled = self.reference_bad = self.reference_other = 0
        self.sources = sources
        self.sinks: list[Group] = []
        self._cursor = 0
        self.ready: deque[int] = self._fed() if sources else deque()
        for source in sources:
            source.sinks.append(self)

    def follows(self, cell: Cell) -> bool:
        """Say whether a child begins because another run has ended."""
        return bool(self.sources or (cell.index < 0 and cell.node is not None and cell.node.inputs))

    def is_fed(self, index: int) -> bool:
        """Say whether every source's child `index` is final."""
        return all(UNTOUCHED < source.status[index] < OPEN for source in self.sources)

    def _fed(self) -> deque[int]:
        ended = _ENDED.finditer(self.sources[0].status, 0, self.count)
        return deque(match.start() for match in ended if self.is_fed(match.start()))

    def take(self) -> int:
        """Return the index of a child that may be opened now, marked open; -1 when there is none."""
        status = self.status
        if self.sources:
            while self.ready:
                index = self.ready.popleft()
                if status[index] == UNTOUCHED:
                    status[index] = OPEN
                    return index
            return -1
        index = status.find(UNTOUCHED, self._cursor)
        self._cursor = self.count if index < 0 else index + 1
        if index >= 0:
            status[index] = OPEN
        return index

    @property
    def has_untouched(self) -> bool:
        """Say whether `take` may return a child, now or once a source's child is final."""
        return self.open > 0 if self.sources else self._cursor < self.count

    def close(self, index: int, code: int, *, is_reference: bool = False) -> None:
        """Count a child as final, and offer its pair in every sink."""
        self.status[index] = code
        self.open -= 1
        if IS_OK[code]:
            self.ok += 1
        elif IS_CANCELLED[code]:
            self.cancelled += 1
            self.reference_other += is_reference
        else:
            self.bad += 1
            self.reference_bad += is_reference
        for sink in self.sinks:
            if index < sink.count and sink.is_fed(index):
                sink.ready.append(index)

    @property
    def tally(self) -> Tally:
        """Return how the children ended."""
        return Tally(self.ok, self.bad, self.cancelled, self.reference_bad, self.reference_other)
