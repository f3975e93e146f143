"""Schedules of registered flows in Python: each nominal time starts one run, however many look and whatever was lost."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from runwright import Flow, Parameter, app, task
from runwright.clock import to_iso
from runwright.errors import FlowError, NotOnRecord, ParameterError
from runwright.flow_files import load_flow
from runwright.open_records import open_record
from runwright.query import Query, columns
from runwright.runs import FlowVersion
from runwright.schedules import IntervalSchedule, Schedule
from runwright.schedules.clocks import CronClock, IntervalClock
from runwright.triggering.flow_schedules import CatchUp, FlowSchedules
from runwright.views import FlowRunFilter, TaskRunFilter
from runwright.worker import Worker

from .trigger_server import HOUR, MIDNIGHT, Server

HOURLY = IntervalSchedule(timedelta(hours=1))


@task
def say(word):
    return word


@pytest.fixture
def scheduled(record, now):
    """Give what registers a flow with a schedule, and returns what became of that."""

    def register(schedule=HOURLY, *, default="tick", **options):
        with Flow("hourly", schedule=schedule) as flow:
            say(Parameter("word", default=default) if default else Parameter("word"))
        return FlowSchedules(record).register(record.register(flow.to_version()), schedule.to_dict(), **options)

    return register


def starts(record):
    """Return the hours for which there are runs, by the order of their times."""
    rows = record.flow_runs(FlowRunFilter(flow="hourly"))
    return sorted((row.scheduled_start_time - MIDNIGHT) / HOUR for row in rows)


def test_a_run_starts_when_its_time_comes(server, scheduled, now, record):
    scheduled()
    assert [] == server.look().started

    now.advance(3_600)
    server.look(3)

    (row,) = record.flow_runs(FlowRunFilter(flow="hourly"))
    assert [row.id] == server.started
    assert ["Scheduled", MIDNIGHT + HOUR, True] == [
        row.kind.name,
        row.scheduled_start_time,
        row.details["auto_scheduled"],
    ]
    assert [1.0] == starts(record)


def test_what_was_started_is_run_from_the_file_of_the_flow(tmp_path, server, now, record):
    file = tmp_path / "hourly.py"
    file.write_text(
        "from datetime import timedelta\n"
        "from runwright import Flow, Parameter, task\n"
        "from runwright.schedules import IntervalSchedule\n"
        "@task\n"
        "def say(word):\n"
        "    return word\n"
        "with Flow('hourly', schedule=IntervalSchedule(timedelta(hours=1))) as flow:\n"
        "    say(Parameter('word', default='tick'))\n"
    )
    flow = load_flow(str(file))
    FlowSchedules(record).register(
        record.register(flow.to_version()), flow.schedule.to_dict(), parameters={"word": "tock"}
    )
    now.advance(3_600)
    (flow_run,) = server.look().started

    state = app.resume_flow_run(flow_run, executor="inline", progress=lambda _: None, releases=False)

    assert "Success" == type(state).__name__
    assert ["tick", "tock"] == [flow.parameters().pop().default, app.find_flow_run(record, flow_run).parameters["word"]]
    assert {"Success"} == {row.kind.name for row in record.task_runs(TaskRunFilter(flow_run=flow_run))}


def test_of_two_servers_one_starts_it(server, scheduled, now, record):
    scheduled()
    other = Server(record)
    now.advance(3_600)

    server.look()
    other.look()

    assert [1, 0] == [len(server.started), len(other.started)]
    assert [1.0] == starts(record)


def test_a_start_that_was_not_noted_before_a_crash_is_found_again(server, scheduled, now, record, monkeypatch):
    scheduled()
    now.advance(3_600)

    def crash(_):
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(record, "keep_trigger", crash)
        with pytest.raises(SystemExit):
            server.look()
    after = Server(record).look()

    assert [1.0] == starts(record)
    assert server.started == after.started  # told again: whoever runs it finds out that it is run


def test_a_run_does_not_wait_for_the_one_before(server, scheduled, now, record):
    scheduled()
    for _ in range(3):
        now.advance(3_600)
        server.look()

    assert [1.0, 2.0, 3.0] == starts(record)


@pytest.mark.parametrize(
    ("catch_up", "expected"),
    [(CatchUp.ALL, [1.0, 2.0, 3.0]), (CatchUp.LAST, [3.0]), (CatchUp.NONE, [])],
)
def test_what_nobody_looked_for_is_made_up_for_as_was_said(server, scheduled, now, record, catch_up, expected):
    scheduled(catch_up=catch_up)
    now.advance(3.5 * 3_600)

    server.look(3)

    assert expected == starts(record)
    assert MIDNIGHT + 4 * HOUR == FlowSchedules(record).find("hourly").schedule.next


def test_many_missed_times_take_several_turns(server, scheduled, now, record, monkeypatch):
    monkeypatch.setattr("runwright.triggering.flow_scheduler.MOST", 2)
    scheduled(catch_up=CatchUp.ALL)
    now.advance(5 * 3_600)

    assert [[1.0, 2.0], [1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0, 5.0]] == [
        (server.look(), starts(record))[1] for _ in range(3)
    ]


def test_what_is_paused_starts_nothing_and_goes_on_with_the_next_time(server, scheduled, now, record):
    schedules = FlowSchedules(record)
    scheduled(catch_up=CatchUp.ALL)
    assert schedules.pause("hourly").is_paused
    now.advance(2 * 3_600)
    assert [] == server.look().started

    assert not schedules.resume("hourly").is_paused
    server.look()
    now.advance(3_600)
    server.look()

    assert [3.0] == starts(record)


def test_clocks_of_one_time_give_a_run_each_with_their_parameters_and_labels(server, scheduled, now, record):
    hour = timedelta(hours=1)
    scheduled(
        Schedule(
            [
                IntervalClock(hour, parameter_defaults={"word": "one"}, labels=["north"]),
                IntervalClock(hour, parameter_defaults={"word": "two"}),
            ]
        )
    )
    now.advance(3_600)
    server.look(2)

    rows = record.flow_runs(FlowRunFilter(flow="hourly"))
    assert [("one", ["north"]), ("two", [])] == sorted(
        (row.parameters["word"], row.details.get("labels") or []) for row in rows
    )


def test_the_same_schedule_goes_on_and_another_begins_anew(server, scheduled, now, record):
    scheduled(catch_up=CatchUp.ALL)
    now.advance(1.5 * 3_600)
    again = scheduled(catch_up=CatchUp.ALL)
    assert MIDNIGHT + HOUR == again.schedule.next

    daily = scheduled(Schedule([CronClock("0 9 * * *", datetime(2026, 1, 1, tzinfo=UTC))]))

    assert to_iso(MIDNIGHT + 9 * HOUR) == to_iso(daily.schedule.next)
    assert [] == server.look().started


def test_a_schedule_that_ends_is_looked_at_no_more(server, scheduled, now, record):
    scheduled(IntervalSchedule(timedelta(hours=1), end_date=datetime(2026, 1, 1, 1, tzinfo=UTC)))
    now.advance(3_600)
    server.look()

    assert [1.0] == starts(record)
    assert None is FlowSchedules(record).find("hourly").schedule.next


def test_what_cannot_be_started_is_noted_and_the_next_time_comes(server, scheduled, now, record):
    scheduled(default=None)
    now.advance(3_600)

    found = (server.look(), FlowSchedules(record).find("hourly").schedule)[1]

    assert "Required parameters were not supplied: word." == found.problem
    assert [[], MIDNIGHT + 2 * HOUR] == [starts(record), found.next]


def test_a_schedule_whose_times_need_code_is_refused(scheduled, record):
    def odd(moment):
        return moment.hour % 2

    with pytest.raises(FlowError, match="is your own: make that schedule in code"):
        scheduled(Schedule([IntervalClock(timedelta(hours=1))], filters=[odd]))
    with pytest.raises(NotOnRecord, match="has no schedule"):
        FlowSchedules(record).find("hourly")
    assert [] == FlowSchedules(record).all()


def test_a_flow_says_whether_its_schedule_is_active(scheduled, record):
    def is_active():
        return json.loads(record.query(Query("flow", columns("is_schedule_active"))))

    scheduled()
    assert [{"is_schedule_active": True}] == is_active()
    FlowSchedules(record).pause("hourly")
    assert [{"is_schedule_active": False}] == is_active()


def test_a_schedule_that_is_forgotten_starts_nothing(server, scheduled, now, record):
    scheduled()
    assert [True, False] == [FlowSchedules(record).remove("hourly"), FlowSchedules(record).remove("hourly")]
    now.advance(3_600)

    assert [] == server.look().started


def test_a_run_whose_file_has_other_tasks_by_now_ends_and_says_so(tmp_path, server, now, record):
    text = "from datetime import timedelta\nfrom runwright import Flow, task\nfrom runwright.schedules import IntervalSchedule\n"
    flow = "\nwith Flow('hourly', schedule=IntervalSchedule(timedelta(hours=1))) as flow:\n    {}()\n"
    file = tmp_path / "changing_hourly.py"
    file.write_text(f"{text}@task\ndef one(): pass{flow.format('one')}")
    found = load_flow(str(file))
    FlowSchedules(record).register(record.register(found.to_version()), found.schedule.to_dict())
    now.advance(3_600)
    (changed,) = server.look().started
    file.write_text(f"{text}@task\ndef another(): pass\n{flow.format('another')}")

    Worker(record)._run(changed)

    row = app.find_flow_run(record, changed)
    assert "Failed" == row.kind.name
    assert "could not begin: The tasks of hourly are not those" in row.message


def test_a_run_whose_file_is_not_here_is_left_to_others(tmp_path, server, now, record, scheduled, caplog):
    version = record.register(FlowVersion("away", "1", source={"file": str(tmp_path / "away.py"), "name": "flow"}))
    FlowSchedules(record).register(version, HOURLY.to_dict())
    now.advance(3_600)
    (left,) = server.look().started
    worker = Worker(record)

    worker._run(left)

    assert "Scheduled" == app.find_flow_run(record, left).kind.name
    assert not worker._is_claimable(app.find_flow_run(record, left))
    assert "is left to others" in caplog.text


def test_a_flow_registers_itself_with_its_schedule(runwright_home):
    with Flow("hourly", schedule=HOURLY) as flow:
        say(Parameter("word"))

    with pytest.raises(ParameterError, match="word"):
        flow.register()
    flow_id = flow.register(project_name="Ours", set_schedule_active=False, parameters={"word": "tick"})

    record = open_record()
    assert [flow_id] == [str(each.id) for each in record.flows("hourly")]
    found = FlowSchedules(record).find("hourly")
    assert (True, {"word": "tick"}, flow_id) == (found.is_paused, found.schedule.parameters, found.schedule.flow_id)
    assert flow_id == flow.register(parameters={"word": "tick"})


def test_a_flow_that_is_in_no_file_does_not_register_itself(runwright_home):
    names: dict = {}
    exec(compile("from runwright import Flow\nflow = Flow('nowhere')", "<stdin>", "exec"), names)  # noqa: S102  as at a prompt

    with pytest.raises(FlowError, match="'nowhere' is declared in no file"):
        names["flow"].register()
