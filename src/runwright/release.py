"""Release: which Runwright this is."""

from __future__ import annotations

from functools import cache


@cache
def version() -> str | None:
    """Return the version that is installed, None where the code runs without having been installed."""
    from importlib.metadata import PackageNotFoundError, version as installed  # noqa: PLC0415  few ask, and it is no small import

    try:
        return installed("runwright")
    except PackageNotFoundError:
        return None
