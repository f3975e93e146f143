"""Journal: the log lines and metrics of the attempt that is being made, on their way into its next report.

One handler on the `runwright` logger finds the journal of the current context; so does `runwright.metrics`. Printed lines come
through a router put in the place of `sys.stdout` once a task asks for it. Nothing is formatted when nobody listens.
"""

from __future__ import annotations

import logging
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from runwright.codec import shorten
from runwright.context import context as run_context
from runwright.events import LogLine, Metric
from runwright.metrics import JOURNAL, NO_FLOW_RUN

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from contextlib import AbstractContextManager


class Journal:
    """Collects for one attempt of one task run; `drain` empties it. `note` tells at once what becomes known under way."""

    __slots__ = ("attempt", "logs", "metrics", "note", "ordinal")

    def __init__(self, ordinal: int, attempt: int, note: Callable[[dict[str, Any]], None] | None = None) -> None:
        """Collect for this attempt."""
        self.note = note
        self.ordinal = ordinal
        self.attempt = attempt
        self.logs: list[LogLine] = []
        self.metrics: list[Metric] = []

    def drain(self) -> tuple[Sequence[LogLine], Sequence[Metric]]:
        """Return what was collected since the last call; the lists given away are never added to."""
        if not (self.logs or self.metrics):
            return (), ()
        drained = self.logs, self.metrics
        self.logs, self.metrics = [], []
        return drained


class JournalHandler(logging.Handler):
    """Puts what is logged inside an attempt into its journal."""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record, its traceback included."""
        journal: Journal | None = run_context.get(JOURNAL)
        if journal is None:
            return
        message = self.format(record)
        journal.logs.append(
            LogLine(
                int(record.created * 1_000_000_000),
                NO_FLOW_RUN,
                journal.ordinal,
                journal.attempt,
                record.levelno,
                record.name,
                shorten(message),
            )
        )


class ChildLogger(logging.Logger):
    """A logger that is forgotten after one task run: another name for its task's, such as a mapped child's.

    `logging.getLogger` keeps every logger for ever, which a map over a million elements cannot afford. Level, handlers
    and filters are for the task's logger to have: here they cannot be set.
    """

    level: int = logging.NOTSET
    propagate: bool = True
    disabled: bool = False
    handlers: Any = ()
    filters: Any = ()

    def __init__(self, name: str, parent: logging.Logger) -> None:
        """Log as `name`, below the same root as `parent`, to wherever that does."""
        # Not the inherited constructor: it takes locks, and longer than the rest of the step.
        self.name = f"{parent.name.partition('.')[0]}.{name}"
        self.parent = parent
        self.isEnabledFor = parent.isEnabledFor


class _Printed:
    """What a task prints, as lines of its log: `print` writes a line in pieces, and they belong together."""

    longest = 10_000

    def __init__(self, logger: logging.Logger) -> None:
        """Log to `logger`."""
        self._logger = logger
        self._pieces: list[str] = []
        self._size = 0

    def write(self, text: str) -> None:
        """Log what there is once a line is over, or `longest` is reached; white space alone is dropped."""
        self._pieces.append(text)
        self._size += len(text)
        if text.endswith("\n") or self._size >= self.longest:
            self.flush()

    def flush(self) -> None:
        """Log what there is, also the beginning of a line."""
        whole, self._pieces, self._size = "".join(self._pieces), [], 0
        if whole.strip():
            self._logger.info(whole.rstrip("\n"))


class StdoutRouter:
    """Stands in for `sys.stdout`: lines of tasks that log their output go to their logger, all else goes through."""

    lock = threading.Lock()

    def __init__(self, stream: Any) -> None:
        """Route in front of `stream`."""
        self.stream = stream
        self.users = 0

    def write(self, text: str) -> int:
        """Log the text in a task that asks for it, else write it."""
        if not isinstance(text, str):
            raise TypeError(f"string argument expected, got {type(text).__name__!r}")
        printed: _Printed | None = run_context.get("_stdout")
        if printed is None:
            return self.stream.write(text)
        printed.write(text)
        return len(text)

    def __getattr__(self, name: str) -> Any:
        """Answer everything else as the stream does."""
        return getattr(self.stream, name)


def log_stdout(logger: logging.Logger) -> AbstractContextManager[None]:
    """Log what is printed inside the block, by this task alone, at INFO: as the task runner, to wherever `logger` does."""
    return _routed(ChildLogger("TaskRunner", logger))


def install(level: int = logging.INFO) -> None:
    """Make the `runwright` loggers feed journals from `level` on; an attempt's own lines stay at WARNING."""
    root = logging.getLogger("runwright")
    if not any(isinstance(handler, JournalHandler) for handler in root.handlers):
        root.addHandler(JournalHandler())
    if root.level == logging.NOTSET:
        root.setLevel(level)
    for name in ("Runner", "TaskRunner"):
        engine = logging.getLogger(f"runwright.{name}")
        if engine.level == logging.NOTSET:
            engine.setLevel(logging.WARNING)


@contextmanager
def _routed(logger: logging.Logger) -> Generator[None]:
    router, printed = _enter_router(), _Printed(logger)
    try:
        with run_context(_stdout=printed):
            yield
    finally:
        printed.flush()
        _leave_router(router)


def _enter_router() -> StdoutRouter:
    with StdoutRouter.lock:
        stdout: Any = sys.stdout
        router = stdout if isinstance(stdout, StdoutRouter) else StdoutRouter(stdout)
        router.users += 1
        sys.stdout = router
        return router


def _leave_router(router: StdoutRouter) -> None:
    """Give the stream back when no task needs the router; what somebody put in its place meanwhile stays."""
    with StdoutRouter.lock:
        router.users -= 1
        if not router.users and sys.stdout is router:
            sys.stdout = router.stream
