from __future__ import annotations

import io
import pickle

import pytest
from tests.s3_server import s3, s3_server

from runwright.drives import open_drive
from runwright.errors import FilesError
from runwright.testing.drive_contract import content

__all__ = ["s3", "s3_server"]

FILE = "kestra:///company/flow/a.txt"


@pytest.fixture
def environment(s3, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    return s3


def test_a_prefix_keeps_drives_apart(environment):
    one, two = (open_drive(f"s3://{environment.bucket}/{name}") for name in ("one", "two"))

    one.put(FILE, b"1")

    assert two.find(FILE) is None
    assert ["kestra:///one/company/flow/a.txt"] == [
        info.uri for info in open_drive(f"s3://{environment.bucket}").list("kestra:///")
    ]


def test_a_large_file_goes_in_parts(environment):
    drive = open_drive(f"s3://{environment.bucket}")

    drive.put(FILE, io.BytesIO(b"0123456789" * 1_200_000))

    with drive.open(FILE) as file:
        file.seek(11_999_999)
        assert b"9" == file.read()


def test_a_bucket_that_is_not_there_is_named(environment):
    drive = open_drive("s3://no-such-bucket")

    for use in (lambda: drive.put(FILE, b"1"), lambda: drive.open(FILE), lambda: drive.find(FILE)):
        with pytest.raises(FilesError, match="no-such-bucket"):
            use()


def test_it_travels_without_its_keys(environment):
    drive = open_drive(f"s3://{environment.bucket}")
    drive.put(FILE, b"1")

    travelled = pickle.dumps(drive)

    assert b"secret" not in travelled
    assert b"1" == content(pickle.loads(travelled), FILE)
