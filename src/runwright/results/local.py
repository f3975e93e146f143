"""LocalResult: one file for each value, under a name that people choose."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from runwright.failpoints import hit
from runwright.result import Result
from runwright.results.files import make_folder, read_part, told_to_writers, write_whole
from runwright.results.places import checked, confined, is_inside, results_root
from runwright.results.references import check, damaged, reference
from runwright.results.serializers import DEFAULT, deserialize_with, name_of_data, serialize_with

if TYPE_CHECKING:
    from pathlib import Path

    from runwright.result import Location, ResultRef, Serializer


class LocalResult(Result):
    """Keep each value in a file of its own in `dir` (default, and for any folder in Runwright's home: its `results`).

    A relative location stays inside of `dir` whatever its template is filled in with; an absolute one may be anywhere
    if the template itself is absolute. Once written, the location is absolute. A file is there whole or not at all.
    """

    kind = "local"

    default_stem: ClassVar[str] = "result"
    """How names of files that nobody chose begin."""

    def __init__(
        self,
        dir: str | Path | None = None,  # noqa: A002  a documented argument
        validate_dir: bool = True,  # noqa: FBT001, FBT002  a documented argument
        location: Location | None = None,
        serializer: Serializer | None = None,
    ) -> None:
        """Write into `dir`; `validate_dir` False takes it as it is and does not make it before the first `write`."""
        super().__init__(location=location, serializer=serializer)
        self.chosen_dir = None if dir is None else os.fspath(dir)
        self.validate_dir = validate_dir
        if self.chosen_dir is not None and validate_dir:
            self.chosen_dir = os.path.abspath(os.path.expanduser(self.chosen_dir))  # noqa: PTH100, PTH111  locations are text
            with told_to_writers(self.dir):
                make_folder(self.dir)

    @property
    def dir(self) -> str:
        """Return the folder of relative locations."""
        chosen = self.chosen_dir
        if chosen is None:
            return str(results_root())
        home = str(results_root().parent)
        is_in_home = os.path.abspath(chosen) == home or is_inside(home, chosen)  # noqa: PTH100  locations are text
        return str(results_root()) if is_in_home else chosen

    def format(self, /, **context: Any) -> Self:
        """Return a copy with the final, absolute location, filled in from `context`; without a template, a new one.

        Raises `ResultError` when what the template is filled in with leads out of `dir`.
        """
        is_absolute = self.formatter is not None or os.path.isabs(self.location or "")  # noqa: PTH117  locations are text
        formatted = cast("Self", super().format(**context))
        formatted.location = self._path(formatted.location or "", is_anywhere=is_absolute)
        return formatted

    def default_location(self) -> str:
        """Return a new name of a file in `dir`, such as `result-2026-01-31t12-00-00-000000-1a2b3c4d`."""
        return f"{self.default_stem}-{datetime.now(UTC):%Y-%m-%dt%H-%M-%S-%f}-{os.urandom(4).hex()}"

    def holds(self, ref: ResultRef) -> bool:
        """Say whether a reference points into `dir`, or into the folder that an absolute template names."""
        return super().holds(ref) and any(is_inside(folder, ref.location) for folder in self._folders())

    def _folders(self) -> list[str]:
        folders = [self.dir]
        fixed = os.path.dirname((self.location or "").partition("{")[0])  # noqa: PTH120  as text
        if os.path.isabs(fixed) and os.path.dirname(fixed) != fixed:  # noqa: PTH117, PTH120  the root is everything
            folders.append(fixed)
        return folders

    def write(self, value: Any, /, **context: Any) -> Result:
        """Store `value` at the location filled in from `context`; return a result with the absolute location and `ref`.

        Raises `ResultSerializationError`, or `ResultError` when the system refuses; an older file is as it was then.
        """
        name, data = serialize_with(self.serializer or DEFAULT, value)
        path = self.format(**context).location or ""
        hit("result.write.before")
        write_whole(path, data)
        hit("result.write.after")
        return self.stored(value, reference(self.kind, path, name, data, value))

    def read(self, location: str) -> Result:
        """Return a result with the value in the file at the final `location`, absolute or relative to `dir`.

        Raises `ResultUnavailable` when it is missing, `ResultDamaged` when it is empty.
        """
        path = self._path(location, is_anywhere=True)
        data = read_part(path, path)
        if not data:
            raise damaged(path)
        serializer = self.serializer or DEFAULT
        value = deserialize_with(serializer, "", data)
        return self.stored(value, reference(self.kind, path, name_of_data(serializer, data), data, value))

    def read_ref(self, ref: ResultRef) -> Result:
        """Return a result with the value of a record's reference; raises `ResultUnavailable` or `ResultDamaged`."""
        data = check(ref, read_part(self._path(ref.location, is_anywhere=True), ref.location))
        return self.stored(deserialize_with(self.serializer or DEFAULT, ref.serializer, data), ref)

    def verify(self, ref: ResultRef) -> None:
        """Compare the stored bytes with a record's reference; raises `ResultUnavailable` or `ResultDamaged`."""
        check(ref, read_part(self._path(ref.location, is_anywhere=True), ref.location))

    def exists(self, location: str, /, **context: Any) -> bool:
        """Say whether there is a file at `location`, a template that is filled in from `context`."""
        is_absolute = os.path.isabs(location)  # noqa: PTH117  locations are text
        return os.path.isfile(self._path(location.format(**context), is_anywhere=is_absolute))  # noqa: PTH113  locations are text

    def _path(self, location: str, *, is_anywhere: bool) -> str:
        if is_anywhere and os.path.isabs(location):  # noqa: PTH117  locations are text
            return checked(location)
        return confined(self.dir, location)
