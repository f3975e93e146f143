"""The Dask executor fulfils the contract, on a real cluster of two processes on loopback."""

from __future__ import annotations

import pytest

pytest.importorskip("distributed")
pytest.register_assert_rewrite("runwright.testing.executor_contract")

from tests.dask_cluster import cluster  # noqa: E402, F401  a fixture

from runwright.executors import DaskExecutor  # noqa: E402
from runwright.testing.executor_contract import ExecutorContract  # noqa: E402  after its assertions were told to explain


class TestDask(ExecutorContract):
    has_processes = True
    tells_how = False

    @pytest.fixture
    def executor(self, cluster):  # noqa: F811  the fixture
        return DaskExecutor(cluster.scheduler_address)
