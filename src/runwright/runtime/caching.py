"""Caching: finding an earlier success that may serve a run, and remembering those that may serve later ones.

`context.caches` maps a cache key to the Cached states that earlier flow runs of this process left, newest first. What
other processes left is recalled from the record: only for tasks with `cache_for`, only when nothing in memory serves,
and only what the task's own result would read anyway.
"""

from __future__ import annotations

import copy
import logging
from collections import defaultdict
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from runwright.cache_validators import hash_input
from runwright.clock import utcnow
from runwright.context import context as run_context
from runwright.errors import RecordError, ResultError
from runwright.states import Cached, Pending, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from runwright.executor import TaskCall
    from runwright.result import Result

    Keywords = Callable[[], dict[str, Any]]

RECALL = "_recall"
"""Where a flow run's context has its `Recall`."""

RECALL_LIMIT = 100
"""How many Cached states of one key are looked at on the record, the newest first."""

KEY = "_cache_key"
"""Where a Cached state has the key that its value is kept under, in its context; a state that was reused has none."""

_RECALLED = "_recalled"
_KEPT = 10_000
_LONGEST_KEY = 200
_logger = logging.getLogger("runwright.TaskRunner")
_caches: dict[str, list[Cached]] = {}


class Recall:
    """Looks for caches on the record, once for each key of a flow run; in another process it finds nothing."""

    def __init__(self, look_up: Callable[[str, bool], list[Cached]]) -> None:
        """Look with `look_up(key, is_shared)`: a key that the user gave is shared by all flows, a task's name is not."""
        self._look_up = look_up
        self._found: dict[tuple[str, bool], list[Cached]] = {}

    def __call__(self, task: Any, key: str) -> list[Cached]:
        """Return the unexpired Cached states on the record, their values not loaded."""
        place = key, task.cache_key is not None
        found = self._found.get(place)
        if found is None:
            if len(self._found) >= _KEPT:
                self._found.clear()
            found = self._found[place] = self._recalled(*place)
        return found

    def _recalled(self, key: str, is_shared: bool) -> list[Cached]:  # noqa: FBT001  as `look_up`
        try:
            found = [state for state in self._look_up(key, is_shared) if not _has_expired(state)]
        except RecordError as failure:
            _logger.warning("The record cannot be asked for the cache %r: %s", key, failure)
            return []
        for state in found:
            state.context[_RECALLED] = True
        return found

    def __reduce__(self) -> tuple[type[Recall], tuple[Any]]:
        """Travel without the record."""
        return Recall, (_no_record,)


def _no_record(key: str, is_shared: bool) -> list[Cached]:  # noqa: FBT001  as `look_up`
    del key, is_shared
    return []


def caches() -> dict[str, list[Cached]]:
    """Return the caches of this process, for a flow run's context."""
    return _caches


def key_of(task: Any, keywords: Keywords) -> str:
    """Return the key of a task's cache: its `cache_key`, filled in where that is a template, or its name.

    A key of more than 200 characters ends in a hash of all of it.
    """
    key = task.cache_key
    if key is None:
        return task.name
    if _is_template(key):
        key = key.format(**keywords())
    if len(key) > _LONGEST_KEY:
        digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        key = key[: _LONGEST_KEY - len(digest)] + digest
    return key


def find(task: Any, state: State, inputs: dict[str, Result], own: Result, keywords: Keywords) -> State:
    """Return the Cached state to use: `state` itself when it is one and valid, else an earlier one, else Pending.

    Earlier ones are those in memory, then those on the record that `own`, the task's result, holds.
    """
    if task.cache_for is None and not isinstance(state, Cached):
        return state
    values = {key: held.value for key, held in inputs.items()}
    parameters = run_context.get("parameters")
    if isinstance(state, Cached):
        if task.cache_validator(state, values, parameters):
            return state
        state = Pending("Cache was invalid; ready to run.")
    if task.cache_for is None:
        return state
    is_any = False
    for candidate in _candidates(task, key_of(task, keywords)):
        is_any = True
        if _may_serve(task, candidate, inputs, own) and task.cache_validator(candidate, values, parameters):
            found = _loaded(candidate, own)
            if found is not None:
                return found
    if is_any:
        _logger.warning("Task '%s': Can't use cache because it is now invalid", run_context.get("task_full_name"))
    return state


