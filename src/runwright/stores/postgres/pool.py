"""Pool: the connections of a record, lent to one thread at a time, made when they are needed and again when they were lost."""

from __future__ import annotations

import os
import random
import threading
import time
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from runwright.errors import RecordError, RecordUnreachable
from runwright.stores.postgres.absence import absence_of
from runwright.stores.postgres.connection import Collided, explained

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runwright.stores.postgres.connection import PostgresConnection

_SHORTEST_WAIT, _LONGEST_WAIT = 0.05, 2.0
_OF_PARENTS: list[PostgresConnection] = []

Found = TypeVar("Found")


class Pool:
    """At most `most` connections at once, made by `connect`: who wants one more waits.

    A process that was forked makes its own, and leaves those of its parent alone.
    """

    def __init__(self, name: str, connect: Callable[[], PostgresConnection], most: int) -> None:
        """Make no connection yet; `name` is the record's in what is said about it."""
        self._name = name
        self._connect = connect
        self._most = most
        self._is_closed = False
        self._begin()

    def run(self, action: Callable[[PostgresConnection], Found], patience: float) -> Found:
        """Return what an action returns that may be done twice.

        It is done again when the server went away meanwhile, or took it back because it and another waited for each other.
        `patience` is for how many seconds; raises `RecordUnreachable` or `Collided` when they are over.
        """
        end = time.monotonic() + patience
        while True:
            try:
                with self.lend(end - time.monotonic()) as db:
                    return action(db)
            except RecordUnreachable:
                if time.monotonic() >= end:
                    raise
            except Collided:
                if time.monotonic() >= end:
                    raise
                time.sleep(_SHORTEST_WAIT * random.random())  # noqa: S311  lets the two part, guards nothing

    @contextmanager
    def lend(self, patience: float = 0) -> Iterator[PostgresConnection]:
        """Lend a connection until the block is left; what transaction is open then is taken back.

        `patience` is how many seconds a server that does not answer is waited for; raises `RecordUnreachable`.
        """
        if self._process != os.getpid():
            _OF_PARENTS.extend(self._idle)
            self._begin()
        with self._places:
            db = self._take(patience)
            try:
                with explained(self._name):
                    yield db
            finally:
                db.give_back()
                self._idle.append(db)
                if self._is_closed:
                    self.close()

    def close(self) -> None:
        """Close the connections that are idle; those in use close when they are given back."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().close()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._idle: deque[PostgresConnection] = deque()
        self._places = threading.BoundedSemaphore(self._most)

    def _take(self, patience: float) -> PostgresConnection:
        if self._is_closed:
            raise RecordError(f"The record {self._name} was closed: open it again.")
        while self._idle:
            db = self._idle.pop()
            if not db.is_lost:
                return db
            db.close()
        return self._patiently(patience)

    def _patiently(self, patience: float) -> PostgresConnection:
        """Connect, again and again until the server answers or patience is at its end."""
        end, wait, absence = time.monotonic() + patience, _SHORTEST_WAIT, absence_of(self._name)
        while True:
            try:
                db = self._connect()
            except RecordUnreachable as error:
                now = time.monotonic()
                if now >= end:
                    raise
                absence.note(error)
            else:
                absence.end()
                return db
            time.sleep(min(wait * random.uniform(0.5, 1.5), max(0.0, end - now)))  # noqa: S311  spreads load, guards nothing
            wait = min(2 * wait, _LONGEST_WAIT)
