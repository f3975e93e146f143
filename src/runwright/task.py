"""Task: the user's declaration of one step. It knows how to join a flow; it does not know how it is run.

A task is a template until it is called inside a flow: calling copies it, joins the copy to the flow and returns the
copy, which stands for the future result.
"""

from __future__ import annotations

import copy
import functools
import warnings
from typing import TYPE_CHECKING, Any, ClassVar, Generic, ParamSpec, TypeVar, overload

from runwright import defaults, signatures, task_options
from runwright.context import context
from runwright.errors import FlowError, did_you_mean
from runwright.mapping import check_mappable
from runwright.operable import Operable
from runwright.signatures import RunSignature
from runwright.tagging import active_tags, checked_tags

if TYPE_CHECKING:
    import inspect
    import logging
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import timedelta
    from typing import Self, Unpack

    from runwright.cache_validators import Validator
    from runwright.flow import Flow
    from runwright.policies import RetryPolicy
    from runwright.result import Result
    from runwright.state_handlers import StateHandler
    from runwright.states import State
    from runwright.task_options import TaskOptions
    from runwright.triggers import Trigger

_SET_BY_TASK = {
    *task_options.TaskOptions.__annotations__, "name", "slug", "tags", "retry_policy", "is_async", "auto_generated",
}  # fmt: skip

P = ParamSpec("P")
R = TypeVar("R")


class _Signature:
    """What `help()` shows: how to call a task, and for a class how to make one."""

    def __get__(self, task: Task | None, owner: type[Task]) -> inspect.Signature:
        return (
            signatures.of_constructor(owner, task_options.TaskOptions.__annotations__)
            if task is None
            else signatures.of_call(task.run, Task)
        )


