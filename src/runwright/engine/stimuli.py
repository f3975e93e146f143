"""Stimuli and effects: what the machine is told, as past facts, and what it wants done, as commands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from runwright.events import Event
from runwright.flowable import Children, Tally


class Created(msgspec.Struct, gc=False):
    """The flow run came into being; `data` is what its event keeps."""

    data: dict[str, Any]


class Given(msgspec.Struct, gc=False):
    """A task run that ended before its flow run began: somebody gave its final `state` (a code), and it is not run."""

    ordinal: int
    state: int
    data: dict[str, Any] | None = None


class Started(msgspec.Struct, gc=False):
    """The flow run began; `data` comes with its state Running, `given` are the task runs that are not to run."""

    data: dict[str, Any] | None = None
    given: Sequence[Given] = ()


class Recovered(msgspec.Struct, gc=False):
    """A new owner has taken over a flow run that was restored from its events."""


class Reported(msgspec.Struct, gc=False):
    """A run is in `state` (a code). `data` is kept with the event; `length` is the number of children of a mapped parent.

    `due` (ns) is when a waiting state goes on, None: not by itself. `attempt` 0 speaks for the flow run itself.
    """

    ordinal: int
    attempt: int
    state: int
    data: dict[str, Any] | None = None
    length: int = 0
    due: int | None = None


class Refused(msgspec.Struct, gc=False):
    """No slot was free for an attempt that was submitted: `data` names what it waits for, under `waits_for`."""

    ordinal: int
    attempt: int
    data: dict[str, Any]


class Admitted(msgspec.Struct, gc=False):
    """A task run that was refused has its slots now."""

    ordinal: int


class Opened(msgspec.Struct, gc=False):
    """A run that stands for others has `children` now; `data` comes with its state Running."""

    ordinal: int
    attempt: int
    children: Children
    data: dict[str, Any] | None = None


class Annotated(msgspec.Struct, gc=False):
    """Something about a run became known that is no transition: `data`, such as labels, or outputs before the end.

    `ordinal` 0 is the flow run itself; of a task run that is not open nothing is noted.
    """

    data: dict[str, Any]
    ordinal: int = 0


class Left(msgspec.Struct, gc=False):
    """Whoever runs the flow run leaves it, paused as it is: only a request moves it on."""


class TimerFired(msgspec.Struct, gc=False):
    """Time has passed: whatever is due goes on."""


class Requested(msgspec.Struct, gc=False):
    """Somebody asked for `intent`, with `ordinal` for one task run (0: the flow run, or all that it applies to).

    `cancel` and `kill` end the flow run, `pause` lets nothing new begin, `resume` lets what is paused go on, with `data` as
    what was given for it; `restart` runs again what failed, `mark` puts a task run into the final state `data["state"]` and
    goes on from there. `message` is that of the state Resume. `request` is the id that it was kept under, if it was.
    """

    intent: str
    ordinal: int = 0
    by: str = ""
    message: str = "Resumed."
    data: dict[str, Any] | None = None
    request: str = ""


Stimulus = (
    Created | Started | Recovered | Reported | Refused | Admitted | Opened | Annotated | Left | TimerFired | Requested
)


class Submit(msgspec.Struct, gc=False):
    """Make an attempt of a task run. `loop` is the data of the last Looped state when a lost attempt was in a loop.

    `resumed` says that the run was paused. `needs_commit` says that a success just decided must be durable first.
    """

    ordinal: int
    node: int
    map_index: int
    attempt: int
    run_count: int
    is_mapped_parent: bool = False
    resumed: bool = False
    needs_commit: bool = False
    loop: dict[str, Any] | None = None


class Resolve(msgspec.Struct, gc=False):
    """Say how a run goes on that stands for others (`ordinal` 0: the flow run): by `Opened`, or by `Reported`.

    It is to open while `tallies` is None, after a wait if it was `resumed`: because its time had come, or with `data` because
    somebody asked. Otherwise no child is open, and `tallies` are how they ended, by branch; `turn` is that of a loop. `since` is when
    (ns) somebody restarted it, after so many turns, 0 for never.
    """

    ordinal: int
    attempt: int
    node: int = -1
    map_index: int = -1
    tallies: dict[str, Tally] | None = None
    turn: int = 0
    resumed: bool = False
    data: dict[str, Any] | None = None
    since: int = 0
    turns_before: int = 0


class Kill(msgspec.Struct, gc=False):
    """Stop an attempt."""

    ordinal: int
    attempt: int


class FinishRun(msgspec.Struct, gc=False):
    """Everything is settled: end the flow run in `state` (a name) unless a handler decides otherwise."""

    state: str
    message: str


Effect = Submit | Resolve | Kill | FinishRun


class Decision(msgspec.Struct, gc=False):
    """What follows from a stimulus: events to append, in order, and effects to carry out."""

    events: list[Event]
    effects: list[Effect]
