"""Task options: what a task may say about retries, time, caching, triggers and results; checked and put into one form.

This module knows the options by name and what each may be. `Task` keeps the outcome as attributes of the same names.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypedDict, cast

from runwright import cache_validators, defaults, triggers
from runwright.errors import did_you_mean
from runwright.policies import RetryPolicy
from runwright.result import Result
from runwright.state_handlers import StateHandler, check_callable, checked_handlers

if TYPE_CHECKING:
    from runwright.states import State

Seconds = float | timedelta


class TaskOptions(TypedDict, total=False):
    """The options of `@task`, `Task` and every subclass that passes them on. None always means the default.

    Times are numbers of seconds or timedeltas.
    """

    max_retries: int | None
    """How often a failed attempt is made again; needs `retry_delay`."""
    retry_delay: Seconds | Sequence[Seconds] | None
    """The time before each retry; of a list, one after the other, the last one repeating."""
    retry_jitter: float | None
    """The share of the delay that is added at random: 0.5 adds up to half as much again."""
    retry_on: type[BaseException] | Iterable[type[BaseException]] | None
    """The exceptions to retry for; None means all."""
    retry_condition: Callable[[Any, State], bool] | None
    """Asked `(task, failed_state)` last: whether to retry."""
    timeout: Seconds | None
    """How long one attempt may take."""
    trigger: triggers.Trigger | None
    """Which upstream states let the task run, see `runwright.triggers`; by default all have to be successful."""
    skip_on_upstream_skip: bool | None
    """Whether the task is skipped when an upstream task was; by default True."""
    cache_for: Seconds | None
    """How long a result may serve later runs."""
    cache_validator: cache_validators.Validator | None
    """Whether it may serve this one, see `runwright.cache_validators`; by default until it expires."""
    cache_key: str | None
    """The name that tasks share a cache under; by default the task's name."""
    checkpoint: bool | None
    """False: never store the result; True and None: as the flow run says."""
    state_handlers: Sequence[StateHandler] | None
    """Called `(task, old_state, new_state)` at each change; may return another state."""
    on_failure: Callable[[Any, State], Any] | None
    """Called `(task, state)` when the task failed."""
    log_stdout: bool | None
    """Whether what the task prints is logged."""
    result: Result | None
    """Where and how the result is stored; by default where the flow's results are."""
    target: str | Callable[..., str] | None
    """The location of the result, a template: when something is stored there, the task does not run."""
    task_run_name: str | Callable[..., str] | None
    """The name of each task run, a template or a function of the context and the inputs."""
    nout: int | None
    """How many results the task returns, so that a call can be unpacked; read from a `tuple[A, B]` annotation."""


def from_constructor(options: Mapping[str, Any], owner: str) -> dict[str, Any]:
    """Return the attributes of a new task; raises `TypeError` and `ValueError` that name the option and the way out."""
    for name in options:
        if name not in _CHECKS and name != "on_failure":
            raise TypeError(f"{owner} has no option {name!r}.{did_you_mean(name, TaskOptions.__annotations__)}")
    if defaults.active() is not defaults.OWN:
        options = _completed(options)
    attributes = {name: check(name, options.get(name)) for name, check in _CHECKS.items()}
    attributes["state_handlers"] = checked_handlers(options.get("state_handlers"), options.get("on_failure"))
    _require_retries(attributes)
    attributes["retry_policy"] = _retry_policy(attributes)
    if attributes["cache_validator"] is None:
        attributes["cache_validator"] = _default_validator(attributes["cache_for"])
    elif attributes["cache_for"] is None and attributes["cache_validator"] is not cache_validators.never_use:
        warnings.warn(
            f"{owner} has a cache_validator but no cache_for, so its result will not be cached: say for how long.",
            stacklevel=4,
        )
    attributes["result"] = _aimed(attributes["result"], attributes["target"], owner)
    return attributes


def changed(before: Mapping[str, Any], changes: Mapping[str, Any], owner: str) -> dict[str, Any]:
    """Return the attributes of a copy: `changes` checked, and what follows from them; raises as `from_constructor`.

    Only, a copy that is given `max_retries` alone retries at once.
    """
    after = {name: _CHECKS[name](name, value) if name in _CHECKS else value for name, value in changes.items()}
    merged = {**before, **after}
    if _RETRY_OPTIONS & after.keys():
        is_delayed = merged["retry_delay"] is not None
        after["retry_policy"] = _retry_policy(merged if is_delayed else {**merged, "retry_delay": timedelta()})
    if "cache_for" in after and before["cache_for"] is None and "cache_validator" not in after:
        after["cache_validator"] = _default_validator(after["cache_for"])
    if "state_handlers" in after:
        after["state_handlers"] = checked_handlers(after["state_handlers"])
    if {"result", "target"} & after.keys():
        after["result"] = _aimed(merged["result"], merged["target"], owner)
    return after


def seconds(name: str, value: object) -> float:
    """Return a number of seconds, or a timedelta, as seconds; raises `TypeError` for anything else."""
    if isinstance(value, timedelta):
        value = value.total_seconds()
        return int(value) if value.is_integer() else value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a number of seconds or a timedelta; got {value!r}.")
    return value


def text(name: str, value: object) -> object:
    """Return a string, or None, as it is; raises `TypeError` for anything else."""
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{name} must be a string; got {value!r}.")
    return value


# ---- one check for each option: (name, value) -> what the task keeps


