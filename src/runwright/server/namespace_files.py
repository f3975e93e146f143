"""Namespace files over REST: the files of a namespace are listed, read, written, moved and deleted, by their paths in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import StreamingResponse

from runwright import app
from runwright.hosting import NamespaceFiles
from runwright.server import limits
from runwright.server.auth import Role
from runwright.server.bodies import empty_answer, json_answer
from runwright.server.execution_files import chunks_of
from runwright.server.multipart import read_form
from runwright.server.problems import Problem
from runwright.server.routes import delete, get, post, put
from runwright.server.tenants import everywhere

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from runwright.hosting.namespace_files import NamespaceFile
    from runwright.server.context import ServerContext
    from runwright.server.routes import GuardedRoute

_MILLISECOND = 1_000_000


def routes(context: ServerContext) -> Sequence[BaseRoute]:
    """Return the paths below `/namespaces/{namespace}/files`."""
    files = Files(context)

    def below(prefix: str) -> list[GuardedRoute]:
        at = f"{prefix}/namespaces/{{namespace}}/files"
        return [
            get(at, files.content),
            post(at, files.keep, Role.AUTHOR, limits.FILES),
            put(at, files.move, Role.AUTHOR),
            delete(at, files.delete, Role.AUTHOR),
            get(f"{at}/search", files.search),
            get(f"{at}/directory", files.folder),
            get(f"{at}/stats", files.info),
            post(f"{at}/directory", files.add_folder, Role.AUTHOR),
        ]

    return everywhere(below)


class Files:
    """The endpoints."""

    def __init__(self, context: ServerContext) -> None:
        """Use the drive that executions of the record of a context use."""
        self._context = context

    def _of(self, request: Request) -> NamespaceFiles:
        host = app.execution_host(self._context.record.url)
        return NamespaceFiles(host.drive, request.path_params["namespace"])

    def content(self, request: Request) -> Response:
        """Return the content of a file."""
        return StreamingResponse(
            chunks_of(self._of(request).open(path_in(request))), media_type="application/octet-stream"
        )

    def search(self, request: Request) -> Response:
        """Return the paths of files that have a text in them."""
        part = request.query_params.get("q", "").lower()
        return json_answer([f"/{each.path}" for each in self._of(request).list() if part in each.path.lower()])

    def folder(self, request: Request) -> Response:
        """Return what stands in a folder: its files, and the folders in it."""
        folder = request.query_params.get("path", "").strip("/")
        start = f"{folder}/" if folder else ""
        found: dict[str, dict[str, Any]] = {}
        for each in self._of(request).list(folder=folder):
            name, slash, _ = each.path.removeprefix(start).partition("/")
            found.setdefault(name, _entry(name, each, is_folder=bool(slash)))
        return json_answer([entry for _, entry in sorted(found.items())])

    def info(self, request: Request) -> Response:
        """Return what is known of a file."""
        path = path_in(request)
        found = self._of(request).find(path)
        if found is None:
            raise Problem(404, f"There is no file {path}.")
        return json_answer(_entry(path.rpartition("/")[2], found, is_folder=False))

    async def keep(self, request: Request) -> Response:
        """Write a file, in the place of one that was there."""
        path = path_in(request)
        async with read_form(request) as form:
            sent = next(iter(form.files.values()), None)
            if sent is None:
                raise Problem(422, "Illegal argument: the content is sent as a file.")
            await self._context.in_thread(self._of(request).put, path, sent.content.file)
        return json_answer({"path": f"/{path}"})

    def move(self, request: Request) -> Response:
        """Move a file."""
        values = request.query_params
        source, target = values.get("from", "").lstrip("/"), values.get("to", "").lstrip("/")
        if not source or not target:
            raise Problem(422, "Illegal argument: from and to are needed.")
        files = self._of(request)
        with files.open(source) as content:
            files.put(target, content)
        if source != target:
            files.delete(source)
        return empty_answer()

    def delete(self, request: Request) -> Response:
        """Delete a file, or all files of a folder."""
        files, path = self._of(request), path_in(request)
        if not files.delete(path) and not files.delete_folder(path):
            raise Problem(404, f"There is no file {path}.")
        return empty_answer()

    def add_folder(self, request: Request) -> Response:
        """Do nothing: a folder is there with its first file."""
        path_in(request)
        return empty_answer()


def path_in(request: Request) -> str:
    """Return the path that a request names, without a slash at its start; raises `Problem` 422 for none."""
    path = request.query_params.get("path", "").lstrip("/")
    if not path:
        raise Problem(422, "Illegal argument: path is needed.")
    return path


def _entry(name: str, file: NamespaceFile, *, is_folder: bool) -> dict[str, Any]:
    updated = file.updated // _MILLISECOND
    return {
        "fileName": name,
        "type": "Directory" if is_folder else "File",
        "size": 0 if is_folder else file.size,
        "creationTime": updated,
        "lastModifiedTime": updated,
    }
