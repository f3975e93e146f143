"""Failures: what a serializer says when a value cannot become bytes, or bytes no value."""

from __future__ import annotations

from runwright.codec import error_data
from runwright.errors import ResultSerializationError
from runwright.results import typed_json


def unreadable(what: str, failure: Exception) -> ResultSerializationError:
    """Return the error for stored bytes that are not `what` they should be."""
    return ResultSerializationError(
        f"The stored result cannot be read back as {what}: {told(failure)}. Run the task again, or read it where the "
        "modules are that wrote it."
    )


def why_no_json(failure: Exception) -> str:
    """Return which part of a value is no plain data, and why."""
    if isinstance(failure, typed_json.Unencodable):
        return f"result{failure.where} {failure.reason}"
    return told(failure)


def told(failure: BaseException) -> str:
    """Return an exception as text, whatever its `__str__` does."""
    data = error_data(failure)
    return f"{data['type']}: {data['text'][:1000]}".rstrip(".: ")


def type_name(value: object) -> str:
    """Return the name of a value's class, whatever its metaclass does."""
    return type.__dict__["__name__"].__get__(type(value))
