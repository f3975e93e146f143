"""`runwright ui`: pages over a record, read-only, on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runwright.cli.options import with_record
from runwright.cli.session import Session, say
from runwright.cli.text import clean_line

if TYPE_CHECKING:
    from types import ModuleType

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
    serving = _serving()
    store = session.open_record()

    def tell(address: str) -> None:
        click.echo(address)
        say(f"record {clean_line(store.url)}, read-only; Ctrl-C ends it")

    name = clean_line(store.url.rpartition("/")[2] or store.url)
    try:
        serving.serve(store, name, DEFAULT_PORT if port is None else port, is_opened=is_opened, tell=tell)
    except OSError as error:
        if port is not None:
            raise click.ClickException(f"port {port} cannot be used: {error.strerror}; --port 0 takes any") from error
        serving.serve(store, name, 0, is_opened=is_opened, tell=tell)


def _serving() -> ModuleType:
    try:
        from runwright.ui import serving  # noqa: PLC0415  brings the libraries of the extra
    except ImportError as error:
        raise click.ClickException(f"pages need {error.name}: pip install 'runwright[server]'") from error
    return serving
