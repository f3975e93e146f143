"""Flow archives: flows in bulk: written to a zip file, read from one or from a text of many, and changed by a query."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from runwright.executions.registered_flows import RegisteredFlow, RegisteredFlows
from runwright.server import limits
from runwright.server.auth import Role
from runwright.server.bodies import json_answer, read_json
from runwright.server.flow_documents import documents_in, flow_document
from runwright.server.flow_graphs import dependencies_of, graph_of
from runwright.server.flows import FlowName, Flows, checked, text_of
from runwright.server.multipart import read_form
from runwright.server.problems import Problem
from runwright.server.query_filters import is_below
from runwright.server.routes import GuardedRoute, delete, get, post
from runwright.server.tenants import everywhere

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from runwright.server.context import ServerContext

MOST_FLOWS = 1_000
MOST_BYTES = 16 * limits.MEBIBYTE

_YAML = (".yaml", ".yml")


def routes(context: ServerContext) -> Sequence[BaseRoute]:
    """Return the paths below `/flows` that are about several flows, or about how flows hang together."""
    archives = FlowArchives(context)

    def below(prefix: str) -> list[GuardedRoute]:
        at = f"{prefix}/flows"
        one = f"{at}/{{namespace}}/{{id}}"
        return [
            post(f"{at}/import", archives.take, Role.AUTHOR, MOST_BYTES),
            GuardedRoute(f"{at}/bulk", archives.bulk, methods=["POST", "PUT"], role=Role.AUTHOR, limit=limits.BATCH),
            post(f"{at}/export/by-ids", archives.export, Role.VIEWER, body=list[FlowName]),
            get(f"{at}/export/by-query", archives.export_by_query),
            post(f"{at}/enable/by-query", archives.enable_by_query, Role.AUTHOR),
            post(f"{at}/disable/by-query", archives.disable_by_query, Role.AUTHOR),
            delete(f"{at}/delete/by-query", archives.delete_by_query, Role.AUTHOR),
            post(f"{at}/graph", archives.graph_of_text, Role.VIEWER),
            get(f"{one}/graph", archives.graph),
            get(f"{one}/dependencies", archives.dependencies),
        ]

    return everywhere(below)


class FlowArchives:
    """The endpoints."""

    def __init__(self, context: ServerContext) -> None:
        """Keep flows in the record of a context."""
        self._context = context
        self._flows = RegisteredFlows(context.record)
        self._endpoints = Flows(context)

    # ---- out

    async def export(self, request: Request) -> Response:
        """Return a zip file with the text of each flow of a list."""
        names = await read_json(request, list[FlowName])
        return await self._context.in_thread(
            lambda: _archive(self._endpoints.find(each.namespace, each.id) for each in names)
        )

    def export_by_query(self, request: Request) -> Response:
        """Return a zip file with the text of each flow that all conditions hold of."""
        return _archive(self._endpoints.matching(request))

    # ---- in

    async def take(self, request: Request) -> Response:
        """Register the flows of a zip file or of a text of many, and return the names of files that hold none.

        With `failOnError=true` nothing is registered unless all can be.
        """
        async with read_form(request) as form:
            sent = next(iter(form.files.values()), None)
            if sent is None:
                raise Problem(422, "Illegal argument: a file with flows is needed.")
            content = b"".join([chunk async for chunk in sent.chunks()])
        texts = list(_texts_in(sent.name, content))
        is_strict = request.query_params.get("failOnError") == "true"
        return json_answer(await self._context.in_thread(self._take, texts, is_strict))

    def _take(self, texts: list[tuple[str, str]], is_strict: bool) -> list[str]:  # noqa: FBT001  handed to a thread
        failed: list[str] = []
        specs: list[tuple[str, Any]] = []
        for name, text in texts:
            try:
                specs.append((text, checked(text)))
            except Problem:
                failed.append(name)
        if is_strict and failed:
            raise Problem(422, f"Invalid entity: these files hold no valid flow: {', '.join(failed)}")
        for text, spec in specs:
            self._flows.keep(text, spec)
        return failed

    async def bulk(self, request: Request) -> Response:
        """Register every flow of a text of many; with `delete=true` those of the namespace that it does not have go."""
        texts = [each for each in documents_in(await text_of(request)) if each.strip()]
        if len(texts) > MOST_FLOWS:
            raise Problem(422, f"Illegal argument: {MOST_FLOWS} flows may be sent at once.")
        return json_answer(await self._context.in_thread(self._replace, texts, request))

    def _replace(self, texts: list[str], request: Request) -> list[dict[str, Any]]:
        values = request.query_params
        namespace, takes_children = values.get("namespace"), values.get("allowNamespaceChild") == "true"
        specs = [(text, checked(text)) for text in texts]
        for _, spec in specs:
            is_meant = is_below(spec.namespace, namespace or "") if takes_children else spec.namespace == namespace
            if namespace is not None and not is_meant:
                raise Problem(422, f"Invalid entity: {spec.namespace}.{spec.id} is not in the namespace {namespace}.")
        kept = [self._flows.keep(text, spec) for text, spec in specs]
        if namespace is not None and values.get("delete") == "true":
            known = {(each.namespace, each.id) for each in kept}
            for each in self._flows.all():
                if each.namespace == namespace and (each.namespace, each.id) not in known:
                    self._flows.delete(each)
        return [flow_document(each) for each in kept]

    # ---- by query

    def enable_by_query(self, request: Request) -> Response:
        """Let the flows that all conditions hold of start executions again."""
        return json_answer({"count": self._endpoints.switch(self._endpoints.matching(request), is_disabled=False)})

    def disable_by_query(self, request: Request) -> Response:
        """Let the flows that all conditions hold of start no executions."""
        return json_answer({"count": self._endpoints.switch(self._endpoints.matching(request), is_disabled=True)})

    def delete_by_query(self, request: Request) -> Response:
        """Delete the flows that all conditions hold of."""
        found = self._endpoints.matching(request)
        for each in found:
            self._flows.delete(each)
        return json_answer({"count": len(found)})

    # ---- how they hang together

    def graph(self, request: Request) -> Response:
        """Return the graph of a flow."""
        return json_answer(graph_of(self._endpoints.find_asked(request).spec))

    async def graph_of_text(self, request: Request) -> Response:
        """Return the graph of a flow that is not registered."""
        return json_answer(graph_of(checked(await text_of(request))))

    def dependencies(self, request: Request) -> Response:
        """Return which flows a flow starts, and which start it."""
        return json_answer(dependencies_of(self._endpoints.find_asked(request), self._flows.all()))


def _archive(flows: Iterable[RegisteredFlow]) -> Response:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in flows:
            archive.writestr(f"{each.namespace}-{each.id}.yml", each.text)
    headers = {"Content-Disposition": 'attachment; filename="flows.zip"'}
    return Response(written.getvalue(), headers=headers, media_type="application/octet-stream")


def _texts_in(name: str, content: bytes) -> Iterator[tuple[str, str]]:
    """Yield the texts of flows in a file, each with the name of where it is; raises `Problem` 422 for what is too much."""
    is_archive = content.startswith(b"PK")
    files = _unpacked(content) if is_archive else [(name or "flows.yaml", content)]
    number = 0
    for path, data in files:
        for text in documents_in(data.decode("utf-8-sig", "replace")):
            number += 1
            if number > MOST_FLOWS:
                raise Problem(422, f"Illegal argument: {MOST_FLOWS} flows may be sent at once.")
            yield path, text


def _unpacked(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the YAML files of an archive, as long as they are not larger together than they may be."""
    left = MOST_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for info in archive.infolist():
                if info.is_dir() or not info.filename.lower().endswith(_YAML):
                    continue
                with archive.open(info) as packed:
                    data = packed.read(left + 1)
                left -= len(data)
                if left < 0:
                    raise Problem(422, f"Illegal argument: the flows are larger than {MOST_BYTES} bytes together.")
                yield info.filename, data
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        raise Problem(422, f"Illegal argument: the zip file cannot be read: {error}") from None
