"""PackedResult: the default. Small values share one file for each flow run and process; large ones get their own.

The bytes are in the file when `write` returns, so they survive the process; `FlowRunPacks.sync` is what makes them survive
the machine. Who flushes before every commit anyway may hold the values of its flow run back: then many become one write. Which
flow run a value belongs to comes from the context; without one, values go to a pack of the process.
"""

from __future__ import annotations

import os
import re
import threading
from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from runwright.errors import ResultError
from runwright.failpoints import hit
from runwright.result import Result, ResultRef
from runwright.results import pack_file
from runwright.results.files import read_part, write_new, write_whole
from runwright.results.pack_file import PackFile
from runwright.results.places import confined, results_root
from runwright.results.references import check, checksum, length_of, reference
from runwright.results.serializers import DEFAULT, deserialize_with, name_of_data, serialize_with
from runwright.results.syncing import unsynced

if TYPE_CHECKING:
    from pathlib import Path

    from runwright.result import Location, Serializer

LARGE = 1024 * 1024
"""Values of more bytes get a file of their own."""

OPEN_LIMIT = 256
"""How many packs a process keeps open; one more, and all are closed."""

OUTSIDE = "outside-of-flow-runs"

_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


class PackedResult(Result):
    """Keep values in pack files below `root` (default: `results` in Runwright's home, as it is at the time of use).

    Locations are made by `write`, such as `<flow_run_id>/<writer>.pack#40+12`. With a location of your own (a template
    or a function: a task's `target`) a value gets a file of that name below `root`.
    """

    kind = "pack"

    def __init__(
        self,
        root: Path | str | None = None,
        serializer: Serializer | None = None,
        location: Location | None = None,
    ) -> None:
        """Write below `root`; `serializer` None takes JSON where it is exact, else cloudpickle."""
        super().__init__(location=location, serializer=serializer)
        self.root = None if root is None else os.path.abspath(root)  # noqa: PTH100  text in, text out

    def write(self, value: Any, /, **context: Any) -> Result:
        """Store `value` in the pack of `context["flow_run_id"]` and return a result with its location and `ref`.

        Raises `ResultSerializationError` or `ResultError`; nothing is stored then.
        """
        serializer = self.serializer
        name, data = DEFAULT.serialize_named(value) if serializer is None else serialize_with(serializer, value)
        if self.formatter is not None or self._is_named(self.location):
            return self._write_named(value, name, data, context)
        hit("result.write.before")
        digest = checksum(data)
        owner = str(context.get("flow_run_id") or OUTSIDE)
        file, offset = (_append if len(data) <= LARGE else _write_large)(self._root(), owner, data, digest)
        hit("result.write.after")
        location = pack_file.location_of(f"{owner}/{file}", offset, data)
        return self.stored(value, ResultRef("pack", location, name, len(data), digest.hex(), length_of(value)))

    def read(self, location: str) -> Result:
        """Return a result with the value at the final `location`.

        Raises `ResultUnavailable`, `ResultDamaged`, or `ResultError` for a location that leads out of `root`.
        """
        data = self._data(location)
        serializer = self.serializer or DEFAULT
        value = deserialize_with(serializer, "", data)
        return self.stored(value, reference(self.kind, location, name_of_data(serializer, data), data, value))

    def read_ref(self, ref: ResultRef) -> Result:
        """Return a result with the value of a record's reference; raises as `read` does."""
        data = check(ref, self._data(ref.location))
        return self.stored(deserialize_with(self.serializer or DEFAULT, ref.serializer, data), ref)

    def verify(self, ref: ResultRef) -> None:
        """Compare the stored bytes with a record's reference; raises `ResultUnavailable` or `ResultDamaged`."""
        check(ref, self._data(ref.location))

    def exists(self, location: str, /, **context: Any) -> bool:
        """Say whether something whole is stored at `location`: one that `write` made, or a template for `context`."""
        where = pack_file.parse(location)
        if where is None:
            return os.path.isfile(confined(self._root(), location.format(**context)))  # noqa: PTH113  text in, text out
        try:
            flush_packs()
            pack_file.read_record(self._root(), where, location)
        except ResultError:
            return False
        return True

    def _write_named(self, value: Any, name: str, data: bytes, context: dict[str, Any]) -> Result:
        location = self.format(**context).location or ""
        path = confined(self._root(), location)
        hit("result.write.before")
        write_whole(path, data)
        hit("result.write.after")
        return self.stored(value, reference(self.kind, location, name, data, value))

    def _data(self, location: str) -> bytes:
        where = pack_file.parse(location)
        if where is None:
            return read_part(confined(self._root(), location), location)
        flush_packs()
        return pack_file.read_record(self._root(), where, location)

    def _root(self) -> str:
        return self.root or str(results_root())

    @staticmethod
    def _is_named(location: str | None) -> bool:
        return location is not None and pack_file.parse(location) is None


