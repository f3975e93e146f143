"""Assets: the styles and scripts of pages, at an address that changes with them, so that browsers need not ask twice."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from runwright.ui import shapes, shares

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

STATIC = Path(__file__).parent / "static"
SHEETS = ("tokens.css", "frame.css", "pages.css")
_FOREVER = "public, max-age=31536000, immutable"


@cache
def styles() -> str:
    """Return all styles as one sheet: a page is not painted before it has them, so it asks once."""
    made = shapes.style_sheet() + shares.style_sheet()
    return made + "\n".join((STATIC / name).read_text(encoding="utf-8") for name in SHEETS)


@cache
def place() -> str:
    """Return the folder that pages name assets by: a word made of what is in all of them."""
    digest = sha256(styles().encode())
    for file in sorted(STATIC.iterdir()):
        digest.update(file.name.encode() + file.read_bytes())
    return f"static/{digest.hexdigest()[:12]}"


def routes() -> list[BaseRoute]:
    """Return the routes of assets: below their place for good, and below `/static` as they are now."""
    return [
        Route(f"/{place()}/styles.css", _styles_for_good),
        Mount(f"/{place()}", _ForGood(directory=STATIC)),
        Route("/static/styles.css", _styles),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]


class _ForGood(StaticFiles):
    """Files that never change at their address."""

    def file_response(self, *arguments: Any, **options: Any) -> Response:
        answer = super().file_response(*arguments, **options)
        answer.headers["Cache-Control"] = _FOREVER
        return answer


def _styles(_: Request) -> Response:
    return Response(styles(), media_type="text/css")


def _styles_for_good(_: Request) -> Response:
    return Response(styles(), media_type="text/css", headers={"Cache-Control": _FOREVER})
