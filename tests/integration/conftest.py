"""Every integration test runs on its own record, and ends with `rebuild == rows` and every invariant checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.s3_server import s3, s3_server

if TYPE_CHECKING:
    from runwright.store import Store

__all__ = ["record", "s3", "s3_server"]


@pytest.fixture(autouse=True)
def record(runwright_record: Store) -> Store:
    """Give every test here a record that is checked when it is over."""
    return runwright_record
