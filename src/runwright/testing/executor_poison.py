"""Poison: what tasks do to the place that runs them: values and exceptions that resist, and ways to end a process.

The contract suite of executors runs all of it everywhere. Worker processes import this module, which needs no pytest.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from runwright.context import context
from runwright.metrics import record_metric

if TYPE_CHECKING:
    from collections.abc import Callable

MEGABYTE = 1024 * 1024


# ---- what tasks do


def give_back(x: Any = None) -> Any:
    """Return the input."""
    return x


def accept(x: Any = None) -> str:
    """Return a word and leave the input alone."""
    del x
    return "accepted"


def make(poison: str) -> Any:
    """Return one of `VALUES`."""
    return VALUES[poison]()


def fail_with(poison: str) -> NoReturn:
    """Raise one of `EXCEPTIONS`."""
    raise EXCEPTIONS[poison]()  # noqa: RSE102  it is looked up, and made


def take_down(poison: str) -> None:
    """End this process in one of `WAYS_TO_DIE`."""
    WAYS_TO_DIE[poison]()


def be_huge() -> bytes:
    """Return ten megabytes."""
    return b"x" * (10 * MEGABYTE)


def wait_for(path: str) -> bytes:
    """Wait for a byte in the named pipe `path`, and take that one only: the others are for others."""
    with Path(path).open("rb", buffering=0) as pipe:
        return pipe.read(1)


def leave_mark(path: str) -> None:
    """Make the file `path`."""
    Path(path).touch()


def wait_for_ever() -> None:
    """Wait for what never comes, in Python."""
    threading.Event().wait()


def hold_the_interpreter() -> None:
    """Sleep in C for an hour without letting any other thread run Python."""
    ctypes.PyDLL(None).sleep(3600)


def speak() -> None:
    """Log a line and measure a number."""
    logging.getLogger("runwright.poison").warning("something %s", "happened")
    record_metric("rows", 3.0, place="here")


def look_around() -> tuple[str, int | None, int]:
    """Return what the attempt is told about itself."""
    return context.task_run_id, context.map_index, context.task_run_count


# ---- values


class RaisesWhenRead:
    """Can be pickled and cannot be read."""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        """Let the reader raise."""
        return _raise_when_read, ("This value cannot be read.",)


class ReducesToItself:
    """Has no end."""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any]]:
        """Name another of the same kind as what it is made of."""
        return type(self), (type(self)(),)


class RaisesWhenLookedAt:
    """Raises from every question that people ask a value in passing."""

    def __repr__(self) -> str:
        """Raise."""
        raise ValueError("no repr")

    def __str__(self) -> str:
        """Raise."""
        raise ValueError("no str")

    def __eq__(self, other: object) -> bool:
        """Raise."""
        raise ValueError("no eq")

    def __bool__(self) -> bool:
        """Raise."""
        raise ValueError("no bool")

    __hash__ = None  # type: ignore[assignment]  what defines equality has no hash


def _raise_when_read(text: str) -> NoReturn:
    raise ValueError(text)


def _recursive() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def _of_a_local_class() -> object:
    class Local:
        pass

    return Local()


def _closed_socket() -> socket.socket:
    value = socket.socket()
    value.close()
    return value


def _deep() -> list[Any]:
    value: list[Any] = []
    for _ in range(10_000):
        value = [value]
    return value


VALUES: dict[str, Callable[[], Any]] = {
    "lock": threading.Lock,
    "socket": _closed_socket,
    "generator": lambda: (number for number in range(3)),
    "lambda": lambda: lambda: 1,
    "local class": _of_a_local_class,
    "raises when read": RaisesWhenRead,
    "reduces to itself": ReducesToItself,
    "recursive": _recursive,
    "deep": _deep,
    "long list": lambda: list(range(300_000)),
    "nan": lambda: float("nan"),
    "nul": lambda: "a\x00b",
    "lone surrogate": lambda: "\ud800",
    "raises when looked at": RaisesWhenLookedAt,
    "exception as value": lambda: ValueError("a value"),
    "module": lambda: sys,
}


# ---- exceptions


class NeedsTwoArguments(Exception):
    """Can be pickled, and not be read: it is made of other arguments than it passes on."""

    def __init__(self, first: str, second: str) -> None:
        """Pass on one text."""
        super().__init__(f"{first} and {second}")

    def __reduce__(self) -> Any:
        """Say what every exception says by itself, so that no library that helps exceptions along helps this one."""
        return type(self), self.args


class HoldsALock(Exception):
    """Cannot be pickled."""

    def __init__(self) -> None:
        """Hold a lock."""
        super().__init__("holds a lock")
        self.lock = threading.Lock()


class HasNoText(Exception):
    """Raises when it is asked for its text."""

    def __str__(self) -> str:
        """Raise."""
        raise ValueError("no str")

    def __repr__(self) -> str:
        """Raise."""
        raise ValueError("no repr")


class NotAnException(BaseException):
    """Derives from BaseException alone."""


class NotAnExceptionAndNoText(HasNoText, BaseException):
    """Says nothing about itself either."""


def _in_a_circle() -> Exception:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    return first


EXCEPTIONS: dict[str, Callable[[], BaseException]] = {
    "needs two arguments": lambda: NeedsTwoArguments("one", "two"),
    "holds a lock": HoldsALock,
    "has no text": HasNoText,
    "long text": lambda: ValueError("x" * (8 * MEGABYTE)),
    "in a circle": _in_a_circle,
    "local": lambda: type("Local", (Exception,), {})("local"),
    "SystemExit": lambda: SystemExit(2),
    "SystemExit with text": lambda: SystemExit("bye"),
    "KeyboardInterrupt": KeyboardInterrupt,
    "GeneratorExit": GeneratorExit,
    "StopIteration": StopIteration,
    "BaseException": NotAnException,
    "MemoryError": MemoryError,
    "RecursionError": RecursionError,
}


# ---- ends of processes


def _die_by_signal() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _close_everything() -> None:
    os.closerange(3, 1024)


WAYS_TO_DIE: dict[str, Callable[[], Any]] = {
    "segmentation fault": lambda: ctypes.string_at(0),
    "exit code": lambda: os._exit(3),
    "kill -9": _die_by_signal,
    "abort": os.abort,
    "closed descriptors": _close_everything,
}
