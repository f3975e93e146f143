"""The actions of the executions surface: what is asked of executions, one by one or of several at once.

Every action has two spellings, `/{id}/kill` and `/{id}/actions/kill`; clients of different ages know one of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from runwright.errors import IllegalTransition, InputError, NotOnRecord, RunwrightError
from runwright.server.auth import Role
from runwright.server.bodies import empty_answer, json_answer, read_json
from runwright.server.execution_inputs import read_inputs
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

_GONE = 404


class ExecutionActions:
    """The endpoints that ask."""

    def __init__(self, context: ServerContext, service: ExecutionService, documents: ExecutionDocuments) -> None:
        """Ask through a service, and answer with documents."""
        self._context = context
        self._service = service
        self._documents = documents
        self._actions: dict[str, Action] = {
            "restart": self._restart,
            "replay": self._replay,
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
        made = [
            delete(f"{at}/by-ids", self.delete_several, Role.OPERATOR),
            delete(f"{at}/kill/by-ids", self.several("kill"), Role.OPERATOR),
        ]
        made += [post(f"{at}/{name}/by-ids", self.several(name), Role.OPERATOR) for name in self._actions]
        for middle in ("", "actions/"):
            made.append(_of_one(f"{at}/{{id}}/{middle}kill", self.kill, ("DELETE", "POST") if middle else ("DELETE",)))
            made += [
                _of_one(f"{at}/{{id}}/{middle}{name}", self._endpoint(action), ("POST",))
                for name, action in self._actions.items()
            ]
        return made

    # ---- one

    async def kill(self, request: Request) -> Response:
        """Kill an execution, and unless told otherwise those that it started."""
        cascade = request.query_params.get("isOnKillCascade", "true") != "false"
        row = await self._find(request)
        await self._in_thread(lambda: self._service.kill(row, cascade=cascade))
        return empty_answer(202)

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
        revision = _number(request.query_params.get("revision"))
        return await self._answer(lambda: self._service.restart(row, revision))

    async def _replay(self, row: FlowRun, request: Request) -> Response:
        values = request.query_params
        revision = _number(values.get("revision"))
        return await self._answer(lambda: self._service.replay(row, values.get("taskRunId"), revision))

    async def _resume(self, row: FlowRun, request: Request) -> Response:
        given = await read_inputs(request)
        await self._in_thread(lambda: self._service.resume(row, given))
        return empty_answer()

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
        body = await read_json(request, list[dict[str, str]])
        labels = {each["key"]: each["value"] for each in body if each.get("key")}
        return await self._answer(lambda: self._service.label(row, labels))

    # ---- several

    async def delete_several(self, request: Request) -> Response:
        """Delete executions by their ids."""
        return await self._several(request, self._service.delete)

    def several(self, name: str) -> Callable[[Request], Awaitable[Response]]:
        """Return the endpoint of an action on executions by their ids: on all of them, or on none."""

        async def endpoint(request: Request) -> Response:
            values = request.query_params
            state = values.get("newStatus") or values.get("state") or ""
            calls: dict[str, Callable[[FlowRun], Any]] = {
                "kill": lambda row: self._service.kill(row, cascade=False),
                "restart": self._service.restart,
                "replay": self._service.replay,
                "resume": lambda row: self._service.resume(row, {}),
                "pause": self._service.pause,
                "force-run": self._service.start_now,
                "unqueue": self._service.unqueue,
                "change-status": lambda row: self._service.change_state(row, state),
            }
            if name not in calls:
                raise Problem(_GONE, f"There is no action {name} on several executions.")
            return await self._several(request, calls[name])

        return endpoint

    async def _several(self, request: Request, call: Callable[[FlowRun], Any]) -> Response:
        names = await read_json(request, list[str])
        count = await self._context.in_thread(self._do_all, names, call)
        return json_answer({"count": count})

    def _do_all(self, names: list[str], call: Callable[[FlowRun], Any]) -> int:
        rows: list[FlowRun] = []
        invalid: list[str] = []
        for name in names:
            try:
                rows.append(self._service.find(name))
            except NotOnRecord as error:
                invalid.append(str(error))
        for row in rows if not invalid else ():
            try:
                call(row)
            except RunwrightError as error:
                invalid.append(str(error))
        if invalid:
            raise Problem(400, f"invalid bulk: {'; '.join(invalid)}")
        return len(rows)

    # ---- what they share

    async def _find(self, request: Request) -> FlowRun:
        return await self._in_thread(lambda: self._service.find(request.path_params["id"]))

    async def _answer(self, call: Callable[[], FlowRun]) -> Response:
        row = await self._in_thread(call)
        return json_answer(await self._context.in_thread(self._documents.execution, row))

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


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None
