"""Nothing is left out of the documentation, and its tables say what the code says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.docs.tables import DOCS, TABLES, with_table

from runwright import errors
from runwright.cli.main import root
from runwright.events import EventKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    import click


@pytest.mark.parametrize("page", TABLES)
def test_tables_are_made_from_the_code(page: str) -> None:
    """`python -m tests.docs.tables` brings them up to date."""
    text = (DOCS / page).read_text()
    assert with_table(text, TABLES[page]()) == text


def _verbs(command: click.Command, path: str = "") -> Iterator[str]:
    import click

    if not isinstance(command, click.Group):
        yield path
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        if found is not None:
            yield from _verbs(found, f"{path} {name}".strip())


def test_every_command_is_documented() -> None:
    """Each verb stands on the command line's page."""
    text = (DOCS / "command-line.md").read_text()
    assert [verb for verb in _verbs(root) if f"`{verb}" not in text] == []


def test_every_kind_of_event_is_documented() -> None:
    """Each kind stands on the events' page."""
    text = (DOCS / "events.md").read_text()
    assert [kind.name for kind in EventKind if f"`{kind.name}`" not in text] == []


def test_every_error_is_documented() -> None:
    """Each public error stands on the errors' page."""
    text = (DOCS / "errors.md").read_text()
    names = [name for name, each in vars(errors).items() if isinstance(each, type) and issubclass(each, Exception)]
    assert [name for name in names if f"`{name}`" not in text] == []
