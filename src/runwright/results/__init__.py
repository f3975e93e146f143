"""Results: the adapters that keep values in the user's own storage, and the serializers they use."""

from __future__ import annotations

from runwright.results.constant import ConstantResult
from runwright.results.local import LocalResult
from runwright.results.memory import MemoryResult
from runwright.results.pack import PackedResult
from runwright.results.readers import find_damage, read_result, reader_for
from runwright.results.serializers import (
    CloudpickleSerializer,
    CompressedSerializer,
    DefaultSerializer,
    JSONSerializer,
    PickleSerializer,
    serializer_named,
)

__all__ = [
    "CloudpickleSerializer",
    "CompressedSerializer",
    "ConstantResult",
    "DefaultSerializer",
    "JSONSerializer",
    "LocalResult",
    "MemoryResult",
    "PackedResult",
    "PickleSerializer",
    "find_damage",
    "read_result",
    "reader_for",
    "serializer_named",
]
