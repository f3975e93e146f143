"""What is registered from elsewhere is checked where the record is: anybody can send anything."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from runwright import Flow, task
from runwright.errors import FlowError, FlowSpecError
from runwright.executions.registered_flows import RegisteredFlows
from runwright.runs import FlowVersion
from runwright.schedules import IntervalSchedule
from runwright.server.registrations import Registrations
from runwright.trigger_states import TriggerState
from runwright.triggering.flow_schedules import FlowSchedules

TEXT = "id: a\nnamespace: io.tests\ntasks: [{id: t, type: debug.Return}]\n"
SOURCE = {"yaml": TEXT, "namespace": "io.tests", "id": "a"}


@task
def tick():
    """Do nothing."""


@pytest.fixture
def registrations(record):
    return Registrations(record)


def timed():
    with Flow("timed", schedule=IntervalSchedule(timedelta(hours=1))) as flow:
        tick()
    return flow


def test_a_flow_in_python_is_registered_by_the_clock_of_the_record(registrations, record):
    sent = replace(timed().to_version(), created=1, version=9)
    kept = registrations.register(sent)
    assert [kept] == record.flows("timed")
    assert (1, True) == (kept.version, kept.created > 1)


def test_a_flow_in_yaml_is_what_its_text_says(registrations, record):
    sent = FlowVersion("io.tests/a", "anything", source=SOURCE)
    kept = registrations.register(sent)
    assert ("io.tests/a", 1, ["t"]) == (kept.name, kept.version, [each.slug for each in kept.tasks])
    assert kept == registrations.register(sent)
    assert [TEXT] == [each.text for each in RegisteredFlows(record).all()]


@pytest.mark.parametrize(
    ("error", "flow"),
    [
        (FlowSpecError, FlowVersion("io.tests/a", "1", source={**SOURCE, "yaml": "id: a\n"})),
        (FlowError, FlowVersion("io.tests/b", "1", source=SOURCE)),
        (FlowError, FlowVersion("io.tests/a", "1", source={**SOURCE, "deleted": "true"})),
        (FlowError, FlowVersion("remote", "1", document={"serialized_flow": {}})),
        (FlowError, FlowVersion("", "1", source={"file": "a.py"})),
    ],
)
def test_what_nobody_could_run_is_refused(registrations, record, error, flow):
    with pytest.raises(error):
        registrations.register(flow)
    assert [] == record.flows()


def test_a_schedule_is_kept_and_deleted(registrations, record):
    flow = timed()
    version = registrations.register(flow.to_version())
    FlowSchedules(record).register(version, flow.schedule.to_dict())
    state = record.find_trigger("", "timed", "schedule")
    kept = registrations.keep_trigger(replace(state, is_disabled=True, due=1))
    assert (True, state.due) == (kept.is_disabled, kept.due)
    assert registrations.keep_trigger(state) is None
    assert [True, False] == [registrations.delete_trigger("", "timed", "schedule") for _ in range(2)]


@pytest.mark.parametrize(
    "state",
    [
        TriggerState("io.tests", "a", "schedule", data={"flow_id": "1", "schedule": {}}),
        TriggerState("", "timed", "other", data={"flow_id": "1", "schedule": {}}),
        TriggerState("", "timed", "schedule"),
        TriggerState("", "timed", "schedule", data={"flow_id": 1}),
        TriggerState("", "timed", "schedule", data={"flow_id": "1", "schedule": {"type": "nothing"}}),
        TriggerState("", "unknown", "schedule", data={"flow_id": "1", "schedule": timed().schedule.to_dict()}),
    ],
)
def test_what_is_no_schedule_is_refused(registrations, record, state):
    registrations.register(timed().to_version())
    with pytest.raises(FlowError):
        registrations.keep_trigger(state)
    assert [] == record.list_triggers()


@pytest.mark.parametrize("place", [("io.tests", "a", "schedule"), ("", "timed", "other")])
def test_states_of_other_triggers_are_not_deleted(registrations, place):
    with pytest.raises(FlowError):
        registrations.delete_trigger(*place)
