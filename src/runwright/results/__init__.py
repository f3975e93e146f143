"""Results: the adapters that keep values in the user's own storage, and the serializers they use."""

from __future__ import annotations

from runwright.results.constant import ConstantResult
from runwright.results.inline import InlineResult
from runwright.results.local import LocalResult
from runwright.results.memory import MemoryResult
from runwright.results.object_store import AzureResult, GCSResult, S3Result
from runwright.results.pack import PackedResult
from runwright.results.readers import find_damage, read_result, reader_for
from runwright.results.secret import SecretResult
from runwright.results.serializers import (
    CloudpickleSerializer,
    CompressedSerializer,
    DateTimeSerializer,
    DefaultSerializer,
    JSONSerializer,
    PandasSerializer,
    PickleSerializer,
    serializer_named,
)

__all__ = [
    "AzureResult",
    "CloudpickleSerializer",
    "CompressedSerializer",
    "ConstantResult",
    "DateTimeSerializer",
    "DefaultSerializer",
    "GCSResult",
    "InlineResult",
    "JSONSerializer",
    "LocalResult",
    "MemoryResult",
    "PackedResult",
    "PandasSerializer",
    "PickleSerializer",
    "S3Result",
    "SecretResult",
    "find_damage",
    "read_result",
    "reader_for",
    "serializer_named",
]
