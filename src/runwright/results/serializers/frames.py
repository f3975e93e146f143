"""Frames: pandas data frames in the file formats that pandas knows. Everything of pandas is here."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from runwright.errors import MissingExtra, ResultSerializationError
from runwright.results.serializers.equality import BySettings
from runwright.results.serializers.failures import told, type_name, unreadable

if TYPE_CHECKING:
    from types import ModuleType

FILE_TYPES = ("csv", "excel", "feather", "html", "json", "orc", "parquet", "pickle", "stata", "xml")
"""What pandas both writes to and reads from bytes; some need a further package, which pandas names."""


class PandasSerializer(BySettings):
    """Keep a data frame as a `csv`, `parquet`, `json`, ... file: `DataFrame.to_*` writes, `pandas.read_*` reads.

    The keyword arguments go to these two functions. Needs the extra `runwright[pandas]`.
    """

    def __init__(
        self,
        file_type: str,
        deserialize_kwargs: dict[str, Any] | None = None,
        serialize_kwargs: dict[str, Any] | None = None,
    ) -> None:
        """Choose a file type; raises `ValueError` for one that pandas cannot both write and read."""
        if file_type not in FILE_TYPES:
            raise ValueError(f"{file_type!r} is no file type for data frames: choose one of {', '.join(FILE_TYPES)}.")
        self.file_type = file_type
        self.deserialize_kwargs = deserialize_kwargs or {}
        self.serialize_kwargs = serialize_kwargs or {}

    @property
    def name(self) -> str:
        """Return such as `pandas-csv`."""
        return f"pandas-{self.file_type}"

    def serialize(self, value: Any) -> bytes:
        """Return the file's bytes; raises `ResultSerializationError` for what is no data frame, or `MissingExtra`."""
        _pandas()
        write = getattr(value, f"to_{self.file_type}", None)
        if write is None:
            raise ResultSerializationError(
                f"The result, a {type_name(value)}, cannot be stored by PandasSerializer, which takes a DataFrame: "
                "return one, or give the task a result with another serializer."
            )
        buffer = BytesIO()
        try:
            write(buffer, **self.serialize_kwargs)
        except Exception as failure:
            raise ResultSerializationError(
                f"The data frame cannot be stored as {self.file_type}: {told(failure)}. Check serialize_kwargs, or "
                "choose another file type."
            ) from failure
        return buffer.getvalue()

    def deserialize(self, data: bytes) -> Any:
        """Return the data frame; raises `ResultSerializationError` when the bytes hold none, or `MissingExtra`."""
        read = getattr(_pandas(), f"read_{self.file_type}")
        try:
            found = read(BytesIO(data), **self.deserialize_kwargs)
        except Exception as failure:
            raise unreadable(f"a {self.file_type} file", failure) from failure
        return found[0] if self.file_type == "html" else found


def _pandas() -> ModuleType:
    try:
        import pandas  # noqa: ICN001, PLC0415  heavy, and an extra
    except ImportError as missing:
        raise MissingExtra(
            "PandasSerializer needs the extra runwright[pandas]: pip install 'runwright[pandas]'."
        ) from missing
    return pandas
