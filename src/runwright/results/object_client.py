"""Object client: the library for S3, Google Cloud Storage and Azure, loaded when it is first needed.

The one module that knows obstore; whoever keeps objects (results, and drives of files) asks it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from runwright.errors import MissingExtra

if TYPE_CHECKING:
    from types import ModuleType


class Connection:
    """The client of one owner and all its copies, made when it is first needed; another process makes its own."""

    def __init__(self) -> None:
        """Have none yet."""
        self.client: Any = None

    def __reduce__(self) -> tuple[type[Connection], tuple[()]]:
        """Travel without the client."""
        return Connection, ()


def objects() -> ModuleType:
    """Return the library's functions (`put`, `get`, `head`, `list`, `delete`); raises `MissingExtra` without it."""
    return _imported("obstore")


def places() -> ModuleType:
    """Return the library's clients (`S3Store`, `GCSStore`, `AzureStore`, ...); raises `MissingExtra` without it."""
    return _imported("obstore.store")


def _imported(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ImportError as missing:
        raise MissingExtra(
            "Results and files in S3, GCS and Azure need the extra runwright[cloud]: pip install 'runwright[cloud]'."
        ) from missing
