"""Resource manager: something that is set up before the tasks of a block run and cleaned up after them, come what may.

    @resource_manager
    class Cluster:
        def __init__(self, size): ...
        def setup(self): ...               returns what the tasks of the block get; may be left out
        def cleanup(self, resource): ...

    with Flow("f"), Cluster(size=3) as cluster:
        work(cluster)

All of it is made of tasks: one makes the manager, one sets up, one cleans up.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, ClassVar

from runwright.context import activate, context, deactivate
from runwright.errors import FlowError
from runwright.parameter import Parameter
from runwright.signals import SKIP, TRIGGERFAIL
from runwright.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextvars import Token

    from runwright.flow import Flow
    from runwright.states import State
    from runwright.wiring import Wiring


def resource_cleanup_trigger(upstream_states: Mapping[Any, State]) -> bool:
    """Run once everything has ended, whichever way; skip when there is nothing to clean up."""
    for edge, state in upstream_states.items():
        if edge.key is not None and (state.is_skipped() or not state.is_successful()):
            raise SKIP("There is nothing to clean up: the resource was not made.", result=None)
    if not all(state.is_finished() for state in upstream_states.values()):
        raise TRIGGERFAIL('Trigger was "resource_cleanup_trigger" but some of the upstream tasks were not finished.')
    return True


class ResourceInitTask(Task):
    """Makes the manager from the arguments of the block."""

    is_aside: ClassVar = True
    runs_again: ClassVar = True

    def __init__(self, resource_class: Callable[..., Any], **options: Any) -> None:
        """Hold the class."""
        from runwright import signatures  # noqa: PLC0415  only resource managers need it

        self._signature = signatures.of_function(resource_class, f"Resource manager {resource_class.__name__!r}")
        self.resource_class = resource_class
        options.setdefault("checkpoint", False)
        super().__init__(**options)

    def run(self, **kwargs: Any) -> Any:
        """Return a new manager."""
        return self.resource_class(**kwargs)


class ResourceSetupTask(Task):
    """Sets the resource up."""

    runs_again: ClassVar = True

    def run(self, mgr: Any) -> Any:
        """Return what the manager's `setup` returns."""
        return mgr.setup()


class ResourceCleanupTask(Task):
    """Cleans the resource up."""

    is_aside: ClassVar = True
    runs_again: ClassVar = True

    def run(self, mgr: Any, resource: Any = None) -> None:
        """Hand the resource to the manager's `cleanup`."""
        mgr.cleanup(resource)


class ResourceManager:
    """What `@resource_manager` makes of a class: calling it gives a block of one flow."""

    def __init__(
        self,
        resource_class: type[Any],
        name: str | None = None,
        init_task_kwargs: Mapping[str, Any] | None = None,
        setup_task_kwargs: Mapping[str, Any] | None = None,
        cleanup_task_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        """Hold the class, and options for each of its tasks; raises `ValueError` for options that decide the order."""
        self.resource_class = resource_class
        self.name = name or resource_class.__name__
        self.init_task_kwargs = _named(init_task_kwargs, self.name)
        self.setup_task_kwargs = _named(setup_task_kwargs, f"{self.name}.setup")
        self.cleanup_task_kwargs = _named(cleanup_task_kwargs, f"{self.name}.cleanup")
        for option in ("trigger", "skip_on_upstream_skip"):
            if option in self.cleanup_task_kwargs:
                raise ValueError(f"cleanup_task_kwargs cannot have {option!r}: when to clean up is not a choice.")
        functools.update_wrapper(self, resource_class, updated=())

    def __call__(self, *args: Any, flow: Flow | None = None, **kwargs: Any) -> ResourceBlock:
        """Return a block in the flow (by default the active one) whose manager is made with these arguments."""
        flow = flow if flow is not None else context.get("flow")
        if flow is None:
            raise FlowError(
                f"Could not infer an active Flow context for the resource {self.name!r}: use it inside "
                "`with Flow(...):`, or pass flow=."
            )
        made = ResourceInitTask(self.resource_class, **self.init_task_kwargs)
        made.bind(*args, flow=flow, **kwargs)
        setup = None
        if hasattr(self.resource_class, "setup"):
            setup = ResourceSetupTask(**self.setup_task_kwargs).bind(made, flow=flow)
        cleanup = ResourceCleanupTask(
            trigger=resource_cleanup_trigger, skip_on_upstream_skip=False, **self.cleanup_task_kwargs
        )
        return ResourceBlock(flow, made, setup, cleanup)


class ResourceBlock:
    """The tasks between setting a resource up and cleaning it up. `with block as resource:` gives the setup's result."""

    def __init__(self, flow: Flow, init_task: Task, setup_task: Task | None, cleanup_task: Task) -> None:
        """Stand around the tasks that join `flow` inside the block."""
        self.flow = flow
        self.init_task = init_task
        self.setup_task = setup_task
        self.cleanup_task = cleanup_task
        self._tasks: dict[Task, None] = {}
        self._token: Token[dict[str, Any] | None] | None = None

    def add_task(self, task: Task, flow: Wiring) -> None:
        """Take a task that has joined `flow` inside the block; raises `FlowError` for another flow."""
        if flow is not self.flow:
            raise FlowError("Multiple flows cannot be used with the same resource block: open one block in each.")
        if not isinstance(task, Parameter):
            self._tasks[task] = None

    def __enter__(self) -> Task | None:
        """Open the block; returns the task that sets up, None where the manager has no `setup`."""
        self._token = activate({**context.to_dict(), "resource": self})
        return self.setup_task

    def __exit__(self, error: type[BaseException] | None, *rest: object) -> None:
        """Close the block: its first tasks wait for the setup, and the cleanup waits for its last ones."""
        if self._token is not None:
            deactivate(self._token)
            self._token = None
        if error is not None:
            return
        flow, inside = self.flow, self._tasks
        ready = self.setup_task or self.init_task
        for task in inside:
            upstream = flow.upstream_tasks(task)
            if upstream.isdisjoint(inside) and upstream.isdisjoint({ready, self.init_task}):
                flow.set_dependencies(task, upstream_tasks=[ready])
        last = [task for task in inside if flow.downstream_tasks(task).isdisjoint(inside)]
        inputs = {"mgr": self.init_task, **({"resource": self.setup_task} if self.setup_task else {})}
        flow.set_dependencies(self.cleanup_task, upstream_tasks=last, keyword_tasks=inputs)

    def __repr__(self) -> str:
        """Return the name of the manager."""
        return f"<{type(self).__name__}: {self.init_task.name}>"


def resource_manager(
    resource_class: type[Any] | None = None,
    name: str | None = None,
    init_task_kwargs: Mapping[str, Any] | None = None,
    setup_task_kwargs: Mapping[str, Any] | None = None,
    cleanup_task_kwargs: Mapping[str, Any] | None = None,
) -> Any:
    """Make a resource manager of a class: `@resource_manager`, or with options: `@resource_manager(name="x")`.

    The options are the name, and those of `TaskOptions` for each of the three tasks.
    """
    make: Callable[[type[Any]], ResourceManager] = functools.partial(
        ResourceManager,
        name=name,
        init_task_kwargs=init_task_kwargs,
        setup_task_kwargs=setup_task_kwargs,
        cleanup_task_kwargs=cleanup_task_kwargs,
    )
    return make if resource_class is None else make(resource_class)


def _named(options: Mapping[str, Any] | None, name: str) -> dict[str, Any]:
    return {"name": name, "checkpoint": False, **(options or {})}
