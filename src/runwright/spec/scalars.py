"""Scalars: what a plain word of YAML means, by the core schema of YAML 1.2.

`no`, `on`, `12:30` and `2024-01-31` are texts here: the older rules turn them into something else behind the author's back.
"""

from __future__ import annotations

import re
from typing import Any

LARGEST = 1 << 63

_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o([0-7]+)")
_HEXADECIMAL = re.compile(r"0x([0-9a-fA-F]+)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NO_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_MOST_DIGITS = 40
_BEGINS_NUMBER = frozenset("0123456789+-.")


def value_of(text: str) -> Any:
    """Return None, a boolean, a number or the text itself.

    Raises `OverflowError` for integers beyond 64 bits and for floats that are no finite number.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _BEGINS_NUMBER:
        return text
    for pattern, radix in ((_INTEGER, 10), (_OCTAL, 8), (_HEXADECIMAL, 16)):
        if pattern.fullmatch(text):
            return _integer(text, radix)
    if _FLOAT.fullmatch(text):
        return _finite(text)
    if _NO_NUMBER.fullmatch(text):
        raise OverflowError("no finite number")
    return text


def _integer(text: str, radix: int) -> int:
    digits = text.lstrip("+-0") if radix == 10 else text[2:].lstrip("0")  # noqa: PLR2004  the decimal system
    if len(digits) > _MOST_DIGITS:
        raise OverflowError("more than 64 bits")
    value = int(text if radix == 10 else text[2:], radix)  # noqa: PLR2004  the decimal system
    if not -LARGEST <= value < LARGEST:
        raise OverflowError("more than 64 bits")
    return value


def _finite(text: str) -> float:
    value = float(text)
    if value in {float("inf"), float("-inf")}:
        raise OverflowError("no finite number")
    return value
