"""One process with little memory for all tests of a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.hostile.confined import Confined

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def confined() -> Iterator[Confined]:
    """Give a process that reads flows and renders templates, and has memory for little more."""
    confined = Confined()
    yield confined
    confined.close()
