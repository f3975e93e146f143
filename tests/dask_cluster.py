"""A Dask cluster for the tests of one module: two processes on loopback, gone when the block is left."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def two_workers(**options: Any) -> Generator[Any]:
    """Start two workers of one thread each, which are replaced however often they die."""
    from dask import config
    from distributed import LocalCluster

    with (
        config.set({"distributed.deploy.lost-worker-timeout": "7 days"}),
        LocalCluster(
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            silence_logs=logging.CRITICAL,
            **{"n_workers": 2, **options},
        ) as cluster,
    ):
        yield cluster
