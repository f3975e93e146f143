"""Nothing is left out of the documentation, and its tables say what the code says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.docs.tables import DOCS, TABLES, with_table

from runwright import errors
from runwright.cli.main import root
from runwright.events import EventKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import click

ROOT = DOCS.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)")


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


def _links(page: Path) -> Iterator[tuple[Path, str]]:
    """Yield the file and the heading that each link of a page leads to."""
    for target, heading in LINK.findall(page.read_text()):
        yield (page.parent / target).resolve() if target else page, heading


def _headings(page: Path) -> set[str]:
    """Return the headings of a page as links name them."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    """Its file is there, and the heading in it."""
    dead = [
        f"{to}#{heading}"
        for to, heading in _links(page)
        if not to.exists() or (heading and heading not in _headings(to))
    ]
    assert dead == []


def test_every_page_is_within_reach_of_the_readme() -> None:
    """The pages and the folder of decisions are linked from it, and each decision has a number of its own."""
    reached = {to for to, _ in _links(ROOT / "README.md")}
    assert [page.name for page in sorted(DOCS.glob("*.md")) if page not in reached] == []
    assert DOCS / "decisions" in reached
    numbers = [page.name[:4] for page in sorted(DOCS.glob("decisions/*.md"))]
    assert [f"{number:04}" for number in range(len(numbers))] == numbers
