"""Typed JSON: plain data as JSON text that gives back exactly the same value, types included.

What JSON knows is written as plain JSON. Everything else is an object with one key, its tag: `{"$tuple": [1, 2]}`. A
dict that could be taken for a tag is written under the tag `$dict`, so that every dict comes back. Types count exactly:
a subclass of a known type is refused, because it would come back as something else. This module knows no storage and no
classes of users.
"""

from __future__ import annotations

import base64
import datetime as dt
import pathlib
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

DEPTH_LIMIT = 100
"""How deep values may be nested: deeper ones could not be read back on a small stack."""

REPEAT_LIMIT = 2_000_000
"""How many items may be written again because the same container stands in several places: JSON has no references."""

_to_json = msgspec.json.Encoder().encode
_from_json = msgspec.json.Decoder().decode
_PATHS = {
    kind.__name__: kind
    for kind in (pathlib.PosixPath, pathlib.WindowsPath, pathlib.PurePosixPath, pathlib.PureWindowsPath)
}


class Unencodable(Exception):
    """A value has no typed JSON: `reason` says why, `where` is the path to it, such as `['model'][3]`."""

    def __init__(self, reason: str) -> None:
        """Hold the reason; the path is put together on the way out."""
        super().__init__(reason)
        self.reason = reason
        self.where = ""


def encode(value: Any) -> bytes:
    """Return the typed JSON of a value; raises `Unencodable`."""
    tagged = value if type(value) in _NATIVE else _Tagger(_NATIVE).tag(value)
    try:
        return _to_json(tagged)
    except (ValueError, OverflowError):  # lone surrogates, integers beyond the digits that Python reads
        return _to_json(_Tagger(_HARMLESS).tag(value))


def decode(data: bytes) -> Any:
    """Return the value that typed JSON stands for; raises `ValueError` and others for what `encode` never wrote."""
    value = _from_json(data)
    return _untagged(value) if b'"$' in data else value


_HARMLESS = frozenset({type(None), bool})
_NATIVE = _HARMLESS | {int, str}


class _Tagger:
    """One walk over a value. `plain` are the types that need no look at the value: the careful walk looks at more."""

    __slots__ = ("_depth", "_plain", "_repeated", "_seen")

    def __init__(self, plain: frozenset[type]) -> None:
        self._plain = plain
        self._depth = 0
        self._seen: set[int] = set()
        self._repeated = 0

    def tag(self, value: Any) -> Any:
        """Return `value` where JSON can say it, else a tagged copy."""
        kind = type(value)
        if kind in self._plain:
            return value
        encoder = _ENCODERS.get(kind)
        if encoder is None:
            raise Unencodable(f"is a {_name_of(kind)}")
        return encoder(self, value)

    def list_(self, values: Collection[Any]) -> Any:
        """Return the items as a list, the same one where all of it is plain."""
        self._enter(values)
        if self._all_plain(values):
            tagged = values if type(values) is list else list(values)
        else:
            tagged = []
            try:
                for value in values:
                    tagged.append(self.tag(value))
            except Unencodable as refused:
                refused.where = f"[{len(tagged)}]{refused.where}"
                raise
        self._depth -= 1
        return tagged

    def dict_(self, value: dict[Any, Any]) -> Any:
        """Return a dict with text keys, the same one where all of it is plain; others as pairs under a tag."""
        if not self._has_plain_keys(value):
            return {"$dict": self._pairs(value)}
        self._enter(value)
        tagged = value if self._all_plain(value.values()) else {}
        if tagged is not value:
            for key, item in value.items():
                tagged[key] = self._item(key, item)
        self._depth -= 1
        return tagged

    def _pairs(self, value: dict[Any, Any]) -> list[list[Any]]:
        self._enter(value)
        pairs = []
        for key, item in value.items():
            try:
                tagged_key = self.tag(key)
            except Unencodable as refused:
                refused.where = f" key {len(pairs)}{refused.where}"
                raise
            pairs.append([tagged_key, self._item(key, item)])
        self._depth -= 1
        return pairs

    def _item(self, key: Any, item: Any) -> Any:
        try:
            return self.tag(item)
        except Unencodable as refused:
            shown = repr(key) if type(key) in _NATIVE else f"<{_name_of(type(key))}>"
            refused.where = f"[{shown}]{refused.where}"
            raise

    def _enter(self, container: Collection[Any]) -> None:
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            raise Unencodable(f"is nested more than {DEPTH_LIMIT} levels deep, or contains itself")
        if id(container) in self._seen:
            self._repeated += len(container) + 1
            if self._repeated > REPEAT_LIMIT:
                raise Unencodable("stands in so many places that writing it in each would take too long")
        self._seen.add(id(container))

    def _all_plain(self, values: Collection[Any]) -> bool:
        kinds = set(map(type, values))
        if float not in kinds:
            return kinds <= self._plain
        kinds.discard(float)
        return kinds <= self._plain and all(isfinite(value) for value in values if type(value) is float)

    def _has_plain_keys(self, value: dict[Any, Any]) -> bool:
        if not set(map(type, value)) <= {str}:
            return False
        if len(value) == 1 and next(iter(value)).startswith("$"):
            return False
        return str in self._plain or all(map(_is_unicode, value))


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _name_of(kind: type) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


