"""The actions of the executions surface: what is asked of executions, one by one or of several at once.

Every action has two spellings, `/{id}/kill` and `/{id}/actions/kill`; clients of different ages know one of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple
from uuid import UUID

import msgspec

from runwright.errors import IllegalTransition, InputError, NotOnRecord, RunwrightError
from runwright.server.auth import Role
from runwright.server.bodies import empty_answer, json_answer, read_json
from runwright.server.execution_inputs import read_inputs, revision_in
from runwright.server.execution_labels import check_free
from runwright.server.execution_search import ExecutionSearch
from runwright.server.problems import Problem
from runwright.server.routes import GuardedRoute, delete, post

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from runwright.compat.executions import ExecutionDocuments
    from runwright.executions.service import ExecutionService
    from runwright.runs import FlowRun
    from runwright.server.context import ServerContext

    Action = Callable[[FlowRun, Request], Awaitable[Response]]
    Call = Callable[[FlowRun], Any]
    Choice = Callable[[Request, str], Awaitable[tuple[list[FlowRun], Call]]]

MOST_AT_ONCE = 10_000
MOST_TOLD = 10

_GONE = 404
_NEWER = "/actions/"
_BULK = ("restart", "replay", "resume", "pause", "force-run", "unqueue", "change-status", "labels")


class Label(msgspec.Struct):
    """A label that an execution is given."""

    key: Annotated[str, msgspec.Meta(min_length=1)]
    value: str


class LabelsOfSeveral(msgspec.Struct, rename="camel"):
    """Executions by their ids, and the labels that they are given."""

    executions_id: list[str]
    execution_labels: list[Label]


class Invalid(NamedTuple):
    """An execution that something cannot be done with, and why."""

    execution: str
    message: str


class ExecutionActions:
    """The endpoints that ask."""

    def __init__(self, context: ServerContext, service: ExecutionService, documents: ExecutionDocuments) -> None:
        """Ask through a service, and answer with documents."""
        self._context = context
        self._service = service
        self._documents = documents
        self._search = ExecutionSearch(context.record)
        self._actions: dict[str, Action] = {
            "restart": self._restart,
            "replay": self._replay,
            "replay-with-inputs": self._replay_with_inputs,
            "resume": self._resume,
            "pause": self._pause,
            "force-run": self._force_run,
            "unqueue": self._unqueue,
            "change-status": self._change_status,
            "state": self._state,
            "labels": self._labels,
        }

    def routes(self, at: str) -> list[GuardedRoute]:
        """Return the routes below `at`: those of several executions before those of one, whose ids could be anything."""
        made: list[GuardedRoute] = []
        for which, chosen in (("by-ids", self._by_ids), ("by-query", self._by_query)):
            made += [
                delete(f"{at}/{which}", self._several("delete", chosen), Role.OPERATOR),
                delete(f"{at}/kill/{which}", self._several("kill", chosen), Role.OPERATOR),
            ]
            made += [post(f"{at}/{name}/{which}", self._several(name, chosen), Role.OPERATOR) for name in _BULK]
        for middle in ("", "actions/"):
            made.append(_of_one(f"{at}/{{id}}/{middle}kill", self.kill, ("DELETE", "POST") if middle else ("DELETE",)))
            made += [
                _of_one(f"{at}/{{id}}/{middle}{name}", self._endpoint(action), ("POST",))
                for name, action in self._actions.items()
            ]
        return made

    # ---- one

    async def kill(self, request: Request) -> Response:
        """Kill an execution, and unless told otherwise those that it started; the answer comes before it has ended."""
        cascade = request.query_params.get("isOnKillCascade", "true") != "false"
        row = await self._find(request)
        return await self._answer(lambda: self._service.kill(row, cascade=cascade), 202)

    async def delete(self, request: Request) -> Response:
        """Delete an execution that has ended."""
        row = await self._find(request)
        await self._in_thread(lambda: self._service.delete(row))
        return empty_answer()

    def _endpoint(self, action: Action) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            return await action(await self._find(request), request)

        return endpoint

    async def _restart(self, row: FlowRun, request: Request) -> Response:
        revision = revision_in(request)
        return await self._answer(lambda: self._service.restart(row, revision))

    async def _replay(self, row: FlowRun, request: Request) -> Response:
        task_run, revision = request.query_params.get("taskRunId"), revision_in(request)
        return await self._answer(lambda: self._service.replay(row, task_run or None, revision))

    async def _replay_with_inputs(self, row: FlowRun, request: Request) -> Response:
        task_run, revision = request.query_params.get("taskRunId"), revision_in(request)
        if task_run:
            raise Problem(422, "Illegal argument: an execution is replayed with other inputs from its start only.")
        given = await read_inputs(request)
        return await self._answer(lambda: self._service.replay(row, None, revision, given))

    async def _resume(self, row: FlowRun, request: Request) -> Response:
        given = await read_inputs(request)
        answer = await self._answer(lambda: self._service.resume(row, given))
        return answer if _NEWER in request.url.path else empty_answer()  # older clients are told nothing

    async def _pause(self, row: FlowRun, request: Request) -> Response:
        del request
        return await self._answer(lambda: self._service.pause(row))

    async def _force_run(self, row: FlowRun, request: Request) -> Response:
        del request
        return await self._answer(lambda: self._service.start_now(row))

    async def _unqueue(self, row: FlowRun, request: Request) -> Response:
        del request
        return await self._answer(lambda: self._service.unqueue(row))

    async def _change_status(self, row: FlowRun, request: Request) -> Response:
        state = request.query_params.get("status") or request.query_params.get("newStatus") or ""
        return await self._answer(lambda: self._service.change_state(row, state))

    async def _state(self, row: FlowRun, request: Request) -> Response:
        body = await read_json(request, dict[str, str])
        return await self._answer(lambda: self._service.mark(row, body.get("taskRunId", ""), body.get("state", "")))

    async def _labels(self, row: FlowRun, request: Request) -> Response:
        labels = _labels_from(await read_json(request, list[Label]))
        return await self._answer(lambda: self._service.label(row, labels))

    # ---- several

    def _several(self, name: str, chosen: Choice) -> Callable[[Request], Awaitable[Response]]:
        """Return the endpoint of an action on several executions: on all of them, or on none."""

        async def endpoint(request: Request) -> Response:
            rows, call = await chosen(request, name)
            count = await self._context.in_thread(self._do_all, rows, call)
            return json_answer({"count": count})

        return endpoint

    async def _by_ids(self, request: Request, name: str) -> tuple[list[FlowRun], Call]:
        """Return the executions whose ids a request brings, and what to do with each."""
        if name == "labels":
            body = await read_json(request, LabelsOfSeveral)
            names, labels = body.executions_id, body.execution_labels
        else:
            names, labels = await read_json(request, list[str]), []
        rows = await self._context.in_thread(self._find_all, names)
        return rows, self._call(request, name, labels)

    async def _by_query(self, request: Request, name: str) -> tuple[list[FlowRun], Call]:
        """Return the executions that fit the conditions of a request, and what to do with each."""
        labels = await read_json(request, list[Label]) if name == "labels" else []
        rows = await self._context.in_thread(self._search.all_executions, request)
        return rows, self._call(request, name, labels)

    def _call(self, request: Request, name: str, labels: list[Label]) -> Call:
        values, service = request.query_params, self._service
        state = values.get("newStatus") or values.get("state") or ""
        calls: dict[str, Call] = {
            "delete": service.delete,
            "kill": lambda row: service.kill(row, cascade=False),
            "restart": service.restart,
            "replay": lambda row: service.replay(row, revision=self._revision_for(row, values.get("latestRevision"))),
            "resume": lambda row: service.resume(row, {}),
            "pause": service.pause,
            "force-run": service.start_now,
            "unqueue": service.unqueue,
            "change-status": lambda row: service.change_state(row, state),
            "labels": lambda row: service.label(row, _labels_from(labels)),
        }
        return calls[name]

    def _revision_for(self, row: FlowRun, is_latest: str | None) -> int | None:
        """Return the newest revision of the flow of an execution if that is asked for, None for its own."""
        if is_latest != "true":
            return None
        versions = self._context.record.flows(row.flow_name)
        return versions[0].version

    def _find_all(self, names: list[str]) -> list[FlowRun]:
        if len(names) > MOST_AT_ONCE:
            raise Problem(422, f"Illegal argument: {MOST_AT_ONCE} executions may be named at once.")
        rows: list[FlowRun] = []
        invalid: list[Invalid] = []
        for name in names:
            try:
                rows.append(self._service.find(name))
            except NotOnRecord as error:
                invalid.append(Invalid(name, str(error)))
        _refuse(invalid)
        return rows

    def _do_all(self, rows: list[FlowRun], call: Call) -> int:
        invalid: list[Invalid] = []
        for row in rows:
            try:
                call(row)
            except (RunwrightError, ValueError) as error:
                invalid.append(Invalid(str(row.id), str(error)))
        _refuse(invalid)
        return len(rows)

    # ---- what they share

    async def _find(self, request: Request) -> FlowRun:
        return await self._in_thread(lambda: self._service.find(request.path_params["id"]))

    async def _answer(self, call: Callable[[], FlowRun], status: int = 200) -> Response:
        row = await self._in_thread(call)
        return json_answer(await self._context.in_thread(self._documents.execution, row), status)

    async def _in_thread(self, call: Callable[[], Any]) -> Any:
        """Return what a call returns; what it refuses is told as clients of executions know it."""
        try:
            return await self._context.in_thread(call)
        except NotOnRecord as error:
            raise Problem(422 if "restart execution" in str(error) else _GONE, str(error)) from error
        except IllegalTransition as error:
            raise Problem(409 if "kill" in str(error) or "resume" in str(error) else 422, str(error)) from error
        except (InputError, ValueError) as error:
            raise Problem(422, str(error)) from error


class _RouteOfOne(GuardedRoute):
    """A route about one execution, by its id; a flow's namespace in the place of an id is not for it."""

    def matches(self, scope: Any) -> Any:
        """Say whether a path is about an execution: ids are UUIDs, or words without dots."""
        match, child = super().matches(scope)
        if match.value and not _is_id(child.get("path_params", {}).get("id", "")):
            return type(match).NONE, {}
        return match, child


def _of_one(path: str, endpoint: Callable[..., Any], methods: tuple[str, ...]) -> GuardedRoute:
    return _RouteOfOne(path, endpoint, methods=methods, role=Role.OPERATOR)


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return "." not in text
    return True


def _labels_from(given: list[Label]) -> dict[str, str]:
    for each in given:
        check_free(each.key)
    return {each.key: each.value for each in given}


def _refuse(invalid: list[Invalid]) -> None:
    """Raise `Problem` 400 with what is wrong with each execution, if anything is."""
    if invalid:
        listed = [{"message": each.message, "invalidValue": each.execution} for each in invalid]
        told = "; ".join(each.message for each in invalid[:MOST_TOLD])
        raise Problem(400, f"invalid bulk: {told}", more={"invalids": listed})
