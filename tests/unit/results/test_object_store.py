"""Object stores: what the contract does not say. S3 is a real server on loopback; Azure's and Google's are never met."""

from __future__ import annotations

import builtins
import pickle
import subprocess
import sys
from typing import Any

import obstore
import pytest
from obstore.store import AzureStore, GCSStore, MemoryStore

from runwright.errors import MissingExtra, ResultError, ResultSerializationError, ResultUnavailable
from runwright.result import ResultRef
from runwright.results import (
    AzureResult,
    CloudpickleSerializer,
    GCSResult,
    JSONSerializer,
    S3Result,
    object_client,
    read_result,
    reader_for,
)

CONNECTION_STRING = "AccountName=account;AccountKey=a2V5"


@pytest.fixture
def result(s3):
    return S3Result(s3.bucket, s3.boto3_kwargs)


class InMemory(S3Result):
    """Counts how often it connects."""

    connected = 0

    def connect(self):
        type(self).connected += 1
        return MemoryStore()


class TestClient:
    def test_it_is_made_when_it_is_needed_and_once_for_all_copies(self):
        InMemory.connected = 0
        result = InMemory("bucket")
        assert 0 == result.connected
        for number in range(3):
            result.copy().write(number)
        result.write(3)

        assert 1 == result.connected

    def test_it_is_left_behind_when_the_result_travels(self, result):
        written = result.write(1)
        assert written._connection.client is not None
        travelled = pickle.loads(pickle.dumps(written))

        assert travelled._connection.client is None
        assert 1 == travelled.read(written.location).value

    def test_google_and_azure_are_clients_of_their_kind(self):
        azure = AzureResult("container", CONNECTION_STRING).client

        assert isinstance(GCSResult("bucket").client, GCSStore)
        assert isinstance(azure, AzureStore)
        assert {"account_name": "account", "account_key": "a2V5", "container_name": "container"} == azure.config

    def test_azure_takes_its_default_credentials_where_there_is_neither_key_nor_sas(self):
        assert {"account_name", "container_name"} == set(AzureResult("container", "AccountName=a").client.config)

    @pytest.mark.parametrize("make", [
        lambda: S3Result("b"), lambda: GCSResult("b"), lambda: AzureResult("c", CONNECTION_STRING),
    ])  # fmt: skip
    @pytest.mark.parametrize("use", [lambda r: r.write(1), lambda r: r.read("k"), lambda r: r.exists("k")])
    def test_without_the_extra_it_says_which_one(self, monkeypatch, make, use):
        result = make()
        imported = builtins.__import__
        for name in [each for each in sys.modules if each.partition(".")[0] == "obstore"]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setattr(object_client, "import_module", lambda name: imported(f"no_such_module_{name[:3]}"))

        with pytest.raises(MissingExtra, match=r"need the extra runwright\[cloud\]"):
            use(result)


def test_importing_results_loads_no_heavy_library():
    code = "import sys, runwright.results; print(sorted({'obstore', 'pandas', 'cloudpickle'} & set(sys.modules)))"

    assert (
        "[]" == subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    )


class TestKeys:
    def test_a_template_names_the_key(self, result, s3):
        result = S3Result(s3.bucket, s3.boto3_kwargs, location="{flow_name}/{x}.json", serializer=JSONSerializer())
        written = result.write({"a": 1}, flow_name="etl", x=3)

        assert "etl/3.json" == written.location
        assert b'{"a":1}' == bytes(obstore.get(result.client, "etl/3.json").bytes())
        assert result.exists("{flow_name}/{x}.json", flow_name="etl", x=3)
        assert not result.exists("{flow_name}/{x}.json", flow_name="etl", x=4)

    def test_an_empty_key_is_refused_before_anything_is_sent(self):
        with pytest.raises(ResultError, match="location of a result is empty"):
            S3Result("bucket", location="{x}").write(1, x="")

    def test_without_one_it_is_new_and_of_the_day(self, result):
        first, second = result.write(1), result.write(1)

        assert first.location != second.location
        assert 4 == len(first.location.split("/"))

    def test_what_is_stored_is_described_as_asked(self, s3):
        result = S3Result(s3.bucket, s3.boto3_kwargs, {"ContentType": "text/x-result", "Metadata": {"team": "data"}})
        stored = obstore.get(result.client, result.write(1).location).attributes

        assert ("text/x-result", "data") == (stored["Content-Type"], stored["team"])


