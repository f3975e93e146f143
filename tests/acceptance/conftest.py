"""What several acceptance tests start from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.acceptance.office import Office

from runwright.open_records import close_records

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Give each test a place of its own, where in the end no request is open and the record is sound."""
    home = tmp_path / "home"
    home.mkdir()
    office = Office(home)
    yield office
    office.close()
    close_records()
