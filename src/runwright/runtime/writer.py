"""Writer: the way of events from the flow's thread into the record, many in one commit.

`emit` appends to a list. The list is committed when it is long, when it is `RIPE`, or at once by `flush`, on the thread that
brings the events: two busy threads would only wait for each other's turns. Where another process makes the commit, a second
thread waits for that and the flow goes on, until as much again has come. The second thread also commits what nobody comes back
for, such as the Running of a long task, before it is twice `PATIENCE` old. When the record is slower than the flow, the flow
waits for the commit: nothing is ever dropped. After a failure nothing is taken any more, and the batch stays where it was.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from runwright.errors import LeaseLost, RecordError
from runwright.events import Batch, Event, LogLine, Metric
from runwright.runtime.refused_reports import refused_reports

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from runwright.listener import Listener
    from runwright.store import Lease, Store

LONGEST_BATCH = 2_000
RIPE = 24_000_000
"""Age (ns) of a batch's first event at which the next event commits it."""
PATIENCE = 0.025
"""Seconds between two looks for a batch that nobody has come back for."""

_logger = logging.getLogger("runwright.Writer")


class Writer:
    """Commits what it is given, in order; `before_commit` runs before each batch that has events (syncing results)."""

    def __init__(
        self, store: Store, listeners: Sequence[Listener] = (), before_commit: Callable[[], Any] | None = None
    ) -> None:
        """Write to `store`; the thread that commits late batches starts with the first event."""
        self._store = store
        self._listeners = listeners
        self._before_commit = before_commit
        self._leases: dict[UUID, Lease] = {}
        self._batch = Batch([], [], [])
        self._since = 0
        self._lock = threading.Lock()
        self._commit_lock = threading.Lock()
        self._wake = threading.Event()
        self._is_awake = False
        self._hurry = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None
        self.cursor = 0

    @property
    def error(self) -> BaseException | None:
        """Return what a commit failed with: nothing can be recorded any more."""
        return self._error

    def hold(self, lease: Lease) -> None:
        """Append under this lease from now on."""
        self._leases[lease.flow_run] = lease

    def emit(self, events: Sequence[Event], logs: Sequence[LogLine] = (), metrics: Sequence[Metric] = ()) -> None:
        """Take what belongs into one commit; raises what an earlier commit failed with."""
        if self._error is not None:
            raise self._error
        with self._lock:
            batch = self._batch
            taken = batch.events
            if events:
                if not taken:
                    self._since = events[0].at
                taken.extend(events)
            if logs:
                batch.logs.extend(logs)
            if metrics:
                batch.metrics.extend(metrics)
        size = len(taken) + len(batch.logs)
        if size >= LONGEST_BATCH or (events and events[0].at - self._since >= RIPE):
            self._commit_soon(size)
        elif not self._is_awake:
            self._wake_committer()

    def flush(self) -> int:
        """Return the cursor once everything taken so far is durable; raises what the commit failed with."""
        with self._commit_lock:
            if self._error is not None:
                raise self._error
            with self._lock:
                batch, self._batch = self._batch, Batch([], [], [])
            if batch.events or batch.logs or batch.metrics:
                self._commit(batch)
        return self.cursor

    def stop(self) -> None:
        """Commit the rest and end the thread."""
        self._stopped.set()
        self._wake.set()
        self._hurry.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._error is None:
            self.flush()

    def _commit_soon(self, size: int) -> None:
        if not self._store.is_remote or size >= 2 * LONGEST_BATCH:
            self.flush()
        elif not (self._hurry.is_set() and self._is_awake):
            self._hurry.set()
            self._wake_committer()

    def _commit(self, batch: Batch) -> None:
        try:
            if self._before_commit is not None:
                self._before_commit()
            self.cursor = self._store.append(batch, self._leases) or self.cursor
        except BaseException as error:
            with self._lock:
                later, self._batch = self._batch, batch
                batch.events.extend(later.events)
                batch.logs.extend(later.logs)
                batch.metrics.extend(later.metrics)
            self._error = error
            if isinstance(error, LeaseLost):
                self._keep_refused(batch)
            raise
        if batch.events and self._listeners:
            self._tell(batch.events)

    def _keep_refused(self, batch: Batch) -> None:
        try:
            self._store.keep_events(list(refused_reports(batch, self._leases)))
        except RecordError:
            _logger.exception("What was refused could not be kept.")

    def _tell(self, events: list[Event]) -> None:
        for listener in self._listeners:
            try:
                listener.on_events(events)
            except Exception:
                _logger.exception("The listener %r failed; the events are on record all the same.", listener)

    def _wake_committer(self) -> None:
        self._is_awake = True
        self._wake.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._commit_late, name="runwright-writer", daemon=True)
            self._thread.start()

    def _commit_late(self) -> None:
        seen: Batch | None = None
        while not self._stopped.is_set() and self._error is None:
            self._wake.wait()
            is_pressing = self._hurry.wait(PATIENCE)
            if self._stopped.is_set():
                return
            if self._batch is not seen and not is_pressing:
                seen = self._batch
                continue
            self._hurry.clear()
            self._wake.clear()
            self._is_awake = False
            try:
                self.flush()
            except BaseException as error:  # noqa: BLE001  kept, and raised on the flow's thread
                self._error = error
