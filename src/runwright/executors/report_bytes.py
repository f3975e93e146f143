"""Report bytes: reports on their way back from a worker process.

A value travels in a pickle of its own inside the report, so that one that cannot be read does not take the rest along.
Big values that are stored stay where they are: the reference is enough.
"""

from __future__ import annotations

from typing import Any, TypeVar

from runwright.codec import RemoteError, error_data, shorten
from runwright.errors import ResultSerializationError
from runwright.executor import Report
from runwright.executors.endings import final_of, told
from runwright.executors.pickles import dumps, loads
from runwright.result import Result
from runwright.states import Failed, State

LIMIT = 64 * 1024
"""The size of a pickled value, in bytes, above which it is left where it is stored."""

_PLAIN = frozenset({type(None), bool, int, float})
_ADVICE = "return plain data, give the task a result that stores it, or run the flow with executor='threads'."

S = TypeVar("S", bound=State)


def pack_report(report: Report) -> bytes:
    """Return a report as bytes, whatever its state holds; the ordinal, attempt and finality go beside them."""
    try:
        return _packed(report)
    except BaseException as error:  # noqa: BLE001  user code that refuses even to be left out
        report.state = Failed(f"The report of the attempt cannot be sent: {told(error)}")
        report.attempt_state, report.logs, report.metrics, report.is_cut_short = None, (), (), True
        return _packed(report)


def _packed(report: Report) -> bytes:
    state, value = _split(report.state, is_final=report.is_final)
    failed, error = (None, None) if report.attempt_state is None else _split(report.attempt_state, is_final=False)
    try:
        return dumps((_said(report, state), state, value, failed, error))
    except BaseException as failure:  # noqa: BLE001  user code inside the state, its context or its result
        state = _plainer(state, failure)
        failed = None if failed is None else _plainer(failed, failure)
        return dumps((_said(report, state), state, value, failed, error))


def unpack_report(ordinal: int, attempt: int, body: bytes, *, is_final: bool) -> Report | None:
    """Return the report; a final one that cannot be read is Failed, any other is None."""
    try:
        said, state, value, failed, error = loads(body)
    except BaseException as failure:  # noqa: BLE001  user code that only fails in this process
        return final_of(ordinal, attempt, _unreadable("The report of the attempt", failure)) if is_final else None
    at, is_cut_short, length, logs, metrics, name = said
    came, state = state, _joined(state, value, is_final=is_final)
    return Report(
        ordinal,
        attempt,
        at,
        state,
        is_final=is_final,
        is_cut_short=is_cut_short or state is not came,
        length=length,
        logs=logs,
        metrics=metrics,
        name=name,
        attempt_state=None if failed is None else _joined(failed, error, is_final=False),
    )


def _said(report: Report, state: State) -> tuple[Any, ...]:
    """Return all but the states; handlers have not heard of a state that takes the place of the report's."""
    is_cut_short = report.is_cut_short or type(state) is not type(report.state)
    return report.at, is_cut_short, report.length, report.logs, report.metrics, report.name


def _split(state: State, *, is_final: bool) -> tuple[State, bytes | None]:
    """Return the state, and its value as a pickle where it is no plain one and has to travel."""
    if state.message and len(state.message) > LIMIT:
        state = _copy(state)
        state.message = shorten(str(state.message))
    held = state._result  # noqa: SLF001  public by custom
    value = held.value
    kind = type(value)
    if kind in _PLAIN or ((kind is str or kind is bytes) and len(value) <= LIMIT):
        return state, None
    if held.ref is not None and held.ref.size > LIMIT:
        return _bare(state), None
    try:
        data = dumps(value)
        if isinstance(value, BaseException):
            loads(data)  # many exceptions can be pickled and not be read
    except BaseException as failure:  # noqa: BLE001  user code
        if isinstance(value, BaseException):
            return _bare(state), dumps(RemoteError(error_data(value)["type"], error_data(value)["text"]))
        if held.ref is not None or not is_final:
            return _bare(state), None
        return _unsendable(value, failure), None
    return _bare(state), (None if held.ref is not None and len(data) > LIMIT else data)


def _joined(state: State, value: bytes | None, *, is_final: bool) -> State:
    if value is None:
        return state
    held = state._result  # noqa: SLF001  public by custom
    try:
        held.value = loads(value)
    except BaseException as failure:  # noqa: BLE001  user code
        instead = _unreadable("The task's result", failure)
        if state.is_failed():
            held.value = instead.result
        elif held.ref is None and is_final:
            return instead
    return state


def _copy(state: S) -> S:
    copied = object.__new__(type(state))
    vars(copied).update(vars(state))
    return copied


def _bare(state: S) -> S:
    """Return a copy whose result has no value."""
    bare = _copy(state)
    held = state._result.copy()  # noqa: SLF001  public by custom
    held.value = None
    bare._result = held  # noqa: SLF001  public by custom
    return bare


def _plainer(state: State, failure: BaseException) -> State:
    """Return the state without what users may have put into it, or Failed where that does not help."""
    held = state._result  # noqa: SLF001  public by custom
    if _travels(state):
        return state
    plainer = _copy(state)
    plainer.context, plainer.cached_inputs = {}, {}
    if not _travels(held):
        plainer._result = Result(location=held.location)  # noqa: SLF001  public by custom
        plainer._result.ref = held.ref  # noqa: SLF001  public by custom
    return plainer if _travels(plainer) else _unsendable(state, failure)


def _travels(thing: Any) -> bool:
    try:
        dumps(thing)
    except BaseException:  # noqa: BLE001  user code
        return False
    return True


def _unsendable(value: Any, failure: BaseException) -> State:
    message = (
        f"The task's result, a {_type_name(value)}, cannot be sent back from its worker process ({told(failure)}): "
        f"{_ADVICE}"
    )
    return Failed(message, result=ResultSerializationError(message))


def _unreadable(what: str, failure: BaseException) -> State:
    message = f"{what} came back from its worker process and cannot be put together again ({told(failure)}): {_ADVICE}"
    return Failed(message, result=ResultSerializationError(message))


def _type_name(value: Any) -> str:
    return type.__dict__["__name__"].__get__(type(value))  # a metaclass may have another idea of its name
