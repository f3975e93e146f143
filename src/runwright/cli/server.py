"""`runwright server`: the record on an address."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runwright.cli.audit import audit
from runwright.cli.groups import Group
from runwright.cli.keys import keys
from runwright.cli.options import common, with_record
from runwright.cli.session import Session, say
from runwright.errors import MissingExtra

if TYPE_CHECKING:
    from runwright.server.auth import ApiKey


@click.group(cls=Group)
@common
def server() -> None:
    """Serve runs to programs and people."""


@server.command("start")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65_535), default=4_200, show_default=True, help="The port; 0 for any.")
@click.option("--home", type=click.Path(file_okay=False), help="The home to use instead of the configured one.")
@click.option("--token", metavar="KEY", help="The admin key, instead of RUNWRIGHT_API_KEY or the one kept in the home.")
@click.option("--no-auth", is_flag=True, help="Ask for no key: on loopback only.")
@click.option("--insecure-no-auth", is_flag=True, help="Ask for no key wherever the server listens.")
@click.option("--allow-host", "hosts", metavar="NAME", multiple=True, help="A further name of this server; * for any.")
@click.option("--access-log/--no-access-log", default=True, help="Write a line of JSON for each request.")
@with_record
@click.pass_obj
def start(
    session: Session,
    host: str,
    port: int,
    home: str | None,
    token: str | None,
    hosts: tuple[str, ...],
    *,
    no_auth: bool,
    insecure_no_auth: bool,
    access_log: bool,
) -> None:
    """Serve the record until interrupted.

    The first start makes an admin key, which clients send as a bearer token or as the password of basic authentication.
    """
    if home:
        os.environ["RUNWRIGHT_HOME"] = str(Path(home).expanduser().resolve())
    serving, create_app, server_options = _load()
    serving.check_exposure(host, has_key=not (no_auth or insecure_no_auth), is_insecure=insecure_no_auth)
    keys = () if no_auth or insecure_no_auth else (_find_key(token),)
    _log_to_standard_error(access_log=access_log)
    address = serving.Address(host, port)
    from runwright.automations.watch import AutomationWatch  # noqa: PLC0415  help needs no engine
    from runwright.open_records import open_to_run  # noqa: PLC0415  as above
    from runwright.triggering.trigger_watch import TriggerWatch  # noqa: PLC0415  as above
    from runwright.worker import Worker  # noqa: PLC0415  as above

    record = open_to_run(session.record, is_patient=True)
    worker = Worker(record).start()
    watches = TriggerWatch(record, worker.take).start(), AutomationWatch(record, worker.take).start()
    app = create_app(record, options=server_options(keys=keys, hosts=hosts, worker=worker))
    say(f"serving on {address.url}")
    if keys:
        code = app.state.context.sessions.make_code(keys[0].principal)
        say(f"sign in once with {address.url}/sign-in?code={code}")
    else:
        say("no key is asked for: whoever reaches this server may do everything")
    try:
        serving.serve(app, address)
    finally:
        for watch in watches:
            watch.stop()


def _load() -> tuple[Any, Any, Any]:
    try:
        from runwright.server import serving  # noqa: PLC0415  only a server needs its libraries
        from runwright.server.app import create_app  # noqa: PLC0415  as above
        from runwright.server.context import ServerOptions  # noqa: PLC0415  as above
    except ModuleNotFoundError as missing:
        raise MissingExtra(f"The server needs {missing.name}: install runwright[server].") from None
    return serving, create_app, ServerOptions


def _find_key(given: str | None) -> ApiKey:
    from runwright import settings  # noqa: PLC0415  help needs none of it
    from runwright.server import keys  # noqa: PLC0415  as above

    home = Path(settings.load().home)
    key, is_new = keys.admin_key(home, given)
    if is_new:
        say(f"a new admin key is in {keys.key_path(home)}")
    return key


def _log_to_standard_error(*, access_log: bool) -> None:
    logger = logging.getLogger("runwright.server")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO if access_log else logging.WARNING)
    logger.propagate = False


server.add_command(keys)
server.add_command(audit)
