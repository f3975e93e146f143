"""Lines: reading a file piece by piece, each up to a separator, and cutting it in several files."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from runwright.errors import RunnableFailed
from runwright.expression import LIMITS
from runwright.expressions.budget import Budget
from runwright.expressions.faults import Fault
from runwright.expressions.patterns import pattern_of
from runwright.runnables.folders import scratch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from runwright.scope import Scope

MOST_GROUPS = 500

_CHUNK = 1 << 16
_SIZE = re.compile(r"\s*([0-9]{1,15})\s*(?:([kmgt]?)i?b?)\s*", re.IGNORECASE | re.ASCII)
_POWER = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


class Cut(NamedTuple):
    """How a file is cut: in parts of so many lines or bytes, in so many parts, or by what a pattern finds in a line."""

    rows: int | None = None
    bytes: str | None = None
    partitions: int | None = None
    pattern: str | None = None
    separator: str = "\n"


def lines_of(source: BinaryIO, separator: bytes) -> Iterator[bytes]:
    """Yield the lines of a file, each with its separator; the last may have none."""
    if separator == b"\n":
        yield from source
        return
    rest = b""
    while chunk := source.read(_CHUNK):
        *whole, rest = (rest + chunk).split(separator)
        yield from (line + separator for line in whole)
    if rest:
        yield rest


def size_of(text: str) -> int:
    """Return the bytes of a size such as `10 MB`; a kilobyte has 1024."""
    found = _SIZE.fullmatch(text)
    if found is None or not int(found[1]):
        raise RunnableFailed(f"{text!r:.100} is no size: write a number and a unit, such as 10 MB.")
    return int(found[1]) * 1024 ** _POWER[found[2].lower()]


def cut_file(scope: Scope, uri: str, how: Cut) -> list[str]:
    """Cut a file on the drive, and return the URIs of the parts, in order."""
    ending = PurePosixPath(uri).suffix
    with scratch(scope, "parts") as folder, scope.drive.open(uri) as source:
        folder.mkdir()
        with ExitStack() as opened:
            parts = _Parts(folder, opened)
            part_for = _chooser(how)
            for line in lines_of(source, how.separator.encode()):
                part = part_for(line)
                if part is not None:
                    parts.write(part, line)
        return [scope.keep(f"part-{number:06}{ending}", path) for number, path in enumerate(parts.paths, 1)]


class _Parts:
    """The files that a file is cut in, by the key of the part; only those in use are open."""

    def __init__(self, folder: Path, opened: ExitStack) -> None:
        self.paths: list[Path] = []
        self._folder = folder
        self._opened = opened
        self._files: dict[object, BinaryIO] = {}

    def write(self, part: object, line: bytes) -> None:
        file = self._files.get(part)
        if file is None:
            self._close_finished(part)
            path = self._folder / str(len(self.paths))
            self.paths.append(path)
            file = self._files[part] = self._opened.enter_context(path.open("wb"))
        file.write(line)

    def _close_finished(self, part: object) -> None:
        """Close what is behind: parts that are numbered come in order, but for those that lines are dealt out to."""
        if isinstance(part, _InOrder):
            for file in self._files.values():
                file.close()
            self._files.clear()
        elif len(self._files) >= MOST_GROUPS:
            raise RunnableFailed(
                f"The file falls into more than {MOST_GROUPS} parts: choose a pattern with fewer matches."
            )


class _InOrder(int):
    """The number of a part that is whole when the next begins."""


def _chooser(how: Cut) -> Callable[[bytes], object]:
    """Return what says of each line which part it goes to, None for none."""
    given = [name for name in ("rows", "bytes", "partitions", "pattern") if getattr(how, name) is not None]
    if len(given) != 1:
        raise RunnableFailed("Say how to cut the file, by one of: rows, bytes, partitions, regexPattern.")
    if how.rows is not None:
        return _by_rows(how.rows)
    if how.bytes is not None:
        return _by_size(size_of(how.bytes))
    return _in_turn(how.partitions) if how.partitions is not None else _by_match(how.pattern or "")


def _by_rows(most: int) -> Callable[[bytes], object]:
    count = -1

    def choose(_: bytes) -> object:
        nonlocal count
        count += 1
        return _InOrder(count // most)

    return choose


def _by_size(most: int) -> Callable[[bytes], object]:
    part, size = 0, 0

    def choose(line: bytes) -> object:
        nonlocal part, size
        if size and size + len(line) > most:
            part, size = part + 1, 0
        size += len(line)
        return _InOrder(part)

    return choose


def _in_turn(parts: int) -> Callable[[bytes], object]:
    count = -1

    def choose(_: bytes) -> object:
        nonlocal count
        count += 1
        return count % parts

    return choose


def _by_match(pattern: str) -> Callable[[bytes], object]:
    try:
        expression = pattern_of(pattern)
    except Fault as fault:
        raise RunnableFailed(f"{pattern!r:.100} is no regular expression: {fault}") from fault

    def choose(line: bytes) -> object:
        try:
            found = expression.find(line.decode("utf-8", "replace"), 0, Budget(LIMITS))
        except Fault as fault:
            raise RunnableFailed(f"A line takes too long to match {pattern!r:.100}: give a simpler pattern.") from fault
        return found and found.groups[1 if expression.program.groups else 0]

    return choose
