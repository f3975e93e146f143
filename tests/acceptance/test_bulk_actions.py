"""A bulk action outlives the server that worked on it: another one goes on, and nothing is done twice."""

from __future__ import annotations

import time
from collections import Counter
from uuid import uuid4

import httpx
import pytest
from tests.acceptance.served import KEY, Served

from runwright.executions.declared_flow import DeclaredFlow
from runwright.executions.registered_flows import registered
from runwright.executions.runner import ExecutionRunner
from runwright.open_records import close_records, open_record
from runwright.views import FlowRunFilter

pytestmark = pytest.mark.timeout(300)  # it starts two servers, on machines that do other things too

MANY = 120
HEADERS = {"Authorization": f"Bearer {KEY}", "Sec-Fetch-Site": "same-origin"}
FLOW = "id: short\nnamespace: team\ntasks: [{id: one, type: io.kestra.plugin.core.debug.Return, format: one}]\n"


def wait_for(client, address, is_met):
    """Return the data of a page as soon as they are what is waited for; the timeout of the test is the patience."""
    while not is_met(page := client.get(f"{address}.json").json()):
        time.sleep(0.05)  # the server is another process, and tells nobody
    return page


def test_a_server_that_is_killed_in_the_middle_leaves_nothing_undone_or_done_twice(tmp_path, monkeypatch):
    monkeypatch.setenv("RUNWRIGHT_LEASE_SECONDS", "2")
    monkeypatch.setenv("RUNWRIGHT_HOME", str(tmp_path / "home"))
    store = open_record(str(tmp_path / "home" / "record.db"))
    flow = registered(store, DeclaredFlow.from_text(FLOW))
    for _ in range(MANY):
        ExecutionRunner(flow, record=store.url, executor="inline").start()
    close_records()

    data = {"request": str(uuid4()), "sure": "yes", "action": "run-again", "q": "flow:team/short", "all": "yes"}
    with (
        Served(tmp_path / "home", "--no-access-log") as served,
        httpx.Client(base_url=served.url, headers=HEADERS) as client,
    ):
        begun = client.post("/ui/bulk-actions/new", data=data)
        assert 303 == begun.status_code, begun.text
        address = begun.headers["location"]
        wait_for(client, address, lambda page: page["line"]["done"])
        served.process.kill()
    with (
        Served(tmp_path / "home", "--no-access-log") as served,
        httpx.Client(base_url=served.url, headers=HEADERS) as client,
    ):
        page = wait_for(client, address, lambda page: not page["is_open"])

    assert (MANY, MANY, 0) == tuple(page["line"][name] for name in ("chosen", "done", "refused"))
    rows = open_record(store.url, read_only=True).flow_runs(FlowRunFilter(flow="team/short"))
    repeated = Counter(row.details["parent"] for row in rows if row.details.get("parent"))
    assert (MANY, {1}) == (len(repeated), set(repeated.values()))
    assert 2 * MANY == len(rows)
