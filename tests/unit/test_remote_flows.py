"""Flows that programs elsewhere register, in parts."""

from __future__ import annotations

import base64
import gzip
import json
from uuid import UUID

import pytest

from runwright.errors import FlowError, NotOnRecord
from runwright.remote_flows import BATCH, RemoteFlows, unpacked
from runwright.runs import EdgeInfo
from runwright.stores.memory import MemoryStore


@pytest.fixture
def record():
    return MemoryStore()


@pytest.fixture
def flows(record):
    return RemoteFlows(record)


@pytest.fixture
def project(record):
    return record.add_project("Ours").id


def task(slug, **more):
    return {"slug": slug, "name": slug, "type": "my.Task", "tags": ["a"], "max_retries": 2, "retry_delay": 1.5, **more}


def edge(upstream, downstream, **more):
    return {"upstream_task": {"slug": upstream}, "downstream_task": {"slug": downstream}, "key": "x", **more}


def test_a_flow_is_on_record_when_its_last_batch_is(record, flows, project):
    flow_id = flows.create(project, {"name": "etl", "storage": {"type": "Local"}, "__version__": "1.4.1"})
    flows.add_tasks(flow_id, [task("one"), task("two")])
    assert [] == record.flows()

    flows.add_edges(flow_id, [edge("one", "two", mapped=True)])

    (flow,) = record.flows()
    assert (flow_id, "etl", 1) == (flow.id, flow.name, flow.version)
    assert ["one", "two"] == [each.slug for each in flow.tasks]
    assert [False, True] == [each.is_mapped for each in flow.tasks]
    assert {"type": "my.Task", "max_retries": 2, "retry_delay": 1.5} == flow.tasks[0].policies
    assert (EdgeInfo("one", "two", "x", mapped=True),) == flow.edges
    assert ("Ours", {"type": "Local"}, "1.4.1") == (
        flow.document["project"],
        flow.document["storage"],
        flow.document["core_version"],
    )


def test_full_batches_are_not_the_last(record, flows, project):
    flow_id = flows.create(project, {"name": "wide"})
    flows.add_edges(flow_id, [])
    flows.add_tasks(flow_id, [task(f"t{number}") for number in range(BATCH)])
    assert [] == record.flows()

    flows.add_tasks(flow_id, [])

    assert BATCH == len(record.flows()[0].tasks)


def test_a_flow_may_come_in_one_part(record, flows, project):
    flow_id = flows.create(project, {"name": "whole", "tasks": [task("one")], "edges": []}, idempotency_key="hash")

    assert flow_id == record.flows()[0].id
    assert flow_id == flows.create(project, {"name": "whole", "tasks": [task("one")]}, idempotency_key="hash")
    assert 1 == len(record.flows())


def test_without_a_key_each_registration_is_a_version(record, flows, project):
    for _ in range(2):
        flows.create(project, {"name": "whole", "tasks": [task("one")]})

    assert [2, 1] == [flow.version for flow in record.flows()]


def test_a_client_may_repeat_itself(record, flows, project):
    flow_id = flows.create(project, {"name": "whole", "tasks": [task("one")]})

    flows.add_tasks(flow_id, [task("one")])
    flows.add_edges(flow_id, [])

    assert 1 == len(record.flows()[0].tasks)


def test_what_was_never_created_is_refused(flows, project):
    with pytest.raises(NotOnRecord, match="register it again"):
        flows.add_tasks(UUID(int=7), [task("one")])
    with pytest.raises(NotOnRecord, match="no project"):
        flows.create(UUID(int=7), {"name": "x"})
    with pytest.raises(FlowError, match="has no name"):
        flows.create(project, {})


@pytest.mark.parametrize("broken", [{"name": "no slug"}, {"slug": "x", "tags": 5}, {"slug": "x", "max_retries": "2"}])
def test_a_task_that_cannot_be_read_is_told(flows, project, broken):
    with pytest.raises(FlowError, match="cannot be read"):
        flows.create(project, {"name": "bad", "tasks": [broken]})


def test_compressed_text_is_unpacked():
    text = base64.b64encode(gzip.compress(json.dumps({"name": "x"}).encode())).decode()

    assert {"name": "x"} == unpacked(text)


@pytest.mark.parametrize(
    "text",
    [
        "%%%",
        base64.b64encode(b"no gzip").decode(),
        base64.b64encode(gzip.compress(b"[1]", mtime=0)).decode(),
        base64.b64encode(gzip.compress(b"{" * 50, mtime=0)).decode(),
    ],
)
def test_what_is_no_flow_is_refused(text):
    with pytest.raises(FlowError, match="compressed JSON"):
        unpacked(text)


def test_a_small_text_may_not_become_a_large_flow():
    text = base64.b64encode(gzip.compress(b" " * 20_000_000)).decode()

    with pytest.raises(FlowError, match="more than 16 MiB"):
        unpacked(text)
