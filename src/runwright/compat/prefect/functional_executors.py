"""Functional executors: Prefect 1's executor classes, which run plain functions besides the attempts of flow runs.

`start()`, `submit(function, ...)` and `wait(futures)` are theirs; `start(report)` and `submit(calls)` go to the executor of
Runwright's that each of them stands for. Nothing here decides how an attempt is made.
"""

from __future__ import annotations

import contextlib
import uuid
from functools import cached_property
from typing import TYPE_CHECKING, Any

from runwright import executors
from runwright.compat.prefect.function_calls import Aliased, FunctionCalls, call_pickled, perform, pickled, settled
from runwright.errors import ExecutorError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from runwright.executor import Executor as Place, Report, TaskCall

_NOT_STARTED = "The executor is not started: submit and wait inside `with executor.start():`."


class Executor:
    """The base of executors: subclass it with a `submit` and a `wait` of your own.

    A flow run calls `start(report)` and `submit(attempts)`, which are to be given on to the ones here; attempts are then made
    in the flow's own thread.
    """

    def _make_place(self) -> Place:
        """Return the executor that makes the attempts of flow runs."""
        return executors.InlineExecutor()

    @cached_property
    def _place(self) -> Place:
        """The executor that makes the attempts of flow runs, made when it is first needed."""
        return self._make_place()

    @property
    def slots(self) -> int:
        """How many attempts run at once."""
        return self._place.slots

    def start(self, report: Callable[[Report], None] | None = None) -> Any:
        """Return a context manager in which functions can be submitted; with `report`, make ready for a flow run."""
        return self._started() if report is None else self._place.start(report)

    def submit(
        self,
        fn: Callable[..., Any] | Sequence[TaskCall],
        *args: Any,
        extra_context: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Call `fn` and return the future of its value, to be given to `wait`; or take the calls of a flow run.

        `extra_context` may have a `task_name`, `task_index` and `task_tags`.
        """
        if callable(fn):
            return self._submit(fn, args, kwargs, extra_context or {})
        return self._place.submit(fn)

    def wait(self, futures: Any) -> Any:
        """Return the values of futures, however lists, tuples, sets and dicts nest them; raises what a function raised."""
        raise NotImplementedError(f"{type(self).__name__} has no wait(futures): define it, or use LocalExecutor.")

    @contextlib.contextmanager
    def _started(self) -> Generator[Any]:
        """Hold what functions need to run."""
        yield self

    def _submit(
        self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], extra: Mapping[str, Any]
    ) -> Any:
        """Call a function and return the future of its value; `extra` says what it is called for."""
        raise NotImplementedError(f"{type(self).__name__} has no submit(fn): define it, or use LocalExecutor.")

    def kill(self, ordinal: int, attempt: int) -> bool:
        """Stop an attempt of a flow run, where that can be done."""
        return self._place.kill(ordinal, attempt)

    def stop(self) -> None:
        """End what a flow run needed."""
        self._place.stop()

    def __getstate__(self) -> dict[str, Any]:
        """Travel as it was made, running nothing."""
        return {key: value for key, value in vars(self).items() if key not in {"_place", "_running"}}

    def __repr__(self) -> str:
        """Show the class and what it was given."""
        given = ", ".join(f"{name}={value!r}" for name, value in self._shown().items() if value is not None)
        return f"{type(self).__name__}({given})"

    def _shown(self) -> dict[str, Any]:
        """Return the settings that `repr` shows, None for one that was not given."""
        return {}


class LocalExecutor(Executor):
    """Runs everything at once, in the thread that submits it: the future of a function is its value."""

    def _submit(
        self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], extra: Mapping[str, Any]
    ) -> Any:
        """Return what the function returns, and raise what it raises."""
        del extra
        return fn(*args, **kwargs)

    def wait(self, futures: Any) -> Any:
        """Return what is given: it has happened already."""
        return futures


class LocalDaskExecutor(Executor):
    """Runs things in threads or processes of this machine, or with `sync` one after the other; needs no Dask."""

    _running: FunctionCalls | None = None

    def __init__(self, scheduler: str = "threads", num_workers: int | None = None, **_: Any) -> None:
        """Start nothing yet; settings besides these are ignored. Raises `SettingError` for another scheduler."""
        self.scheduler = scheduler
        self.num_workers = num_workers
        self._place = self._make_place()

    def _make_place(self) -> Place:
        return executors.LocalDaskExecutor(self.scheduler, self.num_workers)

    def wait(self, futures: Any) -> Any:
        """Return the values of futures, however lists, tuples, sets and dicts nest them; raises what a function raised."""
        return settled(futures)

    @contextlib.contextmanager
    def _started(self) -> Generator[Any]:
        """Hold the threads or processes; what still runs at the end is ended, or abandoned where it is a thread."""
        make: Any = type(self._place)
        slots = () if make is executors.InlineExecutor else (self.slots,)
        with FunctionCalls(make(*slots, attempt=Aliased(perform))) as calls:
            self._running = calls
            try:
                yield self
            finally:
                self._running = None

    def _shown(self) -> dict[str, Any]:
        return {"scheduler": self.scheduler, "num_workers": self.num_workers}

    def _submit(
        self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], extra: Mapping[str, Any]
    ) -> Any:
        """Return a `concurrent.futures.Future`; futures among the arguments are waited for first."""
        del extra
        if self._running is None:
            raise ExecutorError(_NOT_STARTED)
        return self._running.submit(fn, args, kwargs)


class DaskExecutor(Executor):
    """Runs things on a Dask cluster: the one at `address`, else one made of `cluster_class` for each `start`.

    The arguments are those of `runwright.executors.DaskExecutor`, and are kept as attributes. Raises `SettingError`, a
    `ValueError`, where `address` and a cluster's arguments contradict, and `MissingExtra` where Dask is not installed.
    """

    _running: Any = None

    def __init__(
        self,
        address: str | None = None,
        cluster_class: str | Callable[..., Any] | None = None,
        cluster_kwargs: Mapping[str, Any] | None = None,
        adapt_kwargs: Mapping[str, Any] | None = None,
        client_kwargs: Mapping[str, Any] | None = None,
        debug: bool = False,  # noqa: FBT001, FBT002  the documented signature
        performance_report_path: str | None = None,
        disable_cancellation_event: bool = False,  # noqa: FBT001, FBT002  as above
        watch_worker_status: bool | None = None,  # noqa: FBT001  as above
    ) -> None:
        """Start nothing yet."""
        self.address = address
        self.cluster_class = cluster_class
        self.cluster_kwargs = dict(cluster_kwargs or {})
        self.adapt_kwargs = dict(adapt_kwargs or {})
        self.client_kwargs = dict(client_kwargs or {})
        self.debug = debug
        self.performance_report_path = performance_report_path
        self.disable_cancellation_event = disable_cancellation_event
        self.watch_worker_status = debug if watch_worker_status is None else watch_worker_status
        self._place = self._make_place()

    def _make_place(self) -> Any:
        return executors.DaskExecutor(
            self.address,
            self.cluster_class,
            self.cluster_kwargs,
            self.adapt_kwargs,
            self.client_kwargs,
            debug=self.debug,
            performance_report_path=self.performance_report_path,
            disable_cancellation_event=self.disable_cancellation_event,
            watch_worker_status=self.watch_worker_status,
        )

    def wait(self, futures: Any) -> Any:
        """Return the values of Dask's futures, however lists, tuples, sets and dicts nest them."""
        return self._client().gather(futures)

    @contextlib.contextmanager
    def _started(self) -> Generator[Any]:
        """Hold a client, and the cluster where it was made for it; what still runs at the end is cancelled."""
        with self._make_place().connection() as client:
            self._running = client
            try:
                yield self
            finally:
                self._running = None

    def _submit(
        self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], extra: Mapping[str, Any]
    ) -> Any:
        """Return Dask's future, whose key begins with the name of the task or function."""
        from runwright.executors.dask import resources_of  # noqa: PLC0415  Dask is heavy

        name, index = extra.get("task_name") or getattr(fn, "__name__", type(fn).__name__), extra.get("task_index")
        key = "-".join(str(part) for part in (name, index, uuid.uuid4().hex) if part is not None)
        resources = resources_of(extra.get("task_tags") or ())
        return self._client().submit(
            Aliased(call_pickled), pickled(fn), list(args), kwargs, key=key, pure=False, resources=resources or None
        )

    def _client(self) -> Any:
        if self._running is None:
            raise ExecutorError(_NOT_STARTED)
        return self._running

    def _shown(self) -> dict[str, Any]:
        return {
            "address": self.address,
            "cluster_class": self.cluster_class,
            "cluster_kwargs": self.cluster_kwargs or None,
            "adapt_kwargs": self.adapt_kwargs or None,
        }
