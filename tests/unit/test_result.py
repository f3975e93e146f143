"""Result: the noun. Values in memory, templates of locations, equality; what needs a storage says so."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import ClassVar

import pytest

from runwright.result import Result, ResultNotImplementedError, ResultRef
from runwright.results import ConstantResult, JSONSerializer, LocalResult, MemoryResult, PackedResult, S3Result


class Kept(Result):
    """A storage in a dict of its own, as users write them."""

    kind = "kept"
    places: ClassVar[dict[str, object]] = {}

    def write(self, value, /, **context):
        formatted = self.format(**context)
        self.places[formatted.location] = value
        return self.stored(value, ResultRef(self.kind, formatted.location))


class TestFromValue:
    def test_it_is_a_copy_that_was_not_written(self):
        template = Result(location="{x}", serializer=JSONSerializer())
        held = template.from_value(3)

        assert (3, None, JSONSerializer()) == (held.value, held.location, held.serializer)
        assert (None, "{x}") == (template.value, template.location)

    def test_a_copy_shares_nothing_that_is_set_later(self):
        held = Result(1)
        held.copy().value = 2

        assert 1 == held.value


class TestFormat:
    def test_a_template_is_filled_in(self):
        moment = datetime(2026, 1, 2, tzinfo=UTC)

        assert "2026/load" == Result(location="{date:%Y}/{task_name}").format(date=moment, task_name="load").location

    def test_a_function_makes_the_location(self):
        assert "5.txt" == Result(location=lambda x, **_: f"{x}.txt").format(x=5, y=6).location

    def test_without_either_it_is_a_new_one_of_the_day(self):
        locations = {Result().format().location for _ in range(10)}

        assert 10 == len(locations)
        assert all(re.fullmatch(r"\d{4}/\d{1,2}/\d{1,2}/[0-9a-f-]{36}\.result", str(each)) for each in locations)

    def test_a_template_is_not_changed_and_a_name_that_is_missing_is_told(self):
        template = Result(location="{x}")
        template.format(x=1)

        assert "{x}" == template.location
        with pytest.raises(KeyError, match="x"):
            template.format(y=1)

    def test_it_is_filled_in_when_it_is_written_and_not_before(self):
        template = Kept(location="{x}")
        written = template.write(7, x="here")

        assert ("{x}", "here", 7) == (template.location, written.location, Kept.places["here"])


class TestWithoutStorage:
    @pytest.mark.parametrize("use", [
        lambda result: result.write(1),
        lambda result: result.read("x"),
        lambda result: result.exists("x"),
        lambda result: result.read_ref(ResultRef("unstored", "x")),
    ])  # fmt: skip
    def test_the_base_class_says_what_to_use_instead(self, use):
        with pytest.raises(ResultNotImplementedError, match=r"give the task a result with a storage"):
            use(Result())

    def test_it_is_a_not_implemented_error(self):
        assert issubclass(ResultNotImplementedError, NotImplementedError)
        assert not Result().can_store


class TestEquality:
    def test_type_and_public_attributes_count(self):
        assert Result(1) == Result(1)
        assert Result(1) != Result(2)
        assert Result(1, location="a") != Result(1, location="b")
        assert Result(1) != ConstantResult(1)
        assert Result(1) != 1

    def test_what_proves_the_bytes_does_not(self, tmp_path):
        written = LocalResult(tmp_path, location="a").write(5)
        same = LocalResult(tmp_path, location=written.location).copy()
        same.value = 5

        assert written.ref is not None
        assert same == written

    def test_settings_of_adapters_count(self):
        assert S3Result("a") == S3Result("a")
        assert S3Result("a") != S3Result("b")
        assert S3Result("a") != S3Result("a", upload_options={"ContentType": "text/plain"})


class TestHolds:
    """Which references a result would read by itself."""

    def test_the_kind_has_to_be_its_own(self, tmp_path):
        ref = LocalResult(tmp_path).write(1).ref

        assert not PackedResult(tmp_path).holds(ref)
        assert MemoryResult().holds(MemoryResult().write(1).ref)
        assert not Result().holds(ResultRef("unstored", "x"))

    def test_a_folder_holds_what_is_in_it(self, tmp_path):
        ref = LocalResult(tmp_path / "a").write(1).ref

        assert LocalResult(tmp_path / "a").holds(ref)
        assert LocalResult(tmp_path).holds(ref)
        assert not LocalResult(tmp_path / "b").holds(ref)

    def test_so_does_the_folder_of_an_absolute_template(self, tmp_path):
        ref = LocalResult(location=f"{tmp_path}/x-1").write(1).ref

        assert LocalResult(tmp_path / "b", location=f"{tmp_path}/x-{{x}}").holds(ref)
        assert not LocalResult(tmp_path / "b", location="/{x}").holds(ref)

    def test_a_bucket_holds_its_keys(self):
        assert S3Result("a").holds(ResultRef("s3", "k", place="a"))
        assert not S3Result("a").holds(ResultRef("s3", "k", place="b"))
        assert not S3Result("a").holds(ResultRef("gcs", "k", place="a"))
