"""The events surface over HTTP: events are found, counted and sent as clients of Prefect 3 do it."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from runwright import clock, decoding
from runwright.compat import event_counts
from runwright.compat.event_counts import Unit
from runwright.compat.event_filter import EventFilter
from runwright.compat.event_search import EventSearch
from runwright.compat.sent_event import SentEvent
from runwright.server import event_intake, limits
from runwright.server.auth import Role
from runwright.server.bodies import empty_answer, json_answer, read_json
from runwright.server.event_sockets import EventSockets
from runwright.server.problems import Problem
from runwright.server.routes import GuardedSocket, IntakeRoute, get, post

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from runwright.server.context import ServerContext

MOST_IN_A_PAGE = 50


class Query(msgspec.Struct):
    """The body of a search."""

    filter: EventFilter | None = None
    limit: Annotated[int, msgspec.Meta(ge=0, le=MOST_IN_A_PAGE)] = MOST_IN_A_PAGE


class CountQuery(msgspec.Struct):
    """The body of a count."""

    filter: EventFilter
    time_unit: Unit = "day"
    time_interval: Annotated[float, msgspec.Meta(ge=0.01)] = 1.0


class Token(msgspec.Struct, array_like=True):
    """What leads to the next page: the filter with its times, how many matched at the first page, and where to go on."""

    filter: EventFilter
    total: int
    limit: int
    offset: int

    @classmethod
    def from_text(cls, text: str) -> Token:
        """Read a token; raises `Problem` 403 for what is none."""
        try:
            return decoding.from_json(base64.urlsafe_b64decode(text.encode("ascii")), cls)
        except (msgspec.MsgspecError, binascii.Error, UnicodeError, RecursionError):
            raise Problem(403, "This page token leads nowhere: ask for the first page again.") from None

    def __str__(self) -> str:
        """Return it as it stands in a URL."""
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode()


def routes(context: ServerContext) -> Sequence[BaseRoute]:
    """Return the paths below `/api/events`."""
    events, sockets = Events(context), EventSockets(context)
    return [
        IntakeRoute(
            "/api/events", events.send, methods=["POST"], role=Role.AUTHOR, limit=limits.BATCH, body=list[SentEvent]
        ),
        post("/api/events/filter", events.find, Role.VIEWER, body=Query),
        get("/api/events/filter/next", events.find_next),
        post("/api/events/count-by/{countable}", events.count, Role.VIEWER, body=CountQuery),
        GuardedSocket("/api/events/in", sockets.receive, role=Role.AUTHOR),
        GuardedSocket("/api/events/out", sockets.send, role=Role.VIEWER),
    ]


class Events:
    """The endpoints."""

    def __init__(self, context: ServerContext) -> None:
        """Search the record of a context."""
        self._context = context

    async def send(self, request: Request) -> Response:
        """Keep the events that a program sends; those that are kept already are left alone, others under their ids refused."""
        sent = await read_json(request, list[SentEvent])
        if len(sent) > limits.EVENTS_IN_A_BATCH:
            raise Problem(413, f"At most {limits.EVENTS_IN_A_BATCH} events can be sent at once.")
        await self._context.in_thread(event_intake.keep, self._context, sent)
        self._context.feed.hurry()
        return empty_answer()

    async def find(self, request: Request) -> Response:
        """Return the first page of the events that a filter asks for."""
        query = await read_json(request, Query, Query())
        which = query.filter or EventFilter()
        which.resolve(clock.utcnow())
        return await self._page(request, Token(which, -1, query.limit, 0))

    async def find_next(self, request: Request) -> Response:
        """Return the page that a token leads to."""
        text = request.query_params.get("page-token")
        if text is None:
            raise Problem(422, "Invalid request received.", places=[_missing("page-token")])
        return await self._page(request, Token.from_text(text))

    async def count(self, request: Request) -> Response:
        """Return how many events there are by day, time, event or resource."""
        by: Any = request.path_params["countable"]
        if by not in {"day", "time", "event", "resource"}:
            raise Problem(422, f"Events are counted by day, time, event or resource, not by {by!r}.")
        query = await read_json(request, CountQuery)
        query.filter.resolve(clock.utcnow())
        try:
            counted = await self._context.in_thread(
                event_counts.count,
                EventSearch(self._context.record),
                query.filter,
                by,
                query.time_unit,
                query.time_interval,
            )
        except ValueError as error:
            raise Problem(422, str(error)) from None
        return json_answer(counted)

    async def _page(self, request: Request, token: Token) -> Response:
        documents, total = await self._context.in_thread(self._read, token)
        following = Token(token.filter, total, token.limit, token.offset + token.limit)
        is_last = token.limit > 0 and following.offset >= total
        url = f"{request.base_url}api/events/filter/next?page-token={following}"
        return json_answer({"events": documents, "total": total, "next_page": None if is_last or not total else url})

    def _read(self, token: Token) -> tuple[list[dict[str, Any]], int]:
        search = EventSearch(self._context.record)
        found = search.find(token.filter)
        total = len(found) if token.total < 0 else token.total
        return search.documents(found[token.offset : min(token.offset + token.limit, total)]), total


def _missing(name: str) -> dict[str, Any]:
    return {"type": "missing", "loc": ["query", name], "msg": "Field required", "input": None}
