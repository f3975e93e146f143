"""The schema that one test after the other gets: emptied, it is as a new one."""

from __future__ import annotations

from contextlib import closing

import pytest
from tests.postgres_server import PostgresServer

from runwright.stores import open_store
from runwright.testing.scribe import Scribe

COLUMNS = "SELECT table_name, column_name, data_type, column_default IS NULL FROM information_schema.columns"
SEQUENCES = "SELECT sequencename, last_value, start_value FROM pg_sequences"


def contents(server, schema):
    """Return all that a schema holds: its columns, its rows, and the next numbers."""
    with server.connect(schema) as db:
        columns = db.execute(f"{COLUMNS} WHERE table_schema = %s ORDER BY 1, 2", (schema,)).fetchall()
        rows = {table: db.execute(f"SELECT * FROM {table}").fetchall() for table, *_ in columns}
        sequences = db.execute(f"{SEQUENCES} WHERE schemaname = %s ORDER BY 1", (schema,)).fetchall()
    return columns, rows, sequences


@pytest.fixture
def schema(postgres_server):
    schema = postgres_server.new_schema()
    yield schema
    postgres_server.drop(schema)


def test_an_emptied_schema_is_as_a_new_one(postgres_server, schema):
    server = PostgresServer(postgres_server._server)
    with closing(open_store(server.url(schema))) as store:
        new = contents(server, schema)
        Scribe(store, tags=("nightly",)).start()
        store.add_project("company")
        store.rebuild(replace=True)
        assert new != contents(server, schema)
    server.empty(schema)

    emptied = server.empty_schema()

    assert new == contents(server, emptied)
    server.drop(emptied)
