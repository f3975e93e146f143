"""Writing: the bytes of a value by a serializer of anyone's making, with one kind of error whatever it raised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from runwright.errors import ResultSerializationError, RunwrightError
from runwright.results.serializers.failures import told, type_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.result import Serializer


def serialize_with(serializer: Serializer, value: Any) -> tuple[str, bytes]:
    """Return the bytes of a value and the name to read them by, with a serializer of anyone's making.

    Raises `ResultSerializationError` whatever the serializer raised.
    """
    try:
        naming = cast("Callable[[Any], tuple[str, bytes]] | None", getattr(serializer, "serialize_named", None))
        return naming(value) if naming is not None else (serializer.name, serializer.serialize(value))
    except RunwrightError:
        raise
    except Exception as failure:
        raise ResultSerializationError(
            f"The result, a {type_name(value)}, cannot be stored with {type(serializer).__name__}: {told(failure)}."
        ) from failure
