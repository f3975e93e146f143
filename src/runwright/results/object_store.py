"""Object stores: results as objects in S3, Google Cloud Storage and Azure.

The record keeps the bucket and the key. Credentials and endpoints never enter it: a reader that has only the record
takes them from its own environment (`AWS_*`, `GOOGLE_*`, `AZURE_*`), so no record can send anybody's keys anywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.errors import ResultError, ResultSerializationError, ResultUnavailable
from runwright.failpoints import hit
from runwright.result import Result, ResultRef
from runwright.results import object_options
from runwright.results.object_client import Connection, objects, places
from runwright.results.references import check, checksum, length_of
from runwright.results.serializers import DEFAULT, deserialize_with, name_of_data, serialize_with

if TYPE_CHECKING:
    from runwright.result import Location, Serializer

_NO_BUCKET = ("NoSuchBucket", "ContainerNotFound", "The specified bucket does not exist")


class ObjectStoreResult(Result):
    """Keep each value as one object; an object is there whole or not at all. Needs the extra `runwright[cloud]`.

    `location` is a template of the object's key; without one, each value gets a new key such as
    `2026/1/31/<uuid>.result`. Adapters give `kind`, `place` and `connect`.
    """

    def __init__(self, location: Location | None = None, serializer: Serializer | None = None) -> None:
        """Write at `location`; nothing is connected yet."""
        super().__init__(location=location, serializer=serializer)
        self._connection = Connection()

    @property
    def place(self) -> str:
        """Return the bucket or container."""
        raise NotImplementedError

    def connect(self) -> Any:
        """Return an obstore client for the place."""
        raise NotImplementedError

    @property
    def attributes(self) -> dict[str, Any]:
        """Return what each object is stored with, such as its content type."""
        return {}

    @property
    def client(self) -> Any:
        """Return the client, made now if there is none; raises `MissingExtra` without obstore."""
        if self._connection.client is None:
            self._connection.client = self.connect()
        return self._connection.client

    def write(self, value: Any, /, **context: Any) -> Result:
        """Store `value` at the key filled in from `context`; return a result with the key and `ref`.

        Raises `ResultSerializationError`, or `ResultError` when the store refuses.
        """
        name, data = serialize_with(self.serializer or DEFAULT, value)
        key = self.format(**context).location
        if not key:
            raise ResultError(
                "The location of a result is empty. Check the values that its template is filled in with."
            )
        client = self.client
        hit("result.write.before")
        try:
            objects().put(client, key, data, attributes=self.attributes or None)
        except Exception as refused:
            raise self._refused("written to", key, refused) from refused
        hit("result.write.after")
        return self.stored(value, self._ref(key, name, data, value))

    def read(self, location: str) -> Result:
        """Return a result with the value at the final key `location`; the value is None where the bytes end too early.

        Raises `ResultUnavailable` when there is no such object, `ResultError` when the store refuses.
        """
        data = self._data(location)
        serializer = self.serializer or DEFAULT
        try:
            value = deserialize_with(serializer, "", data)
        except ResultSerializationError as failure:
            if data and not isinstance(failure.__cause__, EOFError):
                raise
            value = None
        return self.stored(value, self._ref(location, name_of_data(serializer, data), data, value))

    def read_ref(self, ref: ResultRef) -> Result:
        """Return a result with the value of a record's reference; raises `ResultUnavailable` or `ResultDamaged`."""
        data = check(ref, self._data(ref.location))
        return self.stored(deserialize_with(self.serializer or DEFAULT, ref.serializer, data), ref)

    def exists(self, location: str, /, **context: Any) -> bool:
        """Say whether there is an object at `location`, a template that is filled in from `context`.

        Raises `ResultError` when the store does not say: no such bucket, no permission, no connection.
        """
        key = location.format(**context)
        client = self.client
        try:
            objects().get(client, key)  # the body is not fetched; unlike `head`, the answer says what was not found
        except FileNotFoundError as missing:
            self._require_place(missing, key)
            return False
        except Exception as refused:
            raise self._refused("looked up at", key, refused) from refused
        return True

    def holds(self, ref: ResultRef) -> bool:
        """Say whether a reference points into the same bucket."""
        return super().holds(ref) and ref.place == self.place

    def _ref(self, key: str, name: str, data: bytes, value: Any) -> ResultRef:
        return ResultRef(self.kind, key, name, len(data), checksum(data).hex(), length_of(value), self.place)

    def _data(self, key: str) -> bytes:
        client = self.client
        try:
            return bytes(objects().get(client, key).bytes())
        except FileNotFoundError as missing:
            self._require_place(missing, key)
            raise ResultUnavailable(
                f"The result at {key} in {self.kind} {self.place!r} is gone: there is no such object. Restore it, or "
                "run the task again."
            ) from missing
        except Exception as refused:
            raise self._refused("read from", key, refused) from refused

    def _require_place(self, missing: Exception, key: str) -> None:
        if any(sign in str(missing) for sign in _NO_BUCKET):
            raise ResultError(
                f"The result at {key} cannot be looked up: there is no {self.kind} bucket or container "
                f"{self.place!r}. Make it, or give another."
            ) from missing

    def _refused(self, verb: str, key: str, refused: Exception) -> ResultError:
        told = str(refused).partition("\n")[0].strip().rstrip(".")
        return ResultError(
            f"The result could not be {verb} {key} in {self.kind} {self.place!r}: {type(refused).__name__}: {told}. "
            "Check the bucket, the credentials and the connection."
        )


