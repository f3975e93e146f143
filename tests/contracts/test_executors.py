"""Every executor that Runwright comes with fulfils the contract."""

from __future__ import annotations

import pytest

from runwright.executors import executor_named

pytest.register_assert_rewrite("runwright.testing.executor_contract")

from runwright.testing.executor_contract import ExecutorContract  # noqa: E402  after its assertions were told to explain


class TestInline(ExecutorContract):
    is_beside = False

    @pytest.fixture
    def executor(self):
        return executor_named("inline")


class TestThreads(ExecutorContract):
    @pytest.fixture
    def executor(self):
        return executor_named("threads:3")


class TestProcesses(ExecutorContract):
    has_processes = True

    @pytest.fixture
    def executor(self):
        return executor_named("processes:2")
