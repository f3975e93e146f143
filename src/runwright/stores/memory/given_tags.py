"""Given tags: what task runs are called afterwards, in a memory record. The caller holds the lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright.given_tags import GivenTag
from runwright.stores.texts import to_text

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from uuid import UUID

    from runwright.given_tags import TagChange


class MemoryGivenTags:
    """Tags by the id of their task run."""

    def __init__(self) -> None:
        """Hold none."""
        self._held: dict[UUID, dict[str, GivenTag]] = {}

    def of(self, task_run: UUID) -> list[GivenTag]:
        """Return the tags that a task run was given, by name."""
        held = self._held.get(task_run, {})
        return [held[name] for name in sorted(held)]

    def names(self, limit: int) -> list[str]:
        """Return the tags that any task run was given."""
        return sorted({tag for held in self._held.values() for tag in held})[:limit]

    def change(self, task_run: UUID, wanted: TagChange, own: Collection[str], by: str, at: int) -> bool:
        """Change the tags of a task run; says whether that changed anything."""
        before = self._held.get(task_run, {})
        after = {tag: held for tag, held in before.items() if tag not in wanted.remove}
        for tag in wanted.add:
            if tag not in own:
                after.setdefault(tag, GivenTag(tag, to_text(by), at))
        self._held[task_run] = after
        return before != after

    def drop(self, task_runs: Sequence[UUID]) -> None:
        """Forget what task runs were given."""
        for each in task_runs:
            self._held.pop(each, None)
