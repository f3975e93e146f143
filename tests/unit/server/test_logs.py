"""Log lines as clients of Prefect 3 find and send them."""

from __future__ import annotations

import logging
from uuid import uuid4

import pytest

from runwright import ids
from runwright.clock import to_datetime
from runwright.testing.scribe import NOON


def find(client, **body):
    answer = client.post("/api/logs/filter", json=body)
    assert 200 == answer.status_code, answer.text
    return answer.json()


def line(scribe, ordinal=1, **fields):
    return {
        "name": "mine",
        "level": logging.INFO,
        "message": "Hello.",
        "timestamp": to_datetime(NOON).isoformat(),
        "flow_run_id": str(scribe.flow_run),
        "task_run_id": str(ids.task_run_id(scribe.flow_run, ordinal)) if ordinal else None,
        **fields,
    }


@pytest.fixture
def idle(scribe):
    """Give a flow run that nobody holds."""
    scribe.enter(1, "Running").commit()
    scribe.store.release(scribe.lease)
    return scribe


def test_lines_that_are_sent_are_found(client, idle):
    lines = [
        line(idle, message="One."),
        line(idle, 2, message="Two.", level=logging.ERROR),
        line(idle, 0, message="Three."),
    ]

    assert 201 == client.post("/api/logs/", json=lines).status_code
    about = {"flow_run_id": {"any_": [str(idle.flow_run)]}}
    assert ["One.", "Two.", "Three."] == [each["message"] for each in find(client, logs=about)]
    assert ["Two."] == [each["message"] for each in find(client, logs={**about, "level": {"ge_": 40}})]
    assert ["Three."] == [each["message"] for each in find(client, logs={"task_run_id": {"is_null_": True}})]
    assert ["One."] == [
        each["message"] for each in find(client, logs={"task_run_id": {"any_": [lines[0]["task_run_id"]]}})
    ]
    assert ["Two."] == [
        each["message"] for each in find(client, logs={"text": {"query": "tWo"}}, sort="TIMESTAMP_DESC")
    ]
    assert ["Two."] == [each["message"] for each in find(client, logs=None, limit=1, offset=1)]
    assert [] == find(client, logs={"timestamp": {"after_": to_datetime(NOON + 10**9).isoformat()}})
    keys = {
        "id",
        "created",
        "updated",
        "name",
        "level",
        "message",
        "timestamp",
        "flow_run_id",
        "task_run_id",
        "worker_id",
    }
    assert keys == find(client)[0].keys()
    assert 3 == len({each["id"] for each in find(client)})


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (404, {"flow_run_id": str(uuid4()), "task_run_id": None}),
        (422, {"flow_run_id": None, "task_run_id": None}),
        (422, {"message": "x" * 65_537}),
    ],
)
def test_lines_that_belong_nowhere_are_refused(client, idle, status, fields):
    assert status == client.post("/api/logs/", json=[line(idle, **fields)]).status_code
    assert [] == find(client)


def test_lines_for_a_run_that_somebody_holds_are_refused(client, scribe):
    scribe.enter(1, "Running").commit()

    assert 409 == client.post("/api/logs/", json=[line(scribe)]).status_code


@pytest.mark.parametrize("body", [{"logs": {"unknown": 1}}, {"sort": "LEVEL_ASC"}, {"limit": 201}])
def test_a_question_that_cannot_be_is_refused(client, body):
    assert 422 == client.post("/api/logs/filter", json=body).status_code


def test_lines_of_times_that_no_record_can_hold_are_kept(client, idle):
    times = ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"]

    assert 201 == client.post("/api/logs/", json=[line(idle, timestamp=each) for each in times]).status_code
    assert ["1677", "2262"] == sorted(each["timestamp"][:4] for each in find(client, logs=None))