def find_target(result: Result, keywords: dict[str, Any]) -> Result | None:
    """Return what is stored at a task's target, None for nothing.

    Raises `ResultError` that says whose it may be where it is no result of the task.
    """
    aimed = result.format(**keywords)
    template, location = result.location or aimed.location, aimed.location
    if not template or not location or not aimed.exists(template, **keywords):
        return None
    try:
        return aimed.read(location)
    except ResultError as failure:
        raise type(failure)(
            f"The task's target {location} exists, but it cannot be read as a result of this task: {failure} If "
            "something else wrote it, give the task's result the serializer for it, or another target; if it is "
            "damaged, remove it and the task makes it anew."
        ) from failure


def candidates_for(call: TaskCall) -> dict[str, list[Cached]] | None:
    """Return the caches that may serve a call in another process, which has neither this one's memory nor the record."""
    task = call.task
    if getattr(task, "cache_for", None) is None or task.target:
        return None
    try:
        key = key_of(task, lambda: _keywords_of(call))
    except Exception:  # noqa: BLE001  a wrong template is told by the task run itself
        return None
    remembered = (call.context.get("caches") or {}).get(key, [])
    recall = call.context.get(RECALL)
    found = [*remembered, *(recall(task, key) if recall is not None else ())]
    return {key: found} if found else None


def remember(ended: Iterable[tuple[Any, Cached]], *, is_kept: bool = True) -> None:
    """Keep the Cached states that a flow run's tasks ended in, oldest first, where the context has the caches.

    Without `is_kept` the states only forget what they would have been kept under.
    """
    found = run_context.get("caches")
    caches: dict[str, list[Cached]] = _caches if found is None else found
    fresh: dict[str, list[Cached]] = defaultdict(list)
    for task, state in ended:
        key = state.context.pop(KEY, None)
        if key is None and not _is_template(task.cache_key or ""):
            key = task.cache_key or task.name
        if is_kept and key is not None and not _has_expired(state):
            fresh[key].append(state)
    for key, states in fresh.items():
        known = {id(state) for state in states}
        kept = [each for each in caches.get(key, []) if id(each) not in known and not _has_expired(each)]
        caches[key] = [*reversed(states), *kept][:_KEPT]


def hash_inputs(inputs: dict[str, Result]) -> dict[str, str]:
    """Return a stable hash for each input."""
    return {key: hash_input(held.value) for key, held in inputs.items()}


def _candidates(task: Any, key: str) -> Iterator[Cached]:
    recall = run_context.get(RECALL)
    yield from (run_context.get("caches") or {}).get(key, ())
    if recall is not None:
        yield from recall(task, key)


def _may_serve(task: Any, candidate: Cached, inputs: dict[str, Result], own: Result) -> bool:
    """Say whether a candidate may be looked at.

    One from the record must be where the task's own result reads. Mapped children that share a key find only what was
    made of the same inputs: which of their siblings left it is not known.
    """
    if _RECALLED not in candidate.context:
        return True
    held = candidate._result  # noqa: SLF001  public by custom
    if held.kind == "lost" or (held.ref is not None and not own.holds(held.ref)):
        return False
    is_alone = run_context.get("map_index") is None or _is_template(task.cache_key or "")
    return is_alone or candidate.hashed_inputs == hash_inputs(inputs)


def _loaded(candidate: Cached, own: Result) -> State | None:
    """Return a candidate with its value, None when that cannot be read any more."""
    is_recalled = _RECALLED in candidate.context
    found = copy.copy(candidate) if is_recalled else candidate
    try:
        if is_recalled:
            found.context = {}
            return found.load_result(own)
        return found.load_result(found._result if found._result.can_store else own)  # noqa: SLF001  public by custom
    except ResultError as failure:
        name = run_context.get("task_full_name")
        _logger.warning("Task '%s': A cached result cannot be read, the next one is tried: %s", name, failure)
        return None


def _keywords_of(call: TaskCall) -> dict[str, Any]:
    """Return what the template of a key may name, as far as it is known before the call is made."""
    context, task = call.context, call.task
    index = call.map_index if call.map_index is not None and call.map_index >= 0 else None
    return {
        **(context.get("parameters") or {}),
        **context,
        "task_name": task.name,
        "task_full_name": task.name if index is None else f"{task.name}[{index}]",
        "task_slug": call.slug,
        "task_id": call.slug,
        "task_run_id": call.task_run_id,
        "task_run_count": call.run_count,
        "task_tags": task.tags,
        "map_index": index,
        **{edge.key: state.result for edge, state in call.upstream.items() if edge.key not in {None, "self"}},
    }


def _is_template(key: str) -> bool:
    return "{" in key


def _has_expired(state: Cached) -> bool:
    expires = state.cached_result_expiration
    return expires is not None and expires <= utcnow()
