"""The triggers part of the executions surface: triggers are searched, turned off, freed, and make up for times of the past."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from runwright.clock import recordable, to_iso
from runwright.errors import IllegalTransition, NotOnRecord
from runwright.server.auth import Role
from runwright.server.bodies import empty_answer, json_answer, read_json
from runwright.server.flow_documents import declared_in
from runwright.server.paging import Page
from runwright.server.problems import Problem
from runwright.server.query_filters import group_from
from runwright.server.routes import delete, get, post, put
from runwright.server.tenants import everywhere
from runwright.spec.moments import parse_moment
from runwright.triggering.firing import full_type
from runwright.triggering.trigger_service import TriggerService

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from runwright.server.context import ServerContext
    from runwright.server.routes import GuardedRoute
    from runwright.triggering.progress import Backfill, Place
    from runwright.triggering.trigger_service import Standing

    Make = Callable[[Place], Standing]
    Endpoint = Callable[[Request], Awaitable[Response]]

FIELDS = ("q", "query", "namespace", "flowId", "triggerId", "id", "disabled")
SORTS: dict[str, Callable[[Standing], Any]] = {
    "triggerId": lambda each: each.registered.place[2],
    "flowId": lambda each: each.registered.place[1],
    "namespace": lambda each: each.registered.place[0],
    "nextExecutionDate": lambda each: each.progress.next,
    "updatedDate": lambda each: each.state.updated,
}


class GivenBackfill(msgspec.Struct, rename="camel"):
    """A backfill in the body of a request; labels are a mapping, or a list of keys and values."""

    start: str
    end: str | None = None
    inputs: dict[str, Any] = {}
    labels: dict[str, str] | list[dict[str, str]] = {}


class Named(msgspec.Struct, rename="camel"):
    """A trigger in the body of a request, and what it shall be."""

    namespace: str
    flow_id: str
    trigger_id: str
    disabled: bool | None = None
    backfill: GivenBackfill | None = None

    @property
    def place(self) -> Place:
        """Return what the record knows it by."""
        return self.namespace, self.flow_id, self.trigger_id


class Several(msgspec.Struct):
    """Triggers in the body of a request, and whether they shall be turned off."""

    triggers: list[Named]
    disabled: bool = True


class Change(NamedTuple):
    """Something that is done to a trigger: the word for it in paths, what it is, and how."""

    name: str
    summary: str
    make: Make

    def described(self, endpoint: Endpoint) -> Endpoint:
        """Return an endpoint that says what it does."""
        endpoint.__doc__ = self.summary
        return endpoint


def routes(context: ServerContext) -> Sequence[BaseRoute]:
    """Return the paths below `/triggers`."""
    triggers = Triggers(context)

    def below(prefix: str) -> list[GuardedRoute]:
        at = f"{prefix}/triggers"
        return [
            get(f"{at}/search", triggers.search),
            put(at, triggers.update, Role.OPERATOR),
            put(f"{at}/set-disabled", triggers.update, Role.OPERATOR),
            put(f"{at}/backfill/create", triggers.update, Role.OPERATOR),
            post(f"{at}/set-disabled/by-triggers", triggers.switch_several, Role.OPERATOR, body=Several),
            post(f"{at}/set-disabled/by-query", triggers.switch_found, Role.OPERATOR),
            *triggers.routes_of_changes(at),
            get(f"{at}/{{namespace}}/{{flow}}", triggers.of_flow),
            get(f"{at}/{{namespace}}/{{flow}}/{{trigger}}", triggers.one),
            delete(f"{at}/{{namespace}}/{{flow}}/{{trigger}}", triggers.forget, Role.OPERATOR),
            delete(f"{at}/delete/by-triggers", triggers.forget_several, Role.OPERATOR, body=list[Named]),
        ]

    return everywhere(below)


class Triggers:
    """The endpoints."""

    def __init__(self, context: ServerContext) -> None:
        """Serve the record of a context."""
        self._context = context
        self._service = service = TriggerService(context.record)
        self._changes = (
            Change("unlock", "Let a schedule go on although its last execution has not ended.", service.unlock),
            Change("restart", "Let a trigger begin anew from now on.", service.restart),
            Change("backfill/pause", "Pause a backfill.", lambda place: service.hold_fill(place, is_paused=True)),
            Change(
                "backfill/unpause", "Go on with a backfill.", lambda place: service.hold_fill(place, is_paused=False)
            ),
            Change("backfill/delete", "Leave out what is left of a backfill.", service.end_fill),
        )

    def routes_of_changes(self, at: str) -> list[GuardedRoute]:
        """Return the paths that change one trigger, those named in a body, or all that a query finds."""
        made: list[GuardedRoute] = [post(f"{at}/backfill/create", self.update, Role.OPERATOR, body=Named)]
        for each in self._changes:
            several, found = f"{at}/{each.name}/by-triggers", f"{at}/{each.name}/by-query"
            made.append(post(several, self._several(each), Role.OPERATOR, body=list[Named]))
            made.append(post(found, self._found(each), Role.OPERATOR))
            if each.name.startswith("backfill"):
                made.append(post(f"{at}/{each.name}", self._named(each), Role.OPERATOR, body=Named))
                made.append(put(f"{at}/{each.name}", self._named(each), Role.OPERATOR))
            else:
                one = f"{at}/{{namespace}}/{{flow}}/{{trigger}}/{each.name}"
                made.append(post(one, self._one(each), Role.OPERATOR))
        return made

    # ---- reading

    def search(self, request: Request) -> Response:
        """Return a page of triggers as they are declared, each with its state."""
        page = Page.from_request(request)
        found = page.in_order(self._meant(request), SORTS)
        return json_answer(page.answer(found, _declared_document))

    def of_flow(self, request: Request) -> Response:
        """Return a page of the states of a flow's triggers."""
        place = request.path_params["namespace"], request.path_params["flow"]
        found = [each for each in self._service.all() if each.registered.place[:2] == place]
        return json_answer(Page.from_request(request).answer(found, trigger_document))

    def one(self, request: Request) -> Response:
        """Return the state of a trigger."""
        return json_answer(trigger_document(_told(self._service.find, _place_in(request))))

    def _meant(self, request: Request) -> list[Standing]:
        values = request.query_params
        group = group_from(values.multi_items(), FIELDS)
        text, namespace, flow = (values.get(name) for name in ("q", "namespace", "flowId"))

        def is_meant(each: Standing) -> bool:
            own = each.registered.place
            is_below = namespace is None or own[0] == namespace or own[0].startswith(f"{namespace}.")
            is_like = not text or text.lower() in " ".join(own).lower()
            return (
                is_below and is_like and flow in {None, own[1]} and group.matches(lambda field, _: _field(each, field))
            )

        return [each for each in self._service.all() if is_meant(each)]

    # ---- changing

    async def update(self, request: Request) -> Response:
        """Turn a trigger on or off, or begin a backfill, as a body says."""
        named = await read_json(request, Named)
        return json_answer(trigger_document(await self._context.in_thread(_told, self._update, named)))

    def _update(self, named: Named) -> Standing:
        found = self._service.find(named.place)
        if named.disabled is not None and named.disabled != found.is_disabled:
            found = self._service.switch(named.place, is_disabled=named.disabled)
        given = named.backfill
        if given is not None and found.progress.backfill is None:
            end = None if given.end is None else _moment(given.end)
            found = self._service.fill(named.place, _moment(given.start), end, given.inputs, _labels(given.labels))
        return found

    def forget(self, request: Request) -> Response:
        """Forget the state of a trigger: it begins as if it were new."""
        _told(self._service.forget, _place_in(request))
        return empty_answer()

    async def forget_several(self, request: Request) -> Response:
        """Forget the states of the triggers of a body."""
        named = await read_json(request, list[Named])
        return await self._do_all([each.place for each in named], self._service.forget)

    async def switch_several(self, request: Request) -> Response:
        """Turn the triggers of a body on or off."""
        several = await read_json(request, Several)
        places = [each.place for each in several.triggers]
        return await self._do_all(places, lambda place: self._service.switch(place, is_disabled=several.disabled))

    async def switch_found(self, request: Request) -> Response:
        """Turn the triggers that a query finds on or off."""
        is_disabled = request.query_params.get("disabled", "true") != "false"
        found = await self._context.in_thread(self._meant, request)
        places = [each.registered.place for each in found]
        return await self._do_all(places, lambda place: self._service.switch(place, is_disabled=is_disabled))

    def _one(self, change: Change) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            return json_answer(trigger_document(await self._context.in_thread(_told, change.make, _place_in(request))))

        return change.described(endpoint)

    def _named(self, change: Change) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            named = await read_json(request, Named)
            return json_answer(trigger_document(await self._context.in_thread(_told, change.make, named.place)))

        return change.described(endpoint)

    def _several(self, change: Change) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            named = await read_json(request, list[Named])
            return await self._do_all([each.place for each in named], change.make)

        return change.described(endpoint)

    def _found(self, change: Change) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            found = await self._context.in_thread(self._meant, request)
            return await self._do_all([each.registered.place for each in found], change.make)

        return change.described(endpoint)

    async def _do_all(self, places: list[Place], make: Make) -> Response:
        """Change triggers, and say how many that were; those that cannot be changed so are left out."""

        def do_all() -> int:
            count = 0
            for place in places:
                try:
                    make(place)
                except (NotOnRecord, IllegalTransition):
                    continue
                count += 1
            return count

        return json_answer({"count": await self._context.in_thread(do_all)})


