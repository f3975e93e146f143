"""Findings: the problems of one file, collected while it is read, so that all are told at once.

They also hold the ids of tasks that were met so far: no two tasks of a file may have the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runwright.errors import FlowSpecError, Problem, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Protocol

    from runwright.spec.nodes import Scalar

    class Placed(Protocol):
        """What stands at a line and a column."""

        @property
        def line(self) -> int:
            """Count from 1."""
            ...

        @property
        def column(self) -> int:
            """Count from 1."""
            ...


Path = tuple[str | int, ...]

# Pairs of letters that may be compared for one file: some fifty wrong names of task types.
SEARCH_BUDGET = 10_000_000

_PLAIN_KEY = re.compile(r"[\w-]+")


class Findings:
    """What is wrong in one file; `add` is called for each problem, `refuse` at the end."""

    def __init__(self, file: str) -> None:
        """Begin with nothing found."""
        self.file = file
        self.problems: list[Problem] = []
        self.task_ids: dict[str, Scalar] = {}
        self._search_budget = SEARCH_BUDGET

    def add(self, place: Placed, path: Path, code: str, message: str) -> None:
        """Keep an error."""
        self._keep(place, path, code, message, is_warning=False)

    def warn(self, place: Placed, path: Path, code: str, message: str) -> None:
        """Keep a warning: the flow is valid, and may not do what its author thinks."""
        self._keep(place, path, code, message, is_warning=True)

    def near(self, name: str, known: Iterable[str]) -> str:
        """Return a question that offers the known name nearest to a wrong one, as long as the search costs little."""
        names = list(known)
        self._search_budget -= len(name) * sum(map(len, names))
        return did_you_mean(name, names) if self._search_budget >= 0 else ""

    @property
    def has_errors(self) -> bool:
        """Say whether there is more than warnings."""
        return any(not problem.is_warning for problem in self.problems)

    def in_order(self) -> list[Problem]:
        """Return the problems from the top of the file to its end."""
        return sorted(self.problems, key=lambda problem: (problem.line, problem.column))

    def refuse(self) -> None:
        """Raise `FlowSpecError` with all errors when there are any."""
        if self.has_errors:
            raise FlowSpecError([problem for problem in self.in_order() if not problem.is_warning])

    def _keep(self, place: Placed, path: Path, code: str, message: str, *, is_warning: bool) -> None:
        self.problems.append(
            Problem(self.file, place.line, place.column, text_of(path), code, message, is_warning=is_warning)
        )


def text_of(path: Path) -> str:
    """Return a path as people write it: `tasks[0].cases.FIRST[1]`, keys with other signs in quotes."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_KEY.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += f"[{part!r}]"
    return text
