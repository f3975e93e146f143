"""Surface: the pages over one record as whoever serves them sees them: what they read, and the addresses they answer."""

from __future__ import annotations

import msgspec

from runwright.store import Store
from runwright.ui.log_end import LogEnd


class Surface(msgspec.Struct, frozen=True):
    """What every page stands on. `name` is what the record is called on pages; `is_live` lets pages follow the log.

    `queries` is the address that answers GraphQL, empty where nobody does.
    """

    views: Store
    name: str
    log_end: LogEnd
    is_live: bool = True
    queries: str = ""
