"""Secrets: tasks that give a value nobody may see. It is looked up when the flow runs, and never stored or logged.

A flow run that starts from earlier states looks its secrets up again.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from runwright.context import context
from runwright.results import SecretResult
from runwright.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PREFIX = "RUNWRIGHT_SECRET_"
"""What the name of a secret's environment variable starts with; the rest is the secret's name."""


def find_secret(name: str) -> Any:
    """Return a secret: that of the context (`context(secrets={...})`), else of the environment (`RUNWRIGHT_SECRET_<name>`).

    Text that is JSON counts as what it says. Raises `ValueError` when there is none of the name.
    """
    known: Mapping[str, Any] = context.get("secrets") or {}
    if name in known:
        return _read(known[name])
    for variable in (f"{PREFIX}{name}", f"{PREFIX}{name.upper()}"):
        if variable in os.environ:
            return _read(os.environ[variable])
    raise ValueError(
        f'Local Secret "{name}" was not found. Set the environment variable {PREFIX}{name.upper()}, or run the flow with '
        f"context={{'secrets': {{{name!r}: ...}}}}."
    )


class SecretBase(Task):
    """What all secrets have in common: their values stay in memory."""

    runs_again: ClassVar = True

    def __init__(self, **options: Any) -> None:
        """Take the options of a task; raises `ValueError` for a `result`, because secrets are not stored."""
        if options.get("result") is not None:
            raise ValueError("Result for secrets is not configurable: their values are never stored.")
        options["checkpoint"] = False
        super().__init__(**options)
        self.result = SecretResult(secret_task=self)


class Secret(SecretBase):
    """Gives the secret called `name`, as `find_secret` finds it."""

    def __init__(self, name: str | None = None, **options: Any) -> None:
        """Hold the name; it may also be an input."""
        self.secret_name = name
        super().__init__(name=name, **options)

    def run(self, name: str | None = None) -> Any:
        """Return the value; raises `ValueError` without a name, and when there is no such secret."""
        return find_secret(_required(name or self.secret_name))


class EnvVarSecret(SecretBase):
    """Gives the environment variable called `name`, through `cast` where one is given."""

    def __init__(
        self,
        name: str | None = None,
        cast: Callable[[str], Any] | None = None,
        raise_if_missing: bool = False,  # noqa: FBT001, FBT002  the documented signature
        **options: Any,
    ) -> None:
        """Hold the name; it may also be an input."""
        self.secret_name = name
        self.cast = cast
        self.raise_if_missing = raise_if_missing
        super().__init__(name=name, **options)

    def run(self, name: str | None = None) -> Any:
        """Return the value, or None where the variable is not set; raises `ValueError` instead if so chosen."""
        variable = _required(name or self.secret_name)
        value = os.environ.get(variable)
        if value is None:
            if self.raise_if_missing:
                raise ValueError(f"Environment variable not set: {variable}")
            return None
        return value if self.cast is None else self.cast(value)


def _required(name: str | None) -> str:
    if not name:
        raise ValueError("A secret name must be provided: when the task is made, or as its input.")
    return name


def _read(value: Any) -> Any:
    """Return what JSON text says, anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return value
