"""States: what a task run or flow run is in, as immutable values, and the one table all vocabularies come from.

`TABLE` is the only place that knows the three vocabularies (Python classes, events, executions), the phases and the
colours. A new state is one new row and, for `isinstance`, one class below it. Nothing here decides which state follows
which: see `runwright.engine.transitions`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import Any, ClassVar, NamedTuple

from runwright.clock import utcnow
from runwright.context import context as run_context, current
from runwright.result import NoResult, Result


class Phase(Enum):
    """Where in its life a run is: `waiting` and `active` are open, `ok` and `bad` are final."""

    WAITING = "waiting"
    ACTIVE = "active"
    OK = "ok"
    BAD = "bad"

    @property
    def is_final(self) -> bool:
        """Say whether nothing follows but a restart."""
        return self is Phase.OK or self is Phase.BAD  # to hash one takes ten times as long


class StateKind(NamedTuple):
    """One row of the table. `code` is what the record stores, and is never used twice."""

    code: int
    name: str
    parent: str
    event_type: str
    event_name: str
    execution: str
    phase: Phase
    colour: str


_W, _A, _OK, _BAD = Phase.WAITING, Phase.ACTIVE, Phase.OK, Phase.BAD

# fmt: off
TABLE: tuple[StateKind, ...] = (
    #         code name                parent       event type    event name                 execution    phase colour
    StateKind(1,  "Pending",          "State",     "PENDING",    "Pending",                 "CREATED",   _W,   "#7ebdff"),
    StateKind(2,  "Scheduled",        "Pending",   "SCHEDULED",  "Scheduled",               "CREATED",   _W,   "#ffab00"),
    StateKind(3,  "Queued",           "MetaState", "SCHEDULED",  "AwaitingConcurrencySlot", "QUEUED",    _W,   "#ffea7f"),
    StateKind(4,  "Submitted",        "MetaState", "PENDING",    "Submitting",              "SUBMITTED", _W,   "#ffdf5d"),
    StateKind(5,  "Paused",           "Scheduled", "PAUSED",     "Paused",                  "PAUSED",    _W,   "#99a8e8"),
    StateKind(6,  "Resume",           "Scheduled", "SCHEDULED",  "Resuming",                "RESTARTED", _W,   "#f58c0c"),
    StateKind(7,  "Retrying",         "Scheduled", "SCHEDULED",  "AwaitingRetry",           "RETRYING",  _W,   "#f66a0a"),
    StateKind(8,  "Running",          "State",     "RUNNING",    "Running",                 "RUNNING",   _A,   "#3d67ff"),
    StateKind(9,  "Looped",           "Finished",  "RUNNING",    "Running",                 "RUNNING",   _A,   "#003ccb"),
    StateKind(10, "Cancelling",       "Running",   "CANCELLING", "Cancelling",              "KILLING",   _A,   "#E8E8E8"),
    StateKind(11, "Success",          "Finished",  "COMPLETED",  "Completed",               "SUCCESS",   _OK,  "#28a745"),
    StateKind(12, "Cached",           "Success",   "COMPLETED",  "Cached",                  "SUCCESS",   _OK,  "#34d058"),
    StateKind(13, "Mapped",           "Success",   "COMPLETED",  "Completed",               "SUCCESS",   _OK,  "#003ccb"),
    StateKind(14, "Skipped",          "Success",   "COMPLETED",  "Skipped",                 "SKIPPED",   _OK,  "#62757f"),
    StateKind(15, "Warning",          "Success",   "COMPLETED",  "Warning",                 "WARNING",   _OK,  "#dbab09"),
    StateKind(16, "Failed",           "Finished",  "FAILED",     "Failed",                  "FAILED",    _BAD, "#eb0000"),
    StateKind(17, "TimedOut",         "Failed",    "FAILED",     "TimedOut",                "FAILED",    _BAD, "#ff4e33"),
    StateKind(18, "ValidationFailed", "Failed",    "FAILED",     "Failed",                  "FAILED",    _BAD, "#ff5131"),
    StateKind(19, "TriggerFailed",    "Failed",    "PENDING",    "NotReady",                "FAILED",    _BAD, "#ff5131"),
    StateKind(20, "Crashed",          "Failed",    "CRASHED",    "Crashed",                 "FAILED",    _BAD, "#a4036f"),
    StateKind(21, "Retried",          "Failed",    "FAILED",     "Failed",                  "RETRIED",   _BAD, "#b08800"),
    StateKind(22, "Cancelled",        "Finished",  "CANCELLED",  "Cancelled",               "CANCELLED", _BAD, "#bdbdbd"),
    StateKind(23, "Killed",           "Cancelled", "CANCELLED",  "Cancelled",               "KILLED",    _BAD, "#8b949e"),
    StateKind(24, "ClientFailed",     "MetaState", "PENDING",    "Pending",                 "CREATED",   _W,   "#eb0000"),
)
# fmt: on

KIND_BY_CODE: dict[int, StateKind] = {kind.code: kind for kind in TABLE}
KIND_BY_NAME: dict[str, StateKind] = {kind.name: kind for kind in TABLE}


class State:
    """What a run is in: a message, a result, and what comes with the kind of state.

    States are values: nothing changes one after it is made except the runtime filling in a mapped parent's children.
    Equality looks at the kind, the result and the extra attributes; message and context do not count. The hash is the
    identity, so two equal states are two members of a set.
    """

    kind: ClassVar[StateKind] = StateKind(0, "State", "", "", "", "", Phase.WAITING, "#696969")
    color: ClassVar[str] = "#696969"

    def __init__(
        self,
        message: str | None = None,
        result: Any = NoResult,
        context: dict[str, Any] | None = None,
        cached_inputs: dict[str, Result] | None = None,
    ) -> None:
        """Hold `message` and `result`: a plain value, or a `Result` that may also carry a location."""
        self.message = message
        self._result = result if isinstance(result, Result) else Result(result)
        values = current()
        tags = None if values is None else values.get("task_tags")
        if tags is not None:
            context = {"tags": list(tags), **context} if context else {"tags": list(tags)}
        self.context: dict[str, Any] = context or {}
        self.cached_inputs: dict[str, Result] = cached_inputs or {}

    @property
    def result(self) -> Any:
        """Return the result's value; None when there is none, or when it was not loaded from its location."""
        return self._result.value

    @result.setter
    def result(self, value: Any) -> None:
        self._result = value if isinstance(value, Result) else Result(value)

    def load_result(self, result: Result | None = None) -> State:
        """Read the value from its location when it is not in memory; `result` is the adapter to read with."""
        held = self._result
        if held.value is None and held.location is not None:
            self._result = _read(held, result)
        return self

    def load_cached_results(self, results: dict[str, Result] | None = None) -> State:
        """Read the values of `cached_inputs` that are not in memory, each with the adapter given for its key."""
        for key, held in self.cached_inputs.items():
            if held.value is None and held.location is not None:
                self.cached_inputs[key] = _read(held, (results or {}).get(key))
        return self

    def is_pending(self) -> bool:
        """Say whether this is Pending or one of its kinds."""
        return isinstance(self, Pending)

    def is_queued(self) -> bool:
        """Say whether this waits for a concurrency slot."""
        return isinstance(self, Queued)

    def is_retrying(self) -> bool:
        """Say whether this waits for another attempt."""
        return isinstance(self, Retrying)

    def is_running(self) -> bool:
        """Say whether this is Running, or being cancelled."""
        return isinstance(self, Running)

    def is_cached(self) -> bool:
        """Say whether this success may serve later runs."""
        return isinstance(self, Cached)

    def is_finished(self) -> bool:
        """Say whether this is Finished or one of its kinds."""
        return isinstance(self, Finished)

    def is_looped(self) -> bool:
        """Say whether another turn of a loop follows."""
        return isinstance(self, Looped)

    def is_scheduled(self) -> bool:
        """Say whether this waits for a time or a slot."""
        return isinstance(self, Scheduled | Queued)

    def is_submitted(self) -> bool:
        """Say whether this was handed to an agent."""
        return isinstance(self, Submitted)

    def is_skipped(self) -> bool:
        """Say whether the task was skipped."""
        return isinstance(self, Skipped)

    def is_successful(self) -> bool:
        """Say whether this is Success or one of its kinds."""
        return isinstance(self, Success)

    def is_failed(self) -> bool:
        """Say whether this is Failed or one of its kinds."""
        return isinstance(self, Failed)

    def is_mapped(self) -> bool:
        """Say whether this is the state of a mapped task, which stands for its children."""
        return isinstance(self, Mapped)

    def is_meta_state(self) -> bool:
        """Say whether this wraps another state."""
        return isinstance(self, MetaState)

    @classmethod
    def children(cls, include_self: bool = True, names_only: bool = False) -> list[Any]:  # noqa: FBT001, FBT002  documented
        """Return the kinds of this state, itself first."""
        listed = [state for state in KINDS if issubclass(state, cls) and state is not cls]
        found = [cls] * include_self + [state for state in listed if state.__name__ not in UNLISTED]
        return [state.__name__ for state in found] if names_only else found

    @classmethod
    def parents(cls, include_self: bool = True, names_only: bool = False) -> list[Any]:  # noqa: FBT001, FBT002  documented
        """Return what this state is a kind of, nearest first."""
        found = [each for each in cls.__mro__[not include_self :] if issubclass(each, State) and each is not MetaState]
        return [state.__name__ for state in found] if names_only else found

    def serialize(self) -> dict[str, Any]:
        """Return a dict that JSON can say, without the value; raises `StateSerializationError` for what is none."""
        from runwright import state_documents  # noqa: PLC0415  only those who send states to others pay for it

        return state_documents.to_document(self)

    @staticmethod
    def deserialize(json_blob: dict[str, Any]) -> State:
        """Return the state of a document, of which `type` alone has to be there; raises `StateSerializationError`."""
        from runwright import state_documents  # noqa: PLC0415  only those who get states from others pay for it

        return state_documents.from_document(json_blob)

    def __getstate__(self) -> dict[str, Any]:
        """Travel with a text in the place of an exception that cannot."""
        attributes = dict(vars(self))
        if isinstance(self._result.value, Exception):
            from runwright import codec  # noqa: PLC0415  only failures that travel pay for it

            attributes["_result"] = codec.portable(self._result)
        return attributes

    def __copy__(self) -> State:
        """Return a state with the same attributes: a copy does not travel."""
        copied = object.__new__(type(self))
        vars(copied).update(vars(self))
        return copied

    def __eq__(self, other: object) -> bool:
        """Compare kind, result and extra attributes."""
        return isinstance(other, State) and type(self) is type(other) and _compared(self) == _compared(other)

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        """Return `<Class: "message">`, or `<Class>` without a message."""
        return f'<{type(self).__name__}: "{self.message}">' if self.message else f"<{type(self).__name__}>"


