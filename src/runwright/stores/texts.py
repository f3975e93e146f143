"""Texts: what goes into a record as text, and comes out again.

What user code hands over may hold what neither JSON nor a database can say: lone surrogates, null characters, keys that are
no text, values of any type. Nothing of that may stop a commit, so it is replaced by something that can be read.
"""

from __future__ import annotations

from typing import Any

import msgspec

from runwright.codec import shorten, to_plain

_DEEPEST = 100
_encode = msgspec.json.Encoder(enc_hook=to_plain).encode

from_json = msgspec.json.Decoder().decode


def to_json(value: Any) -> str:
    """Return compact JSON for a value, with what JSON cannot say replaced."""
    try:
        return _encode(value).decode()
    except (TypeError, ValueError, OverflowError, RecursionError):
        return _encode(_clean(value, _DEEPEST)).decode()


def to_text(text: Any) -> str:
    """Return a text without lone surrogates and null characters."""
    if type(text) is str and text.isascii() and "\x00" not in text:
        return text
    return _without_surrogates(str(text)).replace("\x00", "\ufffd")


def _without_surrogates(text: str) -> str:
    """Return a text that JSON can say; it can say null characters, so that cleaning one value changes no other."""
    return text.encode("utf-8", "replace").decode()


def _clean(value: Any, depth: int) -> Any:  # noqa: PLR0911  one kind of value a line
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return _without_surrogates(value)
    if not depth:
        return "..."
    if isinstance(value, dict):
        return {_clean_key(key): _clean(each, depth - 1) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(each, depth - 1) for each in value]
    if isinstance(value, msgspec.Struct):
        return _clean(msgspec.structs.astuple(value), depth - 1)
    return _shown(value)


def _clean_key(key: Any) -> str:
    return _without_surrogates(key) if isinstance(key, str) else _shown(key)


def _shown(value: Any) -> str:
    try:
        return shorten(repr(value))
    except Exception as failure:  # noqa: BLE001  user code
        return f"<{type(value).__name__}: its repr raised {type(failure).__name__}>"
