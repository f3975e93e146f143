"""A server that speaks S3, on loopback, for those who ask for a bucket."""

from __future__ import annotations

from tests.s3_server import s3, s3_server

__all__ = ["s3", "s3_server"]