class Task(Operable):
    """One step of a flow: subclass it and write `run`, or decorate a function with `@task`.

    `name` is by default that of the class or function, `slug` is what one flow knows the task by (by default the name,
    the tags and a number). The other options are those of `TaskOptions`; each is an attribute of the same name.
    `is_async` and `retry_policy` are made from them when the task is declared.
    """

    max_retries: int
    retry_delay: timedelta | list[timedelta] | None
    retry_jitter: float
    retry_on: set[type[BaseException]] | None
    retry_condition: Callable[[Any, State], bool] | None
    retry_policy: RetryPolicy
    timeout: float | None
    trigger: Trigger
    skip_on_upstream_skip: bool
    cache_for: timedelta | None
    cache_validator: Validator
    cache_key: str | None
    checkpoint: bool | None
    state_handlers: list[StateHandler]
    log_stdout: bool
    result: Result | None
    target: str | Callable[..., str] | None
    task_run_name: str | Callable[..., str] | None
    nout: int | None

    runs_again: ClassVar[bool] = False
    """Whether a flow run that is given this task's final state runs it all the same: it opens something, or keeps a secret."""

    is_aside: ClassVar[bool] = False
    """Whether the task only serves others, so that it is no reference task by default."""

    _signature: RunSignature = RunSignature()
    _logger: logging.Logger | None = None
    __signature__: ClassVar[Any] = _Signature()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Read the signature of `run` once, when the class is made; raises as `signatures.of_method`."""
        super().__init_subclass__(**kwargs)
        if "run" in cls.__dict__:
            cls._signature = signatures.of_method(cls.__dict__["run"], cls.__name__)

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Make the object; warns when a task is passed where only plain values make sense."""
        if cls is not Task and any(isinstance(value, Task) for value in (*args, *kwargs.values())):
            name = cls.__name__
            warnings.warn(
                f"A task was passed to the constructor of {name}, which runs before there are results: make the task "
                f"first, then call it with other tasks: step = {name}(...); result = step(other_task).",
                stacklevel=2,
            )
        return super().__new__(cls)

    def __init__(
        self,
        name: str | None = None,
        slug: str | None = None,
        tags: Iterable[str] | None = None,
        **options: Unpack[TaskOptions],
    ) -> None:
        """Declare a task; raises `TypeError` and `ValueError` that name the option and what to write instead."""
        _warn_about_overwriting(self)
        for option, value in (("name", name), ("slug", slug)):
            task_options.text(option, value)
        self.name = name or type(self).__name__
        attributes = task_options.from_constructor(options, f"Task {self.name!r}")
        vars(self).update(attributes)
        self.slug = slug
        self.tags: set[str] = {*checked_tags(tags), *active_tags()}
        if self.nout is None:
            self.nout = signatures.count_of_results(self.run)
        self.is_async = signatures.is_coroutine_function(self.run)
        self.auto_generated = False
        _note_creation(self)

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Do the work: subclasses override this, with named arguments; what it returns is the result."""

    @property
    def logger(self) -> logging.Logger:
        """Return the logger named `runwright.<name of the task>`."""
        if self._logger is None:
            self._logger = _logger_named(f"{defaults.active().logger_root}.{self.name}")
        return self._logger

    # ---- joining a flow

    def copy(self, **task_args: Any) -> Self:
        """Return a copy with other attributes; raises `AttributeError` for one that the task has not.

        Tags add up. The copy of a task with a slug of its own gets another, unless `slug` is given. Edges stay behind.
        """
        for name in task_args:
            if not hasattr(self, name):
                hint = did_you_mean(name, vars(self))
                raise AttributeError(f"{type(self).__name__} does not have {name!r} as an attribute.{hint}")
        _warn_about_edges(self)
        new = copy.copy(self)
        if new.slug is not None:
            new.slug = f"{new.slug}-copy"
        new.tags = {*self.tags, *checked_tags(task_args.pop("tags", None)), *active_tags()}
        new.state_handlers = list(self.state_handlers)
        vars(new).pop("_logger", None)
        if task_args:
            vars(new).update(task_options.changed(vars(self), task_args, f"Task {self.name!r}"))
        _note_creation(new)
        return new

    def __call__(
        self,
        *args: Any,
        mapped: bool = False,
        task_args: Mapping[str, Any] | None = None,
        upstream_tasks: Iterable[Any] | None = None,
        flow: Flow | None = None,
        **kwargs: Any,
    ) -> Self:
        """Join a copy of this task to the flow and return it; arguments are tasks or plain values.

        `task_args` are attributes of the copy, `upstream_tasks` it only waits for, `flow` is by default the active one.
        Raises `FlowError` where no flow is active: there, call `run`.
        """
        flow = _active(flow, self.name)
        inputs = self._inputs(args, kwargs)
        new = self.copy(**(task_args or {}))
        _note_use(self)
        return new.bind(mapped=mapped, upstream_tasks=upstream_tasks, flow=flow, **inputs)

    def map(
        self,
        *args: Any,
        task_args: Mapping[str, Any] | None = None,
        upstream_tasks: Iterable[Any] | None = None,
        flow: Flow | None = None,
        **kwargs: Any,
    ) -> Self:
        """Join a copy that runs once for each element of its arguments, up to the shortest; `unmapped(x)` stays whole.

        Raises `TypeError` for an argument that has no elements. The rest is as for calling the task.
        """
        flow = _active(flow, self.name)
        inputs = self._inputs(args, kwargs)
        is_strict = defaults.active().is_mapping_strict
        check_mappable(self.name, inputs if is_strict else {key: inputs[key] for key in inputs if key not in kwargs})
        new = self.copy(**{"nout": None, **(task_args or {})})
        _note_use(self)
        return new.bind(mapped=True, upstream_tasks=upstream_tasks, flow=flow, **inputs)

    def bind(
        self,
        *args: Any,
        mapped: bool = False,
        upstream_tasks: Iterable[Any] | None = None,
        flow: Flow | None = None,
        **kwargs: Any,
    ) -> Self:
        """Join this very task to the flow with these arguments and return it; raises `TypeError` for wrong ones."""
        flow = _active(flow, self.name)
        inputs = self._inputs(args, kwargs)
        self.tags.update(active_tags())
        flow.set_dependencies(self, upstream_tasks=upstream_tasks, keyword_tasks=inputs, mapped=mapped)
        return self

    def set_dependencies(
        self,
        flow: Flow | None = None,
        upstream_tasks: Iterable[Any] | None = None,
        downstream_tasks: Iterable[Any] | None = None,
        keyword_tasks: Mapping[str, Any] | None = None,
        *,
        mapped: bool = False,
        validate: bool | None = None,
    ) -> None:
        """Join this task to others: after `upstream_tasks`, before `downstream_tasks`, fed by `keyword_tasks`."""
        _active(flow, self.name).set_dependencies(
            self,
            upstream_tasks=upstream_tasks,
            downstream_tasks=downstream_tasks,
            keyword_tasks=keyword_tasks,
            mapped=mapped,
            validate=validate,
        )

    def set_upstream(
        self, task: Any, flow: Flow | None = None, key: str | None = None, *, mapped: bool = False
    ) -> None:
        """Let this task wait for `task`, and get its result as the argument `key` where one is given."""
        if key is None:
            self.set_dependencies(flow, upstream_tasks=[task], mapped=mapped)
        else:
            self.set_dependencies(flow, keyword_tasks={key: task}, mapped=mapped)

    def set_downstream(
        self, task: Task, flow: Flow | None = None, key: str | None = None, *, mapped: bool = False
    ) -> None:
        """Let `task` wait for this task, and get its result as the argument `key` where one is given."""
        task.set_upstream(self, flow, key, mapped=mapped)

    def __or__(self, other: Any) -> Any:
        """Let `other` wait for this task, without its result; returns `other`."""
        self.set_dependencies(downstream_tasks=[other])
        return other

    def __ror__(self, other: Any) -> Self:
        """Let this task wait for `other`, without its result; returns this task."""
        self.set_dependencies(upstream_tasks=[other])
        return self

    def pipe(self, target: Callable[..., Any], /, **kwargs: Any) -> Any:
        """Call `target` (a task, its `map`, or an annotation) with this as its first argument: steps read in order."""
        return target(self, **kwargs)

    def _inputs(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of a call by the names of the inputs."""
        return self._signature.bind(self.name, args, kwargs)

    # ---- what people and programs ask

    def serialize(self) -> dict[str, Any]:
        """Return what a server keeps of this task, as plain data; times are in seconds."""
        from runwright import serializing  # noqa: PLC0415  only registering needs it

        return serializing.task_document(self)

    def inputs(self) -> dict[str, dict[str, Any]]:
        """Return for each argument of `run` its annotated `type` and whether it is `required`."""
        return signatures.described_inputs(self.run, self._signature)

    def outputs(self) -> Any:
        """Return the annotated type of the result, `Any` where there is none."""
        return getattr(self.run, "__annotations__", {}).get("return", Any)

    def __iter__(self) -> Iterator[Task]:
        """Yield a task for each of the `nout` results; raises `TypeError` when their number is not known."""
        if self.nout is None:
            raise TypeError(
                f"Task is not iterable: how many results {self.name!r} returns is known only when it runs. Say it with "
                "nout=..., or annotate what it returns: tuple[int, str]."
            )
        return (self[index] for index in range(self.nout))

    def __repr__(self) -> str:
        """Return the name, for a task of any class."""
        return f"<Task: {self.name}>"


