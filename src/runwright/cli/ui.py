"""`runwright ui`: pages over a record, read-only, on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runwright.cli.options import with_record
from runwright.cli.session import Session, say
from runwright.cli.text import clean_line
from runwright.errors import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.store import Store

DEFAULT_PORT = 8484


@click.command()
@click.argument("path", metavar="[RECORD]", required=False)
@click.option(
    "--port", type=click.IntRange(0, 65_535), help=f"The port [default: {DEFAULT_PORT}, or any that is free]."
)
@click.option("--open", "is_opened", is_flag=True, help="Open a browser.")
@with_record
@click.pass_obj
def ui(session: Session, path: str | None, port: int | None, *, is_opened: bool) -> None:
    """Look at a record in a browser.

    RECORD is a file or URL, by default the configured record. It is only read. Needs `runwright[server]`.
    """
    session.record = path or session.record
    serve = _serving()
    store = session.open_record()

    def tell(address: str) -> None:
        click.echo(address)
        say(f"record {clean_line(store.url)}, read-only; Ctrl-C ends it")

    name = clean_line(store.url.rpartition("/")[2] or store.url)
    try:
        serve(store, name, DEFAULT_PORT if port is None else port, is_opened=is_opened, tell=tell)
    except OSError as error:
        if port is not None:
            raise click.ClickException(f"port {port} cannot be used: {error.strerror}; --port 0 takes any") from error
        serve(store, name, 0, is_opened=is_opened, tell=tell)


def _serving() -> Callable[..., None]:
    """Return what serves the pages, and answers GraphQL on them."""
    try:
        from runwright.server.graphql.execution import GraphQL, GraphQLRequest  # noqa: PLC0415  brings the libraries of the extra
        from runwright.ui.serving import serve  # noqa: PLC0415  as above
    except ModuleNotFoundError as missing:
        raise MissingExtra(f"Pages need {missing.name}: install runwright[server].") from None

    def serve_with_queries(store: Store, *arguments: Any, **options: Any) -> None:
        graphql = GraphQL(store)
        serve(store, *arguments, **options, answer=lambda text: graphql.answer(GraphQLRequest(text)).body)

    return serve_with_queries
