"""Every store keeps the store contract."""

from __future__ import annotations

from contextlib import closing

import pytest

from runwright.stores import open_store
from runwright.testing.store_contract import StoreContract


class TestMemory(StoreContract):
    @pytest.fixture
    def store(self):
        with closing(open_store("memory://")) as store:
            yield store


class TestSqlite(StoreContract):
    @pytest.fixture
    def store(self, tmp_path):
        with closing(open_store(f"sqlite:///{tmp_path}/record.db", synchronous="NORMAL")) as store:
            yield store
