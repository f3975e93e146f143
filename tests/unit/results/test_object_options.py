"""Object options: the words of boto3 and Azure, as the client's."""

from __future__ import annotations

import pytest

from runwright.context import context
from runwright.errors import SettingError
from runwright.results import S3Result
from runwright.results.object_options import azure_config, azure_connection_string, s3_attributes, s3_config


@pytest.fixture(autouse=True)
def no_cloud(monkeypatch):
    for name in ("AWS_ENDPOINT_URL", "AZURE_STORAGE_CONNECTION_STRING"):
        monkeypatch.delenv(name, raising=False)


class TestS3:
    def test_every_word_has_a_translation(self):
        given = {
            "endpoint_url": "https://s3.example",
            "aws_access_key_id": "id",
            "aws_secret_access_key": "secret",
            "aws_session_token": "token",
            "region_name": "eu-west-1",
        }
        expected = {
            "endpoint": "https://s3.example",
            "access_key_id": "id",
            "secret_access_key": "secret",
            "session_token": "token",
            "region": "eu-west-1",
        }

        assert (expected, {}) == s3_config(given, {})

    @pytest.mark.parametrize(("expected", "given"), [
        ("https://host:1", {"endpoint_url": "host:1"}),
        ("http://host:1", {"endpoint_url": "host:1", "use_ssl": False}),
        ("http://host:1", {"endpoint_url": "http://host:1"}),
    ])  # fmt: skip
    def test_plain_http_is_allowed_where_it_is_asked_for(self, expected, given):
        config, client_options = s3_config(given, {})

        assert expected == config["endpoint"]
        assert expected.startswith("http://") == client_options.get("allow_http", False)

    def test_so_it_is_where_the_environment_asks(self, monkeypatch):
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")

        assert ({}, {"allow_http": True}) == s3_config({}, {})

    def test_certificates_may_be_given_or_not_be_looked_at(self, tmp_path):
        (tmp_path / "ca.pem").write_bytes(b"pem")

        assert {"allow_invalid_certificates": True} == s3_config({"verify": False}, {})[1]
        assert {"root_certificate": b"pem"} == s3_config({"verify": str(tmp_path / "ca.pem")}, {})[1]

    def test_what_is_none_is_left_to_the_environment(self):
        assert ({}, {}) == s3_config({"endpoint_url": None, "region_name": None}, {})

    def test_uploads_are_encrypted_and_described(self):
        given = {
            "ServerSideEncryption": "aws:kms",
            "SSEKMSKeyId": "key",
            "ContentType": "text/plain",
            "Metadata": {"team": "data"},
        }

        assert {"server_side_encryption": "aws:kms", "sse_kms_key_id": "key"} == s3_config({}, given)[0]
        assert {"Content-Type": "text/plain", "team": "data"} == s3_attributes(given)

    @pytest.mark.parametrize(("match", "given"), [
        (r"boto3_kwargs 'regionname'\. Did you mean 'region_name'\?", {"boto3_kwargs": {"regionname": "x"}}),
        (r"boto3_kwargs 'config', 'api_version'\.", {"boto3_kwargs": {"config": 1, "api_version": 2}}),
        (r"upload_options 'ACL'\.", {"upload_options": {"ACL": "private"}}),
    ])  # fmt: skip
    def test_what_has_no_translation_is_named(self, match, given):
        with pytest.raises(TypeError, match=match):
            S3Result("bucket", **given)


class TestAzure:
    @pytest.mark.parametrize(("expected", "text"), [
        (({"account_name": "a", "account_key": "k=="}, {}),
         "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=k==;EndpointSuffix=core.windows.net"),
        (({"sas_key": "sv=1&sig=x", "endpoint": "https://a.blob.core.windows.net"}, {}),
         "BlobEndpoint=https://a.blob.core.windows.net/;SharedAccessSignature=sv=1&sig=x"),
        (({"account_name": "a", "endpoint": "https://a.blob.core.chinacloudapi.cn"}, {}),
         "AccountName=a;EndpointSuffix=core.chinacloudapi.cn"),
        (({"account_name": "a", "account_key": "k", "endpoint": "http://127.0.0.1:10000/a"}, {"allow_http": True}),
         "AccountName=a;AccountKey=k;BlobEndpoint=http://127.0.0.1:10000/a;QueueEndpoint=http://127.0.0.1:10001/a"),
        (({"use_emulator": True}, {"allow_http": True}), "UseDevelopmentStorage=true"),
    ])  # fmt: skip
    def test_a_connection_string_is_taken_apart(self, expected, text):
        assert expected == azure_config(text)

    @pytest.mark.parametrize("text", ["secret-without-a-name", "AccountName=a;Acount=secret-value"])
    def test_an_error_does_not_show_what_it_holds(self, text):
        with pytest.raises(SettingError) as error:
            azure_config(text)

        assert "secret" not in str(error.value)

    def test_it_is_given_or_a_secret_or_in_the_environment(self, monkeypatch):
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", "of-the-environment")
        with context(secrets={"azure": "of-the-secret"}):
            assert "given" == azure_connection_string("given", "azure")
            assert "of-the-secret" == azure_connection_string(None, "azure")
            assert "of-the-environment" == azure_connection_string(None, None)
            with pytest.raises(SettingError, match="no secret 'other'"):
                azure_connection_string(None, "other")

    def test_without_any_of_them_it_says_what_to_set(self):
        with pytest.raises(SettingError, match="set AZURE_STORAGE_CONNECTION_STRING"):
            azure_connection_string(None, None)
