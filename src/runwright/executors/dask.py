"""Dask: attempts run on the workers of a Dask cluster: one of its own on this machine, or one that is there already.

This module alone imports Dask. What happens in the scheduler and in the workers has modules of its own beside it.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import logging
import multiprocessing
import threading
from typing import TYPE_CHECKING, Any

from runwright.errors import ExecutorError, MissingExtra, SettingError, UnpicklableCall
from runwright.executors import dask_worker
from runwright.executors.dask_dispatch import Dispatch, Entry
from runwright.executors.dask_switchboard import Switchboard
from runwright.executors.endings import final
from runwright.executors.parcels import Packer
from runwright.executors.slots import processors
from runwright.states import Failed

try:
    from dask import config
    from distributed import Client, LocalCluster, get_worker, performance_report
    from distributed.diagnostics.plugin import SchedulerPlugin
except ImportError as missing:
    raise MissingExtra("The Dask executor needs the extra runwright[dask].") from missing

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from runwright.executor import Report, TaskCall

logger = logging.getLogger("runwright.DaskExecutor")

RESOURCE = "dask-resource:"
"""The beginning of a tag that says what a task needs of its worker, as in `dask-resource:GPU=1`."""

PORT = 8786
"""Where a Dask scheduler listens by custom."""

_GIVEN = (
    "address", "cluster_class", "cluster_kwargs", "adapt_kwargs", "client_kwargs", "debug", "performance_report_path",
    "disable_cancellation_event", "watch_worker_status", "grace",
)  # fmt: skip

UNKNOWN = 32
"""How many slots a cluster is taken to have that was not looked at yet."""

GRACE = 2.0
"""Seconds that an attempt has after its deadline to say so itself, from another machine."""


CLOSING = 30.0
"""Seconds that a cluster has to close."""

_KEEP_WORKERS = {"distributed.deploy.lost-worker-timeout": "7 days"}
"""Otherwise a worker that dies twice within a quarter of a minute is given up by its cluster, and nobody replaces it."""

_NO_DASHBOARD = {"dashboard_address": "127.0.0.1:0", "scheduler_kwargs": {"dashboard": False}}


class DaskExecutor:
    """Runs attempts on a Dask cluster: the one at `address`, else one made of `cluster_class` for each flow run.

    Without either, a `LocalCluster` on 127.0.0.1 without a dashboard, with one process for each processor. `cluster_kwargs`
    go to the cluster, `adapt_kwargs` to its `adapt`, `client_kwargs` to the client. `debug` lets Dask log its warnings,
    `performance_report_path` is where to leave Dask's report (it needs bokeh). `watch_worker_status` logs workers that
    come and go (None: with `debug`). With `disable_cancellation_event` a body that runs is never interrupted. Tags such as
    `dask-resource:GPU=1` become resources. Raises `SettingError` where `address` and a cluster's arguments contradict.
    """

    def __init__(
        self,
        address: str | None = None,
        cluster_class: str | Callable[..., Any] | None = None,
        cluster_kwargs: Mapping[str, Any] | None = None,
        adapt_kwargs: Mapping[str, Any] | None = None,
        client_kwargs: Mapping[str, Any] | None = None,
        *,
        debug: bool = False,
        performance_report_path: str | None = None,
        disable_cancellation_event: bool = False,
        watch_worker_status: bool | None = None,
        grace: float = GRACE,
    ) -> None:
        """Start nothing yet."""
        if address is not None and (cluster_class is not None or cluster_kwargs or adapt_kwargs):
            raise SettingError(
                "A Dask executor with an address uses the cluster that is there: leave out cluster_class, "
                "cluster_kwargs and adapt_kwargs, or the address."
            )
        self.address = address
        self.cluster_class = cluster_class
        self.cluster_kwargs = dict(cluster_kwargs or {})
        self.adapt_kwargs = dict(adapt_kwargs or {})
        self.client_kwargs = dict(client_kwargs or {})
        self.debug = debug
        self.performance_report_path = performance_report_path
        self.disable_cancellation_event = disable_cancellation_event
        self.watch_worker_status = debug if watch_worker_status is None else watch_worker_status
        self.grace = grace
        self._packer = Packer()
        self._dispatch: Dispatch | None = None
        self._report: Callable[[Report], None]
        self._resources: dict[str, dict[str, float]] = {}
        self._exits = contextlib.ExitStack()

    @classmethod
    def from_url(cls, url: str) -> DaskExecutor:
        """Return an executor for the cluster at `dask://host:port`; the port is 8786 where there is none."""
        place = url.partition("://")[2].rstrip("/")
        if not place:
            raise SettingError(f"Executor {url!r} has no host: write it as in dask://host:8786.")
        has_port = place.rpartition("]")[2].rpartition(":")[2].isdecimal() and ":" in place.rpartition("]")[2]
        return cls(f"tcp://{place}" if has_port else f"tcp://{place}:{PORT}")

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as it was made, connected to nothing."""
        given = {name: getattr(self, name) for name in _GIVEN}
        return functools.partial(type(self), **given), ()

    @property
    def slots(self) -> int:
        """Return how many attempts run at once: workers of a cluster come and go."""
        if self._dispatch is None:
            return self._expected_slots()
        return max(self._dispatch.threads, int(self.adapt_kwargs.get("maximum", 1)))

    def start(self, report: Callable[[Report], None]) -> None:
        """Start the cluster or connect to it; raises `ExecutorError` when that does not work."""
        if self._dispatch is not None:
            raise ExecutorError(
                "This executor runs a flow already: give each flow run at the same time its own executor."
            )
        if getattr(multiprocessing.current_process(), "_inheriting", False):
            raise ExecutorError(
                "A script that starts a Dask cluster of its own needs `if __name__ == '__main__':` before its main "
                "part, because Dask's workers import the script."
            )
        self._report = report
        self._packer = Packer()
        with contextlib.ExitStack() as exits:
            client = exits.enter_context(self.connection())
            self._dispatch = Dispatch(
                client,
                _Mapper(client),
                report,
                grace=self.grace,
                interrupt=not self.disable_cancellation_event,
                waits_for_workers=self.address is not None or bool(self.adapt_kwargs),
                threads=sum(client.nthreads().values()),
            )
            self._exits = exits.pop_all()

    def submit(self, calls: Sequence[TaskCall]) -> None:
        """Hand the calls in; what cannot be sent is Failed before this returns."""
        dispatch = self._dispatch
        if dispatch is None:
            raise ExecutorError("The executor is not started: call start(report) before submit.")
        entries: list[Entry] = []
        for call in calls:
            try:
                entries.append(Entry(call, self._packer.pack(call), self._resources_of(call)))
            except (UnpicklableCall, SettingError) as refused:
                self._report(final(call, Failed(str(refused), result=refused)))
        if entries:
            dispatch.submit(entries)

    def kill(self, ordinal: int, attempt: int) -> bool:
        """Interrupt an attempt and report it Killed, or Cancelled where its body has not begun.

        KeyboardInterrupt is raised in its thread. Where that does not end it, its worker is killed if it has one thread and
        a nanny that replaces it; other workers keep the thread busy until the body returns.
        """
        return self._dispatch is not None and self._dispatch.kill(ordinal, attempt)

    def stop(self) -> None:
        """End what still runs, answer what still waits, and close the client and the cluster that was started here."""
        dispatch, self._dispatch = self._dispatch, None
        with self._exits:
            if dispatch is not None:
                dispatch.stop()

    # ---- the cluster

    @contextlib.contextmanager
    def connection(self) -> Generator[Any]:
        """Hold a Dask client of the cluster, started where it has to be; raises `ExecutorError` when that does not work."""
        with contextlib.ExitStack() as exits:
            try:
                client = self._connected(exits)
            except Exception as error:
                place = f"The Dask cluster at {self.address}" if self.address else "A Dask cluster"
                raise ExecutorError(f"{place} cannot be reached or started: {error}") from error
            yield client

    def _connected(self, exits: contextlib.ExitStack) -> Any:
        if self.address is None and self.cluster_class is None:
            exits.enter_context(config.set(_KEEP_WORKERS))
        place = self.address if self.address is not None else exits.enter_context(_closed_in_time(self._cluster()))
        client = _client(place, self.client_kwargs)
        exits.enter_context(client)
        client.register_plugin(_Plugin(), name=_Plugin.name)
        if self.watch_worker_status:
            client.subscribe_topic("all", _log_worker)
        if self.performance_report_path is not None:
            exits.enter_context(client.as_current())
            exits.enter_context(performance_report(self.performance_report_path))
        return client

    def _cluster(self) -> Any:
        options = self.cluster_kwargs
        if self.cluster_class is None:
            options = {
                "n_workers": 0 if self.adapt_kwargs else processors(),
                "threads_per_worker": 1,
                "host": "127.0.0.1",
                "silence_logs": logging.WARNING if self.debug else logging.CRITICAL,
                **({} if "dashboard_address" in options else _NO_DASHBOARD),
                **options,
            }
        cluster = _class_of(self.cluster_class)(**options)
        if self.adapt_kwargs:
            cluster.adapt(**self.adapt_kwargs)
        return cluster

    def _expected_slots(self) -> int:
        if self.address is not None or self.cluster_class is not None:
            return UNKNOWN
        workers = self.adapt_kwargs.get("maximum", self.cluster_kwargs.get("n_workers", processors()))
        return max(int(workers) * int(self.cluster_kwargs.get("threads_per_worker", 1)), 1)

    def _resources_of(self, call: TaskCall) -> dict[str, float]:
        known = self._resources.get(call.slug)
        if known is None:
            known = self._resources[call.slug] = resources_of(getattr(call.task, "tags", ()))
        return known


