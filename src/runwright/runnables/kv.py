"""Kv: tasks that keep values under keys of a namespace, and read them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from runwright import clock
from runwright.errors import RunnableFailed
from runwright.key_values import KeyValue
from runwright.runnables.rendering import namespace_of, seconds_of, text_of, truth_of
from runwright.spec import input_texts
from runwright.spec.input_texts import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.scope import Scope
    from runwright.spec.tasks import values

_NANOSECONDS = 1_000_000_000


def keep(task: values.SetKv, scope: Scope) -> None:
    """Keep a value."""
    now, key = clock.now(), _key(task.key, scope)
    value, kind = _typed(task, scope)
    ttl = None if task.ttl is None else int(seconds_of(scope, task.ttl) * _NANOSECONDS)
    kept = KeyValue(
        namespace_of(scope, task.namespace),
        key,
        value,
        kind,
        now,
        now,
        expires=None if ttl is None else now + ttl,
        description=text_of(scope, task.kv_description),
    )
    scope.key_values.keep_value(kept, overwrite=truth_of(scope, task.overwrite))


def get(task: values.GetKv, scope: Scope) -> dict[str, Any]:
    """Hand on the value of a key, None where nothing is."""
    namespace, key = namespace_of(scope, task.namespace), _key(task.key, scope)
    found = scope.key_values.find_value(namespace, key)
    if found is None and truth_of(scope, task.error_on_missing):
        raise _missing(namespace, key)
    return {"value": None if found is None else found.value}


def list_keys(task: values.KvKeys, scope: Scope) -> dict[str, Any]:
    """Hand on the keys of a namespace, those with a prefix where one is given."""
    found = scope.key_values.list_values(namespace_of(scope, task.namespace), text_of(scope, task.prefix) or "")
    return {"keys": [each.key for each in found]}


def delete(task: values.DeleteKv, scope: Scope) -> dict[str, Any]:
    """Delete what is under a key."""
    namespace, key = namespace_of(scope, task.namespace), _key(task.key, scope)
    is_deleted = scope.key_values.delete_value(namespace, key)
    if not is_deleted and truth_of(scope, task.error_on_missing):
        raise _missing(namespace, key)
    return {"deleted": is_deleted}


def _key(written: str, scope: Scope) -> str:
    key = text_of(scope, written)
    if key is None:
        raise RunnableFailed(f"The key {written!r:.100} yields an empty text.")
    return key


def _missing(namespace: str, key: str) -> RunnableFailed:
    return RunnableFailed(f"Nothing is kept under the key {key!r:.200} in the namespace {namespace}: check both.")


def _typed(task: values.SetKv, scope: Scope) -> tuple[Any, str]:
    """Return the value and its type: the declared one, else that of what the expression yields."""
    if task.kv_type is None:
        value = scope.evaluate(task.value)
        return value, type_of(value)
    value = scope.render(task.value) if isinstance(task.value, str) else scope.evaluate(task.value)
    try:
        return READERS[task.kv_type](value), task.kv_type
    except Refused as refused:
        raise RunnableFailed(f"The value for the key {task.key!r:.100} is no {task.kv_type}: {refused}.") from refused


def type_of(value: Any) -> str:
    """Return the type of a value that has none declared."""
    if isinstance(value, bool):
        return "BOOLEAN"
    if isinstance(value, int | float):
        return "NUMBER"
    return "STRING" if isinstance(value, str) else "JSON"


def _number(value: Any) -> int | float:
    try:
        return input_texts.integer(value)
    except Refused:
        return input_texts.decimal(value)


def _duration(value: Any) -> str:
    return input_texts.duration(value if isinstance(value, timedelta) else str(value))


READERS: dict[str, Callable[[Any], Any]] = {
    "STRING": input_texts.shown,
    "NUMBER": _number,
    "BOOLEAN": input_texts.boolean,
    "DATETIME": input_texts.moment,
    "DATE": input_texts.day,
    "DURATION": _duration,
    "JSON": input_texts.json_value,
}
"""What makes a value of each type of a text; each raises `Refused`."""
