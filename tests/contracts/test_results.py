"""Every result that Runwright comes with fulfils the contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runwright.results import LocalResult, MemoryResult, PackedResult, memory
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
