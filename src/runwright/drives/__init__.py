"""Drives: the adapters of `runwright.drive.Drive`, and opening one by its URL.

A path or `file:///PATH` is a folder, `s3://BUCKET/PREFIX`, `gs://...` and `az://...` are places in a bucket, `memory://NAME` is
one that ends with its process. An adapter is imported only when its URL asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright.errors import FilesError

if TYPE_CHECKING:
    from runwright.drive import Drive

BUCKETS = ("s3", "gs", "az")


def open_drive(url: str) -> Drive:
    """Return the drive at a URL or path; nothing is connected or made before it is used. Raises `FilesError`."""
    scheme, is_url, place = url.partition("://")
    if not is_url or (scheme == "file" and place.startswith("/")):
        from runwright.drives.local import LocalDrive  # noqa: PLC0415  only where it is asked for

        return LocalDrive(place if is_url else url)
    if scheme in BUCKETS and place.strip("/"):
        from runwright.drives.object_store import ObjectDrive  # noqa: PLC0415  brings a library

        return ObjectDrive(scheme, *place.split("/", 1))
    if scheme == "memory":
        from runwright.drives.memory import MemoryDrive  # noqa: PLC0415  for tests

        return MemoryDrive(place)
    raise FilesError(
        f"{url!r} is no place for files: give a folder, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, az://CONTAINER/PREFIX or "
        "memory://."
    )
