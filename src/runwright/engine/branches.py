"""Branches: the children of a run that stands for others, opened one by one as their order lets them.

A child that is not opened does not exist yet: of a branch whose round failed, the rest never does. A branch counts and picks;
what becomes of the run above it is the machine's business.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from runwright.engine.cells import IS_CANCELLED, IS_OK, KILLED, OPEN, RETRIED, UNTOUCHED, WARNING
from runwright.flowable import AFTERMATH, Children, Tally

if TYPE_CHECKING:
    from runwright.engine.cells import Cell
    from runwright.graph import Graph, Node


class Branch:
    """Ordinals `first` to `first + count - 1`: round after round, each with the nodes of the body, one byte of state each.

    `open` children are under way. `is_stopped` says that one ended badly, so that none is opened any more; `is_held` that the
    branch waits for the end of the flow run, `is_later` that it opened because something had ended. `is_feeding` is the
    machine's note that it looks here for children.
    """

    __slots__ = (
        "_begun",
        "_needs",
        "_next",
        "_running",
        "_suspended",
        "bad",
        "before",
        "body",
        "cancelled",
        "count",
        "first",
        "is_feeding",
        "is_held",
        "is_later",
        "is_stopped",
        "killed",
        "ok",
        "open",
        "parent",
        "plan",
        "retried",
        "status",
        "warned",
        "width",
    )

    node = None

    def __init__(self, parent: Cell, first: int, plan: Children, graph: Graph) -> None:
        """Open nothing yet."""
        self.parent = parent
        self.before: Branch | None = None
        self.first = first
        self.plan = plan
        self.body: tuple[Node, ...] = tuple(graph.nodes[index] for index in plan.body)
        self.width = len(self.body)
        self.count = self.width * plan.rounds
        self.status = bytearray(self.count)
        self.open = self.ok = self.bad = self.cancelled = self.warned = self.retried = self.killed = 0
        self.is_stopped = self.is_held = self.is_feeding = self.is_later = False
        self._begun = 0
        self._running = 0
        self._next: deque[int] = deque()
        self._suspended: deque[int] = deque()
        self._needs: list[set[int]] = []
        self.recount()

    @property
    def has_more(self) -> bool:
        """Say whether a child may be opened, now or when another has ended."""
        if self.is_stopped:
            return False
        if self._next or self._suspended:
            return True
        return self.plan.order == "chain" and self._begun < self.plan.rounds and self.width > 0

    @property
    def is_over(self) -> bool:
        """Say whether no child is open and none will be."""
        return not self.open and not self.has_more

    @property
    def tally(self) -> Tally:
        """Return how the children ended."""
        return Tally(
            ok=self.ok,
            failed=self.bad,
            cancelled=self.cancelled,
            warned=self.warned,
            retried=self.retried,
            killed=self.killed,
        )

    def tallies(self) -> dict[str, Tally]:
        """Return how the children ended of this branch and of those of the same run that it came after, in their order."""
        before = self.before.tallies() if self.before is not None and self.plan.branch in AFTERMATH else {}
        return {**before, self.plan.branch: self.tally}

    def node_of(self, index: int) -> Node:
        """Return what a child runs."""
        return self.body[index % self.width]

    def round_of(self, index: int) -> int:
        """Return the number that a child is known by in its branch: of its round or turn, -1 where there is but one."""
        if self.plan.values is not None:
            return index // self.width
        return self.plan.turn or -1

    def value_of(self, index: int) -> str | None:
        """Return the text that a child's round stands for."""
        values = self.plan.values
        return None if values is None else values[index // self.width]

    def follows(self, cell: Cell) -> bool:
        """Say whether a child begins because another run has ended: before it in the branch, or before the branch."""
        index, plan = cell.ordinal - self.first, self.plan
        if self.is_later:
            return True
        if plan.order == "chain":
            return index % self.width > 0 or 0 < plan.limit <= index // self.width
        return plan.order == "explicit" and bool(self.body[index].inputs)

    def take(self) -> int:
        """Return the index of a child that may be opened now, marked open; -1 when there is none."""
        plan = self.plan
        if self.is_stopped or self.is_held:
            return -1
        if self._next and (plan.order == "chain" or not plan.limit or self.open < plan.limit):
            index = self._next.popleft()
        elif plan.order == "chain" and (not plan.limit or self._running < plan.limit):
            index = self._next_round()
        else:
            return -1
        if index >= 0:
            self.begin(index)
        return index

    def _next_round(self) -> int:
        """Return where a round goes on that nobody runs, or the next begins; -1 when there is none."""
        if self._suspended:
            self._running += 1
            return self._suspended.popleft()
        if self._begun >= self.plan.rounds or not self.width:
            return -1
        self._begun += 1
        self._running += 1
        return (self._begun - 1) * self.width

    def begin(self, index: int) -> None:
        """Note that a child is open."""
        self.status[index] = OPEN
        self.open += 1

    def close(self, index: int, code: int) -> None:
        """Count a child as final, and offer what may follow it."""
        self.status[index] = code
        self.open -= 1
        self._count(code, 1)
        if IS_OK[code] or (IS_CANCELLED[code] and code != KILLED):
            self._offer_after(index)
        elif self.plan.is_tolerant and code != KILLED:
            self._running -= 1
        else:
            self.is_stopped = True

    def reopen(self, index: int) -> None:
        """Take back the end of a child, which is to run again; `recount` then sees what may follow."""
        self._count(self.status[index], -1)
        self.begin(index)

    def recount(self) -> None:
        """Find what may be opened, from the states of the children alone: after they were restored, or reopened."""
        self.is_stopped = (self.bad > 0 and not self.plan.is_tolerant) or self.killed > 0
        self._next.clear()
        self._suspended.clear()
        if self.plan.order == "chain":
            self._recount_rounds()
        else:
            self._needs = [self._needed_by(index) for index in range(self.count)]
            self._next.extend(
                index for index in range(self.count) if not self._needs[index] and self.status[index] == UNTOUCHED
            )

    def _recount_rounds(self) -> None:
        touched = max((index for index in range(self.count) if self.status[index] != UNTOUCHED), default=-1)
        self._begun = 0 if touched < 0 else touched // self.width + 1
        self._running = 0
        for start in range(0, self._begun * self.width, self.width):
            current = next((index for index in range(start, start + self.width) if not self._has_ended(index)), None)
            if current is not None and self.status[current] == OPEN:
                self._running += 1
            elif current is not None and not self._has_failed(start):
                self._suspended.append(current)

    def _has_failed(self, start: int) -> bool:
        """Say whether a child of the round that begins there has failed: then the rest of it never runs."""
        return any(
            UNTOUCHED < code < OPEN and not IS_OK[code] and not IS_CANCELLED[code]
            for code in self.status[start : start + self.width]
        )

    def _has_ended(self, index: int) -> bool:
        return UNTOUCHED < self.status[index] < OPEN

    def _needed_by(self, index: int) -> set[int]:
        """Return the indexes of the children that a child still waits for."""
        if self.plan.order != "explicit":
            return set()
        place = {node.index: number for number, node in enumerate(self.body)}
        upstream = (place[link.upstream] for link in self.body[index].inputs if link.upstream in place)
        return {number for number in upstream if not self._has_ended(number)}

    def _offer_after(self, index: int) -> None:
        if self.plan.order == "chain":
            self._go_round(index - index % self.width)
        elif self.plan.order == "explicit":
            for later, needs in enumerate(self._needs):
                if index in needs:
                    needs.discard(index)
                    if not needs and self.status[later] == UNTOUCHED:
                        self._next.append(later)

    def _go_round(self, start: int) -> None:
        """Offer what is next of a round, unless a child of it is open again that had ended, or is still: that one will."""
        end = start + self.width
        if self.status.find(OPEN, start, end) >= 0:
            return
        index = self.status.find(UNTOUCHED, start, end)
        if index >= 0:
            self._next.append(index)
        else:
            self._running -= 1

    def _count(self, code: int, change: int) -> None:
        if IS_OK[code]:
            self.ok += change
            self.warned += change * (code == WARNING)
        elif IS_CANCELLED[code]:
            self.cancelled += change
            self.killed += change * (code == KILLED)
        else:
            self.bad += change
            self.retried += change * (code == RETRIED)

    def data(self) -> dict[str, Any]:
        """Return what the event of the expansion keeps: enough to open the branch again."""
        plan = self.plan
        data: dict[str, Any] = {"first": self.first, "count": self.count, "body": list(plan.body)}
        for name in ("rounds", "order", "limit", "branch", "turn", "is_tolerant"):
            if getattr(plan, name) != _DEFAULTS[name]:
                data[name] = getattr(plan, name)
        if plan.values is not None:
            data["values"] = list(plan.values)
        return data


_DEFAULTS = {"rounds": 1, "order": "chain", "limit": 0, "branch": "tasks", "turn": 0, "is_tolerant": False}


def place_in(data: dict[str, Any], index: int) -> tuple[int, int]:
    """Return the node of a child, and the number that it is known by, from what its branch kept (or `valued`, for values)."""
    body = data["body"]
    number = index // len(body) if "values" in data or "valued" in data else data.get("turn") or -1
    return body[index % len(body)], number


def plan_from_data(data: dict[str, Any]) -> Children:
    """Return the children that the event of an expansion tells of."""
    values = data.get("values")
    named = {name: data[name] for name in _DEFAULTS if name in data}
    return Children(body=tuple(data["body"]), values=None if values is None else tuple(values), **named)
