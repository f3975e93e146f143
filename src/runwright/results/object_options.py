"""Object options: what users say about a bucket, in the words of boto3 and Azure, as the options of the client.

It connects to nothing. A word that has no translation is an error: to leave it out could mean to store without the
encryption that somebody asked for.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runwright.context import context
from runwright.errors import SettingError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Options = dict[str, Any]

_S3 = {
    "endpoint_url": "endpoint",
    "aws_access_key_id": "access_key_id",
    "aws_secret_access_key": "secret_access_key",
    "aws_session_token": "session_token",
    "region_name": "region",
}
_S3_CLIENT = ("use_ssl", "verify")
_S3_ENCRYPTION = {
    "ServerSideEncryption": "server_side_encryption",
    "SSEKMSKeyId": "sse_kms_key_id",
    "BucketKeyEnabled": "sse_bucket_key_enabled",
}
_S3_ATTRIBUTES = {
    "CacheControl": "Cache-Control",
    "ContentDisposition": "Content-Disposition",
    "ContentEncoding": "Content-Encoding",
    "ContentLanguage": "Content-Language",
    "ContentType": "Content-Type",
    "StorageClass": "Storage-Class",
}
_AZURE = {"AccountName": "account_name", "AccountKey": "account_key", "SharedAccessSignature": "sas_key"}
_AZURE_ENDPOINT = ("BlobEndpoint", "DefaultEndpointsProtocol", "EndpointSuffix")
_AZURE_OTHER_SERVICES = ("FileEndpoint", "QueueEndpoint", "TableEndpoint")


def check_s3(boto3_kwargs: Mapping[str, Any], upload_options: Mapping[str, Any]) -> None:
    """Raise `TypeError` that names the options which have no translation."""
    _check("boto3_kwargs", boto3_kwargs, (*_S3, *_S3_CLIENT))
    _check("upload_options", upload_options, (*_S3_ENCRYPTION, *_S3_ATTRIBUTES, "Metadata"))


def s3_config(boto3_kwargs: Mapping[str, Any], upload_options: Mapping[str, Any]) -> tuple[Options, Options]:
    """Return the options of the store and those of its connections."""
    config: Options = {_S3[name]: value for name, value in boto3_kwargs.items() if name in _S3 and value is not None}
    config.update((_S3_ENCRYPTION[name], value) for name, value in upload_options.items() if name in _S3_ENCRYPTION)
    endpoint = config.get("endpoint")
    if endpoint is not None and "://" not in endpoint:
        config["endpoint"] = endpoint = f"{'https' if boto3_kwargs.get('use_ssl', True) else 'http'}://{endpoint}"
    client_options: Options = {}
    if (endpoint or os.environ.get("AWS_ENDPOINT_URL", "")).startswith("http://"):
        client_options["allow_http"] = True
    verify = boto3_kwargs.get("verify")
    if verify is False:
        client_options["allow_invalid_certificates"] = True
    elif isinstance(verify, str | os.PathLike):
        client_options["root_certificate"] = Path(verify).read_bytes()
    return config, client_options


def s3_attributes(upload_options: Mapping[str, Any]) -> Options:
    """Return what is stored with each object."""
    named = {_S3_ATTRIBUTES[name]: value for name, value in upload_options.items() if name in _S3_ATTRIBUTES}
    return {**(upload_options.get("Metadata") or {}), **named}


def azure_connection_string(given: str | None, secret: str | None) -> str:
    """Return the connection string: the one given, the secret's, or the environment's; raises `SettingError`."""
    if given:
        return given
    if secret is not None:
        secrets = context.get("secrets") or {}
        if secret not in secrets:
            raise SettingError(f"There is no secret {secret!r} for the connection to Azure: put it into the secrets.")
        return secrets[secret]
    found = os.environ.get("AZURE_STORAGE_CONNECTION_STRING")
    if not found:
        raise SettingError(
            "AzureResult needs a connection string: give connection_string or connection_string_secret, or set "
            "AZURE_STORAGE_CONNECTION_STRING."
        )
    return found


def azure_config(connection_string: str) -> tuple[Options, Options]:
    """Return the options of the store and those of its connections; raises `SettingError`, which shows no value."""
    parts: dict[str, str] = {}
    for part in filter(None, (each.strip() for each in connection_string.split(";"))):
        name, is_pair, value = part.partition("=")
        if not is_pair:
            raise SettingError("The connection string of Azure is not of the form Name=value;Name=value.")
        parts[name] = value
    if parts.pop("UseDevelopmentStorage", "").lower() == "true":
        return {"use_emulator": True}, {"allow_http": True}
    unknown = [name for name in parts if name not in (*_AZURE, *_AZURE_ENDPOINT, *_AZURE_OTHER_SERVICES)]
    if unknown:
        raise SettingError(f"The connection string of Azure has parts that nobody knows: {', '.join(unknown)}.")
    config: Options = {option: parts[name] for name, option in _AZURE.items() if name in parts}
    endpoint = _azure_endpoint(parts)
    if endpoint is not None:
        config["endpoint"] = endpoint
    return config, {"allow_http": True} if (endpoint or "").startswith("http://") else {}


def _azure_endpoint(parts: dict[str, str]) -> str | None:
    if "BlobEndpoint" in parts:
        return parts["BlobEndpoint"].rstrip("/")
    suffix, protocol = parts.get("EndpointSuffix"), parts.get("DefaultEndpointsProtocol", "https")
    if (suffix in {None, "core.windows.net"} and protocol == "https") or "AccountName" not in parts:
        return None
    return f"{protocol}://{parts['AccountName']}.blob.{suffix or 'core.windows.net'}"


def _check(what: str, given: Iterable[str], known: tuple[str, ...]) -> None:
    unknown = [name for name in given if name not in known]
    if unknown:
        raise TypeError(
            f"S3Result cannot use {what} {', '.join(map(repr, unknown))}.{did_you_mean(unknown[0], known)} It knows "
            f"{', '.join(known)}."
        )
