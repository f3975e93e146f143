"""Progress: one line on standard error that says how far a flow run in this process is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from runwright import clock
from runwright.cli.session import is_terminal
from runwright.cli.table import symbol
from runwright.cli.text import clean_line, duration
from runwright.clock import NANOSECONDS

if TYPE_CHECKING:
    from uuid import UUID

PATIENCE = 1.0
_EVERY = 0.1
_WIDTH = 30
_ERASE = "\r\x1b[K"


class Progress:
    """Hears of every task run that is final, and draws: on a terminal, after a second, ten times a second at most.

    `flow_run` is the flow run that was heard of. With `is_always` the last line stays, whatever standard error is.
    """

    def __init__(self, name: str, *, is_always: bool = False) -> None:
        """Begin now."""
        self.flow_run: UUID | None = None
        self._name = clean_line(name)
        self._is_always = is_always
        self._is_live = is_terminal(sys.stderr)
        self._began = clock.now()
        self._drawn_at = self._began
        self._is_drawn = False
        self._last = ""

    def __call__(self, runner: Any) -> None:
        """Take note; `runner` has `counts` by state, `total`, and the machine of the flow run."""
        self.flow_run = runner.machine.flow_run
        now = clock.now()
        done = sum(runner.counts.values())
        if self._is_always or self._is_due(now):
            self._last = self._line(dict(runner.counts), done, max(runner.total, done), now)
        if self._is_live and self._is_due(now):
            sys.stderr.write(_ERASE + self._last)
            sys.stderr.flush()
            self._drawn_at, self._is_drawn = now, True

    def finish(self) -> None:
        """Take the line away, or leave its last state standing."""
        if self._is_drawn:
            sys.stderr.write(_ERASE)
        if self._is_always and self._last:
            sys.stderr.write(self._last + "\n")
        sys.stderr.flush()

    def _is_due(self, now: int) -> bool:
        patience = 0 if self._is_always else PATIENCE
        is_time = (now - self._drawn_at) / NANOSECONDS >= _EVERY
        return self._is_live and is_time and (now - self._began) / NANOSECONDS >= patience

    def _line(self, counts: dict[str, int], done: int, total: int, now: int) -> str:
        share = done / total if total else 1.0
        filled = int(share * _WIDTH)
        bar = "\u2501" * filled + "\u2500" * (_WIDTH - filled)
        by_mark: dict[str, int] = {}
        for state, count in counts.items():
            by_mark[symbol(state)] = by_mark.get(symbol(state), 0) + count
        marks = "  ".join(f"{mark} {count}" for mark, count in by_mark.items())
        elapsed = duration((now - self._began) / NANOSECONDS)
        return f"{self._name}  {bar} {share:4.0%}  {done}/{total}  {marks}  {elapsed}"
