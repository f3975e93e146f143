"""OutputCache: what a task of a YAML flow handed on before, for one that is declared to use that again (`taskCache`).

A success is on record under a key that follows from the flow, the task and its rendered properties. Where one is found that is not
too old, the task does no work.
"""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import msgspec

from runwright.clock import utcnow
from runwright.errors import RecordError, RunwrightError
from runwright.runtime.attempt_scope import SEALED
from runwright.runtime.caching import KEY
from runwright.spec.tasks.task import Task
from runwright.states import Cached

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from runwright.result import Result
    from runwright.runtime.attempt_scope import AttemptScope
    from runwright.states import State

_OF_ALL_TASKS = frozenset(Task.__struct_fields__)
_ONLY_WITHIN = {"workingDir": "", "outputDir": ""}


class OutputCache:
    """The cache of one task, as one attempt of it looks into it and fills it."""

    def __init__(self, task: Any, scope: AttemptScope) -> None:
        """Look at nothing yet."""
        self._task = task
        self._scope = scope
        self._key = _key_of(task, scope)

    def find(self, result: Result) -> State | None:
        """Return the state of a task run that uses what an earlier one handed on, kept as `result` keeps it; None for none."""
        found = self._found()
        if found is None:
            return None
        outputs, details = found
        self._scope.logger.info("What an earlier run handed on is used again: nothing was run.")
        state = Cached("What an earlier run handed on is used again.", result=result.write(outputs))
        if SEALED in details:
            state.context[SEALED] = details[SEALED]
        return state

    def kept(self, state: State) -> State:
        """Return a success as one that later runs may use."""
        if self._key is None:
            return state
        ttl: timedelta | None = self._task.task_cache.ttl
        cached = Cached(
            state.message,
            result=state._result,  # noqa: SLF001  public by custom
            cached_result_expiration=None if ttl is None else utcnow() + ttl,
        )
        cached.context.update(state.context)
        cached.context[KEY] = self._key
        return cached

    def _found(self) -> tuple[dict[str, Any], Mapping[str, Any]] | None:
        if self._key is None:
            return None
        try:
            return self._scope.executions.handed_on_under(self._key)
        except RecordError as error:
            self._scope.logger.warning("Nothing can be used again, the record cannot be asked: %s", error)
            return None


def _key_of(task: Any, scope: AttemptScope) -> str | None:
    """Return the key; None where a property cannot be rendered, which the task itself will say."""
    own = {name: each for name, each in msgspec.to_builtins(task).items() if name not in _OF_ALL_TASKS}
    try:
        properties = scope.evaluate(own, **_ONLY_WITHIN)
    except RunwrightError:
        return None
    what = [scope.namespace, scope.flow_id, task.id, task.full_type, properties]
    text = json.dumps(what, sort_keys=True, default=str, ensure_ascii=False)
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
