"""SQL: what records in a database share: the texts of migrations and queries, and the reads that are made of them.

The files of this folder hold the queries that every dialect understands, each after a line `-- name: NAME`. A dialect is a
folder: a query in it takes the place of the one of the same name here, and `NNNN_*.sql` in it are its migrations, applied in
order and never changed once released. Values are written `?` or `:name` everywhere.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

_MIGRATION = re.compile(r"(\d{4})_\w+\.sql")
_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


class Cursor(Protocol):
    """The rows of a query."""

    def fetchone(self) -> Any:
        """Return the next row, None after the last."""
        ...

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]:
        """Return the rows that are left, one by one."""
        ...


class Connection(Protocol):
    """What the shared reads ask of a connection; `dialect` names the folder that its queries are in."""

    dialect: str

    def execute(self, query: str, values: Any = (), /) -> Cursor:
        """Run a query."""
        ...


def rows_of(db: Connection, query: str, values: Any = ()) -> list[Any]:
    """Return all rows of a query; what types their values have is said by the schema, which no type checker reads."""
    return db.execute(query, values).fetchall()


def value_of(db: Connection, query: str, values: Any = ()) -> Any:
    """Return the first value of the first row of a query, None without a row."""
    row = db.execute(query, values).fetchone()
    return None if row is None else row[0]


@cache
def migrations(dialect: str) -> tuple[tuple[int, str], ...]:
    """Return number and text of each migration, in order."""
    found = [
        (int(match[1]), file.read_text(encoding="utf-8"))
        for file in (files(__name__) / dialect).iterdir()
        if (match := _MIGRATION.fullmatch(file.name))
    ]
    return tuple(sorted(found))


@cache
def queries(dialect: str, file: str) -> dict[str, str]:
    """Return the queries of a file by name, as a dialect has them."""
    here = files(__name__)
    return _read(here / f"{file}.sql") | _read(here / dialect / f"{file}.sql")


def _read(file: Traversable) -> dict[str, str]:
    if not file.is_file():
        return {}
    _, *parts = _NAME.split(file.read_text(encoding="utf-8"))
    return {name: query.strip().removesuffix(";") for name, query in zip(parts[::2], parts[1::2], strict=True)}
