"""Registry: the closed list of names under which records find serializers again, and the way back through any serializer.

Whatever bytes do while they are read, the caller sees a `ResultSerializationError` that says why. Reading a pickle runs
code: `is_data_only` tells which names never do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from runwright.errors import ResultSerializationError, RunwrightError
from runwright.results.serializers.automatic import DEFAULT, DefaultSerializer
from runwright.results.serializers.compressed import FORMATS, CompressedSerializer
from runwright.results.serializers.failures import unreadable
from runwright.results.serializers.frames import FILE_TYPES, PandasSerializer
from runwright.results.serializers.pickles import PICKLE, CloudpickleSerializer
from runwright.results.serializers.texts import DateTimeSerializer, JSONSerializer

if TYPE_CHECKING:
    from runwright.result import Serializer


class _Named(NamedTuple):
    serializer: Serializer
    is_data_only: bool


_PLAIN = (
    _Named(JSONSerializer(), is_data_only=True),
    _Named(CloudpickleSerializer(), is_data_only=False),
    _Named(DEFAULT, is_data_only=False),
    _Named(DateTimeSerializer(), is_data_only=True),
    *(_Named(PandasSerializer(each), is_data_only=each != "pickle") for each in FILE_TYPES),
)


_COMPRESSED = (
    _Named(CompressedSerializer(each.serializer, algorithm), each.is_data_only)
    for each in _PLAIN
    for algorithm in FORMATS
)
_NAMES = {each.serializer.name: each for each in (*_PLAIN, *_COMPRESSED)}


def serializer_named(name: str) -> Serializer:
    """Return the serializer that a record names; raises `ResultSerializationError` for names not on the list."""
    return _named(name).serializer


def is_data_only(name: str) -> bool:
    """Say whether reading with the serializer of this name can never run code."""
    return _named(name).is_data_only


def deserialize_with(own: Serializer, name: str, data: bytes) -> Any:
    """Return the value of bytes that were written under `name`; `own` is taken where the name is not on the list.

    Raises `ResultSerializationError` whatever the serializer raised.
    """
    try:
        serializer = own if not name or name == own.name else _named(name).serializer
        return serializer.deserialize(data)
    except RunwrightError:
        raise
    except Exception as failure:
        raise unreadable(f"bytes of {type(own).__name__}", failure) from failure


def name_of_data(own: Serializer, data: bytes) -> str:
    """Return the name to record for bytes that `own` is about to read, when nothing else says who wrote them."""
    if isinstance(own, DefaultSerializer):
        return "cloudpickle" if data.startswith(PICKLE) else "json"
    return own.name


def _named(name: str) -> _Named:
    try:
        return _NAMES[name]
    except KeyError:
        raise ResultSerializationError(
            f"No serializer is named {name!r}; there are {', '.join(_NAMES)}. Read a result that was written with a "
            "serializer of your own through the result that has it."
        ) from None
