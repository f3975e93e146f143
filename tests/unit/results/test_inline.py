"""InlineResult and SecretResult: values that are their own location, and values that are nowhere."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from runwright.errors import ResultDamaged, ResultSerializationError
from runwright.result import ResultRef
from runwright.results import (
    CloudpickleSerializer,
    CompressedSerializer,
    DateTimeSerializer,
    InlineResult,
    JSONSerializer,
    SecretResult,
    read_result,
)


class TestInline:
    def test_the_location_is_the_value(self):
        written = InlineResult().write({"a": [1, None]})

        assert ('{"a":[1,null]}', {"a": [1, None]}) == (written.location, written.value)
        assert {"a": [1, None]} == InlineResult().read(written.location).value

    def test_a_moment_is_text_too(self):
        moment = datetime(2026, 1, 2, 3, tzinfo=UTC)
        written = InlineResult(serializer=DateTimeSerializer()).write(moment)

        assert "2026-01-02T03:00:00+00:00" == written.location
        assert moment == InlineResult(serializer=DateTimeSerializer()).read(written.location).value

    @pytest.mark.parametrize("serializer", [CloudpickleSerializer(), CompressedSerializer(JSONSerializer())])
    def test_other_serializers_are_refused(self, serializer):
        with pytest.raises(TypeError, match=r"use JSONSerializer\(\) or DateTimeSerializer\(\)"):
            InlineResult(serializer=serializer)

    @pytest.mark.parametrize(("expected", "location"), [(True, '"text"'), (True, "[1]"), (False, "text"), (False, "")])
    def test_it_exists_when_it_is_a_value(self, expected, location):
        assert expected is InlineResult().exists(location, any="context")

    def test_braces_are_part_of_the_value_and_no_template(self):
        assert '{"a":1}' == InlineResult(location='{"a":1}').format(a=2).location

    def test_what_is_no_plain_data_is_refused(self):
        with pytest.raises(ResultSerializationError, match="is a complex"):
            InlineResult().write(1j)

    def test_the_record_alone_gives_it_back_even_to_those_who_load_no_pickles(self):
        written = InlineResult().write([1, (2,)])

        assert [1, (2,)] == read_result(written.ref, allow_pickle=False)
        assert 2 == written.ref.length

    def test_a_reference_that_changed_is_damaged(self):
        ref = InlineResult().write([1]).ref

        with pytest.raises(ResultDamaged):
            read_result(ResultRef(ref.kind, "[2]", ref.serializer, ref.size, ref.checksum))

    def test_a_forged_reference_loads_no_pickle(self):
        with pytest.raises(ResultSerializationError, match="never cloudpickle"):
            read_result(ResultRef("inline", pickle.dumps(1, protocol=0).decode(), "cloudpickle"))


class TestSecret:
    @pytest.fixture
    def secret(self):
        values = {"password": "hunter2", "other": "other2"}
        return SecretResult(SimpleNamespace(name="password", run=lambda name=None: values[name]))

    def test_the_location_is_the_name_and_to_read_is_to_ask(self, secret):
        read = secret.read(secret.location)

        assert ("password", "password", "hunter2") == (secret.location, read.location, read.value)
        assert secret.value is None
        assert "other2" == secret.read("other").value

    def test_it_is_never_written_and_never_on_the_record(self, secret):
        with pytest.raises(ValueError, match="cannot be written"):
            secret.write("x")
        assert not secret.can_store
        assert secret.read("password").ref is None
        assert secret.exists("password")
