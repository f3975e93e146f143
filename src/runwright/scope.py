"""Scope: what a task of a YAML flow sees and may do while one attempt of it runs. The contract, and what comes of a task.

`Runnable` is the whole extension surface for task types that do work: a function of the declared task and its scope.
Adapters: `runwright.runnables`; who makes scopes is the runtime's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator, Mapping, Sequence
    from logging import Logger
    from pathlib import Path
    from threading import Event

    from runwright.drive import Drive
    from runwright.key_values import KeyValues


class Outcome(msgspec.Struct, frozen=True):
    """What comes of a task: its `outputs` (plain data), the state it ends in, and labels that the execution gets.

    A runnable that raises ends as Failed; one that raises `RunnableFailed` hands on outputs all the same.
    """

    outputs: dict[str, Any] | None = None
    state: Literal["Success", "Warning", "Failed", "Killed", "Cancelled"] = "Success"
    message: str | None = None
    labels: dict[str, str] = {}


class Selection(msgspec.Struct, frozen=True):
    """Which executions are meant: all that fit everything that is given. `states` are those of the execution vocabulary.

    `start` and `end` are in nanoseconds since 1970: executions that began with or after the one and before the other.
    """

    namespace: str | None = None
    flow_id: str | None = None
    states: tuple[str, ...] = ()
    start: int | None = None
    end: int | None = None


class Executions(Protocol):
    """What a task may ask about executions, flows and triggers, and do to them. The namespace None is any."""

    def log_entries(self, execution_id: str) -> Iterator[dict[str, Any]]:
        """Yield the log lines of an execution so far, oldest first, as documents of the execution vocabulary.

        Their keys are `namespace`, `flowId`, `executionId`, `taskId`, `taskRunId`, `attemptNumber`, `timestamp`, `level` and
        `message`; raises `NotOnRecord`.
        """
        ...

    def resume(self, execution_id: str, inputs: Mapping[str, Any]) -> None:
        """Let a paused execution go on; raises `NotOnRecord`, and `RunwrightError` for one that is not paused."""
        ...

    def flows(self, namespaces: Sequence[str]) -> list[tuple[str, str]]:
        """Return namespace and id of the flows of these namespaces, in order."""
        ...

    def count(self, which: Selection) -> int:
        """Return how many executions there are."""
        ...

    def purge(
        self, which: Selection, what: Sequence[Literal["executions", "logs", "metrics", "files"]]
    ) -> dict[str, int]:
        """Delete what belongs to executions that have ended, and return how much of each it was."""
        ...

    def purge_logs(self, which: Selection, execution_id: str | None, levels: Sequence[str]) -> int:
        """Delete log lines written in the time of `which`, of these levels (none given: all), and return how many."""
        ...

    def toggle(self, namespace: str, flow_id: str, trigger_id: str, *, is_enabled: bool) -> None:
        """Turn a trigger on or off; raises `NotOnRecord`."""
        ...


class Scope(Protocol):
    """One attempt's view of the world.

    `variables` are what expressions see. `stopping` is set when the attempt is to end: killed, or out of time; whatever
    waits or runs programs looks at it. `folder` is the working directory: made when it is first asked for and removed after
    the attempt, or that of the `WorkingDirectory` around the task. `prefix` is where files of this task run go on the drive.
    """

    namespace: str
    flow_id: str
    execution_id: str
    task_id: str
    task_run_id: str
    variables: Mapping[str, Any]
    stopping: Event
    prefix: str

    @property
    def logger(self) -> Logger:
        """Return the logger of the task run."""
        ...

    @property
    def drive(self) -> Drive:
        """Return where files are; what belongs to others is refused with `FileForbidden`."""
        ...

    def files_of(self, namespace: str) -> Drive:
        """Return where the files are that the flows of a namespace share, which the task names."""
        ...

    @property
    def key_values(self) -> KeyValues:
        """Return where values of namespaces are."""
        ...

    @property
    def executions(self) -> Executions:
        """Return where executions are looked up and asked for things."""
        ...

    @property
    def folder(self) -> Path:
        """Return the working directory."""
        ...

    def render(self, value: Any, /, **more: Any) -> Any:
        """Return a value with every text in it rendered to text, however deep; `more` are further variables."""
        ...

    def evaluate(self, value: Any, /, **more: Any) -> Any:
        """Return a value as `render` does, but what an expression yields where a text is nothing but that expression."""
        ...

    def record(self, name: str, value: float, kind: str = "counter", tags: Mapping[str, str] | None = None) -> None:
        """Keep a number: a `counter`, a `gauge` or a `timer` (seconds)."""
        ...

    def keep(self, name: str, data: bytes | Path) -> str:
        """Write a file of this task run to the drive and return its URI."""
        ...

    def encrypt(self, text: str) -> str:
        """Return a text, encrypted with the key of this place; raises `SettingError` where there is none."""
        ...

    def wait(self, seconds: float) -> bool:
        """Wait; True when the attempt is to end before the time is over."""
        ...


class Runnable(Protocol):
    """What a task type does. One that only waits may be a coroutine function: it takes no thread, and is cancelled to stop."""

    def __call__(self, task: Any, scope: Scope) -> Outcome | dict[str, Any] | Awaitable[Outcome | None] | None:
        """Do the work of a declared task; a dict stands for an `Outcome` with those outputs, None for none."""
        ...