def flush_packs() -> None:
    """Put in the files what is held back; raises `ResultError` when the system refuses, and holds it still."""
    for pack in list(_open.by_owner.values()):
        pack.flush()


def close_packs() -> None:
    """Close the packs of this process; the next `write` starts new files. What is not synced can be synced later."""
    _close(list(_open.by_owner.items()))


class FlowRunPacks:
    """The packs of one flow run in this process, for whoever flushes before it records where a value is."""

    def __init__(self) -> None:
        """Answer for no disk that has failed before."""
        self._owner: str | None = None
        self._known_failures = unsynced.failures

    def hold_back(self, owner: str) -> None:
        """Let the packs of this `flow_run_id` that start from now on gather small values until `flush_packs`.

        Nobody else knows of the values earlier. Two of one name may be there at once, as a run that is started twice.
        """
        self._owner = owner
        with _open.lock:
            _open.held_back[owner] += 1

    def sync(self) -> None:
        """Put on the disk what this process wrote to packs and files since the last time, and return when it is there.

        Raises `ResultError` when a disk has failed since these packs are, for whichever flow run, and on every later call.
        """
        flush_packs()
        unsynced.sync(self._known_failures)

    def close(self) -> None:
        """Close these packs, and gather no more; those of others are left alone. What is not synced can be synced later."""
        owner, self._owner = self._owner, None
        if owner is None:
            return
        with _open.lock:
            _open.held_back[owner] -= 1
            _open.held_back += Counter()  # which drops names that nobody holds
        _close([each for each in list(_open.by_owner.items()) if each[0][1] == owner])


class _OpenPacks:
    """The packs that this process writes to, by root and owner. A forked child starts with none."""

    def __init__(self) -> None:
        self.by_owner: dict[tuple[str, str], PackFile] = {}
        self.held_back: Counter[str] = Counter()
        self.lock = threading.Lock()


_open = _OpenPacks()


def _append(root: str, owner: str, data: bytes, digest: bytes) -> tuple[str, int]:
    while True:
        pack = _open.by_owner.get((root, owner)) or _start(root, owner)
        offset = pack.append(data, digest)
        if offset is not None:
            return pack.name, offset
        _drop(root, owner, pack)


def _start(root: str, owner: str) -> PackFile:
    path = _new_path(root, owner)
    if len(_open.by_owner) >= OPEN_LIMIT:
        close_packs()
    with _open.lock:
        pack = _open.by_owner.get((root, owner))
        if pack is None:
            pack = _open.by_owner[root, owner] = PackFile(path, is_held_back=owner in _open.held_back)
    return pack


def _close(packs: list[tuple[tuple[str, str], PackFile]]) -> None:
    with ExitStack() as closing:  # one that cannot write the rest of its values keeps none of the others open
        for (root, owner), pack in packs:
            closing.callback(_drop, root, owner, pack)


def _drop(root: str, owner: str, pack: PackFile) -> None:
    """Close a pack, and forget it after that: who flushes meanwhile finds what is not in its file yet."""
    try:
        pack.close()
    finally:
        with _open.lock:
            if _open.by_owner.get((root, owner)) is pack:
                del _open.by_owner[root, owner]


def _write_large(root: str, owner: str, data: bytes, digest: bytes) -> tuple[str, int]:
    path = _new_path(root, owner)
    write_new(path, [pack_file.header(data, digest), data])
    return os.path.basename(path), 0  # noqa: PTH119  text in, text out


def _new_path(root: str, owner: str) -> str:
    if not _OWNER.fullmatch(owner):
        raise ResultError(
            f"The flow run id {owner!r} cannot be the name of a folder: use letters, digits, `.`, `_` and `-`."
        )
    return f"{root}/{owner}/{pack_file.new_name()}"


def _forget_after_fork() -> None:
    global _open
    inherited, _open = _open, _OpenPacks()
    for pack in inherited.by_owner.values():
        pack.abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
