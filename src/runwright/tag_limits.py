"""TagLimits: how many task runs with a tag run at once, over all flow runs of a record, and who holds their slots. The contract.

A slot is held by a task run under the lease of its flow run, and no longer than that lives: whatever is killed, none is lost. What
becomes of a task run that gets no slot is not decided here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from uuid import UUID

import msgspec

from runwright import ids
from runwright.errors import LimitRefused

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from runwright.store import Lease

MOST_SLOTS = 1_000_000
LONGEST_TAG = 255


class TagLimit(msgspec.Struct, frozen=True):
    """So many `slots` for task runs with a tag; times are nanoseconds since 1970."""

    tag: str
    slots: int
    created: int = 0
    updated: int = 0


class TagSlot(msgspec.Struct, frozen=True):
    """A task run that holds a slot of a tag's limit, or waits for one, in the order in which they came."""

    tag: str
    flow_run: UUID
    ordinal: int
    is_held: bool = True

    @property
    def task_run(self) -> UUID:
        """Return the id of the task run."""
        return ids.task_run_id(self.flow_run, self.ordinal)


class Claim(msgspec.Struct, frozen=True):
    """What a task run needs before it runs: one slot of each of these tags, of which there are so many."""

    ordinal: int
    limits: dict[str, int]


class TagLimits(Protocol):
    """Limits by tag, and their slots."""

    def tag_limits(self) -> list[TagLimit]:
        """Return all limits, by tag."""
        ...

    def keep_tag_limit(self, tag: str, slots: int) -> TagLimit:
        """Limit a tag, or change its limit, and return it; raises `LimitRefused` for a tag or number that is none."""
        ...

    def delete_tag_limit(self, tag: str) -> bool:
        """Lift the limit of a tag; False where there was none."""
        ...

    def tag_slots(self) -> list[TagSlot]:
        """Return who holds slots, or waits for them, the first that came first; whose lease has ended does neither."""
        ...

    def claim_tag_slots(self, lease: Lease, claims: Sequence[Claim], given_back: Collection[int] = ()) -> list[int]:
        """Give slots back, then take what can be had: return the ordinals of the claims that hold all their slots now.

        All slots of a claim are taken at once, or none. Who is refused waits for the first tag that has none left, and goes before
        those who come later for as long as its lease lives; asked again it answers again. Ordinals in `given_back` hold and wait
        for nothing any more. Raises `LeaseLost`.
        """
        ...


def checked_limit(tag: str, slots: int) -> TagLimit:
    """Return a limit; raises `LimitRefused` for a tag or a number of slots that is none."""
    if not tag or len(tag) > LONGEST_TAG or not tag.isprintable():
        raise LimitRefused(f"{tag!r:.60} is no tag to limit: give 1 to {LONGEST_TAG} characters that can be printed.")
    if not 0 <= slots <= MOST_SLOTS:
        raise LimitRefused(f"{slots} is no number of slots: give 0, which lets none run, to {MOST_SLOTS}.")
    return TagLimit(tag, slots)
