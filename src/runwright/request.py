"""Request: what somebody asks of a flow run that another process may hold: to cancel it, to resume what is paused, ...

Requests wait beside the log. The holder of the flow run's lease takes them, records what follows, and answers; one that it
leaves open is for the next holder.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from runwright.errors import IllegalTransition, NotOnRecord, ParameterError

INTENTS = ("cancel", "kill", "pause", "resume", "restart", "replay", "mark")
"""The closed list of what can be asked."""
ENDING = frozenset({"cancel", "kill"})
"""Those that end a flow run."""

REOPENING = frozenset({"restart", "replay", "mark"})
"""Those that a flow run that has ended is asked, too."""

_REFUSALS = {each.__name__: each for each in (IllegalTransition, NotOnRecord, ParameterError)}


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a request: it was done, or refused: `error` is the name of the exception, `message` what it says."""

    error: str | None = None
    message: str | None = None

    @classmethod
    def from_error(cls, error: Exception) -> Answer:
        """Return the answer that refuses a request for a reason."""
        return cls(type(error).__name__, str(error))

    def raise_if_refused(self) -> None:
        """Raise what the request was refused for, as one of `IllegalTransition`, `NotOnRecord` and `ParameterError`."""
        if self.error is not None:
            raise _REFUSALS.get(self.error, IllegalTransition)(self.message or self.error)


class Request(msgspec.Struct, frozen=True):
    """`intent` (one of `INTENTS`) for a flow run, or for the task run number `ordinal` in it; `data` are its arguments.

    `id` tells a request that is sent again from a new one. `by` says who asks, for people to read. `at` is when the store
    got it and `taken_at` when it was answered (ns, the store's clock); `answer` is None while it is open.
    """

    id: UUID
    flow_run: UUID
    intent: str
    ordinal: int = 0
    data: dict[str, Any] = {}
    by: str = ""
    at: int = 0
    taken_at: int | None = None
    answer: Answer | None = None

    @property
    def is_open(self) -> bool:
        """Say whether nobody has answered yet."""
        return self.answer is None
