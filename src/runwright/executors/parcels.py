"""Parcels: calls on their way to a worker process.

What many calls have in common (the task with its edges, the flow run's context) is sent to a worker once and named by
number afterwards; a call itself carries the upstream states and little more.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from runwright.errors import UnpicklableCall
from runwright.executor import TaskCall
from runwright.executors.endings import final_of, told
from runwright.executors.pickles import dumps, loads, look_at
from runwright.runtime import caching
from runwright.states import Failed

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.executor import Report

_ADVICE = "pass plain data, or run the flow with executor='threads'."


class Enclosure(NamedTuple):
    """Something that many calls need: its number, its pickle, and the objects it was made of."""

    number: int
    body: bytes
    made_of: tuple[Any, ...]


class Parcel(NamedTuple):
    """A call as pickles; the enclosures go first to a worker that has not seen them."""

    setting: Enclosure
    task: Enclosure
    body: bytes


class Packer:
    """Makes parcels, on any thread; remembers the enclosures of one flow run."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._lock = threading.Lock()
        self._tasks: dict[str, Enclosure] = {}
        self._setting: Enclosure | None = None
        self._count = 0

    def pack(self, call: TaskCall) -> Parcel:
        """Return the parcel of a call; raises `UnpicklableCall` that names what cannot travel."""
        with self._lock:
            setting, task = self._setting_of(call), self._task_of(call)
        content = (
            task.number,
            call.task_run_id,
            call.run_count,
            call.map_index,
            call.state,
            call.timeout,
            call.is_mapped_parent,
            caching.candidates_for(call),
            list(call.upstream.values()),
        )
        try:
            body = dumps(content)
        except Exception as error:
            raise _blame_inputs(call, error) from error
        return Parcel(setting, task, body)

    def _setting_of(self, call: TaskCall) -> Enclosure:
        objects = call.context, call.result, call.runner
        known = self._setting
        if known is None or not _is_same(known.made_of, objects):
            look_at([call.runner])
            context = {key: value for key, value in call.context.items() if key != "caches"}
            try:
                body = dumps((context, call.result, call.runner))
            except Exception as error:
                raise _blame_setting(call, context, error) from error
            known = self._setting = self._enclose(body, objects)
        return known

    def _task_of(self, call: TaskCall) -> Enclosure:
        objects = call.task, *call.upstream
        known = self._tasks.get(call.slug)
        if known is None or not _is_same(known.made_of, objects):
            task = call.task
            look_at([type(task), getattr(task, "run", None), getattr(task, "trigger", None)])
            look_at(getattr(task, "state_handlers", ()))
            body = _task_body(call)
            known = self._tasks[call.slug] = self._enclose(body, objects)
        return known

    def _enclose(self, body: bytes, objects: tuple[Any, ...]) -> Enclosure:
        self._count += 1
        return Enclosure(self._count, body, objects)