def _count(name: str, value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be a whole number; got {value!r}.")
    if value < 0:
        raise ValueError(f"{name} cannot be negative; got {value}.")
    return value


def _count_or_zero(name: str, value: object) -> int:
    return _count(name, value) or 0


def _share(name: str, value: object) -> float:
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a number, the share of the delay that is added at random; got {value!r}.")
    if value < 0:
        raise ValueError(f"{name} cannot be negative; got {value}.")
    return float(value)


def _duration(name: str, value: object) -> timedelta:
    length = seconds(name, value)
    if length < 0:
        raise ValueError(f"{name} cannot be negative; got {value!r}.")
    return timedelta(seconds=length)


def _optional_duration(name: str, value: object) -> timedelta | None:
    return None if value is None else _duration(name, value)


def _delays(name: str, value: object) -> timedelta | list[timedelta] | None:
    if not isinstance(value, list | tuple):
        return _optional_duration(name, value)
    if not value:
        raise ValueError(f"{name} is an empty list: give the seconds before each retry.")
    return [_duration(name, each) for each in cast("Sequence[object]", value)]


def _timeout(name: str, value: object) -> float | None:
    if value is None:
        return None
    length = seconds(name, value)
    if defaults.active().is_timeout_whole and not isinstance(length, int):
        length = _whole(name, value, length)
    if length <= 0:
        raise ValueError(f"{name} must be more than 0 seconds; got {value!r}. Leave it out for no timeout.")
    return length


def _whole(name: str, value: object, length: float) -> int:
    if not isinstance(value, timedelta):
        raise TypeError(f"{name} must be a whole number of seconds or a timedelta; got {value!r}.")
    warnings.warn(f"{name} counts whole seconds: {value} is taken as {int(length)}.", stacklevel=5)
    return int(length)


def _exceptions(name: str, value: object) -> set[type[BaseException]] | None:
    if value is None:
        return None
    is_single = isinstance(value, type) or not isinstance(value, Iterable)
    given: list[Any] = [value] if is_single else list(cast("Iterable[Any]", value))
    for each in given:
        if not (isinstance(each, type) and issubclass(each, BaseException)):
            raise TypeError(f"{name} takes exception classes, such as {name}=[ConnectionError]; got {each!r}.")
    return cast("set[type[BaseException]]", set(given))


def _function(name: str, value: object) -> object:
    if value is not None:
        check_callable(name, value)
    return value


def _trigger(name: str, value: object) -> object:
    return triggers.all_successful if value is None else _function(name, value)


def _template(name: str, value: object) -> object:
    if value is not None and not isinstance(value, str) and not callable(value):
        raise TypeError(f"{name} must be a template, such as '{{task_name}}-{{date}}', or a function; got {value!r}.")
    return value


def _result(name: str, value: object) -> object:
    if value is not None and not isinstance(value, Result):
        raise TypeError(f"{name} must be a Result, such as LocalResult(dir='results'); got {value!r}.")
    return value


def _switch(name: str, value: object) -> bool:
    return name == "skip_on_upstream_skip" if value is None else bool(value)


def _maybe_switch(name: str, value: object) -> bool | None:
    del name
    return None if value is None else bool(value)


def _as_given(name: str, value: object) -> object:
    del name
    return value


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "max_retries": _count_or_zero,
    "retry_delay": _delays,
    "retry_jitter": _share,
    "retry_on": _exceptions,
    "retry_condition": _function,
    "timeout": _timeout,
    "trigger": _trigger,
    "skip_on_upstream_skip": _switch,
    "cache_for": _optional_duration,
    "cache_validator": _function,
    "cache_key": text,
    "checkpoint": _maybe_switch,
    "state_handlers": _as_given,
    "log_stdout": _switch,
    "result": _result,
    "target": _template,
    "task_run_name": _template,
    "nout": _count,
}
_RETRY_OPTIONS = {"max_retries", "retry_delay", "retry_jitter", "retry_on", "retry_condition"}


# ---- what options mean together


def _completed(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options with those that the active defaults give where the task says nothing."""
    active, given = defaults.active(), dict(options)
    if given.get("max_retries") is None:
        given["max_retries"] = active.max_retries
    if given["max_retries"] and given.get("retry_delay") is None:
        given["retry_delay"] = active.retry_delay
    if given.get("timeout") is None:
        given["timeout"] = active.timeout
    return given


def _require_retries(attributes: Mapping[str, Any]) -> None:
    if attributes["max_retries"]:
        return
    for name in ("retry_delay", "retry_jitter", "retry_on", "retry_condition"):
        if attributes[name] not in (None, 0.0):
            raise ValueError(f"{name} has no effect without max_retries: say how often to retry.")


def _retry_policy(attributes: Mapping[str, Any]) -> RetryPolicy:
    limit, delay = attributes["max_retries"], attributes["retry_delay"]
    if not limit:
        return RetryPolicy()
    if delay is None:
        raise ValueError("max_retries needs a retry_delay: the seconds to wait before each retry, 0 for none.")
    delays: list[timedelta] = [delay] if isinstance(delay, timedelta) else delay
    return RetryPolicy(
        limit=limit,
        delays=tuple(each.total_seconds() for each in delays),
        jitter=attributes["retry_jitter"],
        retry_on=tuple(sorted(attributes["retry_on"] or (), key=lambda each: each.__qualname__)),
        condition=attributes["retry_condition"],
    )


def _default_validator(cache_for: timedelta | None) -> cache_validators.Validator:
    return cache_validators.never_use if cache_for is None else cache_validators.duration_only


def _aimed(result: Result | None, target: str | Callable[..., str] | None, owner: str) -> Result | None:
    """Return a copy of the result that is stored at the target, where there are both."""
    if result is None or target is None:
        return result
    if result.location and result.location != target:
        warnings.warn(
            f"{owner} has both a target and a result with another location: it is stored at the target {target!r}.",
            stacklevel=5,
        )
    aimed = result.copy()
    aimed.formatter = target if callable(target) else None
    aimed.location = None if callable(target) else target
    return aimed