class TestFailures:
    def test_a_key_that_is_missing_is_unavailable(self, result, s3):
        with pytest.raises(ResultUnavailable, match=rf"The result at a/b in s3 '{s3.bucket}' is gone"):
            result.read("a/b")
        assert not result.exists("a/b")

    @pytest.mark.parametrize("use", [lambda r: r.exists("k"), lambda r: r.read("k")])
    def test_a_bucket_that_is_missing_is_no_missing_key(self, s3, use):
        with pytest.raises(ResultError, match=r"there is no s3 bucket or container 'no-such-bucket'") as error:
            use(S3Result("no-such-bucket", s3.boto3_kwargs))
        assert not isinstance(error.value, ResultUnavailable)

    @pytest.mark.parametrize("use", [lambda r: r.exists("k"), lambda r: r.read("k"), lambda r: r.write(1)])
    def test_what_the_store_refuses_is_told(self, use):
        class Refusing(InMemory):
            def connect(self):
                return None  # nothing that anybody could talk to

        with pytest.raises(ResultError, match=r"Check the bucket, the credentials and the connection"):
            use(Refusing("bucket"))

    @pytest.mark.parametrize("serializer", [None, CloudpickleSerializer()])
    def test_an_empty_object_reads_as_none(self, result, serializer):
        result.serializer = serializer
        obstore.put(result.client, "empty", b"")

        assert result.read("empty").value is None

    def test_other_bytes_that_nobody_can_read_are_an_error(self, result):
        obstore.put(result.client, "other", b"written by others")

        with pytest.raises(ResultSerializationError):
            result.read("other")


class TestOnTheRecord:
    """The bucket is in the reference; credentials and endpoint are not."""

    def test_the_reference_has_the_bucket_and_no_secret(self, result, s3):
        ref = result.write([1, 2]).ref

        assert ("s3", s3.bucket, 2) == (ref.kind, ref.place, ref.length)
        assert "secret" not in repr(ref)
        assert s3.endpoint not in repr(ref)

    def test_the_reader_takes_them_from_its_environment(self, result, s3, monkeypatch):
        ref = result.write([1, 2]).ref
        for name, value in (
            ("AWS_ENDPOINT_URL", s3.endpoint),
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_REGION", "us-east-1"),
        ):
            monkeypatch.setenv(name, value)

        assert [1, 2] == read_result(ref, allow_pickle=False)

    def test_the_tasks_own_result_is_preferred(self, result, s3):
        ref = result.write([1, 2]).ref

        assert [1, 2] == reader_for(ref, own=S3Result(s3.bucket, s3.boto3_kwargs)).read_ref(ref).value

    def test_another_bucket_is_not_the_tasks_own(self, result, s3):
        ref = ResultRef("s3", "k", place="elsewhere")
        reader: Any = reader_for(ref, own=result)

        assert ("elsewhere", {}) == (reader.bucket, reader.boto3_kwargs)

    @pytest.mark.parametrize(("expected", "kind"), [(S3Result, "s3"), (GCSResult, "gcs"), (AzureResult, "azure")])
    def test_every_kind_is_found_again_without_connecting(self, expected, kind):
        reader: Any = reader_for(ResultRef(kind, "key", place="there"))

        assert (expected, "there", "key", None) == (
            type(reader), reader.place, reader.location, reader._connection.client,
        )  # fmt: skip

    def test_a_pickle_is_not_loaded_by_those_who_do_not_trust_it(self, result):
        ref = result.write(1j).ref

        with pytest.raises(ResultError, match="reading it runs code"):
            read_result(ref, allow_pickle=False)
