"""Pickles: the serializer that keeps almost anything, and the one way to pickle code along with its values.

Reading a pickle runs code. Everything of cloudpickle is here.
"""

from __future__ import annotations

import base64
import io
from collections import ChainMap
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from runwright.context import Context
from runwright.errors import ResultSerializationError
from runwright.results.serializers.equality import BySettings
from runwright.results.serializers.failures import told, type_name, unreadable

if TYPE_CHECKING:
    from types import ModuleType

PICKLE = b"\x80"
"""How every pickle of a protocol that is still in use begins."""

_PICKLE_AS_BASE64 = b"gA"


class CloudpickleSerializer(BySettings):
    """Keep almost any Python object as a pickle; classes and functions of the main script go along by value.

    Reading a pickle runs code: read only what your own flows wrote. Base64 of a pickle is read too.
    """

    name = "cloudpickle"  # pyright: ignore[reportAssignmentType]  a constant is a property that never changes

    def serialize(self, value: Any) -> bytes:
        """Return a pickle; raises `ResultSerializationError` for locks, sockets, generators and the like."""
        try:
            return pickle_by_value(value)
        except Exception as failure:
            raise ResultSerializationError(
                f"The result, a {type_name(value)}, cannot be pickled: {told(failure)}. Return plain data, or set "
                "checkpoint=False to keep the value in memory only."
            ) from failure

    def deserialize(self, data: bytes) -> Any:
        """Return the object; raises `ResultSerializationError` when it cannot be put together again."""
        import cloudpickle  # noqa: PLC0415  most flows never need it

        try:
            return cloudpickle.loads(base64.b64decode(data) if data.startswith(_PICKLE_AS_BASE64) else data)
        except Exception as failure:
            raise unreadable("a pickle", failure) from failure


PickleSerializer = CloudpickleSerializer


def pickle_by_value(value: Any) -> bytes:
    """Return a pickle for another process; what is of the main script or of a registered module goes along by value.

    The global `context` goes along by name: what uses it means the context of whichever run it is in then. Raises
    whatever the value raises. Reading it back needs nothing but `pickle`.
    """
    buffer = io.BytesIO()
    _pickler()(buffer).dump(value)
    return buffer.getvalue()


@cache
def _pickler() -> Any:
    import cloudpickle  # noqa: PLC0415  most flows never need it

    table: Any = cloudpickle.Pickler.dispatch_table

    class Pickler(cloudpickle.Pickler):
        dispatch_table: ClassVar[Any] = ChainMap({Context: lambda _: "context"}, table)

    return Pickler


def register_by_value(module: ModuleType) -> None:
    """Let everything of a module go along by value: other processes cannot import it."""
    import cloudpickle  # noqa: PLC0415  most flows never need it

    cloudpickle.register_pickle_by_value(module)
