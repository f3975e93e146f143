"""A Dask cluster for the tests of one module: two processes on loopback, gone when the module is over."""

from __future__ import annotations

import logging

import pytest


@pytest.fixture(scope="module")
def cluster():
    """Start two workers of one thread each."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address=None,
        silence_logs=logging.CRITICAL,
        resources={"GPU": 1},
    ) as cluster:
        yield cluster
