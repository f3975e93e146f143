"""Every store keeps cards as their contract says."""

from __future__ import annotations

from contextlib import closing

import pytest

from runwright.stores import open_store

pytest.register_assert_rewrite("runwright.testing.card_contract")

from runwright.testing.card_contract import (  # noqa: E402  after its assertions were told to explain
    CardContract,
)


class TestMemory(CardContract):
    @pytest.fixture
    def cards(self):
        with closing(open_store("memory://")) as store:
            yield store


class TestSqlite(CardContract):
    @pytest.fixture
    def cards(self, tmp_path):
        with closing(open_store(f"sqlite:///{tmp_path}/record.db", synchronous="NORMAL")) as store:
            yield store


class TestPostgres(CardContract):
    @pytest.fixture
    def cards(self, empty_postgres_url):
        with closing(open_store(empty_postgres_url)) as store:
            yield store
