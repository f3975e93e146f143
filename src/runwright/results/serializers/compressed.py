"""Compressed: a serializer around another one."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from runwright.results.serializers.equality import BySettings
from runwright.results.serializers.failures import unreadable
from runwright.results.serializers.writing import serialize_with

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.result import Serializer

FORMATS: dict[str, dict[str, Any]] = {"zlib": {}, "gzip": {"mtime": 0}, "bz2": {}, "lzma": {}}
"""The formats by name, each with what keeps its output the same for the same value."""

CUSTOM = "custom"


class CompressedSerializer(BySettings):
    """Compress what another serializer writes; `format` is `zlib` (the default), `gzip`, `bz2` or `lzma`.

    Instead of a format, give the functions `compress(data, **compress_kwargs)` and `decompress(data,
    **decompress_kwargs)`. What functions of your own wrote is read only through the result that has them.
    """

    def __init__(
        self,
        serializer: Serializer,
        format: str | None = None,  # noqa: A002  a documented argument
        compress: Callable[..., bytes] | None = None,
        decompress: Callable[..., bytes] | None = None,
        compress_kwargs: dict[str, Any] | None = None,
        decompress_kwargs: dict[str, Any] | None = None,
    ) -> None:
        """Wrap `serializer`; raises `ValueError` for an unknown format, a format and functions, or half of the functions."""
        if (compress is None) != (decompress is None):
            raise ValueError("compress and decompress belong together: give both, or a format.")
        if compress is not None and format is not None:
            raise ValueError("Give either a format or the functions compress and decompress, not both.")
        if compress is None and (format or "zlib") not in FORMATS:
            raise ValueError(f"Results cannot be compressed as {format!r}: choose one of {', '.join(FORMATS)}.")
        self.serializer = serializer
        self.format = CUSTOM if compress is not None else format or "zlib"
        self.compress = compress
        self.decompress = decompress
        self.compress_kwargs = compress_kwargs or {}
        self.decompress_kwargs = decompress_kwargs or {}

    @property
    def name(self) -> str:
        """Return such as `json+zlib`."""
        return f"{self.serializer.name}+{self.format}"

    def serialize(self, value: Any) -> bytes:
        """Return the compressed bytes."""
        return self.serialize_named(value)[1]

    def serialize_named(self, value: Any) -> tuple[str, bytes]:
        """Return the name of the serializers that were taken, and the compressed bytes."""
        name, data = serialize_with(self.serializer, value)
        compress = self.compress or importlib.import_module(self.format).compress
        kwargs = {**FORMATS.get(self.format, {}), **self.compress_kwargs}
        # Only this serializer reads what functions of the user wrote, and it is found by its own name.
        name = self.name if self.format == CUSTOM else f"{name}+{self.format}"
        return name, compress(data, **kwargs)

    def deserialize(self, data: bytes) -> Any:
        """Return the value; raises `ResultSerializationError` when the bytes are not in this format."""
        try:
            decompress = self.decompress or importlib.import_module(self.format).decompress
            plain = decompress(data, **self.decompress_kwargs)
        except Exception as failure:
            raise unreadable(f"{self.format} data", failure) from failure
        return self.serializer.deserialize(plain)
