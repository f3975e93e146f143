"""Codec: states as the plain data that events carry, and back.

`data_from_state` and `state_from_data` are inverse for everything the record keeps: the message (left out when it is the
usual one), the result's reference, and what comes with the kind of state. Values never enter: an exception is kept as its
type and text.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any, cast

import msgspec

from runwright import decoding, states
from runwright.clock import recordable, to_datetime
from runwright.result import NoResult, Result, ResultRef

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

MESSAGE_LIMIT = 64 * 1024

_DEEPEST = 64
_LARGEST = 1 << 63

USUAL_SUCCESS = "Task run succeeded."
USUAL_RUNNING = "Starting task run."
USUAL_MESSAGES: dict[int, str] = {
    states.Running.kind.code: USUAL_RUNNING,
    states.Success.kind.code: USUAL_SUCCESS,
    states.Mapped.kind.code: "Ready to proceed with mapping.",
}


def data_from_state(state: states.State) -> dict[str, Any] | None:
    """Return what an event keeps of a state, None when that is nothing but the usual."""
    kind, ref = type(state), state._result.ref  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  public by custom
    if kind is states.Success and ref is not None and state.message == USUAL_SUCCESS:
        return {"result": ref}  # what most events are
    if kind is states.Running and state._result is NoResult and state.message == USUAL_RUNNING:  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  as above
        return None
    data: dict[str, Any] = {}
    if state.message and state.message != USUAL_MESSAGES.get(state.kind.code):
        data["message"] = shorten(str(state.message))
    held = state._result  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  the field is public by custom
    if held.ref is not None:
        data["result"] = held.ref
    elif isinstance(held.value, BaseException):
        data["error"] = error_data(held.value)
    elif (held.value is not None or isinstance(held, LostResult)) and type(state) is not states.Mapped:
        data["unstored"] = True
    if kind is not states.Success and kind is not states.Running:
        data.update(_extra(state))
    return data or None


def state_from_data(
    code: int, data: dict[str, Any] | None, reader: Callable[[ResultRef], Result] | None = None
) -> states.State:
    """Return the state; its result holds the location only, and a failure's result is a `RemoteError`.

    `reader` makes the result that can read a reference; without it the result only knows where the value is.
    """
    data = data or {}
    kind = states.CLASS_BY_CODE[code]
    state = kind(data.get("message", USUAL_MESSAGES.get(code)), result=_result_from(data, reader))
    if isinstance(state, states.Scheduled | states.Queued):
        due = data.get("due")
        state.start_time = None if due is None else to_datetime(due)
    for name in ("run_count", "loop_count", "cached_parameters", "hashed_inputs"):
        if name in data:
            setattr(state, name, data[name])
    if isinstance(state, states.Retrying) and "loop_count" in data:
        state.context["_loop_count"] = data["loop_count"]
    if isinstance(state, states.Cached):
        expires = data.get("expires")
        state.cached_result_expiration = None if expires is None else to_datetime(expires)
    if isinstance(state, states.Mapped):
        state._n_map_states = data.get("children", 0)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  as above
    return state


def shorten(text: str) -> str:
    """Return the text, its middle left out when it is longer than `MESSAGE_LIMIT` characters."""
    text = text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")
    if len(text) <= MESSAGE_LIMIT:
        return text
    half = MESSAGE_LIMIT // 2
    return f"{text[:half]}...{len(text) - MESSAGE_LIMIT} additional characters...{text[-half:]}"


def error_data(error: BaseException) -> dict[str, Any]:
    """Return an exception as plain data: its type's name and its text, even when `__str__` fails."""
    if isinstance(error, RemoteError):
        return {"type": error.type_name, "text": error.text}
    try:
        text = str(error)
    except Exception as failure:  # noqa: BLE001  user code
        text = f"<its text raised {type(failure).__name__}>"
    return {"type": type(error).__name__, "text": shorten(text)}


def time_data(moment: datetime) -> int:
    """Return a time as the record keeps it, in nanoseconds; what lies past the year 2262 is the end of that time."""
    return recordable(moment)


