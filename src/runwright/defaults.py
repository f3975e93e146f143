"""Defaults: what declarations take where they say nothing.

`active()` answers with one object. A surface whose users expect other defaults puts its own in place with `use`; nothing
else in the package depends on who asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta

    from runwright.result import Result


class Defaults:
    """Runwright's own defaults. A subclass may compute each anew whenever it is asked."""

    max_retries: int = 0
    retry_delay: float | timedelta | None = None
    timeout: float | timedelta | None = None
    is_timeout_whole: bool = False
    """Whether a timeout has to be a whole number of seconds."""
    is_eager: bool = False
    """Whether every edge is checked when it is added, as with `validate=True`."""
    runs_on_schedule: bool = True
    """Whether `run` of a flow with a schedule waits for its times."""
    is_mapping_strict: bool = True
    """Whether what cannot be mapped over is refused by name too, and not by place only."""
    home: str | None = None
    """The directory of saved flows and the like; None: Runwright's home."""
    flow_ending: str = ".flow"
    """What the names of saved flows end with."""
    logger_root: str = "runwright"
    """The logger that those of tasks are children of."""

    def parameter_result(self, *, is_datetime: bool = False) -> Result | None:
        """Return the result of a parameter, which names none; `is_datetime`: its values are datetimes."""
        del is_datetime
        return None

    def public_name(self, name: str) -> str:
        """Return the dotted name that documents give a class or function of this package."""
        return name


OWN = Defaults()
_active: list[Defaults] = [OWN]


def active() -> Defaults:
    """Return the defaults that hold now."""
    return _active[0]


def use(defaults: Defaults) -> None:
    """Let other defaults hold from now on, in the whole process."""
    _active[0] = defaults
