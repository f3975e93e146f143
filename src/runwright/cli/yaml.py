"""YAML: data in block style. Texts are quoted as JSON quotes them, which YAML reads alike, unless they are plain words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from runwright.cli.text import clean_json

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*")
_OTHERWISE_READ = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})


def lines_of(value: Any) -> Iterator[str]:
    """Yield the lines of a value that JSON can hold."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _entry(f"{_scalar(str(key))}:", item, "  ")
    elif isinstance(value, list | tuple) and value:
        for item in value:
            if isinstance(item, dict | list | tuple) and item:
                first, *rest = lines_of(item)
                yield f"- {first}"
                yield from (f"  {line}" for line in rest)
            else:
                yield f"- {_scalar(item)}"
    else:
        yield _scalar(value)


def _entry(key: str, item: Any, indent: str) -> Iterator[str]:
    if isinstance(item, dict | list | tuple) and item:
        yield key
        yield from (f"{indent}{line}" for line in lines_of(item))
    else:
        yield f"{key} {_scalar(item)}"


def _scalar(value: Any) -> str:
    import msgspec  # noqa: PLC0415  the library is loaded by those who print data

    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _OTHERWISE_READ:
        return value
    return clean_json(msgspec.json.encode(value).decode())
