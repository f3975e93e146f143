"""Every result that Runwright comes with fulfils the contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import obstore
import pytest
from obstore.store import LocalStore, MemoryStore

from runwright.results import AzureResult, GCSResult, LocalResult, MemoryResult, PackedResult, S3Result, memory
from runwright.results.pack_file import parse

pytest.register_assert_rewrite("runwright.testing.result_contract")

from runwright.testing.result_contract import ResultContract  # noqa: E402  after its assertions were told to explain

RECORD_HEADER = 20


class TestPacked(ResultContract):
    def make(self, folder, serializer=None):
        return PackedResult(folder, serializer)

    def tamper(self, result: Any, ref, change):
        where = parse(ref.location)
        path = Path(result.root, where.file)
        before, data = split(path.read_bytes(), where.offset + RECORD_HEADER)
        replace(path, change(data), before)


class TestPackedUnderANameOfOnesOwn(ResultContract):
    """A task's target, with the default result."""

    def make(self, folder, serializer=None):
        return PackedResult(folder, serializer, location=numbered())

    def tamper(self, result: Any, ref, change):
        path = Path(result.root, ref.location)
        replace(path, change(path.read_bytes()))

    test_writing_leaves_the_template_as_it_was = None  # type: ignore[assignment]  here the template has a location
    test_equal_settings_make_equal_results = None  # type: ignore[assignment]  and each result a function of its own


class TestLocal(ResultContract):
    def make(self, folder, serializer=None):
        return LocalResult(folder, serializer=serializer)

    def tamper(self, result, ref, change):
        path = Path(ref.location)
        replace(path, change(path.read_bytes()))


class TestMemory(ResultContract):
    @pytest.fixture(autouse=True)
    def forget(self):
        yield
        memory.clear_memory()

    def make(self, folder, serializer=None):
        return MemoryResult(serializer=serializer)

    def tamper(self, result, ref, change):
        data = change(memory._kept.pop(ref.location))
        if data is not None:
            memory._kept[ref.location] = data


class ObjectContract(ResultContract):
    def tamper(self, result: Any, ref, change):
        data = change(bytes(obstore.get(result.client, ref.location).bytes()))
        if data is None:
            obstore.delete(result.client, ref.location)
        else:
            obstore.put(result.client, ref.location, data)


class TestS3(ObjectContract):
    """On a server that speaks S3, on loopback."""

    @pytest.fixture(autouse=True)
    def bucket(self, s3):
        self.s3 = s3

    def make(self, folder, serializer=None):
        return S3Result(self.s3.bucket, self.s3.boto3_kwargs, serializer=serializer)


class LocalGCS(GCSResult):
    """There is no server of Google's to start here: the adapter works on obstore's own store of files."""

    def connect(self):
        return LocalStore(self.bucket)


class TestGCS(ObjectContract):
    def make(self, folder, serializer=None):
        return LocalGCS(str(folder), serializer=serializer)


class MemoryAzure(AzureResult):
    """Nor of Microsoft's: the adapter works on obstore's own store in memory."""

    containers: ClassVar[dict[str, MemoryStore]] = {}

    def connect(self):
        return self.containers.setdefault(self.container, MemoryStore())


class TestAzure(ObjectContract):
    @pytest.fixture(autouse=True)
    def forget(self):
        yield
        MemoryAzure.containers.clear()

    def make(self, folder, serializer=None):
        return MemoryAzure(str(folder), serializer=serializer)


class numbered:  # noqa: N801  used as the function it is
    """A location for every value; a class, because a function inside of a test could not travel to other processes."""

    def __init__(self):
        self.count = 0

    def __call__(self, /, **context):
        self.count += 1
        return f"named/{self.count}.result"


def split(content, at):
    return content[:at], content[at:]


def replace(path, data, before=b""):
    if data is None:
        path.unlink()
    else:
        path.write_bytes(before + data)
