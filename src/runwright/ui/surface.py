"""Surface: the pages over one record as whoever serves them sees them: what they read, and the addresses they answer."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from runwright.store import Store
from runwright.ui.log_end import LogEnd


class Surface(msgspec.Struct, frozen=True):
    """What every page stands on. `name` is what the record is called on pages; `is_live` lets pages follow the log.

    `answer` gives the JSON that answers a GraphQL query, None where nobody does.
    """

    views: Store
    name: str
    log_end: LogEnd
    is_live: bool = True
    answer: Callable[[str], bytes | str] | None = None
