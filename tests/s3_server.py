"""A real S3-compatible server on loopback, started from a package, with a bucket of its own for each test."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.request import Request, urlopen

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_numbers = count(1)


class Bucket(NamedTuple):
    """A bucket, and how to reach it."""

    bucket: str
    endpoint: str

    @property
    def boto3_kwargs(self) -> dict[str, Any]:
        """Return what S3Result needs to reach the bucket; the server takes any key."""
        return {
            "endpoint_url": self.endpoint,
            "aws_access_key_id": "key",
            "aws_secret_access_key": "secret",
            "region_name": "us-east-1",
        }


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Yield the endpoint of a server; it ends with the tests."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """Return an empty bucket."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    bucket = Bucket(f"bucket-{next(_numbers)}", s3_server)
    urlopen(Request(f"{bucket.endpoint}/{bucket.bucket}", method="PUT")).close()  # noqa: S310  our own server
    return bucket
