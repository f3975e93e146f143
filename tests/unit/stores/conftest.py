"""A PostgreSQL server for the tests of what keeps records on one."""

from __future__ import annotations

from tests.postgres_server import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]
