"""ObjectDrive: files as objects in a bucket of S3, Google Cloud Storage or Azure. Needs the extra `runwright[cloud]`.

Credentials and endpoints come from the environment (`AWS_*`, `GOOGLE_*`, `AZURE_STORAGE_CONNECTION_STRING`), so that a drive
travels without them.
"""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from runwright.drive import FileInfo
from runwright.drives.addresses import path_of, prefix_of, uri_of
from runwright.errors import FileMissing, FilesError
from runwright.results import object_options
from runwright.results.object_client import Connection, objects, places

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_IN_MEMORY = 8 * 1024 * 1024
_CHUNK = 1024 * 1024
_NO_BUCKET = ("NoSuchBucket", "ContainerNotFound", "The specified bucket does not exist")
_NANOSECONDS = 1_000


class ObjectDrive:
    """Files in a bucket, under `prefix`; an object is there whole or not at all."""

    def __init__(self, kind: str, bucket: str, prefix: str = "") -> None:
        """Take a place: `kind` is s3, gs or az. Nothing is connected yet."""
        self.kind = kind
        self.bucket = bucket
        self.prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self.url = f"{kind}://{bucket}/{self.prefix}"
        self._connection = Connection()

    def put(self, uri: str, data: bytes | BinaryIO) -> str:
        """Write a file, in the place of one that was there, and return its URI; raises `FilesError`."""
        key, client = self._key(uri), self.client
        try:
            objects().put(client, key, data if isinstance(data, bytes) else _chunks(data))
        except Exception as refused:
            raise self._refused("written", uri, refused) from refused
        return uri

    def open(self, uri: str) -> BinaryIO:
        """Return a file to read, fetched as a whole; raises `FileMissing`."""
        key, client = self._key(uri), self.client
        fetched = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  whoever asked closes it
        try:
            for chunk in objects().get(client, key).stream():
                fetched.write(bytes(chunk))
        except Exception as refused:
            fetched.close()
            raise self._refused("read", uri, refused) from refused
        fetched.seek(0)
        return cast("BinaryIO", fetched)

    def find(self, uri: str) -> FileInfo | None:
        """Return what is known of a file, None where there is none."""
        key, client = self._key(uri), self.client
        try:
            return self._info(objects().get(client, key).meta)  # unlike `head`, it says what is missing
        except FileNotFoundError as missing:
            self._require_bucket(uri, missing)
            return None
        except Exception as refused:
            raise self._refused("looked up", uri, refused) from refused

    def list(self, prefix: str) -> Iterator[FileInfo]:
        """Yield the files whose URIs begin with `prefix`, in order."""
        begun = self.prefix + prefix_of(prefix)
        folder, client = begun.rpartition("/")[0], self.client
        try:
            chunks = objects().list(client, prefix=folder or None)
            found = [each for chunk in chunks for each in chunk if each["path"].startswith(begun)]
        except Exception as refused:
            raise self._refused("listed", prefix, refused) from refused
        return (self._info(each) for each in sorted(found, key=lambda each: each["path"]))

    def delete(self, uri: str) -> bool:
        """Delete a file; False where there was none."""
        if self.find(uri) is None:
            return False
        try:
            objects().delete(self.client, self._key(uri))
        except FileNotFoundError:
            return False
        except Exception as refused:
            raise self._refused("deleted", uri, refused) from refused
        return True

    @property
    def client(self) -> Any:
        """Return the client, made now if there is none; raises `MissingExtra` without the library."""
        if self._connection.client is None:
            self._connection.client = self.connect()
        return self._connection.client

    def connect(self) -> Any:
        """Return a client for the bucket."""
        if self.kind == "s3":
            config, client_options = object_options.s3_config({}, {})
            return places().S3Store(self.bucket, config=config, client_options=client_options)
        if self.kind == "gs":
            return places().GCSStore(self.bucket)
        config, client_options = object_options.azure_config(object_options.azure_connection_string(None, None))
        return places().AzureStore(self.bucket, config=config, client_options=client_options)

    def _key(self, uri: str) -> str:
        return self.prefix + path_of(uri)

    def _info(self, meta: Any) -> FileInfo:
        changed: datetime = meta["last_modified"]
        updated = int(changed.timestamp()) * 1_000_000 + changed.microsecond
        return FileInfo(uri_of(meta["path"].removeprefix(self.prefix)), meta["size"], updated * _NANOSECONDS)

    def _require_bucket(self, uri: str, missing: Exception) -> None:
        if any(sign in str(missing) for sign in _NO_BUCKET):
            raise FilesError(
                f"The file {uri} cannot be looked up: there is no bucket or container {self.bucket!r}. Make it, or give "
                "another (RUNWRIGHT_DRIVE)."
            ) from missing

    def _refused(self, verb: str, uri: str, refused: Exception) -> FilesError:
        if isinstance(refused, FileNotFoundError):
            self._require_bucket(uri, refused)
            return FileMissing(f"There is no file {uri}: check the URI.")
        told = str(refused).partition("\n")[0].strip().rstrip(".")
        return FilesError(
            f"The file {uri} could not be {verb} in {self.kind}://{self.bucket}: {type(refused).__name__}: {told}. Check the "
            "bucket, the credentials and the connection."
        )


def _chunks(data: BinaryIO) -> Iterator[bytes]:
    """Yield a file's bytes, also of one that has no places to go back to."""
    while chunk := data.read(_CHUNK):
        yield chunk