def trigger_document(standing: Standing) -> dict[str, Any]:
    """Return the state of a trigger; fields that have no value are left out."""
    progress, state = standing.progress, standing.state
    namespace, flow, trigger = standing.registered.place
    document = {
        "namespace": namespace,
        "flowId": flow,
        "flowRevision": standing.registered.revision,
        "triggerId": trigger,
        "type": full_type(standing.registered.trigger),
        "date": _date(progress.fired),
        "nextExecutionDate": None if standing.is_disabled else _date(progress.next or None),
        "executionId": progress.execution,
        "updatedDate": _date(state.updated or None),
        "backfill": None if progress.backfill is None else _backfill_document(progress.backfill),
        "stopAfter": list(standing.registered.trigger.stop_after) or None,
        "disabled": standing.is_disabled,
        "problem": progress.problem,
    }
    return {name: value for name, value in document.items() if value is not None}


def _declared_document(standing: Standing) -> dict[str, Any]:
    declared = declared_in(standing.registered.flow.text).get("triggers") or []
    own = next((each for each in declared if each.get("id") == standing.registered.place[2]), {})
    return {"abstractTrigger": own, "triggerContext": trigger_document(standing)}


def _backfill_document(backfill: Backfill) -> dict[str, Any]:
    return {
        "start": _date(backfill.start),
        "end": _date(backfill.end),
        "currentDate": _date(backfill.current),
        "paused": backfill.is_paused,
        "inputs": backfill.inputs,
        "labels": [{"key": key, "value": value} for key, value in backfill.labels.items()],
    }


def _field(standing: Standing, field: str) -> Any:
    namespace, flow, trigger = standing.registered.place
    found = {"namespace": namespace, "flowId": flow, "disabled": str(standing.is_disabled).lower()}
    return found.get(field, [flow, trigger] if field in {"q", "query"} else trigger)


def _place_in(request: Request) -> Place:
    values = request.path_params
    return values["namespace"], values["flow"], values["trigger"]


def _told(call: Callable[[Any], Standing], argument: Any) -> Standing:
    """Return what a call returns; what it refuses is told as clients of executions know it."""
    try:
        return call(argument)
    except NotOnRecord as error:
        raise Problem(404, str(error)) from None
    except IllegalTransition as error:
        raise Problem(409, str(error)) from None


def _moment(text: str) -> int:
    try:
        return recordable(parse_moment(text))
    except ValueError as error:
        raise Problem(422, f"Illegal argument: {error}") from None


def _labels(given: dict[str, str] | list[dict[str, str]]) -> dict[str, str]:
    if isinstance(given, dict):
        return given
    return {each["key"]: each["value"] for each in given if "key" in each and "value" in each}


def _date(at: int | None) -> str | None:
    return None if at is None else to_iso(at).replace("+00:00", "Z")
