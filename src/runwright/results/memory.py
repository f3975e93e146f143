"""MemoryResult: values in the memory of this process, for tests. They go through the serializer, as on a disk."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from runwright.result import Result
from runwright.results.references import check, reference, unavailable
from runwright.results.serializers import DEFAULT, deserialize_with, name_of_data, serialize_with

if TYPE_CHECKING:
    from runwright.result import Location, ResultRef, Serializer

_kept: dict[str, bytes] = {}
_numbers = count(1)


class MemoryResult(Result):
    """Keep values in one dict of this process; another process, and the next one, find nothing."""

    kind = "memory"

    def __init__(self, location: Location | None = None, serializer: Serializer | None = None) -> None:
        """Write at `location` (a template or a function), or at a new one each time."""
        super().__init__(location=location, serializer=serializer)

    def default_location(self) -> str:
        """Return such as `memory-1`."""
        return f"memory-{next(_numbers)}"

    def write(self, value: Any, /, **context: Any) -> Result:
        """Store `value` and return a result with its location and `ref`; raises `ResultSerializationError`."""
        name, data = serialize_with(self.serializer or DEFAULT, value)
        location = self.format(**context).location or ""
        _kept[location] = data
        return self.stored(value, reference(self.kind, location, name, data, value))

    def read(self, location: str) -> Result:
        """Return a result with the value at the final `location`; raises `ResultUnavailable`."""
        data = self._data(location)
        serializer = self.serializer or DEFAULT
        value = deserialize_with(serializer, "", data)
        return self.stored(value, reference(self.kind, location, name_of_data(serializer, data), data, value))

    def read_ref(self, ref: ResultRef) -> Result:
        """Return a result with the value of a reference; raises `ResultUnavailable` or `ResultDamaged`."""
        data = check(ref, self._data(ref.location))
        return self.stored(deserialize_with(self.serializer or DEFAULT, ref.serializer, data), ref)

    def exists(self, location: str, /, **context: Any) -> bool:
        """Say whether something is stored at `location`, a template that is filled in from `context`."""
        return location.format(**context) in _kept

    def _data(self, location: str) -> bytes:
        try:
            return _kept[location]
        except KeyError:
            raise unavailable(location, "it was in the memory of a process, or was never written") from None


def clear_memory() -> None:
    """Forget every value that a `MemoryResult` of this process keeps."""
    _kept.clear()
