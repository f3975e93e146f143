"""Every drive that Runwright comes with fulfils the contract."""

from __future__ import annotations

from typing import ClassVar

import pytest
from obstore.store import MemoryStore

from runwright.drives import memory, open_drive
from runwright.drives.object_store import ObjectDrive

pytest.register_assert_rewrite("runwright.testing.drive_contract")

from runwright.testing.drive_contract import DriveContract  # noqa: E402  after its assertions were told to explain


class TestLocal(DriveContract):
    @pytest.fixture
    def drive(self, tmp_path):
        return open_drive(str(tmp_path / "files"))


class TestMemory(DriveContract):
    @pytest.fixture
    def drive(self):
        yield open_drive("memory://contract")
        memory.clear_memory()


class TestS3(DriveContract):
    """On a server that speaks S3, on loopback."""

    @pytest.fixture
    def drive(self, s3, monkeypatch):
        monkeypatch.setenv("AWS_ENDPOINT_URL", s3.endpoint)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        return open_drive(f"s3://{s3.bucket}/below/here")


class MemoryAzure(ObjectDrive):
    """There is no server of Microsoft's to start here: the adapter works on obstore's own store in memory."""

    containers: ClassVar[dict[str, MemoryStore]] = {}

    def connect(self):
        return self.containers.setdefault(self.bucket, MemoryStore())


class TestAzure(DriveContract):
    @pytest.fixture
    def drive(self):
        yield MemoryAzure("az", "container")
        MemoryAzure.containers.clear()
