"""Worker: runs the flow runs on one record that nobody runs: new ones, those whose time has come, and those of lost processes.

It claims by lease, so that any number of workers may look at one record. Each flow run has a thread of its own.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from runwright import app, clock, state_documents
from runwright.control import Control, decide
from runwright.errors import (
    FlowError,
    FlowFileError,
    IllegalTransition,
    LeaseHeld,
    LeaseLost,
    RecordUnreachable,
)
from runwright.open_records import guard_of
from runwright.remote_runs import RemoteRuns
from runwright.request import REOPENING
from runwright.runtime.leases import owner_name
from runwright.runtime.promises import is_to_be_looked_at
from runwright.states import Failed
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from uuid import UUID

    from runwright.runs import FlowRun
    from runwright.store import Store

LOOK = 0.5
"""Seconds between two looks at the record."""
PATIENCE = 30.0
"""Seconds until a flow run whose code is not here is looked at again."""
MOST = 200
"""How many flow runs are run at once."""

_OPEN = ("Pending", "Scheduled", "Queued", "Submitted", "Resume", "Retrying", "Running", "Cancelling", "Paused")

_logger = logging.getLogger("runwright.Worker")


class Worker:
    """Looks for flow runs until it is stopped; `most` are run at once."""

    def __init__(self, record: Store, *, most: int = MOST) -> None:
        """Look at nothing yet."""
        self._store = record
        self._most = most
        self._running: dict[UUID, threading.Thread] = {}
        self._left: dict[UUID, float] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._wake: queue.SimpleQueue[UUID | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def start(self) -> Worker:
        """Begin to look, from a thread of its own."""
        guard = guard_of(self._store)
        if guard is not None:
            guard.start()  # before the first task runs, which may let no thread of this process run
        self._thread = threading.Thread(target=self._work, name="runwright-worker", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Look no more; what runs goes on until its process ends, and another worker takes it over then."""
        self._stopped.set()
        self._wake.put(None)
        if self._thread is not None:
            self._thread.join()

    def drain(self, seconds: float) -> int:
        """Look no more, wait until what runs has ended, for so many seconds at most, and return how many flow runs are left."""
        self.stop()
        end = time.monotonic() + seconds
        with self._lock:
            threads = list(self._running.values())
        for each in threads:
            each.join(max(0.0, end - time.monotonic()))
        return len(self.running())

    def take(self, flow_run: UUID) -> None:
        """Run a flow run at once, if nobody does: for who has just recorded it."""
        self._wake.put(flow_run)

    def running(self) -> list[UUID]:
        """Return the flow runs that this worker runs."""
        with self._lock:
            return list(self._running)

    def _work(self) -> None:
        while not self._stopped.is_set():
            try:
                named = self._wake.get(timeout=LOOK)
            except queue.Empty:
                named = None
            try:
                if named is None:
                    self._look()
                elif self._is_claimable(app.find_flow_run(self._store, named)):
                    self._launch(named)
            except RecordUnreachable:
                continue  # the record itself says so
            except Exception:
                _logger.exception("The record could not be looked at; looking again.")

    def _look(self) -> None:
        queues: set[str] = set()
        for row in reversed(self._store.flow_runs(FlowRunFilter(states=_OPEN))):
            if self._stopped.is_set():
                return
            if row.kind.name == "Queued" and not row.details.get("forced"):
                if row.flow_name in queues:
                    continue  # it waits behind an earlier one
                queues.add(row.flow_name)
            if self._is_claimable(row):
                self._launch(row.id)
        self._look_at_lost()
        self._look_at_asked()

    def _look_at_lost(self) -> None:
        """Finish what lost processes have left of flow runs that had ended: what runs after the end, or the lease alone."""
        for lease in self._store.lost_leases():
            rows = self._store.flow_runs(FlowRunFilter(id=lease.flow_run))
            if not rows:  # it was taken for a flow run that never came
                self._give_up(lease.flow_run)
            elif rows[0].kind.phase.is_final and self._is_claimable(rows[0]):
                self._launch(lease.flow_run)

    def _look_at_asked(self) -> None:
        """Do what is asked of flow runs that have ended: whoever was to do it is gone, or found a lost lease in the way."""
        for flow_run in {each.flow_run for each in self._store.requests()}:
            row = app.find_flow_run(self._store, flow_run)
            if row.kind.phase.is_final and self._is_claimable(row):
                self._launch(flow_run)

    def _is_claimable(self, row: FlowRun) -> bool:
        with self._lock:
            if row.id in self._running or len(self._running) >= self._most or is_run_elsewhere(row):
                return False
        if self._left.get(row.id, 0) > time.monotonic():
            return False
        is_early = (row.scheduled_start_time or 0) > clock.now() and not row.details.get("forced")
        if row.kind.name == "Scheduled" and is_early:
            return False
        lease = self._store.find_lease(row.id)
        if lease is not None and lease.expires > self._store.now():
            return False
        return row.kind.name != "Paused" or self._goes_on(row)

    def _goes_on(self, row: FlowRun) -> bool:
        """Say whether a paused flow run that nobody holds goes on: somebody asked, a wait is over, or a promise is broken."""
        if any(each.intent not in REOPENING for each in self._store.requests(row.id)):
            return True
        if is_to_be_looked_at(row):
            return True
        waiting = self._store.task_runs(TaskRunFilter(flow_run=row.id, states=("Paused", "Retrying", "Scheduled")))
        return any(each.due is not None and each.due <= clock.now() for each in waiting)

    def _launch(self, flow_run: UUID) -> None:
        with self._lock:
            if flow_run in self._running:
                return
            thread = threading.Thread(target=self._run, args=(flow_run,), name=f"runwright-{flow_run}", daemon=True)
            self._running[flow_run] = thread
        thread.start()

    def _run(self, flow_run: UUID) -> None:
        try:
            app.resume_flow_run(
                flow_run, record=self._store.url, progress=_ignore, releases=False, queues=False, is_stoppable=True
            )
        except (LeaseHeld, LeaseLost):
            pass  # somebody else runs it
        except IllegalTransition:  # it has ended
            self._give_up(flow_run)
            self._heed(flow_run)
        except FlowFileError as error:
            self._leave(flow_run, error)
        except FlowError as error:
            self._refuse(flow_run, error)
        except Exception:
            _logger.exception("Flow run %s stopped; it is taken up again.", flow_run)
            self._stopped.wait(LOOK)
        finally:
            with self._lock:
                self._running.pop(flow_run, None)

    def _give_up(self, flow_run: UUID) -> None:
        """Give up the lease that a lost process has left."""
        with suppress(LeaseHeld):
            self._store.release(self._store.acquire(flow_run, owner_name(), 0))

    def _heed(self, flow_run: UUID) -> None:
        """Do what is asked of a flow run that has ended; one that is to go on then is found open by the next look."""
        try:
            for request in self._store.requests(flow_run)[:1]:  # the others are looked at with it
                decide(Control(self._store), app.find_flow_run(self._store, flow_run), request, None)
        except LeaseHeld:
            pass  # somebody else does it
        except Exception:
            _logger.exception("What is asked of flow run %s could not be done; looking again later.", flow_run)
            self._left[flow_run] = time.monotonic() + PATIENCE

    def _leave(self, flow_run: UUID, error: FlowFileError) -> None:
        """Leave a flow run to workers that have its code, and look again later whether it is here by then."""
        if flow_run not in self._left:
            _logger.warning("Flow run %s is left to others: %s", flow_run, error)
        self._left[flow_run] = time.monotonic() + PATIENCE

    def _refuse(self, flow_run: UUID, error: FlowError) -> None:
        """End a flow run that cannot begin, whoever tries; one that has begun waits for its code."""
        row = app.find_flow_run(self._store, flow_run)
        if row.kind.name != "Scheduled":
            _logger.warning("Flow run %s waits: %s", flow_run, error)
            self._left[flow_run] = time.monotonic() + PATIENCE
            return
        document = state_documents.to_document(Failed(f"The flow run could not begin: {error}"))
        RemoteRuns(self._store).set_state(flow_run, document)


def is_run_elsewhere(row: FlowRun) -> bool:
    """Say whether a program elsewhere runs a flow run: its flow came from there, and its code is nowhere here."""
    return bool(row.details.get("is_remote"))


def _ignore(_: Any) -> None:
    """Take no notice of progress."""
