"""Locations: where on a drive the files of executions and namespaces are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runwright.drive import SCHEME, UNSAFE, namespace_files
from runwright.errors import FilesError

if TYPE_CHECKING:
    from collections.abc import Iterable

SHARED = ("_files", "_states")
"""The folders of a namespace that belong to no flow; no flow has such a name, and no part of a namespace may."""

EXECUTIONS, CACHE = "executions", "_cache"
"""The folders of a flow; no part of a namespace is called like the second."""

_RESERVED = {*SHARED, CACHE}
_FORBIDDEN = re.compile(r"[\\/\x00-\x1f\x7f]+")
_UNSAFE = re.compile(f"[{UNSAFE}]+")
_LONGEST = 200


def namespace_prefix(namespace: str) -> str:
    """Return what the URIs of a namespace's own files begin with; raises `FilesError` for a namespace that has no place."""
    _check(namespace)
    return namespace_files(namespace)


def execution_prefix(namespace: str, flow_id: str, execution_id: str) -> str:
    """Return what the URIs of an execution's files begin with; raises `FilesError` for a namespace that has no place."""
    _check(namespace)
    return f"{SCHEME}{namespace.replace('.', '/')}/{flow_id}/{EXECUTIONS}/{execution_id}/"


def input_prefix(namespace: str, flow_id: str, execution_id: str, input_id: str) -> str:
    """Return what the URI of the file given for an input begins with."""
    return f"{execution_prefix(namespace, flow_id, execution_id)}inputs/{safe_name(input_id)}/"


def safe_name(name: str, others: Iterable[str] = ()) -> str:
    """Return a name for a file that somebody calls `name`: a single one that leads nowhere, and none of `others`.

    What the name of an upload says about folders is left out, and what a shell would not read as a part of a word: commands
    name files by their addresses.
    """
    last = _FORBIDDEN.sub("/", name.encode("utf-8", "replace").decode()).rstrip("/").rpartition("/")[2]
    last = _UNSAFE.sub("-", last)
    stem = last if last.strip(".-") else "file"
    while len(stem.encode()) > _LONGEST:
        stem = stem[1:]  # the end says what kind of file it is
    taken, number, free = set(others), 1, stem
    while free in taken:
        number += 1
        free = f"{number}-{stem}"
    return free


def _check(namespace: str) -> None:
    parts = namespace.split(".")
    if not all(parts) or not _RESERVED.isdisjoint(parts) or "/" in namespace:
        raise FilesError(
            f"The namespace {namespace!r} has no place for files: no part of it may be empty, have a slash, or be one of "
            f"{', '.join(sorted(_RESERVED))}. Give it another name."
        )
