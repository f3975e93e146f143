"""Stores: the adapters of `runwright.store.Store`, and opening one by its URL.

`sqlite:///PATH` is a record in a file, `postgresql://HOST/DATABASE` one on a server, `memory://` one that ends with its
process, `http://HOST:PORT` the one that a server of Runwright has, to be read and steered. An
adapter is imported only when its URL asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from runwright.errors import RecordUnreadable

if TYPE_CHECKING:
    from pathlib import Path

    from runwright.store import Store


def open_store(
    url: str,
    *,
    read_only: bool = False,
    synchronous: Literal["FULL", "NORMAL"] = "FULL",
    home: Path | None = None,
    is_patient: bool = False,
) -> Store:
    """Return the record at a URL, ready for use.

    `read_only` opens it for views alone, also where nothing may be written. `synchronous` NORMAL leaves the sync of each
    commit to the system. In `home` the key of a server on this machine is found. `is_patient` waits for half a minute for a
    PostgreSQL server that does not answer.

    Raises `RecordUnreadable`, `RecordTooNew`, `RecordFull`, and `MissingExtra` for PostgreSQL without
    its library.
    """
    scheme, _, path = url.partition("://")
    if scheme == "sqlite" and path.startswith("/") and len(path) > 1:
        from runwright.stores.sqlite import SqliteStore  # noqa: PLC0415  brings a library

        return SqliteStore(path[1:], read_only=read_only, synchronous=synchronous)
    if scheme in {"postgresql", "postgres"} and path:
        from runwright.stores.postgres import PostgresStore  # noqa: PLC0415  brings a library

        return PostgresStore(url, read_only=read_only, synchronous=synchronous, is_patient=is_patient)
    if scheme == "memory" and not path:
        from runwright.stores.memory import MemoryStore  # noqa: PLC0415  only where it is asked for

        return MemoryStore()
    if scheme in {"http", "https"} and path:
        from runwright.stores.served import ServedRecord  # noqa: PLC0415  only where it is asked for

        return cast("Store", ServedRecord(url, home))
    raise RecordUnreadable(
        f"{url!r} is no record: give sqlite:///PATH (four slashes before an absolute path), "
        "postgresql://USER@HOST/DATABASE, memory://, or http://HOST:PORT for a server's."
    )
