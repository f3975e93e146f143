"""Session: what one call of the command line was told about itself: which record, which shape, which colours."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from runwright.store import Store


class Session:
    """The options that every command has; set while the arguments are parsed."""

    def __init__(self) -> None:
        """Begin with nothing said."""
        self.record: str | None = None
        self.debug = False
        self.color: str | None = None
        self.format: str | None = None
        self.fields: tuple[str, ...] = ()

    def open_record(self, *, read_only: bool = True, is_patient: bool = False) -> Store:
        """Return the record that is meant; raises `RecordUnreadable` when there is none to read.

        `is_patient` waits for a database that is restarting.
        """
        from runwright.open_records import open_record  # noqa: PLC0415  only commands that use a record pay for it

        return open_record(self.record, read_only=read_only, is_patient=is_patient)

    @property
    def is_interactive(self) -> bool:
        """Say whether a person looks at what is printed."""
        return is_terminal(sys.stdout)

    @property
    def is_colored(self) -> bool:
        """Say whether standard output is coloured: as told, else as the environment and the settings say."""
        return self._is_colored_on(sys.stdout)

    @property
    def shape(self) -> str:
        """Return the format to print in: the one asked for, else a table for people and lines for programs."""
        return self.format or ("table" if self.is_interactive or self._is_forced() else "lines")

    def _is_forced(self) -> bool:
        return self.color == "always" or (self.color is None and bool(os.environ.get("FORCE_COLOR")))

    def _is_colored_on(self, stream: TextIO) -> bool:
        if self.color in {"always", "never"}:
            return self.color == "always"
        if os.environ.get("NO_COLOR"):
            return False
        if os.environ.get("FORCE_COLOR"):
            return True
        from runwright import settings  # noqa: PLC0415  what the environment decides needs no settings

        chosen = settings.load().color
        if chosen != "auto":
            return chosen == "always"
        return is_terminal(stream) and os.environ.get("TERM") != "dumb"


def is_terminal(stream: Any) -> bool:
    """Say whether a stream is a terminal; a closed one is not."""
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):
        return False


def say(text: str) -> None:
    """Tell the person, not the program, something: on standard error."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
