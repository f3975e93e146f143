"""Every Python block of README and docs runs, each page in a home of its own; later blocks see what earlier ones defined."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser
from tests.docs.tables import DOCS

if TYPE_CHECKING:
    from pathlib import Path

PAGES = [DOCS.parent / "README.md", *sorted(DOCS.rglob("*.md"))]
SYBIL = Sybil(parsers=[PythonCodeBlockParser()])
BLOCKS = {page: list(SYBIL.parse(page).examples()) for page in PAGES}


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page, blocks in BLOCKS.items() if blocks])
def test_every_block_runs(page: Path, runwright_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A block that raises fails its page, at its line."""
    runwright_home.mkdir()
    monkeypatch.chdir(runwright_home)
    for block in BLOCKS[page]:
        block.document.namespace["__name__"] = "__main__"  # a page reads as a script: what it guards by this name runs
        block.evaluate()


def test_there_are_blocks() -> None:
    """The pages were found, and what is in them too."""
    assert {"README.md", "getting-started.md", "results.md"} <= {page.name for page, blocks in BLOCKS.items() if blocks}
