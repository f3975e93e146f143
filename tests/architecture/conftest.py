"""The source tree as the architecture tests read it: files, their syntax, and what they import."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "runwright"


class Tree:
    """The checkout, whatever part of it exists already."""

    root = ROOT
    package = PACKAGE

    def python_files(self, *folders: str) -> list[Path]:
        """Return every Python file below these folders of the checkout; a missing folder has none."""
        return sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))

    def committed_files(self) -> list[Path]:
        """Return the files that are, or would be, committed."""
        listing = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        return [file for name in listing.stdout.split("\0") if name and (file := ROOT / name).is_file()]

    def name_of(self, file: Path) -> str:
        """Return the path of a file as people write it."""
        return file.relative_to(ROOT).as_posix()

    def home_of(self, file: Path) -> str:
        """Return who owns a file of the package: its top-level module or its top-level folder."""
        return file.relative_to(PACKAGE).parts[0].removesuffix(".py")

    def imported_libraries(self, file: Path) -> set[str]:
        """Return the top-level names that a file imports anywhere, inside functions too."""
        return set(imported_names(ast.parse(file.read_text(encoding="utf-8"))))


def imported_names(tree: ast.AST) -> Iterator[str]:
    """Yield the top-level name of every absolute import in a syntax tree."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


@pytest.fixture(scope="session")
def tree() -> Tree:
    """Return the checkout under test."""
    return Tree()