class FunctionTask(Task, Generic[P, R]):
    """A task made of a function, which stays callable as `run` or `fn`."""

    run: Callable[P, R]
    fn: Callable[P, R]

    def __init__(
        self,
        fn: Callable[P, R],
        name: str | None = None,
        slug: str | None = None,
        tags: Iterable[str] | None = None,
        **options: Unpack[TaskOptions],
    ) -> None:
        """Declare a task that runs `fn`; raises as `Task` and as `signatures.of_function`."""
        if not callable(fn):
            raise TypeError(f"A task is made of a function; got {fn!r}. Options go by name: @task(name=...).")
        name = name or getattr(fn, "__name__", type(fn).__name__)
        self._signature = signatures.of_function(fn, f"Task {name!r}")
        self.run = self.fn = fn
        functools.update_wrapper(self, fn, updated=())
        super().__init__(name, slug, tags, **options)


@overload
def task(fn: Callable[P, R], /, **options: Any) -> FunctionTask[P, R]: ...


@overload
def task(
    *,
    name: str | None = None,
    slug: str | None = None,
    tags: Iterable[str] | None = None,
    **options: Unpack[TaskOptions],
) -> Callable[[Callable[P, R]], FunctionTask[P, R]]: ...


def task(fn: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Make a task of a function: `@task`, or with options of `TaskOptions`: `@task(max_retries=2, retry_delay=10)`."""
    if fn is None:
        return functools.partial(FunctionTask, **options)
    return FunctionTask(fn, **options)


@functools.cache
def _logger_named(name: str) -> logging.Logger:
    """Return a logger; the many tasks of one name need no look at all the loggers each."""
    import logging  # noqa: PLC0415  declaring tasks needs none

    return logging.getLogger(name)


def _active(flow: Flow | None, name: str) -> Flow:
    flow = flow if flow is not None else context.get("flow")
    if flow is None:
        raise FlowError(
            f"Could not infer an active Flow context for task {name!r}: call it inside `with Flow(...):`, or call "
            f"{name}.run(...) to run the plain function."
        )
    return flow


def _warn_about_overwriting(task: Task) -> None:
    lost = sorted(vars(task).keys() & _SET_BY_TASK)
    if lost:
        warnings.warn(
            f"{type(task).__name__} sets {', '.join(lost)} before super().__init__(), which sets it anew: pass it to "
            "super().__init__() or choose another name.",
            stacklevel=3,
        )


def _warn_about_edges(task: Task) -> None:
    flow = context.get("flow")
    if flow is not None and flow.has_edges(task):
        warnings.warn(
            f"A copy of {task!r} is made, which has dependencies in the active flow: the copy does not have them.",
            stacklevel=3,
        )


def _note_creation(task: Task) -> None:
    unused = context.get("unused_tasks")
    if unused is not None:
        unused[task] = None


def _note_use(task: Task) -> None:
    unused = context.get("unused_tasks")
    if unused is not None:
        unused.pop(task, None)
