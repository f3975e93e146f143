"""Every store keeps the store contract."""

from __future__ import annotations

from contextlib import ExitStack, closing

import pytest

from runwright.stores import open_store
from runwright.testing.slot_contract import SlotContract
from runwright.testing.store_contract import StoreContract
from runwright.testing.tag_limit_contract import TagLimitContract


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


class TestPostgres(StoreContract):
    @pytest.fixture
    def store(self, empty_postgres_url):
        with closing(open_store(empty_postgres_url)) as store:
            yield store


def test_two_processes_share_one_file_and_its_slots(tmp_path):
    """Each store has connections of its own, as each process has."""
    url = f"sqlite:///{tmp_path}/record.db"
    with ExitStack() as stack:
        stores = [stack.enter_context(closing(open_store(url, synchronous="NORMAL"))) for _ in range(4)]
        SlotContract().check_turns(stores * 2)
        TagLimitContract().check_turns(stores)


def test_two_processes_share_one_schema_and_its_slots(empty_postgres_url):
    with ExitStack() as stack:
        stores = [stack.enter_context(closing(open_store(empty_postgres_url))) for _ in range(4)]
        SlotContract().check_turns(stores * 2)
        TagLimitContract().check_turns(stores)
