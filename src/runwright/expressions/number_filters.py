"""Number filters: numbers made, shown and named."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from runwright.expressions.faults import Fault, Overrun
from runwright.expressions.signatures import Table
from runwright.expressions.text_filters import as_text
from runwright.expressions.values import BigInteger, Long, Single, checked_integer, is_number, kind_of, scalar_text

if TYPE_CHECKING:
    from runwright.expressions.budget import Budget

FILTERS = Table()

_FORMAT = re.compile(r"([^#0,.%]*)([#,]*[0,]*)(?:\.(0*)(#*))?(%?)([^#0,.%]*)", re.DOTALL)
_INTEGER = re.compile(r"[+-]?\d{1,77}")
_MOST_DIGITS = 200
_DECIMAL = re.compile(
    rf"[+-]?(?:\d{{1,{_MOST_DIGITS}}}(?:\.\d{{0,{_MOST_DIGITS}}})?|\.\d{{1,{_MOST_DIGITS}}})(?:[eE][+-]?\d{{1,3}})?"
)
_ANY_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_INT_BITS, _LONG_BITS = 31, 63
_LONGEST_FORMAT = 100
_SINGLE_DECIMALS, _DOUBLE_DECIMALS = 7, 16
_SMALLEST_SINGLE, _LARGEST_SINGLE = 1.4e-45, 3.4028235e38
_TYPES = ("INT", "LONG", "FLOAT", "DOUBLE", "BIGDECIMAL", "BIGINTEGER")


@FILTERS.add("abs")
def _abs(_: Budget, value: Any) -> Any:
    """Return a number without its sign."""
    return None if value is None else abs(_number(value))


@FILTERS.add("number")
def _to_number(budget: Budget, value: Any, type_: Any = None) -> Any:
    """Return the number that a text is, of a type: INT, LONG, FLOAT, DOUBLE, BIGDECIMAL or BIGINTEGER; else the one that fits."""
    if value is None:
        return None
    text = as_text(value, budget).strip()
    if not isinstance(value, bool) and _ANY_NUMBER.fullmatch(text) and not _DECIMAL.fullmatch(text):
        raise Overrun("digits of a number, and 3 of its exponent", _MOST_DIGITS)
    if isinstance(value, bool) or not _DECIMAL.fullmatch(text):
        raise Fault(f"`{text[:60]}` is no number.")
    if type_ is None:
        return _fitting(text)
    if not isinstance(type_, str) or type_.upper() not in _TYPES:
        raise Fault(f"There is no type of numbers {scalar_text(type_)!r}: there are {', '.join(_TYPES)}.")
    return _of_type(text, type_.upper())


def _of_type(text: str, type_: str) -> Any:
    if type_ == "FLOAT":
        return Single(text)
    if type_ == "DOUBLE":
        return float(text)
    if type_ == "BIGDECIMAL":
        return Decimal(text)
    if not re.fullmatch(r"[+-]?\d+", text):
        raise Fault(f"`{text[:60]}` is no integer.")
    number = checked_integer(int(text))
    bits = {"INT": _INT_BITS, "LONG": _LONG_BITS}.get(type_)
    if bits is not None and not -(2**bits) <= number < 2**bits:
        raise Fault(f"{text} is too large for the type {type_}.")
    return {"INT": int, "LONG": Long, "BIGINTEGER": BigInteger}[type_](number)


def _fitting(text: str) -> Any:
    if _INTEGER.fullmatch(text):
        return checked_integer(int(text))
    decimals = len(re.split("[eE]", text)[0].partition(".")[2])
    number = float(text)
    if (decimals <= _SINGLE_DECIMALS and _SMALLEST_SINGLE <= abs(number) <= _LARGEST_SINGLE) or number == 0:
        return Single(text)
    return number if decimals <= _DOUBLE_DECIMALS and math.isfinite(number) else Decimal(text)


@FILTERS.add("numberFormat", "numberformat")
def _number_format(budget: Budget, value: Any, format_: Any = "#,##0.###") -> Any:
    """Return a number in a format such as `#,##0.00` or `0%`; a half is rounded to the even neighbour."""
    if value is None:
        return None
    text = as_text(format_, budget)
    found = _FORMAT.fullmatch(text) if len(text) <= _LONGEST_FORMAT else None
    if found is None:
        raise Fault("A number's format is such as `#,##0.00`.")
    prefix, whole, zeros, optional, percent, suffix = (each or "" for each in found.groups())
    number = Decimal(scalar_text(_number(value))) * (100 if percent else 1)
    least, most = len(zeros), len(zeros) + len(optional)
    try:
        rounded = number.quantize(Decimal(1).scaleb(-most), ROUND_HALF_EVEN)
    except InvalidOperation:
        raise Fault("This number is too large for a format.") from None
    return f"{'-' if rounded < 0 else ''}{prefix}{_shown(abs(rounded), whole, least)}{percent}{suffix}"


def _shown(number: Decimal, whole: str, least: int) -> str:
    digits, _, fraction = f"{number:f}".partition(".")
    kept = fraction.rstrip("0")
    kept += "0" * (least - len(kept))
    digits = digits.lstrip("0").rjust(whole.count("0"), "0")
    if "," in whole:
        size = len(whole) - whole.rindex(",") - 1
        start = len(digits) % size if size else 0
        groups = [digits[at : at + size] for at in range(start, len(digits), size)] if size else [digits]
        digits = ",".join([*([digits[:start]] if start else []), *groups])
    shown = f"{digits}.{kept}" if kept else digits
    return shown or "0"


@FILTERS.add("className")
def _class_name(_: Budget, value: Any) -> Any:
    """Return the documented name of a value's type, such as `java.lang.String`."""
    for kinds, name in _NAMES:
        if isinstance(value, kinds):
            return name
    if isinstance(value, int):
        size = "Integer" if -(2**_INT_BITS) <= value < 2**_INT_BITS else "Long"
        return f"java.lang.{size}" if -(2**_LONG_BITS) <= value < 2**_LONG_BITS else "java.math.BigInteger"
    if value is None:
        return None
    raise Fault(f"This is no plain data but {kind_of(value)}.")


_NAMES: tuple[tuple[Any, str], ...] = (
    (str, "java.lang.String"),
    (bool, "java.lang.Boolean"),
    (Long, "java.lang.Long"),
    (BigInteger, "java.math.BigInteger"),
    (Single, "java.lang.Float"),
    (float, "java.lang.Double"),
    (Decimal, "java.math.BigDecimal"),
    (Mapping, "java.util.LinkedHashMap"),
    ((list, tuple), "java.util.ArrayList"),
    (datetime, "java.time.ZonedDateTime"),
    (date, "java.time.LocalDate"),
    (time, "java.time.LocalTime"),
)


def _number(value: Any) -> Any:
    if not is_number(value):
        raise Fault(f"This is for numbers, not for {kind_of(value)}.")
    return checked_integer(value) if isinstance(value, int) else value
