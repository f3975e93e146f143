"""Client: of the original's client, what works without a server: secrets."""

from __future__ import annotations

from typing import Any

from runwright.tasks.secrets import find_secret


class Secret:
    """A secret that is looked up when it is asked for: `Secret("token").get()`."""

    def __init__(self, name: str) -> None:
        """Hold the name."""
        self.name = name

    def get(self) -> Any:
        """Return the value: of `prefect.context.secrets`, else of the environment; raises `ValueError` without one."""
        return find_secret(self.name)

    def exists(self) -> bool:
        """Say whether there is such a secret."""
        try:
            self.get()
        except ValueError:
            return False
        return True
