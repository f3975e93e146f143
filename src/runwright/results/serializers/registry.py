"""Registry: the closed list of names under which records find serializers again, and the way through any serializer.

Whatever a value does while it is written or read, the caller sees a `ResultSerializationError` that says which value
and why. Reading a pickle runs code: `is_data_only` tells which names never do.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from runwright.errors import ResultSerializationError, RunwrightError
from runwright.results.serializers.automatic import DEFAULT, DefaultSerializer
from runwright.results.serializers.failures import told, type_name, unreadable
from runwright.results.serializers.frames import FILE_TYPES, PandasSerializer
from runwright.results.serializers.pickles import PICKLE, CloudpickleSerializer
from runwright.results.serializers.texts import DateTimeSerializer, JSONSerializer

if TYPE_CHECKING:
    from collections.abc import Callable

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


@cache
def _names() -> dict[str, _Named]:
    from runwright.results.serializers.compressed import (  # noqa: PLC0415  it goes through this module itself
        FORMATS,
        CompressedSerializer,
    )

    packed = [
        _Named(CompressedSerializer(each.serializer, algorithm), each.is_data_only)
        for each in _PLAIN
        for algorithm in FORMATS
    ]
    return {each.serializer.name: each for each in (*_PLAIN, *packed)}


def serializer_named(name: str) -> Serializer:
    """Return the serializer that a record names; raises `ResultSerializationError` for names not on the list."""
    return _named(name).serializer


def is_data_only(name: str) -> bool:
    """Say whether reading with the serializer of this name can never run code."""
    return _named(name).is_data_only


def serialize_with(serializer: Serializer, value: Any) -> tuple[str, bytes]:
    """Return the bytes of a value and the name to read them by, with a serializer of anyone's making.

    Raises `ResultSerializationError` whatever the serializer raised.
    """
    try:
        naming = cast("Callable[[Any], tuple[str, bytes]] | None", getattr(serializer, "serialize_named", None))
        return naming(value) if naming is not None else (serializer.name, serializer.serialize(value))
    except RunwrightError:
        raise
    except Exception as failure:
        raise ResultSerializationError(
            f"The result, a {type_name(value)}, cannot be stored with {type(serializer).__name__}: {told(failure)}."
        ) from failure


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
        return _names()[name]
    except KeyError:
        raise ResultSerializationError(
            f"No serializer is named {name!r}; there are {', '.join(_names())}. Read a result that was written with a "
            "serializer of your own through the result that has it."
        ) from None
