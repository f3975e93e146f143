"""Schedules of registered flows: each nominal time starts one execution, however many look and whatever was lost."""

from __future__ import annotations

import pytest

from runwright.errors import IllegalTransition, NotOnRecord
from runwright.executions.catalogue import Executions
from runwright.executions.registered_flows import RegisteredFlows
from runwright.triggering.progress import progress_of
from runwright.triggering.trigger_service import TriggerService

from .trigger_server import HOUR, MIDNIGHT, Server, executions, start

HOURLY = """
id: hourly
namespace: company.team
inputs:
  - id: day
    type: STRING
    required: false
labels: {team: core}
tasks:
  - id: say
    type: debug.Return
    format: "{{ trigger.date }} {{ inputs.day }}"
triggers:
  - id: clock
    type: trigger.Schedule
    cron: "0 * * * *"
    inputs: {day: "{{ trigger.date | date('yyyy-MM-dd') }}"}
    labels: {by: clock}
"""
PLACE = "company.team", "hourly", "clock"


def due(store, place=PLACE):
    return progress_of(store.find_trigger(*place))


def test_an_execution_starts_when_its_time_comes(server, register, now, record):
    register(HOURLY)
    server.look()
    assert [] == server.started

    now.advance(3_600)
    server.look(3)

    assert ["2026-01-01T01:00:00.000Z 2026-01-01"] == server.run_all()
    (row,) = executions(record, "company.team/hourly")
    assert {
        "id": "clock",
        "type": "io.kestra.plugin.core.trigger.Schedule",
        "variables": {
            "date": "2026-01-01T01:00:00.000Z",
            "next": "2026-01-01T02:00:00.000Z",
            "previous": "2026-01-01T00:00:00.000Z",
        },
    } == {name: value for name, value in row.details["trigger"].items() if name != "key"}
    assert {"team": "core", "by": "clock"} == {
        key: value for key, value in row.details["labels"].items() if "system." not in key
    }


def test_of_two_servers_one_starts_it(server, register, now, record):
    register(HOURLY)
    other = Server(record)
    now.advance(3_600)

    server.look()
    other.look()

    assert [1, 0] == [len(server.started), len(other.started)]
    assert 1 == len(executions(record, "company.team/hourly"))


def test_a_start_that_was_not_noted_before_a_crash_is_found_again(server, register, now, record, monkeypatch):
    register(HOURLY)
    server.look()
    now.advance(3_600)

    def crash(_):
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(record, "keep_trigger", crash)
        with pytest.raises(SystemExit):
            server.look()
    after = Server(record)

    assert [] == after.look().started
    assert [1, HOUR] == [
        len(executions(record, "company.team/hourly")),
        due(record).next - due(record).fired,
    ]


def test_a_schedule_waits_for_the_end_of_the_execution_before(server, register, now, record):
    register(HOURLY)
    server.look()
    now.advance(3_600)
    server.look()
    now.advance(3_600)
    server.look()
    assert 1 == len(server.started)

    assert ["2026-01-01T01:00:00.000Z 2026-01-01"] == server.run_all()
    server.look()
    assert ["2026-01-01T02:00:00.000Z 2026-01-01"] == server.run_all()


def test_one_that_is_unlocked_does_not_wait(server, register, now, record):
    register(HOURLY)
    server.look()
    now.advance(7_200)
    server.look()
    TriggerService(record).unlock(PLACE)
    server.look()

    assert 2 == len(server.started)
    TriggerService(record).unlock(PLACE)
    with pytest.raises(IllegalTransition, match="waits for no execution"):
        TriggerService(record).unlock(PLACE)


@pytest.mark.parametrize(
    ("expected", "more"),
    [
        (["01", "02", "03", "04"], ""),
        (["01", "02", "03", "04"], "recoverMissedSchedules: ALL"),
        (["04"], "recoverMissedSchedules: LAST"),
        ([], "recoverMissedSchedules: NONE"),
        (["03", "04"], "lateMaximumDelay: PT2H"),
    ],
)
def test_times_that_were_missed_are_made_up_for_as_the_trigger_says(expected, more, server, register, now, record):
    register(f"{HOURLY}    {more}\n")
    server.look()
    now.advance(4.5 * 3_600)

    hours = []
    after = Server(record)
    for _ in range(6):
        hours += [text[11:13] for text in after.look().run_all()]

    assert expected == hours
    now.advance(1_800)
    assert ["05"] == [text[11:13] for text in after.look().run_all()]


def test_another_expression_counts_from_now_on(server, register, now, record):
    register(HOURLY)
    server.look()
    now.advance(1_800)
    register(HOURLY.replace('"0 * * * *"', '"*/10 * * * *"'))
    server.look()
    now.advance(600)

    assert ["2026-01-01T00:40:00.000Z 2026-01-01"] == server.look().run_all()