class Pending(State):
    """Ready to be looked at; nothing has run."""


class Scheduled(Pending):
    """Waits for a time. `start_time` None means never by itself."""

    def __init__(
        self,
        message: str | None = None,
        result: Any = NoResult,
        start_time: datetime | None = None,
        context: dict[str, Any] | None = None,
        cached_inputs: dict[str, Result] | None = None,
    ) -> None:
        """Hold the time to start at (naive is UTC), by default now."""
        super().__init__(message, result, context, cached_inputs)
        self.start_time = aware(start_time or self._default_start())
        run_count = run_context.get("task_run_count")
        if run_count is not None:
            self.context.setdefault("task_run_count", run_count)

    @staticmethod
    def _default_start() -> datetime | None:
        return utcnow()


class Paused(Scheduled):
    """Waits for somebody to resume it, or for `start_time` when it has one."""

    @staticmethod
    def _default_start() -> datetime | None:
        return None


class Resume(Scheduled):
    """Paused before, and told to go on."""


class Retrying(Scheduled):
    """Waits for another attempt; `run_count` attempts were made."""

    def __init__(
        self,
        message: str | None = None,
        result: Any = NoResult,
        start_time: datetime | None = None,
        context: dict[str, Any] | None = None,
        cached_inputs: dict[str, Result] | None = None,
        run_count: int | None = None,
    ) -> None:
        """Hold the time of the next attempt and the number of those made, by default the context's."""
        super().__init__(message, result, start_time, context, cached_inputs)
        self.run_count: int = run_count if run_count is not None else run_context.get("task_run_count", 1)


