"""Uploads: files that are given for inputs of an execution, and where they are kept. Which inputs there are is no business of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from runwright.drive import SCHEME
from runwright.hosting.locations import input_prefix, safe_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runwright.drive import Drive
    from runwright.hosting.file_access import Place


class Upload(NamedTuple):
    """A file that is given for an input: its name and content."""

    name: str
    data: bytes


def kept(drive: Drive, place: Place, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is given for inputs, with the addresses of files, which are kept from now on, in the place of their content."""
    return {
        name: drive.put(input_prefix(*place, name) + safe_name(value.name), value.data)
        if isinstance(value, Upload)
        else value
        for name, value in given.items()
    }


def as_if_kept(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same with addresses that such files might have; none is kept."""
    return {
        name: SCHEME + safe_name(value.name) if isinstance(value, Upload) else value for name, value in given.items()
    }


def uploads_for(names: Iterable[str], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is given without the files that are for no input of these names."""
    known = set(names)
    return {name: value for name, value in given.items() if name in known or not isinstance(value, Upload)}


def discard(drive: Drive, given: Mapping[str, Any], addresses: Mapping[str, Any]) -> None:
    """Delete the files that were given and kept, under their addresses."""
    for name, value in given.items():
        if isinstance(value, Upload):
            drive.delete(addresses[name])
