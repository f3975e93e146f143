"""Decoding: values of a type from JSON, from MessagePack and from plain data.

The library that does it prepares a type when it is first asked for it, and two threads that ask for one at the same time end
the process: one reads what the other has only begun. So types are prepared here, by one thread at a time, and whoever
wants a value of a type comes here for it.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, TypeVar, overload

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

Kind = TypeVar("Kind")

_preparing = threading.Lock()
_readers: dict[tuple[Any, Any], Callable[[bytes | str], Any]] = {}


@overload
def from_json(data: bytes | str, kind: type[Kind]) -> Kind: ...
@overload
def from_json(data: bytes | str, kind: Any) -> Any: ...
def from_json(data: bytes | str, kind: Any) -> Any:
    """Return JSON as a `kind`; raises `msgspec.ValidationError` for what is none, `msgspec.DecodeError` for what is no JSON."""
    return _reader(msgspec.json.Decoder, kind)(data)


@overload
def from_msgpack(data: bytes, kind: type[Kind]) -> Kind: ...
@overload
def from_msgpack(data: bytes, kind: Any) -> Any: ...
def from_msgpack(data: bytes, kind: Any) -> Any:
    """Return MessagePack as a `kind`; raises as `from_json`."""
    return _reader(msgspec.msgpack.Decoder, kind)(data)


@overload
def from_plain(value: Any, kind: type[Kind], *, strict: bool = True) -> Kind: ...
@overload
def from_plain(value: Any, kind: Any, *, strict: bool = True) -> Any: ...
def from_plain(value: Any, kind: Any, *, strict: bool = True) -> Any:
    """Return what JSON holds, as Python has it, as a `kind`; not `strict` takes texts for numbers. Raises `msgspec.ValidationError`."""
    _reader(msgspec.json.Decoder, kind)
    return msgspec.convert(value, kind, strict=strict)


def _reader(decoder: Any, kind: Any) -> Callable[[bytes | str], Any]:
    key = decoder, kind
    try:
        return _readers[key]
    except KeyError:
        with _preparing:
            return _readers.setdefault(key, decoder(kind).decode)
