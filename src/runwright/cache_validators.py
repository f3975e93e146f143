"""Cache validators: whether an earlier result may serve a run, `validator(state, inputs, parameters) -> bool`.

`state` is the Cached state, `inputs` are the values a task would get now and `parameters` those of the flow run. Inputs
are compared by `hash_input`, so that a cache need not keep them.
"""

from __future__ import annotations

import os
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from hashlib import blake2b
from typing import TYPE_CHECKING, Any
from uuid import UUID

from runwright.clock import utcnow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from runwright.states import Cached

    Validator = Callable[[Cached, Mapping[str, Any], Mapping[str, Any] | None], bool]

_UNHASHABLE = "unhashable-"


def never_use(state: Cached, inputs: Mapping[str, Any], parameters: Mapping[str, Any] | None) -> bool:
    """Never use the cache."""
    del state, inputs, parameters
    return False


def duration_only(state: Cached, inputs: Mapping[str, Any], parameters: Mapping[str, Any] | None) -> bool:
    """Use the cache until it expires; without an expiration, always."""
    del inputs, parameters
    expires = state.cached_result_expiration
    return expires is None or expires > utcnow()


def all_inputs(state: Cached, inputs: Mapping[str, Any], parameters: Mapping[str, Any] | None) -> bool:
    """Use the cache until it expires, when every input is as it was."""
    if not duration_only(state, inputs, parameters):
        return False
    if state.hashed_inputs is not None:
        return state.hashed_inputs == _hashes(inputs)
    return {key: held.value for key, held in state.cached_inputs.items()} == dict(inputs)


def all_parameters(state: Cached, inputs: Mapping[str, Any], parameters: Mapping[str, Any] | None) -> bool:
    """Use the cache until it expires, when every parameter of the flow run is as it was."""
    return duration_only(state, inputs, parameters) and state.cached_parameters == parameters


def partial_inputs_only(validate_on: Iterable[str] | None = None) -> Validator:
    """Return a validator that looks at the named inputs only; without names, at the expiration only."""
    return _Partial("partial_inputs_only", validate_on)


def partial_parameters_only(validate_on: Iterable[str] | None = None) -> Validator:
    """Return a validator that looks at the named parameters only; without names, at the expiration only."""
    return _Partial("partial_parameters_only", validate_on)


class _Partial:
    def __init__(self, name: str, validate_on: Iterable[str] | None) -> None:
        if isinstance(validate_on, str):
            raise TypeError(f"validate_on must be a list of names: write {name}(validate_on=[{validate_on!r}]).")
        self.name = name
        self.validate_on = None if validate_on is None else tuple(validate_on)
        self.__name__ = name if self.validate_on is None else f"{name}({', '.join(self.validate_on)})"

    def __call__(self, state: Cached, inputs: Mapping[str, Any], parameters: Mapping[str, Any] | None) -> bool:
        if not duration_only(state, inputs, parameters):
            return False
        names = self.validate_on
        if names is None:
            return True
        if self.name == "partial_parameters_only":
            return _chosen(state.cached_parameters, names) == _chosen(parameters, names)
        if state.hashed_inputs is not None:
            return _chosen(state.hashed_inputs, names) == _hashes(_chosen(inputs, names))
        held = {key: result.value for key, result in state.cached_inputs.items()}
        return _chosen(held, names) == _chosen(inputs, names)


def hash_input(value: Any, pickled: Callable[[Any], bytes] | None = None) -> str:
    """Return a hash of a value: for plain data equal in every process if values and types are equal throughout.

    What is no plain data is hashed by its pickle; `pickled` makes it, by default the standard library's. A value that
    has none gets a hash that no other call returns, so that a cache never matches it by mistake.
    """
    digest = blake2b(digest_size=16)
    try:
        _feed(digest.update, value, pickled or _standard_pickle)
    except Exception:  # noqa: BLE001  whatever pickling user code raises: such a value has no hash
        return f"{_UNHASHABLE}{os.urandom(16).hex()}"
    return digest.hexdigest()


def _hashes(inputs: Mapping[str, Any]) -> dict[str, str]:
    hashes = {key: hash_input(value) for key, value in inputs.items()}
    for key, found in hashes.items():
        if found.startswith(_UNHASHABLE):
            _warn_about(key, inputs[key])
    return hashes


def _warn_about(key: str, value: Any) -> None:
    import logging  # noqa: PLC0415  only a cache that cannot work pays for it

    logging.getLogger("runwright.cache_validators").warning(
        "The input %r is a %s, which cannot be hashed: a cache never matches it. Look at the other inputs only, with "
        "partial_inputs_only(validate_on=[...]).",
        key,
        type(value).__name__,
    )


def _chosen(values: Mapping[str, Any] | None, names: Iterable[str]) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values} if values else {}


# ---- the canonical encoding: a tag, the length where it varies, the content; so no two values share one


def _feed(update: Callable[[bytes], Any], value: Any, pickled: Callable[[Any], bytes]) -> None:
    kind: type[Any] = type(value)  # pyright: ignore[reportUnknownVariableType]  a value of any type
    if kind in _SCALARS:
        content = _SCALARS[kind](value)
        update(b"%s:%d:" % (kind.__name__.encode(), len(content)))
        update(content)
    elif kind is list or kind is tuple:
        update(b"%s:%d:" % (kind.__name__.encode(), len(value)))
        for item in value:
            _feed(update, item, pickled)
    elif kind is dict:
        _feed_unordered(update, b"dict", value.items(), pickled)
    elif kind is set or kind is frozenset:
        _feed_unordered(update, kind.__name__.encode(), value, pickled)
    elif isinstance(value, Enum):
        update(b"enum:")
        _feed(update, (kind.__module__, kind.__qualname__, value.name), pickled)
    else:
        content = pickled(value)
        update(b"pickle:%d:" % len(content))
        update(content)


def _feed_unordered(
    update: Callable[[bytes], Any], tag: bytes, items: Iterable[Any], pickled: Callable[[Any], bytes]
) -> None:
    digests: list[bytes] = []
    for item in items:
        digest = blake2b(digest_size=16)
        _feed(digest.update, item, pickled)
        digests.append(digest.digest())
    update(b"%s:%d:" % (tag, len(digests)))
    for each in sorted(digests):
        update(each)


def _standard_pickle(value: Any) -> bytes:
    import pickle  # noqa: PLC0415  plain data, the usual case, needs none

    return pickle.dumps(value, protocol=5)


def _text(value: Any) -> bytes:
    return str(value).encode("utf-8", "surrogatepass")


_SCALARS: dict[type, Callable[[Any], bytes]] = {
    type(None): lambda _: b"",
    bool: _text,
    int: _text,
    float: lambda value: value.hex().encode(),
    complex: _text,
    str: _text,
    bytes: bytes,
    bytearray: bytes,
    datetime: lambda value: value.isoformat().encode(),
    date: _text,
    time: _text,
    timedelta: lambda value: repr(value).encode(),
    Decimal: _text,
    UUID: _text,
}
