"""SQL: the texts of migrations and named queries, read from the files of this folder.

A dialect is a folder. `NNNN_*.sql` in it are migrations, applied in order and never changed once released; every other file
holds queries, each after a line `-- name: NAME`.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_MIGRATION = re.compile(r"(\d{4})_\w+\.sql")
_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


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
    """Return the queries of a file by name."""
    text = (files(__name__) / dialect / f"{file}.sql").read_text(encoding="utf-8")
    _, *parts = _NAME.split(text)
    return {name: query.strip().removesuffix(";") for name, query in zip(parts[::2], parts[1::2], strict=True)}
