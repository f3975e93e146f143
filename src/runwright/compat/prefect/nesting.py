"""Nesting: `prefect.utilities.collections`, tools for nested dicts and sequences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from runwright.compat.prefect.configuration import Config

if TYPE_CHECKING:
    from collections.abc import Generator


class CompoundKey(tuple[Any, ...]):
    """The path to a value of a nested dict."""

    __slots__ = ()


def flatten_seq(seq: Iterable[Any]) -> Generator[Any]:
    """Yield what is no sequence, however deep it lies; text counts as one value."""
    for item in seq:
        if isinstance(item, Iterable) and not isinstance(item, str | bytes):
            yield from flatten_seq(cast("Iterable[Any]", item))
        else:
            yield item


def merge_dicts(d1: Mapping[str, Any], d2: Mapping[str, Any]) -> Any:
    """Return a copy of `d1` with the values of `d2`, dicts in both merged the same way."""
    merged: Any = cast("Any", d1).copy()
    for key, value in d2.items():
        below = merged.get(key)
        is_deep = isinstance(value, Mapping) and isinstance(below, Mapping)
        merged[key] = merge_dicts(below, cast("Mapping[str, Any]", value)) if is_deep else value
    return merged


def as_nested_dict(obj: Any, dct_class: type[Any] = Config) -> Any:
    """Return an object with every dict in it, through lists, tuples and sets, as a `dct_class`."""
    if isinstance(obj, list | tuple | set):
        return type(obj)(as_nested_dict(each, dct_class) for each in cast("Iterable[Any]", obj))
    if isinstance(obj, Mapping):
        held = cast("Mapping[str, Any]", obj)
        return dct_class({key: as_nested_dict(value, dct_class) for key, value in held.items()})
    return obj


def dict_to_flatdict(dct: Mapping[str, Any], parent: CompoundKey | None = None) -> dict[CompoundKey, Any]:
    """Return the values of a nested dict by their paths; an empty dict is a value."""
    flat: dict[CompoundKey, Any] = {}
    for key, value in dct.items():
        path = CompoundKey((*(parent or ()), key))
        flat.update(
            dict_to_flatdict(cast("Mapping[str, Any]", value), path)
            if isinstance(value, Mapping) and value
            else {path: value}
        )
    return flat


def flatdict_to_dict(dct: Mapping[Any, Any], dct_class: type[Any] | None = None) -> Any:
    """Return the nested dict whose values have these paths."""
    make: Any = dct_class or type(dct)
    nested = make()
    for path, value in dct.items():
        *above, last = path
        level = nested
        for key in above:
            if key not in level:
                level[key] = make()
            level = level[key]
        level[last] = value
    return nested
