"""Caching: finding an earlier success that may serve a run, and remembering those that may serve later ones.

`context.caches` maps a cache key (or a task's name) to Cached states of this process, newest first.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from runwright.cache_validators import hash_input
from runwright.clock import utcnow
from runwright.context import context as run_context
from runwright.states import Cached, Mapped, Pending, State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runwright.result import Result

_logger = logging.getLogger("runwright.TaskRunner")
_caches: dict[str, list[Cached]] = {}


def caches() -> dict[str, list[Cached]]:
    """Return the caches of this process, for a flow run's context."""
    return _caches


def find(task: Any, state: State, inputs: dict[str, Result]) -> State:
    """Return the Cached state to use: `state` itself when it is one and valid, else a remembered one, else Pending."""
    values = {key: held.value for key, held in inputs.items()}
    parameters = run_context.get("parameters")
    if isinstance(state, Cached):
        if task.cache_validator(state, values, parameters):
            return state
        state = Pending("Cache was invalid; ready to run.")
    candidates = (run_context.get("caches") or {}).get(task.cache_key or task.name, []) if task.cache_for else []
    for candidate in candidates:
        if task.cache_validator(candidate, values, parameters):
            return candidate.load_result(candidate._result)  # noqa: SLF001  public by custom
    if candidates:
        _logger.warning("Task '%s': Can't use cache because it is now invalid", run_context.get("task_full_name"))
    return state


def remember(task: Any, state: State) -> None:
    """Keep a Cached state, or those of a mapped task's children, for later runs of this process."""
    found: Iterable[State] = state.map_states if isinstance(state, Mapped) else (state,)
    fresh = [each for each in found if isinstance(each, Cached) and not _has_expired(each)]
    if fresh:
        key = task.cache_key or task.name
        kept = [each for each in _caches.get(key, []) if not _has_expired(each) and each not in fresh]
        _caches[key] = fresh + kept


def hash_inputs(inputs: dict[str, Result]) -> dict[str, str]:
    """Return a stable hash for each input."""
    return {key: hash_input(held.value) for key, held in inputs.items()}


def _has_expired(state: Cached) -> bool:
    expires = state.cached_result_expiration
    return expires is not None and expires <= utcnow()
