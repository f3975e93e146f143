"""Serializers: how values become bytes and back, and the closed list of names under which records find them again.

Whatever a value does while it is written or read, the caller sees a `ResultSerializationError` that says which value
and why. Reading a pickle runs code: `is_data_only` tells which names never do. This module touches no storage.
"""

from __future__ import annotations

import base64
import importlib
import io
from collections import ChainMap
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, cast

from runwright.codec import error_data
from runwright.context import Context
from runwright.errors import ResultError, ResultSerializationError
from runwright.results import typed_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from runwright.result import Serializer


class _BySettings:
    """Equality by type and settings: two serializers that write the same are the same."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(type(self))


class JSONSerializer(_BySettings):
    """Keep plain data as JSON, its types exactly.

    Plain data are None, bool, int, float, str, bytes, list, tuple, set, frozenset, dict with any keys, datetime, date,
    time, timedelta, Decimal, UUID and paths, as deep as 100 levels. Anything else raises `ResultSerializationError`.
    """

    name = "json"

    def serialize(self, value: Any) -> bytes:
        """Return typed JSON; raises `ResultSerializationError` that names the type and the path to it."""
        try:
            return typed_json.encode(value)
        except Exception as failure:
            raise ResultSerializationError(
                f"The result cannot be stored as JSON: {_why_no_json(failure)}. Return plain data, or give the task a "
                "result with CloudpickleSerializer()."
            ) from failure

    def deserialize(self, data: bytes) -> Any:
        """Return the value; raises `ResultSerializationError` when these bytes are no typed JSON."""
        try:
            return typed_json.decode(data)
        except Exception as failure:
            raise _unreadable("JSON", failure) from failure


class CloudpickleSerializer(_BySettings):
    """Keep almost any Python object as a pickle; classes and functions of the main script go along by value.

    Reading a pickle runs code: read only what your own flows wrote. Base64 of a pickle is read too.
    """

    name = "cloudpickle"

    def serialize(self, value: Any) -> bytes:
        """Return a pickle; raises `ResultSerializationError` for locks, sockets, generators and the like."""
        import cloudpickle  # noqa: PLC0415  most flows never need it

        try:
            return cloudpickle.dumps(value)
        except Exception as failure:
            raise ResultSerializationError(
                f"The result, a {_type_name(value)}, cannot be pickled: {_told(failure)}. Return plain data, or set "
                "checkpoint=False to keep the value in memory only."
            ) from failure

    def deserialize(self, data: bytes) -> Any:
        """Return the object; raises `ResultSerializationError` when it cannot be put together again."""
        import cloudpickle  # noqa: PLC0415  most flows never need it

        try:
            return cloudpickle.loads(base64.b64decode(data) if data.startswith(_PICKLE_AS_BASE64) else data)
        except Exception as failure:
            raise _unreadable("a pickle", failure) from failure


PickleSerializer = CloudpickleSerializer


class DefaultSerializer(_BySettings):
    """Take JSON where it gives back exactly the same value, else cloudpickle; the record says which it was."""

    name = "default"

    def serialize(self, value: Any) -> bytes:
        """Return the bytes; raises `ResultSerializationError` when neither can keep the value."""
        return self.serialize_named(value)[1]

    def serialize_named(self, value: Any) -> tuple[str, bytes]:
        """Return the name of the serializer that was taken, and its bytes."""
        try:
            return "json", typed_json.encode(value)
        except Exception as failure:  # noqa: BLE001  what JSON cannot keep, whatever the reason, is tried as a pickle
            refused = failure
        try:
            return "cloudpickle", _CLOUDPICKLE.serialize(value)
        except ResultSerializationError as failure:
            raise ResultSerializationError(
                f"{failure} As JSON it cannot be stored either: {_why_no_json(refused)}."
            ) from failure

    def deserialize(self, data: bytes) -> Any:
        """Return the value, whichever of the two wrote it."""
        return (_CLOUDPICKLE if data.startswith(_PICKLE) else _JSON).deserialize(data)


class CompressedSerializer(_BySettings):
    """Compress what another serializer writes; `format` is `zlib`, `gzip`, `bz2` or `lzma`."""

    def __init__(self, serializer: Serializer, format: str = "zlib") -> None:  # noqa: A002  a documented argument
        """Wrap `serializer`; raises `ValueError` for a format that is not one of the four."""
        if format not in _FORMATS:
            raise ValueError(f"Results cannot be compressed as {format!r}: choose one of {', '.join(_FORMATS)}.")
        self.serializer = serializer
        self.format = format

    @property
    def name(self) -> str:
        """Return such as `json+zlib`."""
        return f"{self.serializer.name}+{self.format}"

    def serialize(self, value: Any) -> bytes:
        """Return the compressed bytes."""
        return self.serialize_named(value)[1]

    def serialize_named(self, value: Any) -> tuple[str, bytes]:
        """Return the name of the serializers that were taken, and the compressed bytes."""
        name, data = serialize_with(self.serializer, value)
        library = importlib.import_module(self.format)
        return f"{name}+{self.format}", library.compress(data, **_FORMATS[self.format])

    def deserialize(self, data: bytes) -> Any:
        """Return the value; raises `ResultSerializationError` when the bytes are not in this format."""
        try:
            plain = importlib.import_module(self.format).decompress(data)
        except Exception as failure:
            raise _unreadable(f"{self.format} data", failure) from failure
        return self.serializer.deserialize(plain)


_FORMATS: dict[str, dict[str, Any]] = {"zlib": {}, "gzip": {"mtime": 0}, "bz2": {}, "lzma": {}}
_PICKLE = b"\x80"
_PICKLE_AS_BASE64 = b"gA"

_JSON = JSONSerializer()
_CLOUDPICKLE = CloudpickleSerializer()
DEFAULT = DefaultSerializer()


class _Named(NamedTuple):
    serializer: Serializer
    is_data_only: bool


def _all_named() -> dict[str, _Named]:
    plain = [
        _Named(_JSON, is_data_only=True),
        _Named(_CLOUDPICKLE, is_data_only=False),
        _Named(DEFAULT, is_data_only=False),
    ]
    packed = [
        _Named(CompressedSerializer(each.serializer, algorithm), each.is_data_only)
        for each in plain
        for algorithm in _FORMATS
    ]
    return {each.serializer.name: each for each in plain + packed}


_NAMED = _all_named()


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
    except ResultError:
        raise
    except Exception as failure:
        raise ResultSerializationError(
            f"The result, a {_type_name(value)}, cannot be stored with {type(serializer).__name__}: {_told(failure)}."
        ) from failure


def deserialize_with(own: Serializer, name: str, data: bytes) -> Any:
    """Return the value of bytes that were written under `name`; `own` is taken where the name is not on the list.

    Raises `ResultSerializationError` whatever the serializer raised.
    """
    try:
        serializer = own if not name or name == own.name else _named(name).serializer
        return serializer.deserialize(data)
    except ResultError:
        raise
    except Exception as failure:
        raise _unreadable(f"bytes of {type(own).__name__}", failure) from failure


def name_of_data(own: Serializer, data: bytes) -> str:
    """Return the name to record for bytes that `own` is about to read, when nothing else says who wrote them."""
    if isinstance(own, DefaultSerializer):
        return "cloudpickle" if data.startswith(_PICKLE) else "json"
    return own.name


def pickle_by_value(value: Any) -> bytes:
    """Return a pickle for another process; what is of the main script or of a registered module goes along by value.

    The global `context` goes along by name: what uses it means the context of whichever run it is in then. Raises
    whatever the value raises. Reading it back needs nothing but `pickle`.
    """
    buffer = io.BytesIO()
    _pickler()(buffer).dump(value)
    return buffer.getvalue()


@cache
def _pickler() -> Any:
    import cloudpickle  # noqa: PLC0415  most flows never need it

    table: Any = cloudpickle.Pickler.dispatch_table

    class Pickler(cloudpickle.Pickler):
        dispatch_table: ClassVar[Any] = ChainMap({Context: lambda _: "context"}, table)

    return Pickler


def register_by_value(module: ModuleType) -> None:
    """Let everything of a module go along by value: other processes cannot import it."""
    import cloudpickle  # noqa: PLC0415  most flows never need it

    cloudpickle.register_pickle_by_value(module)


def _named(name: str) -> _Named:
    try:
        return _NAMED[name]
    except KeyError:
        raise ResultSerializationError(
            f"No serializer is named {name!r}; there are {', '.join(_NAMED)}. Read a result that was written with a "
            "serializer of your own through the result that has it."
        ) from None


def _unreadable(what: str, failure: Exception) -> ResultSerializationError:
    return ResultSerializationError(
        f"The stored result cannot be read back as {what}: {_told(failure)}. Run the task again, or read it where the "
        "modules are that wrote it."
    )


def _why_no_json(failure: Exception) -> str:
    if isinstance(failure, typed_json.Unencodable):
        return f"result{failure.where} {failure.reason}"
    return _told(failure)


def _told(failure: BaseException) -> str:
    told = error_data(failure)
    return f"{told['type']}: {told['text'][:1000]}".rstrip(".: ")


def _type_name(value: Any) -> str:
    return type.__dict__["__name__"].__get__(type(value))
