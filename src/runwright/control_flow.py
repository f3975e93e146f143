"""Control flow: choosing at run time which tasks of a flow run, by skipping those that were not chosen.

    with case(check(x), True):          tasks inside run when the result is True, else they are skipped
        ...
    switch(kind(x), {"a": task_a})      the same, for tasks that exist already
    merge(from_a, from_b)               joins branches: the result of the one that ran

All of it is made of tasks that signal SKIP; the engine knows nothing of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright import triggers
from runwright.collecting import Constant, as_task
from runwright.context import activate, context, deactivate
from runwright.errors import FlowError
from runwright.parameter import Parameter
from runwright.signals import SKIP
from runwright.tagging import tags
from runwright.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextvars import Token
    from typing import Self, Unpack

    from runwright.flow import Flow
    from runwright.task_options import TaskOptions
    from runwright.wiring import Wiring


class CompareValue(Task):
    """Lets what follows run when its input equals `value`, and skips it otherwise."""

    def __init__(self, value: Any, name: str | None = None, **options: Unpack[TaskOptions]) -> None:
        """Hold the value, which the name tells."""
        super().__init__(name or f'CompareValue: "{value}"', **options)
        self.value = value

    def run(self, value: Any) -> None:
        """Return None when `value` is the one held; signals SKIP otherwise."""
        if value != self.value:
            raise SKIP(f'Provided value "{value}" did not match "{self.value}"', result=None)


class AsBool(Task):
    """Turns its input into True or False."""

    def run(self, value: Any) -> bool:
        """Return `bool(value)`."""
        return bool(value)


class case:  # noqa: N801  reads as a keyword
    """A block of tasks that run when the result of `task` equals `value`; blocks nest.

    Each task of the block that waits for no other of the block is made to wait for the comparison.
    """

    def __init__(self, task: Any, value: Any) -> None:
        """Compare the result of `task` with the plain `value`; raises `TypeError` when that is a task."""
        if isinstance(value, Task):
            raise TypeError("The value of a case cannot be a task: compare first, case(task.is_equal(other), True).")
        self.task = task
        self.value = value
        self._flow: Wiring | None = None
        self._tasks: dict[Task, None] = {}
        self._token: Token[dict[str, Any] | None] | None = None

    def add_task(self, task: Task, flow: Wiring) -> None:
        """Take a task that has joined `flow` inside the block; raises `FlowError` for a second flow."""
        if self._flow is not None and self._flow is not flow:
            raise FlowError("Multiple flows cannot be used with the same `case` block: open one block in each.")
        self._flow = flow
        if not isinstance(task, Constant | Parameter):
            self._tasks[task] = None

    def __enter__(self) -> Self:
        """Open the block."""
        self._token = activate({**context.to_dict(), "case": self})
        return self

    def __exit__(self, error: type[BaseException] | None, *rest: object) -> None:
        """Close the block and join its tasks to the comparison."""
        if self._token is not None:
            deactivate(self._token)
            self._token = None
        flow = self._flow
        if error is not None or flow is None or not self._tasks:
            return
        matches = CompareValue(self.value, name=f"case({self.value})")
        flow.set_dependencies(matches, keyword_tasks={"value": self.task})
        for task in self._tasks:
            if not any(each in self._tasks for each in flow.upstream_tasks(task)):
                flow.set_dependencies(task, upstream_tasks=[matches])


def switch(condition: Any, cases: Mapping[Any, Any]) -> None:
    """Let of several tasks those run whose key equals the result of `condition`; the others are skipped."""
    with tags("switch"):
        for value, chosen in cases.items():
            matches = CompareValue(value).bind(value=condition)
            as_task(chosen).set_dependencies(upstream_tasks=[matches])


def ifelse(condition: Any, true_task: Any, false_task: Any = None) -> None:
    """Let `true_task` run when the result of `condition` is true, `false_task` otherwise; None is for nothing."""
    cases = {value: chosen for value, chosen in ((True, true_task), (False, false_task)) if chosen is not None}
    if not cases:
        raise ValueError("ifelse needs a task for at least one of the two outcomes.")
    switch(AsBool().bind(condition), cases)


class Merge(Task):
    """Joins branches of which at most one ran; skipped only when all were."""

    def __init__(self, **options: Any) -> None:
        """Take the options of a task; raises `ValueError` for `skip_on_upstream_skip=True`, which would skip always."""
        if options.get("skip_on_upstream_skip"):
            raise ValueError("merge cannot have skip_on_upstream_skip=True: branches that did not run are skipped.")
        options["skip_on_upstream_skip"] = False
        options.setdefault("trigger", triggers.not_all_skipped)
        super().__init__(**options)

    def run(self, **task_results: Any) -> Any:
        """Return the first result, by the names of the inputs as text, that is not None."""
        return next((value for _, value in sorted(task_results.items()) if value is not None), None)


def merge(*tasks: Any, flow: Flow | None = None, mapped: bool = False, **options: Any) -> Task:
    """Make a task that returns the result of the branch that ran; `options` are those of a task.

    The branches are the inputs `task_1`, `task_2`, ..., and the first in text order that is not None wins (`task_10`
    comes before `task_2`).
    """
    branches = {f"task_{number}": branch for number, branch in enumerate(tasks, 1)}
    return Merge(**options).bind(flow=flow, mapped=mapped, **branches)


class FilterTask(Task):
    """Keeps of a list what `filter_func` is true for, by default all but None and exceptions; runs whatever failed.

    `log_func(value)` gives the text to log for each value that is left out.
    """

    def __init__(
        self,
        filter_func: Callable[[Any], Any] | None = None,
        log_func: Callable[[Any], str] | None = None,
        **options: Any,
    ) -> None:
        """Hold the functions; the other options are those of a task."""
        options.setdefault("skip_on_upstream_skip", False)
        options.setdefault("trigger", triggers.all_finished)
        super().__init__(**options)
        self.filter_func = filter_func or _is_result
        self.log_func = log_func

    def run(self, task_results: Sequence[Any]) -> list[Any]:
        """Return what is kept, in order."""
        verdicts = [(value, bool(self.filter_func(value))) for value in task_results]
        if self.log_func is not None:
            for value, is_kept in verdicts:
                if not is_kept:
                    self.logger.info(self.log_func(value))
        return [value for value, is_kept in verdicts if is_kept]


def _is_result(value: Any) -> bool:
    return value is not None and not isinstance(value, BaseException)
