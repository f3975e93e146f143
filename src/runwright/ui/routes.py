"""Routes: which address shows which page, as HTML and, with `.json` at its end, as the data that it shows."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from runwright import release
from runwright.errors import NotOnRecord, RunwrightError
from runwright.executions.uploads import Upload
from runwright.ui import assets, saved_views, saving
from runwright.ui.actions.table import DONE
from runwright.ui.ask import THEMES, TIMES, Ask, Preferences, is_zone
from runwright.ui.exporting import export, export_logs
from runwright.ui.live import follow
from runwright.ui.pages.action import carry_out
from runwright.ui.pages.bulk import prepare
from runwright.ui.templating import render

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.datastructures import UploadFile
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from runwright.ui.surface import Surface

MOST_FILES = 20
MOST_FIELDS = 1_000
_YEAR = 365 * 24 * 3_600


class PageRoute(NamedTuple):
    """One page: its address, its title, its template and function (`module:function` of `pages`), and its place in the menu."""

    path: str
    title: str
    template: str
    read: str
    menu: str

    @property
    def is_action(self) -> bool:
        """Say whether its form can be sent."""
        return self.read.startswith("action:")


PAGES = (
    PageRoute("/flows/{name:path}/actions/{action}", "Action", "action.html", "action:read", "flows"),
    PageRoute("/{kind}/{id}/actions/{action}", "Action", "action.html", "action:read", ""),
    PageRoute("/bulk-actions", "Bulk actions", "bulk_list.html", "bulk:read_list", "task-runs"),
    PageRoute("/bulk-actions/{id}", "Bulk action", "bulk.html", "bulk:read", "task-runs"),
    PageRoute("/task-runs", "Task runs", "task_runs.html", "task_runs:read", "task-runs"),
    PageRoute("/task-runs/{id}/attempts/{attempt}", "Task run", "task_run.html", "task_run:read", "task-runs"),
    PageRoute("/task-runs/{id}", "Task run", "task_run.html", "task_run:read", "task-runs"),
    PageRoute("/flow-runs", "Flow runs", "flow_runs.html", "flow_runs:read", "flow-runs"),
    PageRoute("/flow-runs/{id}", "Flow run", "flow_run.html", "flow_run:read", "flow-runs"),
    PageRoute("/flows", "Flows", "flows.html", "flows:read", "flows"),
    PageRoute("/flows/{name:path}", "Flow", "flow.html", "flow:read", "flows"),
    PageRoute("/events", "Events", "events.html", "events:read", "events"),
    PageRoute("/query", "Query", "query.html", "query:read", "query"),
    PageRoute("/query/graphql", "GraphQL", "graphql.html", "graphql:read", "query"),
    PageRoute("/workers", "Workers", "workers.html", "workers:read", "workers"),
    PageRoute("/settings", "Settings", "settings.html", "preferences:read", "settings"),
)
BULK = PageRoute("/bulk-actions/new", "Bulk action", "bulk_form.html", "bulk:prepare", "task-runs")
PARTS = (
    PageRoute("/parts/durations", "Durations", "durations.html", "task_runs:read_durations", "task-runs"),
    PageRoute("/parts/matrix/{id}", "Matrix", "trouble.html", "flow_run:read_matrix", "flow-runs"),
    PageRoute("/parts/schema", "Schema", "trouble.html", "graphql:read_schema", "query"),
    PageRoute("/parts/words", "Words", "trouble.html", "completion:read", "task-runs"),
)


def routes(surface: Surface) -> list[BaseRoute]:
    """Return the routes of all pages over a record, for whoever serves them, under any prefix."""
    made: list[BaseRoute] = [
        Route("/", _home),
        Route("/live", partial(follow, surface)),
        Route("/preferences", _prefer, methods=["POST"]),
        Route(BULK.path, partial(post, surface, BULK), methods=["POST"]),
        Route("/views", partial(keep_view, surface), methods=["POST"]),
        Route("/export/task-runs.{shape}", partial(export, surface)),
        Route("/export/logs/{id}.log", partial(export_logs, surface)),
        *assets.routes(),
    ]
    made += [Route(page.path, partial(post, surface, page), methods=["POST"]) for page in PAGES if page.is_action]
    for page in (*PAGES, *PARTS):
        made.append(Route(f"{page.path}.json", partial(_as_data, surface, page)))
        made.append(Route(page.path, partial(_as_page, surface, page)))
    made.append(Route("/{anything:path}", partial(_nowhere, surface)))
    return made


def _as_page(surface: Surface, page: PageRoute, request: Request) -> Response:
    ask = ask_of(surface, request)
    try:
        context = _reader(page)(surface, ask)
    except NotOnRecord as error:
        return _trouble(surface, request, "Not on this record", str(error), 404)
    except RunwrightError as error:
        return _trouble(surface, request, "The record cannot be read", str(error), 503)
    status = getattr(context, "status", 200)
    title = getattr(context, "title", "") or page.title
    answer = _html(surface, request, page.template, context, title, _menu_of(page, request), status)
    return _as_file(request, answer, title) if ask.get("save") == "page" else answer


async def post(surface: Surface, page: PageRoute, request: Request) -> Response:
    """Do what a form asks for and lead to what came of it, or show the form again with what is wrong."""
    async with request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS) as sent:
        form = [(name, await _received(value)) for name, value in sent.multi_items()]
    return await run_in_threadpool(_carry_out, surface, page, request, form)


async def _received(value: str | UploadFile) -> Any:
    if isinstance(value, str):
        return value
    content = await value.read()
    name = (value.filename or "").replace("\\", "/").rpartition("/")[2]
    return Upload(name, content) if name or content else ""


def _carry_out(surface: Surface, page: PageRoute, request: Request, form: list[tuple[str, Any]]) -> Response:
    try:
        found = (carry_out if page.is_action else prepare)(surface, ask_of(surface, request), form)
    except NotOnRecord as error:
        return _trouble(surface, request, "Not on this record", str(error), 404)
    except RunwrightError as error:
        return _trouble(surface, request, "The record cannot be used", str(error), 503)
    if isinstance(found, str):
        return RedirectResponse(f"{base_of(request)}{found}", 303)
    return _html(surface, request, page.template, found, found.title, _menu_of(page, request), found.status)


def _menu_of(page: PageRoute, request: Request) -> str:
    """Return the place of a page in the menu; forms of actions stand where the page does that they are about."""
    return page.menu or request.path_params.get("kind", "")


def _as_file(request: Request, answer: Response, title: str) -> Response:
    """Return a page to be kept: one file that needs nothing else."""
    address = str(request.url.remove_query_params("save"))
    text = saving.saved(bytes(answer.body).decode(), assets.styles(), address)
    headers = {"Content-Disposition": f'attachment; filename="{saving.file_name(title)}"'}
    return Response(text, answer.status_code, headers, "text/html; charset=utf-8")


def _as_data(surface: Surface, page: PageRoute, request: Request) -> Response:
    try:
        context = _reader(page)(surface, ask_of(surface, request))
    except NotOnRecord as error:
        return JSONResponse({"error": str(error)}, 404)
    except RunwrightError as error:
        return JSONResponse({"error": str(error)}, 503)
    body = msgspec.json.encode(context, enc_hook=str)
    return Response(body, getattr(context, "status", 200), media_type="application/json")


def _reader(page: PageRoute) -> Callable[[Surface, Ask], Any]:
    module, function = page.read.split(":")
    return getattr(import_module(f"runwright.ui.pages.{module}"), function)


def _html(
    surface: Surface, request: Request, template: str, context: Any, title: str, menu: str, status: int = 200
) -> Response:
    preferences = Preferences.from_cookies(request.cookies)
    frame = {
        "base": base_of(request),
        "assets": f"{base_of(request)}{assets.place()}",
        "here": request.url.path.removeprefix(base_of(request)),
        "query": request.url.query,
        "title": title,
        "menu": menu,
        "record": surface.name,
        "is_live": surface.is_live,
        "is_acting": surface.acting is not None,
        "told": DONE.get(request.query_params.get("did", ""), ""),
        "gone": surface.presence.trouble(),
        "cursor": surface.log_end.cursor() if surface.is_live else 0,
        "version": release.version() or "",
    }
    return Response(render(template, context, frame, preferences), status, media_type="text/html; charset=utf-8")


def _trouble(surface: Surface, request: Request, title: str, message: str, status: int) -> Response:
    try:
        return _html(surface, request, "trouble.html", {"message": message}, title, "", status)
    except RunwrightError:
        still = msgspec.structs.replace(surface, is_live=False)
        return _html(still, request, "trouble.html", {"message": message}, title, "", status)


def broken(surface: Surface, request: Request, _: Exception) -> Response:
    """Return the page for what nobody foresaw: it shows nothing of the inside, the log of the process does."""
    return _trouble(surface, request, "This page could not be made", "The process that serves it has logged why.", 500)


def _nowhere(surface: Surface, request: Request) -> Response:
    return _trouble(surface, request, "No such page", f"There is no page {request.url.path[:200]}.", 404)


def _home(request: Request) -> Response:
    return RedirectResponse(f"{base_of(request)}task-runs", 307)


async def _prefer(request: Request) -> Response:
    """Keep what the reader prefers in cookies, and go back to where they were."""
    form = await request.form(max_files=0, max_fields=8)
    answer = RedirectResponse(_back(request, str(form.get("back", ""))), 303)
    known: tuple[tuple[str, Callable[[str], bool]], ...] = (
        ("theme", THEMES.__contains__),
        ("zone", is_zone),
        ("times", TIMES.__contains__),
    )
    for name, is_known in known:
        value = str(form.get(name, ""))
        if value and is_known(value):
            answer.set_cookie(f"runwright_{name}", value, max_age=_YEAR, path=base_of(request), samesite="strict")
    return answer


async def keep_view(surface: Surface, request: Request) -> Response:
    """Keep the search of a page under a name, or forget one, and go back to the page."""
    form = await request.form(max_files=0, max_fields=8)
    page, query = str(form.get("page", "")), str(form.get("query", ""))
    actor = ask_of(surface, request).actor
    if surface.acting is None or actor is None or not actor.may_act:
        return _trouble(surface, request, "Not for you to keep", "Views are kept by operators, on a server.", 403)
    try:
        if form.get("forget"):
            await run_in_threadpool(saved_views.forget, surface.views, str(form["forget"]))
        else:
            await run_in_threadpool(saved_views.keep, surface.views, page, str(form.get("name", "")), query)
    except ValueError as error:
        return _trouble(surface, request, "This view cannot be kept", str(error), 422)
    return RedirectResponse(_back(request, f"{page}?{query}" if query else page), 303)


def _back(request: Request, back: str) -> str:
    """Return an address below our own base, whatever was asked for."""
    return base_of(request) + back.lstrip("/\\") if "//" not in back.partition("?")[0] else base_of(request)


def ask_of(surface: Surface, request: Request) -> Ask:
    """Return what a request asks for, and who sent it."""
    actor = None if surface.acting is None else surface.acting.actor_of(request.scope)
    words = dict(request.query_params)
    if "columns" in words:
        words["columns"] = ",".join(request.query_params.getlist("columns"))  # a box of the form for each
    return Ask(request.path_params, words, Preferences.from_cookies(request.cookies), actor)


def base_of(request: Request) -> str:
    """Return the address that all pages stand under, with a slash at its end."""
    return f"{request.scope.get('root_path', '').rstrip('/')}/"
