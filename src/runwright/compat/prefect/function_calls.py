"""Function calls: plain functions that run where attempts run, and the futures of what they return. No flow run is involved."""

from __future__ import annotations

import itertools
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Self

from runwright import clock
from runwright.compat.prefect.installing import install, is_installed
from runwright.errors import ExecutorError
from runwright.executor import Report, TaskCall
from runwright.executors.pickles import dumps, loads, look_at
from runwright.result import Result
from runwright.states import Failed, Success

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from runwright.executor import Executor


class FunctionCalls:
    """Hands functions to an executor that makes attempts with `perform`, for as long as the `with` block lasts."""

    def __init__(self, place: Executor) -> None:
        """Use `place`, which is not started yet."""
        self._place = place
        self._ordinals = itertools.count(1)
        self._context: dict[str, Any] = {}
        self._open: dict[int, Future[Any]] = {}

    def __enter__(self) -> Self:
        """Start the executor."""
        self._place.start(self._take)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the executor; the futures of what it had not finished raise `ExecutorError`."""
        self._place.stop()

    def submit(self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Future[Any]:
        """Return the future of a call; futures among its arguments are waited for first."""
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()  # what runs in a thread cannot be cancelled
        try:
            upstream = settled({"args": args, "kwargs": kwargs})
        except Exception as error:  # noqa: BLE001  what the argument's own function raised
            future.set_exception(error)
            return future
        look_at([fn])
        ordinal = next(self._ordinals)
        self._open[ordinal] = future
        call = TaskCall(
            ordinal=ordinal,
            node=0,
            slug=getattr(fn, "__name__", type(fn).__name__),
            task=fn,
            task_run_id=str(ordinal),
            context=self._context,
            upstream=upstream,
        )
        self._place.submit([call])
        return future

    def _take(self, report: Report) -> None:
        if not report.is_final:
            return
        future, state = self._open.pop(report.ordinal), report.state
        if state.is_successful():
            future.set_result(state.result)
        else:
            error = state.result
            future.set_exception(error if isinstance(error, BaseException) else ExecutorError(str(state.message)))


def perform(call: TaskCall, report: Callable[[Report], None]) -> None:
    """Make an attempt that is nothing but a call of the function that stands in the task's place."""
    inputs: Any = call.upstream
    try:
        state = Success(result=Result(call.task(*inputs["args"], **inputs["kwargs"])))
    except Exception as error:  # noqa: BLE001  user code
        state = Failed(str(error), result=error)
    report(Report(call.ordinal, call.attempt, clock.now(), state, is_final=True))


def pickled(fn: Callable[..., Any]) -> bytes:
    """Return a function for another process, by value where it could not be imported there."""
    look_at([fn])
    return dumps(fn)


def call_pickled(fn: bytes, args: Iterable[Any], kwargs: dict[str, Any]) -> Any:
    """Return what a function returns that came from another process."""
    return loads(fn)(*args, **kwargs)


class Aliased:
    """A function that takes the alias along to another process, before what it is called with is put together there."""

    def __init__(self, function: Callable[..., Any]) -> None:
        """Hold the function."""
        self._function = function

    def __call__(self, *args: Any) -> Any:
        """Call it."""
        return self._function(*args)

    def __reduce__(self) -> tuple[Any, ...]:
        """Install the alias in the other process where it is installed here."""
        return _aliased, (self._function, is_installed())


def _aliased(function: Callable[..., Any], is_needed: bool) -> Aliased:  # noqa: FBT001  what `__reduce__` gives
    if is_needed:
        install()
    return Aliased(function)


def settled(value: Any) -> Any:
    """Return `value` with the result in place of each future in its lists, tuples, sets and dicts, whatever they nest."""
    if isinstance(value, Future):
        return value.result()
    kind = type(value)
    if kind in {list, tuple, set}:
        return kind(settled(each) for each in value)
    if kind is dict:
        return {key: settled(each) for key, each in value.items()}
    return value
