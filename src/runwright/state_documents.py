"""State documents: states as the JSON objects that other programs send and expect.

A document has the class's name as `type`, and `message`, `context`, `_result`, `cached_inputs` and what comes with the kind
of state. Values stay behind: of a result go its class, its location and what it needs to be read. What the record keeps
of a state is another thing, see `runwright.codec`.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from runwright import release, states
from runwright.errors import StateSerializationError, did_you_mean
from runwright.result import NoResult, Result

if TYPE_CHECKING:
    from collections.abc import Iterator

_TIMES = ("start_time", "cached_result_expiration")
_NUMBERS = ("run_count", "loop_count")
_OBJECTS = ("cached_parameters", "hashed_inputs")
_PLACES = ("dir", "bucket", "container", "secret_type", "root")
_READ_AS = {"PrefectResult": "InlineResult"}

WRITTEN_AS: dict[str, str] = {}
"""Other names for classes of results in the documents that are written: for a surface whose users know them by those."""


def to_document(state: states.State) -> dict[str, Any]:
    """Return the document of a state; raises `StateSerializationError` for a context or parameters that are no JSON."""
    document: dict[str, Any] = {
        "type": type(state).__name__,
        "__version__": release.version(),
        "message": state.message,
    }
    document["context"] = _plain("context", state.context)
    document["cached_inputs"] = {key: _result_document(held) for key, held in state.cached_inputs.items()}
    if isinstance(state, states.Mapped):
        return document | {"n_map_states": state.n_map_states}
    document["_result"] = _result_document(state._result)  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001  public by custom
    if isinstance(state, states.MetaState):
        document["state"] = None if state.state is None else to_document(state.state)
    given = vars(state)
    document |= {name: _time_text(given[name]) for name in _TIMES if name in given}
    document |= {name: given[name] for name in _NUMBERS if name in given}
    return document | {name: _plain(name, given[name]) for name in _OBJECTS if name in given}


def from_document(document: dict[str, Any]) -> states.State:
    """Return the state of a document; unknown keys are left out, raises `StateSerializationError` for an unknown type."""
    kind = _class_named(document.get("type"))
    inputs = cast("dict[str, Any]", document.get("cached_inputs") or {})
    state = kind(
        document.get("message"),
        result=_result_of(document.get("_result")),
        context=dict(document.get("context") or {}),
        cached_inputs={key: _result_of(held) for key, held in inputs.items()},
    )
    if isinstance(state, states.MetaState):
        inner = document.get("state")
        state.state = None if inner is None else from_document(inner)
    if isinstance(state, states.Mapped):
        state.map_states = [None] * (document.get("n_map_states") or 0)
    given = vars(state)
    given.update({name: _time_from(document[name]) for name in _TIMES if name in given and name in document})
    given.update({name: document[name] for name in (*_NUMBERS, *_OBJECTS) if name in given and name in document})
    return state


def _class_named(name: Any) -> type[states.State]:
    for kind in states.KINDS:
        if kind.__name__ == name:
            return kind
    hint = did_you_mean(str(name), states.KIND_BY_NAME)
    raise StateSerializationError(f"There is no state of the type {name!r}.{hint}")


def _result_document(held: Result) -> dict[str, Any]:
    kind = type(held)
    if held is NoResult:
        return {"type": "NoResultType", "__version__": release.version()}
    is_ours = kind.__module__.partition(".")[0] == Result.__module__.partition(".")[0]
    name = WRITTEN_AS.get(kind.__name__, kind.__name__) if is_ours else f"{kind.__module__}.{kind.__qualname__}"
    document: dict[str, Any] = {"type": name, "__version__": release.version(), "location": held.location}
    return document | {place: getattr(held, place) for place in _PLACES if is_ours and hasattr(held, place)}


def _result_of(document: dict[str, Any] | None) -> Result:
    """Return what holds the location; of a class that this process has not loaded, a bare `Result`."""
    if document is None or document.get("type") == "NoResultType":
        return NoResult
    location = document.get("location")
    places = {place: document[place] for place in _PLACES if place in document}
    if "dir" in places:
        places["validate_dir"] = False  # a document makes no folders here
    name = _READ_AS.get(document.get("type") or "", document.get("type"))
    for kind in _result_classes(Result):
        if kind.__name__ == name:
            try:
                held = kind(**places)
            except Exception:  # noqa: BLE001  an adapter that needs more than a document tells
                break
            held.location = location
            return held
    return Result(location=location)


def _result_classes(kind: type[Result]) -> Iterator[type[Result]]:
    for each in kind.__subclasses__():
        yield each
        yield from _result_classes(each)


def _plain(name: str, value: Any) -> Any:
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError) as failure:
        raise StateSerializationError(
            f"{name} cannot go into the document of a state: {failure}. Keep plain data in it."
        ) from None


def _time_text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _time_from(text: str | None) -> datetime | None:
    return None if text is None else states.aware(datetime.fromisoformat(text))
