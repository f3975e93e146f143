"""State: tasks that keep values of a flow from one execution to the next, as a file on the drive."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from runwright import decoding
from runwright.drive import SCHEME
from runwright.errors import FileMissing, RunnableFailed
from runwright.runnables.rendering import as_text, entries_of, truth_of

if TYPE_CHECKING:
    from runwright.scope import Scope
    from runwright.spec.tasks import values

LONGEST_NAME = 200


def add(task: values.SetState, scope: Scope) -> dict[str, Any]:
    """Add to a state; what it has under other names stays."""
    key = _key(task, scope)
    data = {**(_read(key, scope) or {}), **entries_of(scope, task.data, "data")}
    uri = scope.drive.put(_uri(key, scope), msgspec.json.encode(data))
    return {"count": len(data), "key": key, "uri": uri}


def get(task: values.GetState, scope: Scope) -> dict[str, Any]:
    """Hand on a state as `data`, empty where there is none."""
    key = _key(task, scope)
    data = _read(key, scope)
    if data is None and truth_of(scope, task.error_on_missing):
        raise _missing(key)
    return {"count": len(data or {}), "data": data or {}, "key": key}


def delete(task: values.DeleteState, scope: Scope) -> dict[str, Any]:
    """Delete a state."""
    key = _key(task, scope)
    is_deleted = scope.drive.delete(_uri(key, scope))
    if not is_deleted and truth_of(scope, task.error_on_missing):
        raise _missing(key)
    return {"deleted": is_deleted, "key": key}


def _key(task: values.StateTask, scope: Scope) -> str:
    """Return where a state belongs: its flow, its name, and the value of the loop where there is one."""
    parts = [] if truth_of(scope, task.namespace) else [scope.flow_id]
    parts.append(scope.render(task.name) or "default")
    value = (scope.variables.get("taskrun") or {}).get("value")
    if value is not None and truth_of(scope, task.taskrun_value):
        parts.append(as_text(value))
    return "/".join(_file_name(part) for part in parts)


def _file_name(part: str) -> str:
    """Return a text as the name of a file: the text itself, or what stands for it where it is too long."""
    name = quote(part, safe="").replace(".", "%2E")
    return name if len(name) <= LONGEST_NAME else hashlib.sha256(part.encode()).hexdigest()


def _uri(key: str, scope: Scope) -> str:
    return f"{SCHEME}{scope.namespace.replace('.', '/')}/_states/{key}.json"


def _read(key: str, scope: Scope) -> dict[str, Any] | None:
    try:
        with scope.drive.open(_uri(key, scope)) as file:
            return decoding.from_json(file.read(), dict[str, Any])
    except FileMissing:
        return None
    except msgspec.DecodeError as damaged:
        raise RunnableFailed(f"The state {key} is damaged: delete it with state.Delete.") from damaged


def _missing(key: str) -> RunnableFailed:
    return RunnableFailed(f"There is no state {key}: no execution has set it.")
