"""What lost processes have left of flow runs that had ended: a worker gives it up, and looks at it no more."""

from __future__ import annotations

import pytest
from tests.integration.executions import run

from runwright import ids
from runwright.worker import Worker


@pytest.mark.parametrize("has_run", [True, False])
def test_a_worker_gives_up_the_lease_of_a_process_that_died_before_it_could(record, has_run):
    """Of an execution that has nothing left to run, and of one that was never recorded."""
    flow_run = run("  - {id: a, type: debug.Return, format: x}").row.id if has_run else ids.new_flow_run_id(1)
    record.acquire(flow_run, "lost", 0)
    worker = Worker(record).start()
    while record.lost_leases():
        record.await_events(1 << 62, 0.1)
    worker.stop()
    assert record.acquire(flow_run, "next", 60).token > 1
