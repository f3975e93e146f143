"""The flows part of the executions surface: YAML flows are registered, read, searched, checked, switched off and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from runwright.errors import FlowSpecError
from runwright.executions.registered_flows import RegisteredFlow, RegisteredFlows
from runwright.server import flow_documents
from runwright.server.auth import Role
from runwright.server.bodies import empty_answer, json_answer, read_json
from runwright.server.flow_documents import flow_document
from runwright.server.paging import Page
from runwright.server.problems import Problem
from runwright.server.query_filters import group_from, is_below
from runwright.server.routes import delete, get, post, put
from runwright.server.tenants import everywhere
from runwright.spec import parse_flow_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from runwright.server.context import ServerContext
    from runwright.server.routes import GuardedRoute

FIELDS = ("q", "query", "namespace", "flowId", "id", "labels", "scope")
SORTS: dict[str, Callable[[RegisteredFlow], Any]] = {
    "id": lambda flow: flow.id,
    "namespace": lambda flow: flow.namespace,
    "revision": lambda flow: flow.revision,
    "updated": lambda flow: flow.created,
}


class FlowName(msgspec.Struct):
    """A flow among those of a request about several."""

    id: str
    namespace: str


def routes(context: ServerContext) -> Sequence[BaseRoute]:
    """Return the paths below `/flows`."""
    flows = Flows(context)

    def below(prefix: str) -> list[GuardedRoute]:
        one = f"{prefix}/flows/{{namespace}}/{{id}}"
        return [
            post(f"{prefix}/flows", flows.create, Role.AUTHOR),
            post(f"{prefix}/flows/validate", flows.validate, Role.VIEWER),
            post(f"{prefix}/flows/enable/by-ids", flows.enable, Role.AUTHOR, body=list[FlowName]),
            post(f"{prefix}/flows/disable/by-ids", flows.disable, Role.AUTHOR, body=list[FlowName]),
            delete(f"{prefix}/flows/delete/by-ids", flows.delete_several, Role.AUTHOR, body=list[FlowName]),
            get(f"{prefix}/flows/search", flows.search),
            get(f"{prefix}/flows/source", flows.search_source),
            get(f"{prefix}/flows/distinct-namespaces", flows.namespaces),
            get(f"{prefix}/flows/{{namespace}}", flows.of_namespace),
            get(one, flows.one),
            put(one, flows.update, Role.AUTHOR),
            delete(one, flows.delete, Role.AUTHOR),
            get(f"{one}/revisions", flows.revisions),
            get(f"{one}/tasks/{{task}}", flows.task),
        ]

    return everywhere(below)


class Flows:
    """The endpoints."""

    def __init__(self, context: ServerContext) -> None:
        """Keep flows in the record of a context."""
        self._context = context
        self._flows = RegisteredFlows(context.record)

    async def create(self, request: Request) -> Response:
        """Register a new flow."""
        text = await text_of(request)
        return json_answer(flow_document(await self._context.in_thread(self._create, text)))

    def _create(self, text: str) -> RegisteredFlow:
        spec = checked(text)
        newest = self._flows.find(spec.namespace, spec.id)
        if newest is not None and not newest.is_deleted:
            raise Problem(422, "Invalid entity: flow.id: Flow id already exists")
        return self._flows.keep(text, spec)

    async def update(self, request: Request) -> Response:
        """Register the next revision of a flow."""
        text = await text_of(request)
        namespace, identity = request.path_params["namespace"], request.path_params["id"]
        return json_answer(flow_document(await self._context.in_thread(self._update, namespace, identity, text)))

    def _update(self, namespace: str, identity: str, text: str) -> RegisteredFlow:
        self.find(namespace, identity)
        spec = checked(text)
        for name, before, now in (("namespace", namespace, spec.namespace), ("flow id", identity, spec.id)):
            if before != now:
                raise Problem(
                    422, f"Invalid entity: Illegal {name} update: it is {before!r}, and the text says {now!r}."
                )
        return self._flows.keep(text, spec)

    def one(self, request: Request) -> Response:
        """Return a flow, in its newest revision or the one asked for."""
        values = request.query_params
        flow = self.find(
            request.path_params["namespace"],
            request.path_params["id"],
            _revision(values.get("revision")),
            with_deleted=values.get("allowDeleted") == "true",
        )
        return json_answer(flow_document(flow, with_source=values.get("source") == "true"))

    def delete(self, request: Request) -> Response:
        """Delete a flow; its executions and revisions stay readable."""
        self._flows.delete(self.find(request.path_params["namespace"], request.path_params["id"]))
        return empty_answer()

    def revisions(self, request: Request) -> Response:
        """Return all revisions, oldest first."""
        namespace, identity = request.path_params["namespace"], request.path_params["id"]
        self.find(namespace, identity, with_deleted=True)
        return json_answer([flow_document(each) for each in reversed(self._flows.revisions(namespace, identity))])

    def task(self, request: Request) -> Response:
        """Return a task of a flow as it is declared, wherever it stands."""
        flow = self.find_asked(request)
        found = _task_in(flow_documents.declared_in(flow.text), request.path_params["task"])
        if found is None:
            raise Problem(404, f"Unable to find task '{request.path_params['task']}' on this flow")
        return json_answer(found)

    def of_namespace(self, request: Request) -> Response:
        """Return the flows of a namespace."""
        namespace = request.path_params["namespace"]
        return json_answer(
            [flow_document(each, with_source=False) for each in self._flows.all() if each.namespace == namespace]
        )

    def namespaces(self, request: Request) -> Response:
        """Return the namespaces that have flows."""
        part = request.query_params.get("q", "").lower()
        return json_answer(sorted({each.namespace for each in self._flows.all() if part in each.namespace.lower()}))

    def search(self, request: Request) -> Response:
        """Return a page of flows that all conditions hold of."""
        page = Page.from_request(request)
        found = page.in_order(self.matching(request), SORTS)
        return json_answer(page.answer(found, lambda each: flow_document(each, with_source=False)))

    def search_source(self, request: Request) -> Response:
        """Return a page of flows whose text holds a part, with the lines that do."""
        page = Page.from_request(request)
        part = request.query_params.get("q", "").lower()
        namespace = request.query_params.get("namespace")
        found = [
            each
            for each in self._flows.all()
            if part in each.text.lower() and (namespace is None or is_below(each.namespace, namespace))
        ]
        return json_answer(page.answer(page.in_order(found, SORTS), lambda each: _with_fragments(each, part)))

    def matching(self, request: Request) -> list[RegisteredFlow]:
        """Return the flows that all conditions of a request hold of."""
        values = request.query_params
        group = group_from(values.multi_items(), FIELDS)
        namespace, part, labels = values.get("namespace"), values.get("q", "").lower(), values.getlist("labels")
        found = []
        for each in self._flows.all():
            facts = _Facts(each)
            if (
                (namespace is None or is_below(each.namespace, namespace))
                and part in f"{each.namespace}.{each.id}".lower()
                and set(labels) <= set(facts.labels)
                and group.matches(facts.look)
            ):
                found.append(each)
        return found

    async def validate(self, request: Request) -> Response:
        """Return what is to be said of each YAML document of a text."""
        text = await text_of(request)
        texts = flow_documents.documents_in(text)
        return json_answer([flow_documents.validation(self._flows, each, index) for index, each in enumerate(texts)])

    async def enable(self, request: Request) -> Response:
        """Let flows start executions again."""
        return await self._switch(request, is_disabled=False)

    async def disable(self, request: Request) -> Response:
        """Let flows start no executions."""
        return await self._switch(request, is_disabled=True)

    async def _switch(self, request: Request, *, is_disabled: bool) -> Response:
        flows = [self.find(each.namespace, each.id) for each in await read_json(request, list[FlowName])]
        return json_answer({"count": self.switch(flows, is_disabled=is_disabled)})

    def switch(self, flows: list[RegisteredFlow], *, is_disabled: bool) -> int:
        """Let flows start executions or not, and return how many that changes."""
        changed = 0
        for each in flows:
            text = flow_documents.switched(each.text, is_disabled=is_disabled)
            changed += self._flows.keep(text, parse_flow_spec(text)).revision != each.revision
        return changed

    async def delete_several(self, request: Request) -> Response:
        """Delete flows."""
        flows = [self.find(each.namespace, each.id) for each in await read_json(request, list[FlowName])]
        for each in flows:
            self._flows.delete(each)
        return json_answer({"count": len(flows)})

    def find(
        self, namespace: str, identity: str, revision: int | None = None, *, with_deleted: bool = False
    ) -> RegisteredFlow:
        """Return a flow; raises `Problem` 404 for one that is not there, or deleted unless that does not matter."""
        flow = self._flows.find(namespace, identity, revision)
        if flow is None or (flow.is_deleted and not with_deleted):
            raise Problem(404, "Flow not found")
        return flow

    def find_asked(self, request: Request) -> RegisteredFlow:
        """Return the flow that a path names, in the revision asked for; raises `Problem` 404."""
        path = request.path_params
        return self.find(path["namespace"], path["id"], _revision(request.query_params.get("revision")))


class _Facts:
    """What filters ask about a flow."""

    def __init__(self, flow: RegisteredFlow) -> None:
        self._flow = flow
        self._labels = flow_documents.labels_of(flow_documents.declared_in(flow.text))

    @property
    def labels(self) -> list[str]:
        """Return the labels as `key:value`."""
        return [f"{each.get('key')}:{each.get('value')}" for each in self._labels]

    def look(self, field: str, key: str | None) -> Any:
        """Return what stands under a field."""
        flow = self._flow
        if field == "labels":
            return [each.get("value") for each in self._labels if key in {None, each.get("key")}]
        if field in {"q", "query"}:
            return f"{flow.namespace}.{flow.id}"
        return {"namespace": flow.namespace, "flowId": flow.id, "id": flow.id, "scope": "USER"}[field]


def checked(text: str) -> Any:
    """Return what a text declares; raises `Problem` 422 with every error."""
    try:
        return parse_flow_spec(text)
    except FlowSpecError as error:
        raise Problem(422, f"Invalid entity: {flow_documents.constraints_of(list(error.problems))}") from None


async def text_of(request: Request) -> str:
    """Return the text that a request brings; raises `Problem` 400 for what is no UTF-8."""
    try:
        return (await request.body()).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Problem(400, "The body is no UTF-8 text.") from None


def _revision(text: str | None) -> int | None:
    if text is None or (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004  a billion changes
        return int(text) if text else None
    raise Problem(422, "Illegal argument: revision must be a number.")


def _task_in(value: Any, identity: str) -> dict[str, Any] | None:
    """Return the mapping with an id and a type that has this id, wherever it stands."""
    if isinstance(value, dict):
        if value.get("id") == identity and "type" in value:
            return value
        value = list(value.values())
    if isinstance(value, list):
        return next((found for each in value if (found := _task_in(each, identity)) is not None), None)
    return None


def _with_fragments(flow: RegisteredFlow, part: str) -> dict[str, Any]:
    lines = [line.strip() for line in flow.text.splitlines() if part and part in line.lower()]
    return {"model": flow_document(flow, with_source=False), "fragments": lines[:20]}
