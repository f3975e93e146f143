"""The key-values part of the executions surface: values of namespaces are listed, read, written and deleted."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import msgspec

from runwright.clock import to_iso
from runwright.errors import KeyTaken
from runwright.key_values import KeyValue, KeyValues
from runwright.server.auth import Role
from runwright.server.bodies import json_answer, read_json
from runwright.server.problems import Problem
from runwright.server.routes import delete, get, put
from runwright.server.tenants import everywhere
from runwright.spec.durations import parse_duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from runwright.server.context import ServerContext
    from runwright.server.routes import GuardedRoute

_KEY = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,199}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATE_AND_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?")


class Keys(msgspec.Struct):
    """The body of a request about several keys."""

    keys: list[str]


def routes(context: ServerContext) -> Sequence[BaseRoute]:
    """Return the paths below `/namespaces/{namespace}/kv`."""
    values = Values(context)

    def below(prefix: str) -> list[GuardedRoute]:
        every = f"{prefix}/namespaces/{{namespace}}/kv"
        return [
            get(every, values.list),
            delete(every, values.delete_several, Role.AUTHOR, body=Keys),
            get(f"{every}/{{key}}", values.one),
            get(f"{every}/{{key}}/detail", values.detail),
            put(f"{every}/{{key}}", values.keep, Role.AUTHOR),
            delete(f"{every}/{{key}}", values.delete, Role.AUTHOR),
        ]

    return everywhere(below)


class Values:
    """The endpoints."""

    def __init__(self, context: ServerContext) -> None:
        """Keep values in the record of a context."""
        self._context = context

    @property
    def _values(self) -> KeyValues:
        return cast("KeyValues", self._context.record)

    def list(self, request: Request) -> Response:
        """Return the keys of a namespace, without their values."""
        return json_answer([_entry(each) for each in self._values.list_values(request.path_params["namespace"])])

    def one(self, request: Request) -> Response:
        """Return what is under a key."""
        value = self._find(request)
        return json_answer(
            {"type": value.type, "value": value.value, "revision": value.version, "updated": _z(value.updated)}
        )

    def detail(self, request: Request) -> Response:
        """Return what is under a key, with all that is known of it."""
        value = self._find(request)
        return json_answer({**_entry(value), "type": value.type, "value": value.value, "revision": value.version})

    async def keep(self, request: Request) -> Response:
        """Write a value: JSON, or a text as it is."""
        namespace, key = request.path_params["namespace"], request.path_params["key"]
        if not _KEY.fullmatch(key):
            raise Problem(422, "Key must start with an alphanumeric character, then letters, digits, '.', '_' and '-'.")
        value, kind = read_value(await request.body())
        now = self._context.record.now()
        written = KeyValue(
            namespace,
            key,
            value,
            kind,
            now,
            now,
            expires=_expiry(request.headers.get("ttl"), now),
            description=request.headers.get("description"),
        )
        overwrite = request.query_params.get("overwrite", "true") != "false"
        try:
            await self._context.in_thread(lambda: self._values.keep_value(written, overwrite=overwrite))
        except KeyTaken as error:
            raise Problem(409, str(error)) from None
        return json_answer(None)

    def delete(self, request: Request) -> Response:
        """Delete what is under a key, and say whether anything was."""
        return json_answer(self._values.delete_value(request.path_params["namespace"], request.path_params["key"]))

    async def delete_several(self, request: Request) -> Response:
        """Delete what is under several keys, and say which there were."""
        asked = await read_json(request, Keys)
        namespace = request.path_params["namespace"]
        return json_answer({"keys": [key for key in asked.keys if self._values.delete_value(namespace, key)]})

    def _find(self, request: Request) -> KeyValue:
        namespace, key = request.path_params["namespace"], request.path_params["key"]
        value = self._values.find_value(namespace, key)
        if value is None:
            raise Problem(404, f"No value found for key '{key}' in namespace '{namespace}'")
        return value


def read_value(body: bytes) -> tuple[Any, str]:
    """Return a value and its kind from how it is written; raises `Problem` 400 for what is no UTF-8."""
    try:
        value: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        try:
            value = body.decode()
        except UnicodeDecodeError:
            raise Problem(400, "The value is no UTF-8 text.") from None
    if isinstance(value, bool):
        return value, "BOOLEAN"
    if isinstance(value, int | float):
        return value, "NUMBER"
    return (value, _kind_of(value)) if isinstance(value, str) else (value, "JSON")


def _kind_of(text: str) -> str:
    if _DATE_AND_TIME.fullmatch(text):
        return "DATETIME"
    if _DATE.fullmatch(text):
        return "DATE"
    try:
        parse_duration(text)
    except ValueError:
        return "STRING"
    return "DURATION"


def _expiry(ttl: str | None, now: int) -> int | None:
    if not ttl:
        return None
    try:
        return now + (parse_duration(ttl) // timedelta(microseconds=1)) * 1_000
    except ValueError as error:
        raise Problem(422, f"Illegal argument: ttl: {error}") from None


def _entry(value: KeyValue) -> dict[str, Any]:
    return {
        "namespace": value.namespace,
        "key": value.key,
        "version": value.version,
        "description": value.description,
        "creationDate": _z(value.created),
        "updateDate": _z(value.updated),
        "expirationDate": None if value.expires is None else _z(value.expires),
    }


def _z(at: int) -> str:
    return to_iso(at).replace("+00:00", "Z")
