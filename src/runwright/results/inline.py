"""InlineResult: a small value that is kept in its own location, and so in the record. Nothing is stored elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.errors import ResultSerializationError
from runwright.result import Result
from runwright.results.references import check, reference
from runwright.results.serializers import (
    DateTimeSerializer,
    JSONSerializer,
    deserialize_with,
    serialize_with,
    serializer_named,
)

if TYPE_CHECKING:
    from runwright.result import ResultRef, Serializer

_ALLOWED = (JSONSerializer, DateTimeSerializer)


class InlineResult(Result):
    """Keep the value as the text of its location: for small plain data that the record may hold and anybody may read."""

    kind = "inline"

    def __init__(self, value: Any = None, serializer: Serializer | None = None, location: str | None = None) -> None:
        """Hold `value`; the serializer is `JSONSerializer()` or `DateTimeSerializer()`, `TypeError` for others."""
        super().__init__(value, location, JSONSerializer() if serializer is None else serializer)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; raises `TypeError` for a serializer that writes no text."""
        if name == "serializer" and not isinstance(value, _ALLOWED):
            raise TypeError(
                f"InlineResult keeps its value as text in the record: use JSONSerializer() or DateTimeSerializer(), not "
                f"{type(value).__name__}."
            )
        super().__setattr__(name, value)

    def format(self, /, **context: Any) -> Result:
        """Return a copy: a location that is a value is no template."""
        return self.copy()

    def write(self, value: Any, /, **context: Any) -> Result:
        """Return a result whose location is `value`; raises `ResultSerializationError`."""
        name, data = serialize_with(self._own, value)
        return self.stored(value, reference(self.kind, data.decode(), name, data, value))

    def read(self, location: str) -> Result:
        """Return a result with the value that `location` is; raises `ResultSerializationError`."""
        data = _bytes(location)
        value = deserialize_with(self._own, "", data)
        return self.stored(value, reference(self.kind, location, self._own.name, data, value))

    def read_ref(self, ref: ResultRef) -> Result:
        """Return a result with the value of a record's reference, whichever of the two serializers wrote it."""
        serializer = serializer_named(ref.serializer)
        if not isinstance(serializer, _ALLOWED):
            raise ResultSerializationError(
                f"An inline result is JSON or a datetime, and never {ref.serializer}: the reference was not written by "
                "Runwright."
            )
        value = serializer.deserialize(check(ref, _bytes(ref.location)))
        return self.stored(value, ref)

    def exists(self, location: str, /, **context: Any) -> bool:
        """Say whether `location` is a value."""
        try:
            self.read(location)
        except ResultSerializationError:
            return False
        return True

    @property
    def _own(self) -> Serializer:
        return self.serializer or JSONSerializer()


def _bytes(location: str) -> bytes:
    return location.encode("utf-8", "surrogatepass")
