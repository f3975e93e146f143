"""Given tags: what people and programs call task runs afterwards, beside the tags that their tasks were declared with. The contract.

Every store has them. They are no part of any run: nothing of them is in the log, no lease is needed to give one, and no limit
counts them. What is deleted with a flow run takes them along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from runwright import ids
from runwright.errors import NotOnRecord, TagRefused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

LONGEST_TAG = 255
MOST_TAGS = 50
"""How many tags one call changes."""


class GivenTag(msgspec.Struct, frozen=True):
    """A tag, who gave it, for people to read, and when (nanoseconds since 1970)."""

    tag: str
    by: str = ""
    at: int = 0


class GivenTags(Protocol):
    """The tags that task runs were given."""

    def change_tags(
        self, task_runs: Sequence[UUID], add: Sequence[str] = (), remove: Sequence[str] = (), *, by: str = ""
    ) -> int:
        """Give each task run the tags of `add` that it lacks, take those of `remove` back, and return how many task runs changed.

        All of it is one transaction. What a task itself is tagged with stays. Raises `TagRefused` for what is no tag, and
        `NotOnRecord` when one of the task runs is not on record; nothing is changed then.
        """
        ...

    def given_tags(self, limit: int = 100) -> list[str]:
        """Return the tags that any task run was given, each once, in order."""
        ...


def joined(own: Sequence[str], given: Iterable[GivenTag]) -> tuple[str, ...]:
    """Return all tags of a task run: its task's own, and those that it was given."""
    return tuple(dict.fromkeys([*own, *(each.tag for each in given)]))


def place_of(task_run: UUID) -> tuple[UUID, int]:
    """Return the flow run and the ordinal of a task run; raises `NotOnRecord` for the id of something else."""
    flow_run, ordinal = ids.flow_run_of(task_run), ids.ordinal_of(task_run)
    if not ordinal or ids.task_run_id(flow_run, ordinal) != task_run:
        raise missing(task_run)
    return flow_run, ordinal


def missing(task_run: UUID) -> NotOnRecord:
    """Return what is wrong with tags for a task run that is not there."""
    return NotOnRecord(f"No task run {task_run} is on this record, or it has not come to exist: no tag was changed.")


class TagChange(NamedTuple):
    """What is to become of the tags of task runs, checked."""

    add: list[str]
    remove: list[str]

    @classmethod
    def checked(cls, add: Iterable[str], remove: Iterable[str]) -> TagChange:
        """Return tags without the space around them, each once; raises `TagRefused`."""
        change = cls(_words(add), _words(remove))
        count = len(change.add) + len(change.remove)
        if not 1 <= count <= MOST_TAGS:
            raise TagRefused(f"Between one and {MOST_TAGS} tags are changed at once: these are {count}.")
        both = set(change.add).intersection(change.remove)
        if both:
            raise TagRefused(f"{min(both)[:40]!r} is to be given and taken back: say one of them.")
        for tag in [*change.add, *change.remove]:
            if not tag or len(tag) > LONGEST_TAG or not tag.isprintable():
                raise TagRefused(
                    f"{tag[:40]!r} is no tag: a tag has between one and {LONGEST_TAG} letters that can be printed."
                )
        return change


def _words(tags: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(each.strip() for each in tags))