class S3Result(ObjectStoreResult):
    """Keep each value as an object in an S3 bucket, or in one of a store that speaks S3."""

    kind = "s3"

    def __init__(
        self,
        bucket: str,
        boto3_kwargs: dict[str, Any] | None = None,
        upload_options: dict[str, Any] | None = None,
        location: Location | None = None,
        serializer: Serializer | None = None,
    ) -> None:
        """Write into `bucket`; what is not given comes from the environment (`AWS_*`).

        `boto3_kwargs` are `endpoint_url`, `aws_access_key_id`, `aws_secret_access_key`, `aws_session_token`,
        `region_name`, `use_ssl`, `verify`. `upload_options` are `ContentType`, `Metadata`, `ServerSideEncryption`, ...,
        as boto3 names them. Raises `TypeError` for others.
        """
        super().__init__(location, serializer)
        self.bucket = bucket
        self.boto3_kwargs = boto3_kwargs or {}
        self.upload_options = upload_options or {}
        object_options.check_s3(self.boto3_kwargs, self.upload_options)

    @property
    def place(self) -> str:
        """Return the bucket."""
        return self.bucket

    @property
    def attributes(self) -> dict[str, Any]:
        """Return the options that are attributes of each object."""
        return object_options.s3_attributes(self.upload_options)

    def connect(self) -> Any:
        """Return a client for the bucket."""
        config, client_options = object_options.s3_config(self.boto3_kwargs, self.upload_options)
        return places().S3Store(self.bucket, config=config, client_options=client_options)


class GCSResult(ObjectStoreResult):
    """Keep each value as an object in a bucket of Google Cloud Storage."""

    kind = "gcs"

    def __init__(self, bucket: str, location: Location | None = None, serializer: Serializer | None = None) -> None:
        """Write into `bucket` with the default credentials of the environment (`GOOGLE_APPLICATION_CREDENTIALS`, ...)."""
        super().__init__(location, serializer)
        self.bucket = bucket

    @property
    def place(self) -> str:
        """Return the bucket."""
        return self.bucket

    def connect(self) -> Any:
        """Return a client for the bucket."""
        return places().GCSStore(self.bucket)


class AzureResult(ObjectStoreResult):
    """Keep each value as a blob in a container of Azure Blob Storage."""

    kind = "azure"

    def __init__(
        self,
        container: str,
        connection_string: str | None = None,
        connection_string_secret: str | None = None,
        location: Location | None = None,
        serializer: Serializer | None = None,
    ) -> None:
        """Write into `container`.

        The connection string is the one given, the secret of a name in `context.secrets`, or
        `AZURE_STORAGE_CONNECTION_STRING`. With neither key nor SAS in it, Azure's default credentials are used.
        """
        super().__init__(location, serializer)
        self.container = container
        self.connection_string = connection_string
        self.connection_string_secret = connection_string_secret

    @property
    def place(self) -> str:
        """Return the container."""
        return self.container

    def connect(self) -> Any:
        """Return a client for the container."""
        text = object_options.azure_connection_string(self.connection_string, self.connection_string_secret)
        config, client_options = object_options.azure_config(text)
        return places().AzureStore(self.container, config=config, client_options=client_options)
