"""A server that speaks S3, on loopback, for the whole session."""

from __future__ import annotations

from tests.s3_server import s3, s3_server

__all__ = ["s3", "s3_server"]