class MetaState(State):
    """Wraps another state and says what is done with it; never wraps a wrapper."""

    def __init__(
        self,
        message: str | None = None,
        result: Any = NoResult,
        state: State | None = None,
        context: dict[str, Any] | None = None,
        cached_inputs: dict[str, Result] | None = None,
    ) -> None:
        """Hold the innermost state of `state`."""
        super().__init__(message, result, context, cached_inputs)
        self.state = state

    @property
    def state(self) -> State | None:
        """Return the state that is wrapped."""
        return self._state

    @state.setter
    def state(self, state: State | None) -> None:
        self._state: State | None = state.state if isinstance(state, MetaState) else state


class ClientFailed(MetaState):
    """The state could not be reported; it holds the one that was meant."""


class Submitted(MetaState):
    """Handed to an agent."""


class Queued(MetaState):
    """Waits for a concurrency slot until `start_time`, then asks again."""

    def __init__(
        self,
        message: str | None = None,
        result: Any = NoResult,
        state: State | None = None,
        start_time: datetime | None = None,
        context: dict[str, Any] | None = None,
        cached_inputs: dict[str, Result] | None = None,
    ) -> None:
        """Hold the time to ask again at, by default now."""
        super().__init__(message, result, state, context, cached_inputs)
        self.start_time = aware(start_time or utcnow())


