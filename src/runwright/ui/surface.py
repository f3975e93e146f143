"""Surface: the pages over one record as whoever serves them sees them: what they read, and the addresses they answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from runwright.store import Store
from runwright.ui.log_end import LogEnd
from runwright.ui.measuring import Measuring
from runwright.ui.presence import Presence

if TYPE_CHECKING:
    from runwright.ui.actions.acting import Acting  # noqa: TC004  never decoded: no types are needed at run time


class Surface(msgspec.Struct, frozen=True):
    """What every page stands on. `name` is what the record is called on pages; `is_live` lets pages follow the log.

    `answer` gives the JSON that answers a GraphQL query, None where nobody does. `acting` does what pages ask for, None where
    they only read. `presence` knows whether the file of the record is still there.
    """

    views: Store
    name: str
    log_end: LogEnd
    is_live: bool = True
    answer: Callable[[str], bytes | str] | None = None
    acting: Acting | None = None
    measuring: Measuring = msgspec.field(default_factory=Measuring)
    presence: Presence = msgspec.field(default_factory=lambda: Presence(""))
