"""Http: tasks that send requests to web servers, and those that fetch files from there. The one place that knows httpx.

A request runs in an event loop of its own, so that a task that is to stop need not wait for the server.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, closing
from functools import cache
from importlib import import_module
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn
from urllib.parse import unquote, urlsplit

import msgspec

from runwright.drive import SCHEME
from runwright.errors import MissingExtra, RunnableFailed
from runwright.runnables.folders import scratch
from runwright.runnables.http_options import MEGABYTE, Options, options_of
from runwright.runnables.rendering import as_text, entries_of, text_of, truth_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path
    from types import ModuleType

    import httpx

    from runwright.scope import Scope
    from runwright.spec.tasks import values

MOST_TEXT = 10 * MEGABYTE
"""The bytes of a body that `http.Request` takes, unless `maxContentLength` says something else."""

_LOOK = 0.05
_FORM = "multipart/form-data"
_FILE_NAME = re.compile(r'filename="?([^";]+)"?', re.IGNORECASE)


def request(task: values.HttpRequest, scope: Scope) -> dict[str, Any]:
    """Send a request and hand on the answer, its body as text."""
    options = options_of(scope, task.options)

    async def fetch() -> tuple[httpx.Response, bytes]:
        async with _answer(parts, options) as response:
            most = MOST_TEXT if options.max_content_length is None else options.max_content_length
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > most:
                    raise RunnableFailed(
                        f"The answer of {_shown(parts.uri)} has more than {most} bytes: fetch it with http.Download, or raise "
                        "options.maxContentLength."
                    )
            return response, bytes(body)

    with closing(_Parts(task, scope)) as parts:
        response, body = _until_stopped(fetch, scope)
    outputs = _outputs(parts, response)
    text = body.decode(_charset(response, options), "replace")
    outputs |= {"encryptedBody": scope.encrypt(text)} if task.encrypt_body else {"body": text or None}
    _check(response, options, outputs)
    return outputs


def download(task: values.HttpDownload, scope: Scope) -> dict[str, Any]:
    """Fetch a file and keep it on the drive."""
    options = options_of(scope, task.options)
    with closing(_Parts(task, scope)) as parts, scratch(scope, "download") as path:

        async def fetch() -> tuple[httpx.Response, int]:
            async with _answer(parts, options) as response:
                _check(response, options, _outputs(parts, response))
                return response, await _write(response, path, options.max_content_length)

        response, length = _until_stopped(fetch, scope)
        if not length and truth_of(scope, task.fail_on_empty_response):
            raise RunnableFailed(
                f"{_shown(parts.uri)} answered with nothing. Set failOnEmptyResponse to false if that is no failure.",
                _outputs(parts, response),
            )
        scope.record("response.length", length)
        name = text_of(scope, task.save_as) or _file_name(response)
        return {
            **_outputs(parts, response),
            "uri": scope.keep(PurePosixPath(name).name or "download", path),
            "length": length,
        }


class _Parts:
    """What a task asks for, rendered; files of a form are read when it is sent, and open until `close()`."""

    def __init__(self, task: values.HttpTask, scope: Scope) -> None:
        self._opened: list[BinaryIO] = []
        self.uri = scope.render(task.uri).strip()
        self.method = scope.render(task.method).upper()
        self.params = {name: _listed(each) for name, each in entries_of(scope, task.params, "params").items()}
        self.headers = _headers(entries_of(scope, task.headers, "headers"))
        self.content: dict[str, Any] = {}
        self._take_body(task, scope)
        if urlsplit(self.uri).scheme not in {"http", "https"}:
            raise RunnableFailed(f"The uri must begin with http:// or https://, and {_shown(self.uri)} does not.")

    def close(self) -> None:
        for file in self._opened:
            file.close()

    def _take_body(self, task: values.HttpTask, scope: Scope) -> None:
        form = entries_of(scope, task.form_data, "formData")
        content_type = text_of(scope, task.content_type)
        if form:
            files = {name: each for name, each in form.items() if _is_file(each)}
            fields = {name: _listed(each) for name, each in form.items() if name not in files}
            if files or (content_type or "").startswith(_FORM):
                parts = [(name, (None, each)) for name, values in fields.items() for each in values]
                self.content = {"files": [*parts, *((name, self._file(each, scope)) for name, each in files.items())]}
                content_type = None  # the client adds what parts the parts
            else:
                self.content = {"data": fields}
        elif task.body is not None:
            body = scope.render(task.body)
            self.content = {"content": body.encode()}
            content_type = content_type or _type_of(body)
        if content_type and not any(name.lower() == "content-type" for name, _ in self.headers):
            self.headers.append(("Content-Type", content_type))

    def _file(self, value: Any, scope: Scope) -> tuple[str, Any]:
        """Return the name and the content of a file: a URI, or {name, content} where that is a URI or a text."""
        given = value if isinstance(value, Mapping) else {"content": value}
        content = as_text(given["content"])
        if not _is_file(content):
            return str(given.get("name") or "file"), content.encode()
        self._opened.append(scope.drive.open(content))
        return str(given.get("name") or content.rpartition("/")[2]), self._opened[-1]


def _headers(given: dict[str, Any]) -> list[tuple[str, str]]:
    pairs = [(name, each) for name, value in given.items() for each in _listed(value)]
    for name, value in pairs:
        if any(sign in name + value for sign in "\r\n\x00") or not name.isascii():
            raise RunnableFailed(f"The header {name!r:.60} has a line break or letters that headers cannot have.")
    return pairs


def _listed(value: Any) -> list[str]:
    return [as_text(each) for each in value] if isinstance(value, list | tuple) else [as_text(value)]


def _type_of(body: str) -> str:
    try:
        is_json = isinstance(msgspec.json.decode(body), dict | list)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        is_json = False
    return "application/json" if is_json else "text/plain; charset=utf-8"


def _is_file(value: Any) -> bool:
    return (isinstance(value, str) and value.startswith(SCHEME)) or (isinstance(value, Mapping) and "content" in value)


@asynccontextmanager
async def _answer(parts: _Parts, options: Options) -> AsyncIterator[httpx.Response]:
    """Give the answer to a request, its body not read yet."""
    library = http_library()
    async with _client(library, options) as client:
        try:
            address = library.URL(parts.uri).copy_merge_params(parts.params)
            sent = client.build_request(parts.method, address, headers=parts.headers, **parts.content)
            response = await client.send(sent, stream=True, follow_redirects=options.follow_redirects)
        except (library.HTTPError, library.InvalidURL) as refused:
            _tell(parts, refused)
        try:
            yield response
        except library.HTTPError as refused:
            _tell(parts, refused)
        finally:
            await response.aclose()


def _client(library: ModuleType, options: Options) -> httpx.AsyncClient:
    who, auth = options.who, None
    headers: dict[str, str] = {}
    if who is not None and who.type == "BEARER":
        headers["Authorization"] = f"Bearer {who.token}"
    elif who is not None:
        auth = library.BasicAuth(who.username, who.password)
    proxy = None
    if options.proxy is not None and options.proxy_url is not None:
        named = (options.proxy.username, options.proxy.password) if options.proxy.username else None
        proxy = library.Proxy(options.proxy_url, auth=named)
    return library.AsyncClient(
        auth=auth,
        headers=headers,
        proxy=proxy,
        trust_env=options.proxy is None,
        verify=_certificates(library, is_checked=not options.ssl.insecure_trust_all_certificates),
        max_redirects=options.max_redirects,
        timeout=library.Timeout(options.read_seconds, connect=options.connect_seconds),
    )


@cache
def _certificates(library: ModuleType, *, is_checked: bool) -> Any:
    """Return how certificates are checked; to read all that are trusted takes longer than a request."""
    return library.create_ssl_context(verify=is_checked)


def http_library() -> ModuleType:
    """Return the library; raises `MissingExtra` without it."""
    try:
        return import_module("httpx")
    except ImportError as missing:
        raise MissingExtra(
            "The http tasks, and the function `http`, need the extra runwright[http]: pip install 'runwright[http]'."
        ) from missing


def _tell(parts: _Parts, refused: Exception) -> NoReturn:
    reason = str(refused) or type(refused).__name__
    raise RunnableFailed(f"{parts.method} {_shown(parts.uri)} failed: {reason}.") from refused


def _shown(uri: str) -> str:
    """Return an address for messages: without a password, or the parameters, which may hold secrets."""
    split = urlsplit(uri)
    return f"{split.scheme}://{split.netloc.rpartition('@')[2]}{split.path}"[:300] if split.netloc else uri[:100]


def _until_stopped(work: Callable[[], Awaitable[Any]], scope: Scope) -> Any:
    """Return what a coroutine gives; one that the task does not wait for any longer is cancelled."""

    async def watch() -> Any:
        task = asyncio.ensure_future(work())
        while not task.done():
            await asyncio.wait([task], timeout=_LOOK)
            if scope.stopping.is_set() and not task.done():
                task.cancel()
                await asyncio.wait([task])
                raise RunnableFailed("The request was broken off, because the task was to stop.")
        return task.result()

    return asyncio.run(watch())


async def _write(response: httpx.Response, path: Path, most: int | None) -> int:
    length = 0
    with path.open("wb") as file:
        async for chunk in response.aiter_bytes():
            length += len(chunk)
            if most is not None and length > most:
                raise RunnableFailed(
                    f"The file has more than {most} bytes: raise options.maxContentLength, or leave it out."
                )
            file.write(chunk)
    return length


def _outputs(parts: _Parts, response: httpx.Response) -> dict[str, Any]:
    names = dict.fromkeys(response.headers)
    return {
        "uri": parts.uri,
        "code": response.status_code,
        "headers": {name: response.headers.get_list(name) for name in names},
    }


def _check(response: httpx.Response, options: Options, outputs: dict[str, Any]) -> None:
    if not options.is_allowed(response.status_code):
        raise RunnableFailed(
            f"{response.request.method} {_shown(str(response.url))} was answered with {response.status_code} "
            f"{response.reason_phrase}".rstrip()
            + ". Set options.allowFailed if that is no failure.",
            outputs,
        )


def _charset(response: httpx.Response, options: Options) -> str:
    charset = response.charset_encoding or options.default_charset
    try:
        "".encode(charset)
    except LookupError:
        return "utf-8"
    return charset


def _file_name(response: httpx.Response) -> str:
    """Return the name that the server gives the file, else the end of the address."""
    named = _FILE_NAME.search(response.headers.get("content-disposition", ""))
    return PurePosixPath(named[1] if named else unquote(response.url.path)).name
