"""Tenants: every path of the executions surface stands twice, with the one tenant there is and without any."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.server.routes import GuardedRoute

TENANT = "main"
PREFIXES = ("/api/v1", f"/api/v1/{TENANT}")


def everywhere(make: Callable[[str], list[GuardedRoute]]) -> list[GuardedRoute]:
    """Return the routes that `make` returns for each prefix."""
    return [route for prefix in PREFIXES for route in make(prefix)]
