"""`runwright query`: a GraphQL query of the record, without a server."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runwright.cli.options import with_output, with_record
from runwright.cli.output import write_value
from runwright.errors import MissingExtra, QueryError

if TYPE_CHECKING:
    from runwright.cli.session import Session

_WHOLE = re.compile(r"\s*(\{|#|(query|mutation|subscription|fragment)\b)")


@click.command()
@click.argument("text", metavar="[QUERY]", required=False)
@click.option("-f", "--file", metavar="FILE", help="Read the query from a file, - for standard input.")
@click.option("-v", "--variables", metavar="JSON", help="The values of its variables, as a JSON object.")
@with_output
@with_record
@click.pass_obj
def query(session: Session, text: str | None, file: str | None, variables: str | None) -> None:
    """Ask the record a GraphQL query and print the data of the answer as JSON.

    The braces around a single query may be left out: runwright query 'task_run(limit: 5) { id state }'
    """
    import msgspec  # noqa: PLC0415  help needs none of it

    if (text is None) == (file is None):
        raise click.UsageError("Give a query, or the file that has one with -f.")
    asked = _read(file) if text is None else text
    if not asked.strip():
        raise click.UsageError("The query is empty: write one such as 'task_run(limit: 5) { id state }'.")
    answer = _answer(session, asked if _WHOLE.match(asked) else f"{{ {asked} }}", variables)
    found = msgspec.json.decode(answer)
    if "errors" in found:
        raise QueryError("; ".join(each["message"] for each in found["errors"]))
    write_value(session, found["data"])


def _answer(session: Session, text: str, variables: str | None) -> Any:
    try:
        from runwright.server.graphql.execution import GraphQL, GraphQLRequest  # noqa: PLC0415  brings a library
    except ModuleNotFoundError as missing:
        raise MissingExtra(f"Queries need {missing.name}: install runwright[server].") from None
    return GraphQL(session.open_record()).answer(GraphQLRequest(text, variables)).body


def _read(file: str | None) -> str:
    if file == "-":
        return sys.stdin.read()
    try:
        return Path(file or "").read_text(encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise click.UsageError(f"{file} is no UTF-8 text: save it as UTF-8.") from None
