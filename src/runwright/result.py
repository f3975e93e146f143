"""Result: a value, the location that keeps it in the user's own storage, and how it is serialised.

A result never enters the record; only its `ResultRef` does. Storing and reading is the work of the adapters in
`runwright.results`; this module holds the noun and the contract, and touches no storage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol
from uuid import uuid4

import msgspec

from runwright.clock import utcnow

if TYPE_CHECKING:
    from collections.abc import Callable

    Location = str | Callable[..., str]


class ResultRef(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the record knows of a stored result: enough to find it, read it and prove it undamaged.

    `kind` names the adapter (`pack`, `local`, `s3`, ... or a name of the user's own), `size` is in bytes as stored,
    `checksum` is the hex BLAKE2b-64 of the stored bytes, `length` is `len(value)` where the value can be mapped over.
    `place` is the bucket or container that `location` is a key in, empty for kinds that have one place only.
    """

    kind: str
    location: str
    serializer: str = ""
    size: int = 0
    checksum: str = ""
    length: int | None = None
    place: str = ""


class Serializer(Protocol):
    """How a value becomes bytes and back. `name` is what the record keeps, and finds the serializer again."""

    @property
    def name(self) -> str:
        """Return the registered name, such as `json` or `cloudpickle+zlib`."""
        ...

    def serialize(self, value: Any) -> bytes:
        """Return the bytes for a value; raises `ResultSerializationError` when it has none."""
        ...

    def deserialize(self, data: bytes) -> Any:
        """Return the value that the bytes stand for."""
        ...


class Result:
    """A value with, once written, its location; the base class keeps values in memory only.

    Adapters override `read`, `write` and `exists`. `location` is a template (`{task_name}`, `{flow_run_id}`, any input)
    or a callable until the result is written, and final afterwards.
    """

    kind = "unstored"

    default_serializer: ClassVar[Serializer | None] = None
    """The serializer of results that are made without one; None: the adapter's own."""
    default_ending: ClassVar[str] = ".result"
    """How locations that nobody chose end."""

    def __init__(
        self, value: Any = None, location: Location | None = None, serializer: Serializer | None = None
    ) -> None:
        """Hold `value`; `serializer` None means the default one."""
        self.value = value
        self.location: str | None = None
        self.formatter: Callable[..., str] | None = None
        if location is not None:
            self.location = location if isinstance(location, str) else None
            self.formatter = location if callable(location) else None
        self.serializer = self.default_serializer if serializer is None else serializer
        self.ref: ResultRef | None = None

    def copy(self) -> Result:
        """Return a shallow copy, so that one task's template serves many runs."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        return twin

    def from_value(self, value: Any) -> Result:
        """Return a copy that holds `value` and has not been written anywhere."""
        held = self.copy()
        held.value, held.location, held.ref = value, None, None
        return held

    def stored(self, value: Any, ref: ResultRef) -> Result:
        """Return a copy that holds `value`, stored where `ref` says: what `read` and `write` of adapters return."""
        held = self.copy()
        held.value, held.location, held.ref = value, ref.location, ref
        return held

    def format(self, /, **context: Any) -> Result:
        """Return a copy whose location is filled in from `context`; without a template, it is `default_location()`."""
        formatted = self.copy()
        if self.formatter is not None:
            formatted.location = self.formatter(**context)
        elif self.location is not None:
            formatted.location = self.location.format(**context)
        else:
            formatted.location = self.default_location()
        return formatted

    def default_location(self) -> str:
        """Return a new location for a value that has no template, such as `2026/1/31/<uuid>.result`."""
        today = utcnow()
        return f"{today.year}/{today.month}/{today.day}/{uuid4()}{self.default_ending}"

    def holds(self, ref: ResultRef) -> bool:
        """Say whether a reference points to a place that this result reads and writes itself."""
        return self.can_store and ref.kind == self.kind

    def exists(self, location: str, /, **context: Any) -> bool:
        """Say whether something is stored at `location` (a template, filled in from `context`)."""
        raise self._refusal("look up")

    def read(self, location: str) -> Result:
        """Return a result with the value stored at the final `location`."""
        raise self._refusal("read")

    def read_ref(self, ref: ResultRef) -> Result:
        """Return a result with the value that a record's reference points to, checked for damage."""
        raise self._refusal("read")

    def write(self, value: Any, /, **context: Any) -> Result:
        """Store `value` and return a result with its final location and `ref`."""
        raise self._refusal("write")

    @property
    def can_store(self) -> bool:
        """Say whether `write` stores anything."""
        return type(self).write is not Result.write

    def _refusal(self, verb: str) -> ResultNotImplementedError:
        return ResultNotImplementedError(
            f"{type(self).__name__} keeps values in memory and cannot {verb} them: give the task a result with a "
            "storage, for example LocalResult(dir=...)."
        )

    def __eq__(self, other: object) -> bool:
        """Compare type and public attributes: settings, value and location; not what proves the stored bytes."""
        return type(self) is type(other) and _public(self) == _public(other)

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        """Return the class and the value held."""
        return f"<{type(self).__name__}: {self.value!r}>"


class ResultNotImplementedError(NotImplementedError):
    """The result has no storage: give the task a result that has one."""


class NoResultType(Result):
    """The result of a state that has none; compare with `NoResult` by `is`."""

    kind = "none"
    default_serializer = None

    def copy(self) -> Result:
        """Return itself: there is only one."""
        return self

    def __repr__(self) -> str:
        """Return a word for it."""
        return "<No result>"

    def __reduce__(self) -> str:
        """Stay one object across processes."""
        return "NoResult"


NoResult = NoResultType()


def _public(result: object) -> dict[str, Any]:
    return {key: value for key, value in vars(result).items() if key != "ref" and not key.startswith("_")}