def resources_of(tags: Any) -> dict[str, float]:
    """Return what tags such as `dask-resource:GPU=1` ask for; raises `SettingError` for one without a number."""
    found: dict[str, float] = {}
    for tag in tags:
        if tag.startswith(RESOURCE):
            name, _, amount = tag.removeprefix(RESOURCE).partition("=")
            try:
                found[name] = float(amount)
            except ValueError:
                raise SettingError(f"Tag {tag!r} names no amount: write it as in {RESOURCE}GPU=1.") from None
    return found


def make_here(data: bytes) -> None:
    """Make an attempt, in a Dask worker; this is the function that Dask is asked to call."""
    worker: Any = get_worker()
    dask_worker.make(worker, worker.get_current_task(), data)


class _Mapper:
    """Hands many calls to Dask as one graph."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __call__(self, orders: list[bytes], keys: list[str], resources: dict[str, float]) -> list[Any]:
        return self._client.map(make_here, orders, key=keys, pure=False, resources=resources or None)


class _Plugin(Switchboard, SchedulerPlugin):
    """The switchboard, as a scheduler takes it."""

    name = "runwright"
    idempotent = True

    async def start(self, scheduler: Any) -> None:
        self.connect(scheduler)

    def transition(self, key: Any, start: Any, finish: Any, *args: Any, **kwargs: Any) -> None:
        if finish == "erred":
            self.note_failure(key)

    def remove_worker(self, scheduler: Any, worker: str, **_: Any) -> None:
        self.note_departure(worker)

    def restart(self, scheduler: Any) -> None:
        self.note_restart()

    def remove_client(self, scheduler: Any, client: str) -> None:
        self.forget_client(client)


@contextlib.contextmanager
def _closed_in_time(cluster: Any) -> Generator[Any]:
    """Hold a cluster open; its processes end with this one where it does not close in time."""
    with contextlib.ExitStack() as exits:
        entered = exits.enter_context(cluster)
        try:
            yield entered
        finally:
            closing = threading.Thread(target=exits.pop_all().close, name="runwright-dask-close", daemon=True)
            closing.start()
            closing.join(CLOSING)
            if closing.is_alive():
                logger.warning("The Dask cluster has not closed within %.0f seconds and is left alone.", CLOSING)


def _client(place: Any, options: Mapping[str, Any]) -> Any:
    client: Any = Client.__new__(Client)  # made in two steps, so that one that cannot connect is closed at once
    try:
        client.__init__(place, set_as_default=False, **options)
    except BaseException:
        with contextlib.suppress(Exception):
            client.close()
        raise
    return client


def _class_of(cluster: str | Callable[..., Any] | None) -> Callable[..., Any]:
    if cluster is None:
        return LocalCluster
    if not isinstance(cluster, str):
        return cluster
    module, _, name = cluster.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise SettingError(f"There is no cluster class {cluster!r}: give it as in 'package.module.Class'.") from error


def _log_worker(event: tuple[float, Any]) -> None:
    said = event[1]
    if isinstance(said, dict) and said.get("action") in {"add-worker", "remove-worker"}:
        logger.warning("Dask worker %s: %s", said["action"].partition("-")[0], said.get("worker"))
