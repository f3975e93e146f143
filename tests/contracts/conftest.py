"""Servers for the whole session: one that speaks S3, on loopback, and a PostgreSQL."""

from __future__ import annotations

from tests.postgres_server import postgres_server, postgres_url
from tests.s3_server import s3, s3_server

__all__ = ["postgres_server", "postgres_url", "s3", "s3_server"]