# ---- one function for each kind of value that needs a tag


def _int(_: _Tagger, value: int) -> Any:
    return value if -(2**63) <= value < 2**63 else {"$int": hex(value)}


def _str(_: _Tagger, value: str) -> Any:
    return value if _is_unicode(value) else {"$str": value.encode("utf-8", "surrogatepass").hex()}


def _float(_: _Tagger, value: float) -> Any:
    return value if isfinite(value) else {"$float": repr(value)}


def _path(tagger: _Tagger, value: pathlib.PurePath) -> Any:
    return {"$path": [type(value).__name__, _str(tagger, str(value))]}


def _datetime(_: _Tagger, value: dt.datetime) -> Any:
    return {"$datetime": _moment(value)}


def _time(_: _Tagger, value: dt.time) -> Any:
    return {"$time": _moment(value)}


def _moment(value: dt.datetime | dt.time) -> Any:
    zone = value.tzinfo
    if value.fold == 0 and (zone is None or zone is dt.UTC):
        return value.isoformat()
    return [value.replace(tzinfo=None).isoformat(), value.fold, _zone(zone)]


def _zone(zone: dt.tzinfo | None) -> list[Any] | None:
    if zone is None:
        return None
    if type(zone) is ZoneInfo and zone.key:
        return ["key", zone.key]
    if type(zone) is dt.timezone:
        arguments: Any = zone.__reduce__()[1]  # the one place that tells a given name from a made one
        offset, *name = arguments
        return ["offset", [offset.days, offset.seconds, offset.microseconds], *name]
    raise Unencodable(f"has a time zone of type {_name_of(type(zone))}")


_ENCODERS: dict[type, Callable[[_Tagger, Any], Any]] = {
    type(None): lambda _, value: value,
    bool: lambda _, value: value,
    int: _int,
    str: _str,
    float: _float,
    list: _Tagger.list_,
    dict: _Tagger.dict_,
    tuple: lambda tagger, value: {"$tuple": tagger.list_(value)},
    set: lambda tagger, value: {"$set": tagger.list_(value)},
    frozenset: lambda tagger, value: {"$frozenset": tagger.list_(value)},
    bytes: lambda _, value: {"$bytes": base64.b64encode(value).decode("ascii")},
    dt.datetime: _datetime,
    dt.date: lambda _, value: {"$date": value.isoformat()},
    dt.time: _time,
    dt.timedelta: lambda _, value: {"$timedelta": [value.days, value.seconds, value.microseconds]},
    Decimal: lambda _, value: {"$decimal": str(value)},
    UUID: lambda _, value: {"$uuid": value.hex},
    **dict.fromkeys(_PATHS.values(), _path),
}


# ---- and back


def _untagged(value: Any) -> Any:
    if type(value) is list:
        return [_untagged(item) for item in value]
    if type(value) is not dict:
        return value
    if len(value) == 1:
        (tag,) = value
        if tag.startswith("$"):
            return _value_of(tag, value[tag])
    return {key: _untagged(item) for key, item in value.items()}


def _value_of(tag: str, data: Any) -> Any:
    decoder = _DECODERS.get(tag)
    if decoder is None:
        raise ValueError(f"it holds the tag {tag!r}, which this version of Runwright does not know")
    return decoder(data)


def _moment_from(kind: type[dt.datetime | dt.time], data: Any) -> Any:
    if isinstance(data, str):
        return kind.fromisoformat(data)
    text, fold, zone = data
    return kind.fromisoformat(text).replace(fold=fold, tzinfo=_zone_from(zone))


def _zone_from(data: list[Any] | None) -> dt.tzinfo | None:
    if data is None:
        return None
    if data[0] == "key":
        return ZoneInfo(data[1])
    return dt.timezone(dt.timedelta(*data[1]), *data[2:])


_DECODERS: dict[str, Callable[[Any], Any]] = {
    "$int": lambda data: int(data, 16),
    "$str": lambda data: bytes.fromhex(data).decode("utf-8", "surrogatepass"),
    "$float": float,
    "$tuple": lambda data: tuple(map(_untagged, data)),
    "$set": lambda data: set(map(_untagged, data)),
    "$frozenset": lambda data: frozenset(map(_untagged, data)),
    "$dict": lambda data: {_untagged(key): _untagged(item) for key, item in data},
    "$bytes": lambda data: base64.b64decode(data, validate=True),
    "$datetime": lambda data: _moment_from(dt.datetime, data),
    "$date": dt.date.fromisoformat,
    "$time": lambda data: _moment_from(dt.time, data),
    "$timedelta": lambda data: dt.timedelta(*data),
    "$decimal": Decimal,
    "$uuid": lambda data: UUID(hex=data),
    "$path": lambda data: _PATHS[data[0]](_untagged(data[1])),
}
