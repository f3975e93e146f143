"""Environment: which variables of the process expressions may see, as `envs`. All others are invisible to flows."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "ENV_"


def envs_of(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the variables whose names begin with `ENV_`, by the rest of the name in small letters.

    `environment` None means that of the process.
    """
    variables = os.environ if environment is None else environment
    return {
        name.removeprefix(PREFIX).lower(): value
        for name, value in variables.items()
        if name.startswith(PREFIX) and name != PREFIX
    }