class RemoteError(Exception):
    """An exception of another process or an earlier day: its type's name and its text."""

    def __init__(self, type_name: str, text: str) -> None:
        """Hold both as attributes too."""
        super().__init__(f"{type_name}: {text}" if text else type_name)
        self.type_name = type_name
        self.text = text

    def __reduce__(self) -> tuple[type[RemoteError], tuple[str, str]]:
        """Keep both across processes."""
        return RemoteError, (self.type_name, self.text)


def portable(held: Result) -> Result:
    """Return a result whose exception can travel: the same one, or one with a text in its place."""
    import pickle  # noqa: PLC0415  only failures that travel pay for it

    # Whoever pickles by value has loaded cloudpickle. Many exceptions can be written and not read.
    try:
        pickle.loads(sys.modules.get("cloudpickle", pickle).dumps(held.value))  # noqa: S301  its own bytes
    except Exception as failure:  # noqa: BLE001  user code
        told = held.copy()
        told.value = f"The following exception could not be pickled: {held.value!r} ({failure})"
        return told
    return held


class LostResult(Result):
    """A value that was not stored and whose process is gone."""

    kind = "lost"


def to_plain(value: Any) -> Any:
    """Return a value as JSON data, with what JSON cannot say replaced by its repr; never fails."""
    try:
        plain = msgspec.to_builtins(value, str_keys=True, enc_hook=_plain_text, builtin_types=())
        if msgspec.json.decode(msgspec.json.encode(plain)) == plain:
            return plain
    except Exception:  # noqa: BLE001, S110  user code and its values: each part is looked at by itself below
        pass
    return _plain_part(value, 0)


def _plain_part(value: Any, depth: int) -> Any:
    """Return what is left of a value of which some part is no JSON: lone surrogates, odd keys, circles, NaN."""
    if isinstance(value, str):
        return _sound(value)
    if value is None or isinstance(value, bool | int | float):
        return value if _is_number_of_json(value) else repr(value)
    if depth > _DEEPEST:
        return _plain_text(value)
    if isinstance(value, dict):
        pairs = cast("dict[Any, Any]", value).items()
        return {_plain_key(key): _plain_part(part, depth + 1) for key, part in pairs}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain_part(part, depth + 1) for part in cast("list[Any]", value)]
    return _plain_object(value, depth)


def _plain_object(value: Any, depth: int) -> Any:
    try:
        return _plain_part(msgspec.to_builtins(value, enc_hook=_plain_text), depth + 1)
    except Exception:  # noqa: BLE001  user code
        return _plain_text(value)


def _is_number_of_json(value: float | None) -> bool:
    return value is None or (abs(value) < _LARGEST if isinstance(value, int) else math.isfinite(value))


def _plain_key(key: Any) -> str:
    return _sound(key) if isinstance(key, str) else _plain_text(key)


def _sound(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _plain_text(value: Any) -> str:
    try:
        return shorten(repr(value))
    except Exception as failure:  # noqa: BLE001  user code
        return f"<{type(value).__name__}: its repr raised {type(failure).__name__}>"


def _extra(state: states.State) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    if isinstance(state, states.Scheduled | states.Queued) and state.start_time is not None:
        extra["due"] = time_data(state.start_time)
    if isinstance(state, states.Retrying):
        extra["run_count"] = state.run_count
        if "_loop_count" in state.context:
            extra["loop_count"] = state.context["_loop_count"]
    if isinstance(state, states.Looped):
        extra["loop_count"] = state.loop_count
    if isinstance(state, states.Mapped):
        extra["children"] = state.n_map_states
    if isinstance(state, states.Cached):
        extra.update(_cache_data(state))
    return extra


def _cache_data(state: states.Cached) -> dict[str, Any]:
    expires = state.cached_result_expiration
    key = state.context.get("_cache_key")
    return {
        **({} if key is None else {"cache_key": key}),
        "cached_parameters": to_plain(state.cached_parameters),
        "hashed_inputs": state.hashed_inputs,
        "expires": None if expires is None else time_data(expires),
    }


def _result_from(data: dict[str, Any], reader: Callable[[ResultRef], Result] | None) -> Result:
    if "result" in data:
        ref = decoding.from_plain(data["result"], ResultRef)
        held = reader(ref) if reader is not None else Result(location=ref.location)
        held.ref = ref
        return held
    if "error" in data:
        return Result(RemoteError(data["error"]["type"], data["error"]["text"]))
    return LostResult() if data.get("unstored") else NoResult
