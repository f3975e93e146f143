"""Servers for the whole session: one that speaks S3, on loopback, and a PostgreSQL."""

from __future__ import annotations

from tests.postgres_server import empty_postgres_url, postgres_server
from tests.s3_server import s3, s3_server

__all__ = ["empty_postgres_url", "postgres_server", "s3", "s3_server"]
