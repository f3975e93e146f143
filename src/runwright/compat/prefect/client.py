"""Client: of the original's client, what works without a server: secrets, and the names of its errors."""

from __future__ import annotations

from typing import Any

from runwright.context import context
from runwright.errors import RunwrightError
from runwright.tasks.secrets import find_secret


class Secret:
    """A secret that is looked up when it is asked for: `Secret("token").get()`."""

    def __init__(self, name: str) -> None:
        """Hold the name."""
        self.name = name

    def get(self) -> Any:
        """Return the value: of `prefect.context.secrets`, else of the environment.

        Raises `ValueError` when there is none, and while a flow is being built: it would become a part of the flow.
        """
        if "flow" in context:
            raise ValueError(
                "Secrets should only be retrieved during a Flow run, not while building a Flow: use the task PrefectSecret."
            )
        return find_secret(self.name)

    def exists(self) -> bool:
        """Say whether there is such a secret."""
        try:
            find_secret(self.name)
        except ValueError:
            return False
        return True


class ClientError(RunwrightError):
    """A server refused something. Code that handles it runs as it is, and has nothing to handle: there is no server."""


class AuthorizationError(ClientError):
    """A server wanted another key."""


class ObjectNotFoundError(ClientError):
    """A server did not know something."""
