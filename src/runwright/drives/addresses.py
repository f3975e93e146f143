"""Addresses: the URIs of files, and the rule that none leads out of its drive. One rule for every adapter.

A path is taken as it is written: nothing in it is decoded, so `%2e%2e` is the name of a file and climbs nowhere. Names that a
file system or a bucket could understand in another way are refused, not corrected.
"""

from __future__ import annotations

from runwright.drive import SCHEME
from runwright.errors import FilesError

LONGEST = 1_024
"""Bytes of a whole path: what buckets take."""

LONGEST_NAME = 255
"""Bytes of one name in a path: what file systems take."""

_DELETE = "\x7f"


def path_of(uri: str) -> str:
    """Return the path of a file's URI, without the first slash; raises `FilesError` for what is no such URI."""
    path = _rest_of(uri)
    if not path:
        raise _refused(uri, "it has no path")
    for name in path.split("/"):
        _check_name(uri, name)
        if not name:
            raise _refused(uri, "a part of its path is empty")
    _check_whole(uri, path)
    return path


def prefix_of(uri: str) -> str:
    """Return the beginning of paths that the beginning of URIs stands for; raises `FilesError`."""
    path = _rest_of(uri)
    *folders, begun = path.split("/")
    for name in folders:
        _check_name(uri, name)
        if not name:
            raise _refused(uri, "a part of its path is empty")
    if "\\" in begun or not begun.isprintable():
        _check_name(uri, begun)
    _check_whole(uri, path)
    return path


def uri_of(path: str) -> str:
    """Return the URI of a path."""
    return SCHEME + path


def _rest_of(uri: str) -> str:
    if not isinstance(uri, str) or not uri.startswith(SCHEME):
        shown = repr(uri)
        raise FilesError(
            f"{shown if len(shown) <= LONGEST_NAME else 'This'} is no file here: URIs of files begin with {SCHEME}."
        )
    return uri[len(SCHEME) :]


def _check_name(uri: str, name: str) -> None:
    if name in {".", ".."}:
        raise _refused(uri, f"`{name}` may not be a part of its path")
    if "\\" in name or _DELETE in name or any(each < " " for each in name):
        raise _refused(uri, "it has a backslash or a control character")


def _check_whole(uri: str, path: str) -> None:
    if path.startswith("."):
        raise _refused(uri, "its path begins with a dot")
    try:
        size, longest = len(path.encode()), max(len(name.encode()) for name in path.split("/"))
    except UnicodeEncodeError:
        raise _refused(uri, "it holds half a character") from None
    if size > LONGEST or longest > LONGEST_NAME:
        raise _refused(uri, f"it is too long: a path has at most {LONGEST} bytes, and a name in it {LONGEST_NAME}")


def _refused(uri: str, reason: str) -> FilesError:
    shown = ascii(uri)
    shown = shown if len(shown) <= LONGEST_NAME else f"{shown[:100]}... ({len(uri)} characters)"
    return FilesError(f"The URI {shown} cannot be that of a file: {reason}. Give another name.")
