"""Schedules of flows in Python over HTTP: who reads them, pauses them and lets them go on; and runs that come too late."""

from __future__ import annotations

from datetime import timedelta

import pytest

from runwright import Flow
from runwright.schedules import IntervalSchedule
from runwright.server.auth import Role
from runwright.triggering.flow_scheduler import FlowScheduler
from runwright.triggering.flow_schedules import FlowSchedules

from .conftest import KEYS


@pytest.fixture
def flow_id(record):
    schedule = IntervalSchedule(timedelta(hours=1))
    version = record.register(Flow("hourly", schedule=schedule).to_version())
    return FlowSchedules(record).register(version, schedule.to_dict()).schedule.flow_id


def test_a_schedule_is_paused_and_goes_on(client, flow_id):
    (listed,) = client.get("/api/schedules").json()
    assert ["hourly", False, "2023-11-14T23:00:00.000000+00:00"] == [
        listed[name] for name in ("flow_name", "paused", "next_start_time")
    ]

    assert client.post(f"/api/schedules/{flow_id}/pause").json()["paused"]
    assert client.get(f"/api/schedules/{flow_id}").json()["paused"]
    assert listed == client.post(f"/api/schedules/{flow_id}/resume").json()


@pytest.mark.parametrize("name", ["01a1fd09-35be-7154-a236-19693cf4dad6", "hourly"])
def test_what_has_no_schedule_is_not_found(client, flow_id, name):
    assert 404 == client.get(f"/api/schedules/{name}").status_code


def test_a_viewer_pauses_nothing(locked, flow_id):
    headers = {"Authorization": f"Bearer {KEYS[Role.VIEWER]}"}

    assert 200 == locked.get("/api/schedules", headers=headers).status_code
    assert 403 == locked.post(f"/api/schedules/{flow_id}/pause", headers=headers).status_code


def test_a_run_that_nobody_begins_in_time_is_late(client, record, flow_id, now):
    now.advance(3_600)
    started = []
    FlowScheduler(record, started.append).look()
    now.advance(20)

    def events(**which):
        return client.post("/api/events/filter", json={"filter": {"order": "ASC", **which}}).json()["events"]

    resource = {"id": [f"prefect.flow-run.{started[0]}"]}
    told = events(resource=resource)
    assert ["Pending", "Scheduled", "Late"] == [each["payload"]["validated_state"]["name"] for each in told]
    assert told[1]["id"] == told[2]["follows"]
    assert [told[2]] == events(event={"name": ["prefect.flow-run.Late"]})
    found = client.post("/api/flow_runs/filter", json={"flow_runs": {"state": {"name": {"any_": ["Late"]}}}}).json()
    assert [str(started[0])] == [each["id"] for each in found]
    assert (told[2]["id"], "Late") == (found[0]["state_id"], found[0]["state"]["name"])
