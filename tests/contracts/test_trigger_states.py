"""Every store keeps the states of triggers as their contract says."""

from __future__ import annotations

from contextlib import closing

import pytest

from runwright.stores import open_store

pytest.register_assert_rewrite("runwright.testing.trigger_state_contract")

from runwright.testing.trigger_state_contract import (  # noqa: E402  after its assertions were told to explain
    TriggerStateContract,
)


class TestMemory(TriggerStateContract):
    @pytest.fixture
    def triggers(self):
        with closing(open_store("memory://")) as store:
            yield store


class TestSqlite(TriggerStateContract):
    @pytest.fixture
    def triggers(self, tmp_path):
        with closing(open_store(f"sqlite:///{tmp_path}/record.db", synchronous="NORMAL")) as store:
            yield store


class TestPostgres(TriggerStateContract):
    @pytest.fixture
    def triggers(self, empty_postgres_url):
        with closing(open_store(empty_postgres_url)) as store:
            yield store
