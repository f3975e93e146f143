"""Automatic: the serializer of those who chose none, which takes JSON where that is exact and else cloudpickle."""

from __future__ import annotations

from typing import Any

from runwright.errors import ResultSerializationError
from runwright.results import typed_json
from runwright.results.serializers.equality import BySettings
from runwright.results.serializers.failures import why_no_json
from runwright.results.serializers.pickles import PICKLE, CloudpickleSerializer
from runwright.results.serializers.texts import JSONSerializer

_JSON = JSONSerializer()
_CLOUDPICKLE = CloudpickleSerializer()


class DefaultSerializer(BySettings):
    """Take JSON where it gives back exactly the same value, else cloudpickle; the record says which it was."""

    name = "default"  # pyright: ignore[reportAssignmentType]  a constant is a property that never changes

    def serialize(self, value: Any) -> bytes:
        """Return the bytes; raises `ResultSerializationError` when neither can keep the value."""
        return self.serialize_named(value)[1]

    def serialize_named(self, value: Any) -> tuple[str, bytes]:
        """Return the name of the serializer that was taken, and its bytes."""
        try:
            return "json", typed_json.encode(value)
        except Exception as failure:  # noqa: BLE001  what JSON cannot keep, whatever the reason, is tried as a pickle
            refused = failure
        try:
            return "cloudpickle", _CLOUDPICKLE.serialize(value)
        except ResultSerializationError as failure:
            raise ResultSerializationError(
                f"{failure} As JSON it cannot be stored either: {why_no_json(refused)}."
            ) from failure

    def deserialize(self, data: bytes) -> Any:
        """Return the value, whichever of the two wrote it."""
        return (_CLOUDPICKLE if data.startswith(PICKLE) else _JSON).deserialize(data)


DEFAULT = DefaultSerializer()
