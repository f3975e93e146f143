"""Every store keeps values as the contract of key-values says."""

from __future__ import annotations

from contextlib import closing

import pytest

from runwright.stores import open_store

pytest.register_assert_rewrite("runwright.testing.key_value_contract")

from runwright.testing.key_value_contract import KeyValueContract  # noqa: E402  after its assertions were told to explain


class TestMemory(KeyValueContract):
    @pytest.fixture
    def key_values(self):
        with closing(open_store("memory://")) as store:
            yield store


class TestSqlite(KeyValueContract):
    @pytest.fixture
    def key_values(self, tmp_path):
        with closing(open_store(f"sqlite:///{tmp_path}/record.db", synchronous="NORMAL")) as store:
            yield store


class TestPostgres(KeyValueContract):
    @pytest.fixture
    def key_values(self, empty_postgres_url):
        with closing(open_store(empty_postgres_url)) as store:
            yield store