@pytest.mark.parametrize(
    ("expected", "condition"),
    [
        (1, "type: condition.DayWeek\n        dayOfWeek: THURSDAY"),
        (0, "type: condition.Weekend"),
        (1, "type: condition.Expression\n        expression: \"{{ trigger.date contains 'T01' }}\""),
        (1, "type: condition.Not\n        conditions: [{type: condition.Weekend}]"),
        (0, "type: condition.ExecutionStatus\n        in: [SUCCESS]"),
        (0, "type: condition.PublicHoliday"),
    ],
)
def test_conditions_are_asked_when_the_time_has_come(expected, condition, server, register, now, record):
    register(f"{HOURLY}    conditions:\n      - {condition}\n")
    server.look()
    now.advance(3_600)

    assert expected == len(server.look().started)
    assert ("PublicHoliday" in condition or "ExecutionStatus" in condition) is (due(record).problem is not None)


def test_a_trigger_that_is_off_starts_nothing_and_makes_up_for_nothing(server, register, now, record):
    register(HOURLY)
    server.look()
    Executions(record.url).toggle(*PLACE, is_enabled=False)
    now.advance(4 * 3_600)
    assert [] == server.look().started

    Executions(record.url).toggle(*PLACE, is_enabled=True)
    server.look(2)
    assert [] == server.started
    now.advance(3_600)
    assert 1 == len(server.look().started)


@pytest.mark.parametrize("text", [f"{HOURLY}    disabled: true\n", f"{HOURLY}\ndisabled: true\n"])
def test_one_that_is_off_in_its_text_starts_nothing_either(text, server, register, now, record):
    register(text)
    server.look()
    now.advance(4 * 3_600)
    assert [] == server.look().started

    register(HOURLY)
    server.look()
    now.advance(3_600)
    assert ["2026-01-01T05:00:00.000Z 2026-01-01"] == server.look().run_all()


def test_a_deleted_flow_starts_nothing(server, register, now, record):
    flow = register(HOURLY)
    server.look()
    RegisteredFlows(record).delete(flow)
    now.advance(3_600)

    assert [] == server.look().started
    assert record.find_trigger(*PLACE) is None


def test_inputs_that_the_flow_refuses_are_noted_and_the_next_time_comes(server, register, now, record):
    register(HOURLY.replace("type: STRING", "type: INT"))
    server.look()
    now.advance(3_600)

    assert [] == server.look().started
    assert "`day`" in due(record).problem
    assert now.at < due(record).next


def test_a_task_turns_a_trigger_off(server, register, now, record):
    register(HOURLY)
    register("""
id: off
namespace: company.team
tasks:
  - id: toggle
    type: trigger.Toggle
    flowId: hourly
    namespace: company.team
    trigger: clock
    enabled: false
""")
    server.look()

    assert "Success" == start(record, "off").kind.name
    assert record.find_trigger(*PLACE).is_disabled
    with pytest.raises(NotOnRecord, match="no trigger none"):
        Executions(record.url).toggle("company.team", "hourly", "none", is_enabled=True)


def test_stop_after_turns_a_trigger_off(server, register, now, record):
    register(f"{HOURLY}    stopAfter: [SUCCESS]\n")
    server.look()
    now.advance(3_600)
    server.look().run_all()

    server.look()
    assert record.find_trigger(*PLACE).is_disabled


# ---- backfills


def test_a_backfill_makes_up_for_times_of_the_past(server, register, now, record):
    register(HOURLY)
    server.look()
    before = due(record).next

    TriggerService(record).fill(PLACE, MIDNIGHT - 3 * HOUR, MIDNIGHT, {"day": "then"}, {"why": "audit"})
    texts = [text for _ in range(5) for text in server.look().run_all()]

    assert [f"2025-12-31T2{hour}:00:00.000Z then" for hour in (1, 2, 3)] + ["2026-01-01T00:00:00.000Z then"] == texts
    assert [None, before] == [due(record).backfill, due(record).next]
    assert {"audit"} == {row.details["labels"]["why"] for row in executions(record, "company.team/hourly")}


def test_a_backfill_is_paused_and_left(server, register, now, record):
    register(HOURLY)
    server.look()
    service = TriggerService(record)
    service.fill(PLACE, MIDNIGHT - 3 * HOUR, None, {}, {})
    server.look().run_all()

    service.hold_fill(PLACE, is_paused=True)
    assert [] == server.look().started
    now.advance(3_600)
    assert ["01"] == [text[11:13] for text in server.look().run_all()]
    service.hold_fill(PLACE, is_paused=False)
    assert ["22"] == [text[11:13] for text in server.look().run_all()]
    service.end_fill(PLACE)
    assert [] == server.look().started


def test_what_cannot_be_made_up_for_is_refused(server, register, now, record):
    register(HOURLY)
    register(f"{HOURLY}  - {{id: hears, type: trigger.Flow}}\n")
    service = TriggerService(record)
    with pytest.raises(IllegalTransition, match="no times"):
        service.fill(PLACE, MIDNIGHT + 1, MIDNIGHT + 2, {}, {})
    with pytest.raises(IllegalTransition, match="no schedule"):
        service.fill(("company.team", "hourly", "hears"), now.at, None, {}, {})
    with pytest.raises(IllegalTransition, match="no backfill"):
        service.end_fill(PLACE)
    service.fill(PLACE, MIDNIGHT - HOUR, None, {}, {})
    with pytest.raises(IllegalTransition, match="has a backfill"):
        service.fill(PLACE, MIDNIGHT - HOUR, None, {}, {})
