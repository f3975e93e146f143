"""Debugging: `prefect.utilities.debug`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from runwright.context import context
from runwright.errors import ResultSerializationError
from runwright.results.serializers import CloudpickleSerializer

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def raise_on_exception() -> Generator[None]:
    """Let exceptions of tasks and runners come through inside a `with` block, instead of becoming states."""
    with context(raise_on_exception=True):
        yield


def is_serializable(obj: Any, raise_on_error: bool = False) -> bool:  # noqa: FBT001, FBT002  the documented signature
    """Say whether an object can be sent to another process; with `raise_on_error` the reason is raised."""
    try:
        CloudpickleSerializer().serialize(obj)
    except ResultSerializationError as error:
        if raise_on_error:
            raise error.__cause__ or error from None
        return False
    return True
