"""SecretResult: a value that a secret's task fetches anew each time. It is stored nowhere, and never on the record."""

from __future__ import annotations

from typing import Any, NoReturn

from runwright.result import Result


class SecretResult(Result):
    """Stand for a secret: the location is its name, and to read is to run its task, `secret_task.run(name=...)`."""

    kind = "secret"
    default_serializer = None

    def __init__(self, secret_task: Any) -> None:
        """Read with `secret_task`, whose name is the secret's."""
        super().__init__(location=secret_task.name)
        self.secret_task = secret_task

    def format(self, /, **context: Any) -> Result:
        """Return a copy: the name of a secret is no template."""
        return self.copy()

    def read(self, location: str) -> Result:
        """Return a result with the secret of the name `location`; raises what its task raises."""
        held = self.copy()
        held.value, held.location = self.secret_task.run(name=location), location
        return held

    def write(self, value: Any, /, **context: Any) -> NoReturn:
        """Refuse with `ValueError`: secrets are kept where they are made."""
        raise ValueError("A SecretResult cannot be written: set the secret where your secrets are kept.")

    def exists(self, location: str, /, **context: Any) -> bool:
        """Return True: whether there is such a secret shows when it is read."""
        return True

    @property
    def can_store(self) -> bool:
        """Return False: there is nothing to write."""
        return False
