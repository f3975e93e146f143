"""Loggers: those named `prefect.<name>`. What they log is kept with the task run, shown, and seen by any handler above."""

from __future__ import annotations

import logging
import sys
from typing import Any

from runwright.compat.prefect.configuration import config
from runwright.context import context
from runwright.runtime.journal import JournalHandler

ROOT = "prefect"
prefect_logger = logging.getLogger(ROOT)


class ConsoleHandler(logging.StreamHandler[Any]):
    """Writes to what standard output is at the moment."""

    @property
    def stream(self) -> Any:  # type: ignore[override]  it is looked up each time
        """Return the stream."""
        return sys.stdout

    @stream.setter
    def stream(self, value: Any) -> None:
        """Ignore the stream that the handler is made with."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, which is not to be logged again where a task logs what it prints."""
        with context(_stdout=None):
            super().emit(record)


def get_logger(name: str | None = None) -> logging.Logger:
    """Return the logger `prefect`, or its child of this name."""
    return logging.getLogger(ROOT) if name is None else logging.getLogger(ROOT).getChild(name)


def configure_logging(testing: bool = False, *, is_shown: bool = True) -> logging.Logger:  # noqa: FBT001, FBT002  the documented signature
    """Give the logger `prefect` its level and handlers, each once, and return it; `is_shown`: on standard output too."""
    del testing
    root = logging.getLogger(ROOT)
    root.setLevel(config.get_nested("logging.level", "INFO"))
    kinds = {type(handler) for handler in root.handlers}
    if JournalHandler not in kinds:
        root.addHandler(JournalHandler())
    if is_shown and ConsoleHandler not in kinds:
        console = ConsoleHandler()
        console.setFormatter(
            logging.Formatter(config.get_nested("logging.format"), config.get_nested("logging.datefmt"))
        )
        root.addHandler(console)
    return root


def remove_handlers() -> None:
    """Take away the handlers that `configure_logging` gave."""
    root = logging.getLogger(ROOT)
    for handler in list(root.handlers):
        if isinstance(handler, JournalHandler | ConsoleHandler):
            root.removeHandler(handler)
