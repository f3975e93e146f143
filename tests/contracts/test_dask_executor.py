"""The Dask executor fulfils the contract, on a real cluster of two processes on loopback."""

from __future__ import annotations

import pytest
from tests.dask_cluster import two_workers

pytest.importorskip("distributed")
pytest.register_assert_rewrite("runwright.testing.executor_contract")

from runwright.executors import DaskExecutor  # noqa: E402  as the next one
from runwright.testing.executor_contract import ExecutorContract  # noqa: E402  after its assertions were told to explain


@pytest.fixture(scope="module")
def cluster():
    with two_workers() as cluster:
        yield cluster


class TestDask(ExecutorContract):
    has_processes = True
    tells_how = False

    @pytest.fixture
    def executor(self, cluster):
        cluster.wait_for_workers(2)  # one that a test before has taken down comes back
        return DaskExecutor(cluster.scheduler_address)
