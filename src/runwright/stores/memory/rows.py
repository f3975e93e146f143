"""Rows: the rows of a memory record, as dictionaries."""

from __future__ import annotations

from collections import Counter
from copy import copy
from typing import TYPE_CHECKING

from runwright.stores.rows import FlowKey

if TYPE_CHECKING:
    from uuid import UUID

    from runwright.runs import FlowVersion
    from runwright.stores.projection import Fold
    from runwright.stores.rows import AttemptRow, ExpansionRow, FlowRunRow, TallyKey, TaskRunRow


class MemoryRows:
    """What the fold of a log is kept in; the flows, which are no fold, are shared between a record and its rebuild."""

    def __init__(self, flows: list[FlowVersion]) -> None:
        """Hold no run yet; the key of a flow is its place in `flows`, from 1."""
        self.flows = flows
        self.keys: dict[UUID, int] = {}
        self.flow_run: dict[int, FlowRunRow] = {}
        self.expansion: dict[tuple[int, int, int], ExpansionRow] = {}
        self.task_run: dict[int, dict[int, TaskRunRow]] = {}
        self.attempt: dict[tuple[int, int, int], AttemptRow] = {}
        self.tally: dict[int, Counter[TallyKey]] = {}

    def find_flow(self, name: str, version: int) -> FlowKey | None:
        """Return the registered flow."""
        for key, flow in enumerate(self.flows, start=1):
            if (flow.name, flow.version) == (name, version):
                return FlowKey(key, len(flow.tasks))
        return None

    def width_of(self, flow: int) -> int:
        """Return the number of tasks of a registered flow."""
        return len(self.flows[flow - 1].tasks)

    def next_key(self) -> int:
        """Return the key for a flow run that is new."""
        return next(reversed(self.flow_run), 0) + 1

    def find_flow_run(self, flow_run: UUID) -> FlowRunRow | None:
        """Return a flow run, to be changed."""
        return copy(self.flow_run.get(self.keys.get(flow_run, 0)))

    def find_task_run(self, flow_run: int, ordinal: int) -> TaskRunRow | None:
        """Return a task run, to be changed."""
        return copy(self.task_run.get(flow_run, {}).get(ordinal))

    def find_attempt(self, flow_run: int, ordinal: int, attempt: int) -> AttemptRow | None:
        """Return an attempt, to be changed."""
        return copy(self.attempt.get((flow_run, ordinal, attempt)))

    def find_expansion(self, flow_run: int, ordinal: int) -> ExpansionRow | None:
        """Return the last expansion with children that starts at `ordinal` or before."""
        found = [each for each in self.expansions_of(flow_run) if each.count and each.first <= ordinal]
        return found[-1] if found else None

    def expansions_of(self, flow_run: int) -> list[ExpansionRow]:
        """Return the expansions of a flow run in order of their first child."""
        return [row for key, row in sorted(self.expansion.items()) if key[0] == flow_run]

    def drop(self, flow_run: UUID) -> None:
        """Forget a flow run."""
        key = self.keys.pop(flow_run)
        for table in (self.flow_run, self.task_run, self.tally):
            table.pop(key, None)
        for table in (self.expansion, self.attempt):
            for place in [place for place in table if place[0] == key]:
                del table[place]

    def put(self, fold: Fold) -> None:
        """Put what a fold made in the place of what was there."""
        for flow_run, run in fold.runs.items():
            key = run.row.key
            self.keys[flow_run] = key
            self.flow_run[key] = run.row
            self.expansion.update({(key, each.first, each.parent): each for each in run.expansions})
            self.task_run.setdefault(key, {}).update(run.task_runs)
            self.attempt.update({(key, *place): attempt for place, attempt in run.attempts.items()})
            tally = self.tally.setdefault(key, Counter())
            for group, change in run.tally():
                tally[group] += change
            self.tally[key] = +tally