class Running(State):
    """User code runs."""


class Cancelling(Running):
    """Told to stop, and not stopped yet."""


class Finished(State):
    """Nothing more happens by itself."""


class Looped(Finished):
    """One turn of a loop is over and the next follows."""

    def __init__(
        self,
        message: str | None = None,
        result: Any = NoResult,
        loop_count: int | None = None,
        context: dict[str, Any] | None = None,
        cached_inputs: dict[str, Result] | None = None,
    ) -> None:
        """Hold the number of the turn, by default the context's."""
        super().__init__(message, result, context, cached_inputs)
        self.loop_count: int = loop_count if loop_count is not None else run_context.get("task_loop_count", 1)


class Success(Finished):
    """It worked."""


class Cached(Success):
    """A success that later runs may use until `cached_result_expiration`."""

    def __init__(
        self,
        message: str | None = None,
        result: Any = NoResult,
        cached_inputs: dict[str, Result] | None = None,
        cached_parameters: dict[str, Any] | None = None,
        cached_result_expiration: datetime | None = None,
        context: dict[str, Any] | None = None,
        hashed_inputs: dict[str, str] | None = None,
    ) -> None:
        """Hold what a cache validator compares."""
        super().__init__(message, result, context, cached_inputs)
        self.cached_parameters = cached_parameters
        self.cached_result_expiration = aware(cached_result_expiration)
        self.hashed_inputs = hashed_inputs


class Mapped(Success):
    """Stands for the children of a mapped task."""

    def __init__(
        self,
        message: str | None = None,
        result: Any = NoResult,
        map_states: Any = None,
        context: dict[str, Any] | None = None,
        cached_inputs: dict[str, Result] | None = None,
        n_map_states: int | None = None,
    ) -> None:
        """Hold the children's states (a sequence) and their number, by default its length."""
        super().__init__(message, result, context, cached_inputs)
        self.map_states: Any = map_states if map_states is not None else []
        self._n_map_states = n_map_states

    @property
    def n_map_states(self) -> int:
        """Return the number of children, known before their states are."""
        return self._n_map_states if self._n_map_states is not None else len(self.map_states)

    @n_map_states.setter
    def n_map_states(self, number: int) -> None:
        self._n_map_states: int | None = number

    def load_result(self, result: Result | None = None) -> State:
        """Read every child's value and hold the list of them; nothing changes while a child's state is missing."""
        if all(child is not None for child in self.map_states):
            self._result = Result([child.load_result(result).result for child in self.map_states])
        return self


class Skipped(Success):
    """Not run, by choice."""


class Warning(Success):  # noqa: A001  the word of the execution vocabulary
    """It worked, with something to look at."""


class Failed(Finished):
    """It did not work; the result is the exception."""


class TimedOut(Failed):
    """It took longer than the task allows."""


class ValidationFailed(Failed):
    """What it made was refused."""


class TriggerFailed(Failed):
    """Not run, because of how upstream tasks ended."""


class Crashed(Failed):
    """Its process died."""


class Retried(Failed):
    """It failed, and a new flow run took its place."""


class Cancelled(Finished):
    """Stopped before it started."""


class Killed(Cancelled):
    """Stopped while it ran."""


_ALL: tuple[type[State], ...] = (
    Pending, Scheduled, Queued, Submitted, Paused, Resume, Retrying, Running, Looped, Cancelling, Success, Cached, Mapped,
    Skipped, Warning, Failed, TimedOut, ValidationFailed, TriggerFailed, Crashed, Retried, Cancelled, Killed, ClientFailed,
)  # fmt: skip
KINDS: tuple[type[State], ...] = (State, *_ALL[:8], Finished, *_ALL[8:])
UNLISTED: set[str] = set()  # what `State.children` leaves out, for a surface whose users know fewer kinds
CLASS_BY_CODE: dict[int, type[State]] = {}

for _class, _row in zip(_ALL, TABLE, strict=True):
    _class.kind, _class.color = _row, _row.colour
    CLASS_BY_CODE[_row.code] = _class
Finished.color = "#003ccb"


def aware(moment: datetime | None) -> datetime | None:
    """Return the time with its zone: one without is UTC."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _read(held: Result, adapter: Result | None) -> Result:
    reader = adapter or held
    return reader.read_ref(held.ref) if held.ref is not None else reader.read(held.location or "")


def _compared(state: State) -> dict[str, Any]:
    attributes = {key: value for key, value in vars(state).items() if key not in {"message", "context", "_result"}}
    if isinstance(state, Mapped):
        attributes["_n_map_states"] = state.n_map_states
    return attributes | {"result": state.result}
