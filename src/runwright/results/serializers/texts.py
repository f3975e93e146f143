"""Texts: the serializers whose bytes are text that people can read, and that never run code when read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from runwright.errors import ResultSerializationError
from runwright.results import typed_json
from runwright.results.serializers.equality import BySettings
from runwright.results.serializers.failures import type_name, unreadable, why_no_json


class JSONSerializer(BySettings):
    """Keep plain data as JSON, its types exactly.

    Plain data are None, bool, int, float, str, bytes, list, tuple, set, frozenset, dict with any keys, datetime, date,
    time, timedelta, Decimal, UUID and paths, as deep as 100 levels. Anything else raises `ResultSerializationError`.
    """

    name = "json"  # pyright: ignore[reportAssignmentType]  a constant is a property that never changes

    def serialize(self, value: Any) -> bytes:
        """Return typed JSON; raises `ResultSerializationError` that names the type and the path to it."""
        try:
            return typed_json.encode(value)
        except Exception as failure:
            raise ResultSerializationError(
                f"The result cannot be stored as JSON: {why_no_json(failure)}. Return plain data, or give the task a "
                "result with CloudpickleSerializer()."
            ) from failure

    def deserialize(self, data: bytes) -> Any:
        """Return the value; raises `ResultSerializationError` when these bytes are no typed JSON."""
        try:
            return typed_json.decode(data)
        except Exception as failure:
            raise unreadable("JSON", failure) from failure


class DateTimeSerializer(BySettings):
    """Keep one moment as ISO 8601 text, such as `2026-01-02T03:04:05+00:00`; a time zone is kept as its offset."""

    name = "datetime"  # pyright: ignore[reportAssignmentType]  a constant is a property that never changes

    def serialize(self, value: Any) -> bytes:
        """Return the text; raises `ResultSerializationError` for what is no datetime."""
        if not isinstance(value, datetime):
            raise ResultSerializationError(
                f"The result, a {type_name(value)}, cannot be stored by DateTimeSerializer, which takes a datetime: "
                "return one, or give the task a result with JSONSerializer()."
            )
        return value.isoformat().encode()

    def deserialize(self, data: bytes) -> datetime:
        """Return the moment; raises `ResultSerializationError` when these bytes are no ISO 8601 text."""
        try:
            return datetime.fromisoformat(data.decode().strip())
        except Exception as failure:
            raise unreadable("a datetime", failure) from failure