class Unpacked:
    """The worker's side: keeps the enclosures and makes calls of what comes."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._setting = b""
        self._common: tuple[dict[str, Any], Any, Callable[..., Any] | None] | None = None
        self._tasks: dict[int, bytes | tuple[Any, ...]] = {}

    def keep_setting(self, body: bytes) -> None:
        """Take what all calls from here on have in common."""
        self._setting, self._common = body, None

    def keep_task(self, number: int, body: bytes) -> None:
        """Take a task that calls will name."""
        self._tasks[number] = body

    def call(self, ordinal: int, attempt: int, body: bytes) -> TaskCall:
        """Return a call; raises whatever user code raises while it is put together."""
        if self._common is None:
            context, result, runner = loads(self._setting)
            self._common = {**context, "caches": {}}, result, runner
        number, task_run_id, run_count, map_index, state, timeout, is_mapped_parent, caches, upstream = loads(body)
        held = self._tasks[number]
        if isinstance(held, bytes):
            held = self._tasks[number] = loads(held)
        task, slug, node, edges = held
        context, result, runner = self._common
        return TaskCall(
            ordinal=ordinal,
            node=node,
            slug=slug,
            task=task,
            task_run_id=task_run_id,
            context={**context, "caches": caches} if caches else context,
            upstream=dict(zip(edges, upstream, strict=True)),
            attempt=attempt,
            run_count=run_count,
            map_index=map_index,
            state=state,
            timeout=timeout,
            is_mapped_parent=is_mapped_parent,
            runner=runner,
            result=result,
        )


def unreadable_call(ordinal: int, attempt: int, error: BaseException) -> Report:
    """Return the final report of a call that user code did not let the worker put together."""
    message = (
        f"The inputs or the task cannot be put together again in a worker process ({told(error)}): define classes and "
        "functions in a module that can be imported there, pass plain data, or run the flow with executor='threads'."
    )
    return final_of(ordinal, attempt, Failed(message, result=UnpicklableCall(message)))


class Neighbour:
    """Stands for an upstream task that cannot travel: its name, slug and tags are what a trigger may ask for."""

    def __init__(self, task: Any) -> None:
        """Take what can travel of `task`."""
        self.name = str(getattr(task, "name", None))
        self.slug = getattr(task, "slug", None)
        self.tags = set(getattr(task, "tags", ()))


class Inlet:
    """Stands for an edge from such a task."""

    def __init__(self, edge: Any) -> None:
        """Take what can travel of `edge`."""
        self.upstream_task = Neighbour(edge.upstream_task)
        self.downstream_task = edge.downstream_task
        self.key = edge.key
        self.mapped = edge.mapped
        self.flattened = edge.flattened


def _is_same(some: tuple[Any, ...], others: tuple[Any, ...]) -> bool:
    return len(some) == len(others) and all(one is other for one, other in zip(some, others, strict=True))


def _task_body(call: TaskCall) -> bytes:
    """Return the task with its edges; upstream tasks that cannot travel stay behind, they are not run there."""
    try:
        return dumps((call.task, call.slug, call.node, list(call.upstream)))
    except Exception:  # noqa: BLE001  whose fault it is shows below
        edges = [Inlet(edge) if hasattr(edge, "upstream_task") else edge for edge in call.upstream]
    try:
        return dumps((call.task, call.slug, call.node, edges))
    except Exception as error:
        raise UnpicklableCall(
            f"Task {call.slug!r} cannot be sent to a worker process ({told(error)}): keep what cannot be pickled out "
            "of its attributes and of the variables its function uses, or run the flow with executor='threads'."
        ) from error


def _blame_inputs(call: TaskCall, error: Exception) -> UnpicklableCall:
    for edge, state in call.upstream.items():
        failure = _failure(state)
        if failure is not None:
            key = getattr(edge, "key", None)
            what = f"Input {key!r}" if key else f"The state of {getattr(edge, 'upstream_task', None)!r}, upstream"
            return UnpicklableCall(
                f"{what} of task {call.slug!r} cannot be sent to a worker process ({told(failure)}): {_ADVICE}"
            )
    return UnpicklableCall(f"Task run {call.slug!r} cannot be sent to a worker process ({told(error)}): {_ADVICE}")


def _blame_setting(call: TaskCall, context: dict[str, Any], error: Exception) -> UnpicklableCall:
    for key, value in context.items():
        failure = _failure(value)
        if failure is not None:
            return UnpicklableCall(f"context.{key} cannot be sent to a worker process ({told(failure)}): {_ADVICE}")
    what = "The flow's result" if _failure(call.result) else "The task runner class"
    return UnpicklableCall(
        f"{what} cannot be sent to a worker process ({told(error)}): define it in a module, without open connections, "
        "or run the flow with executor='threads'."
    )


def _failure(value: Any) -> Exception | None:
    try:
        dumps(value)
    except Exception as error:  # noqa: BLE001  user code
        return error
    return None
