"""Serializers: how values become bytes and back. They touch no storage."""

from __future__ import annotations

from runwright.results.serializers.automatic import DEFAULT, DefaultSerializer
from runwright.results.serializers.compressed import CompressedSerializer
from runwright.results.serializers.frames import PandasSerializer
from runwright.results.serializers.pickles import (
    CloudpickleSerializer,
    PickleSerializer,
    pickle_by_value,
    register_by_value,
)
from runwright.results.serializers.registry import (
    deserialize_with,
    is_data_only,
    name_of_data,
    serializer_named,
)
from runwright.results.serializers.texts import DateTimeSerializer, JSONSerializer
from runwright.results.serializers.writing import serialize_with

__all__ = [
    "DEFAULT",
    "CloudpickleSerializer",
    "CompressedSerializer",
    "DateTimeSerializer",
    "DefaultSerializer",
    "JSONSerializer",
    "PandasSerializer",
    "PickleSerializer",
    "deserialize_with",
    "is_data_only",
    "name_of_data",
    "pickle_by_value",
    "register_by_value",
    "serialize_with",
    "serializer_named",
]
