"""Pipeline: which steps of a task runner a task needs, decided once for all tasks that are alike.

A step that could not change anything for a task (no cache, no target, no handlers, the default trigger) is left out, unless a
subclass overrides it. What depends on the call is decided there: steps that look at upstream states come back as soon as one
of those is anything but a plain success.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from runwright.states import Looped, Pending, State, Success

if TYPE_CHECKING:
    from collections.abc import Callable

    Step = Callable[[Any, State], State]


def _load(runner: Any, state: State) -> State:
    state, runner.upstream_states = runner.load_results(state, runner.upstream_states)
    return state


def _inputs(runner: Any, state: State) -> State:
    runner.inputs = runner.get_task_inputs(state, runner.upstream_states)
    return state


def _name(runner: Any, state: State) -> State:
    runner.set_task_run_name(runner.inputs)
    return state


def _run(runner: Any, state: State) -> State:
    state = runner.set_task_to_running(state, runner.inputs)
    if runner.announce is not None:
        runner.announce(state)
    return state


def _body(runner: Any, state: State) -> State:
    return runner.get_task_run_state(state, runner.inputs)


def _turn(runner: Any, state: State) -> State:
    return _loop(runner, state) if isinstance(state, Looped) else state


def _loop(runner: Any, state: State) -> State:
    if runner.announce is not None and state.is_looped():
        runner.announce(state)
    return runner.check_task_is_looping(state, runner.inputs, runner.upstream_states, runner.context)


# The pipeline in order: the step, and the method it calls.
_STEPS: tuple[tuple[str, Step], ...] = (
    ("check_task_is_ready", lambda runner, state: runner.check_task_is_ready(state)),
    ("check_task_reached_start_time", lambda runner, state: runner.check_task_reached_start_time(state)),
    ("check_upstream_finished", lambda runner, state: runner.check_upstream_finished(state, runner.upstream_states)),
    ("check_upstream_skipped", lambda runner, state: runner.check_upstream_skipped(state, runner.upstream_states)),
    ("load_results", _load),
    ("get_task_inputs", _inputs),
    ("check_task_ready_to_map", lambda runner, state: runner.check_task_ready_to_map(state, runner.upstream_states)),
    ("set_task_run_name", _name),
    ("check_target", lambda runner, state: runner.check_target(state, runner.inputs)),
    ("check_task_is_cached", lambda runner, state: runner.check_task_is_cached(state, runner.inputs)),
    ("check_task_trigger", lambda runner, state: runner.check_task_trigger(state, runner.upstream_states)),
    ("set_task_to_running", _run),
    ("get_task_run_state", _body),
    ("cache_result", lambda runner, state: runner.cache_result(state, runner.inputs)),
    ("check_for_retry", lambda runner, state: runner.check_for_retry(state, runner.inputs)),
    ("check_task_is_looping", _loop),
)
_ALWAYS = frozenset(
    {"load_results", "get_task_inputs", "set_task_to_running", "get_task_run_state", "check_task_is_looping"}
)


class Pipeline:
    """The steps of one task: `full` for any call, `plain` for a fresh run after plain successes."""

    body = staticmethod(_body)

    __slots__ = ("full", "parent", "plain")

    def __init__(self, wanted: frozenset[str], *, has_target: bool) -> None:
        """Choose the steps of a task that has use for those `wanted`."""
        unmapped = [(name, step) for name, step in _STEPS if name != "check_task_ready_to_map"]
        upto = next(place for place, (name, _) in enumerate(_STEPS) if name == "check_task_ready_to_map") + 1
        turn = _loop if "check_task_is_looping" in wanted else _turn
        unmapped[-1] = (unmapped[-1][0], turn)
        other_look_up = "check_task_is_cached" if has_target else "check_target"
        self.parent = tuple(step for _, step in _STEPS[:upto])
        self.full = tuple(step for name, step in unmapped if name != other_look_up)
        self.plain = tuple(step for name, step in unmapped if name in wanted | _ALWAYS)

    def steps(self, runner: Any, state: State, is_mapped_parent: bool = False) -> tuple[Step, ...]:  # noqa: FBT001, FBT002  by place costs less
        """Return the steps that can matter for this call."""
        if is_mapped_parent:
            return self.parent
        if type(state) is not Pending:
            return self.full
        for upstream in runner.upstream_states.values():
            if type(upstream) is not Success:
                return self.full
        return self.plain


def pipeline_of(runner_class: type[Any], task: Any) -> Pipeline:
    """Return the pipeline for a task; there is one for all tasks that are alike, made when it is first asked for."""
    return _compiled(
        runner_class,
        getattr(task.trigger, "passes_on_success", False),
        bool(task.task_run_name),
        bool(task.target),
        task.cache_for is not None,
        task.retry_policy.limit > 0,
    )


@functools.cache
def _compiled(
    runner_class: type[Any],
    passes_on_success: bool,  # noqa: FBT001  part of a key
    is_named: bool,  # noqa: FBT001  as above
    has_target: bool,  # noqa: FBT001  as above
    is_cached: bool,  # noqa: FBT001  as above
    is_retried: bool,  # noqa: FBT001  as above
) -> Pipeline:
    """Return the pipeline of all tasks that are alike in these."""
    uses = {
        "check_task_trigger": not passes_on_success,
        "set_task_run_name": is_named,
        "check_target": has_target,
        "check_task_is_cached": is_cached and not has_target,
        "cache_result": is_cached,
        "check_for_retry": is_retried,
    }
    wanted = frozenset(name for name, is_used in uses.items() if is_used)
    return Pipeline(wanted | _overridden(runner_class), has_target=has_target)


@functools.cache
def _overridden(runner_class: type[Any]) -> frozenset[str]:
    original = next(each for each in runner_class.__mro__ if each.__module__ == "runwright.runtime.task_runner")
    return frozenset(name for name, _ in _STEPS if getattr(runner_class, name) is not getattr(original, name))
