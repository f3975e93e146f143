"""Automations on a record: what they hear, what they do, and that nothing is done twice, whoever looks and whatever is lost."""

from __future__ import annotations

import http.server
import threading
from datetime import timedelta
from typing import ClassVar
from uuid import UUID, uuid4

import msgspec
import pytest

from runwright import Flow, clock, task
from runwright.automations.acting import Acting
from runwright.automations.automation import DONE, OPEN, Automations
from runwright.automations.declared import Declared
from runwright.automations.watch import AutomationWatch
from runwright.compat.sent_event import SentEvent
from runwright.flow_runner import FlowRunner
from runwright.schedules import IntervalSchedule
from runwright.states import Scheduled
from runwright.triggering.flow_schedules import FlowSchedules
from runwright.triggers import manual_only
from runwright.views import FlowRunFilter, TaskRunFilter

SECOND = clock.NANOSECONDS
RECEIVER = "id: receiver\nnamespace: tests\ninputs:\n  - {id: who, type: STRING, defaults: nobody}\n"
RECEIVER += "tasks:\n  - {id: t, type: debug.Return, format: '{{ inputs.who }}'}\n"


@task
def fails():
    """Fail."""
    raise ValueError("always")


@task(trigger=manual_only)
def waits():
    """Wait for somebody."""


with Flow("failing") as failing:
    fails()

with Flow("waiting") as waiting:
    waits()


class House:
    """A record with a watch that looks when a test says so; `run` are the flow runs that were to be run."""

    def __init__(self, record, now):
        self.record, self.now = record, now
        self.automations = Automations(record)
        self.run = []
        self.watch = AutomationWatch(record, self.run.append)

    def keep(self, trigger, *actions, **more):
        fields = {"name": "watchful", "trigger": {"type": "event", **trigger}, "actions": list(actions), **more}
        return self.automations.create(msgspec.convert(fields, Declared))

    def send(self, name, resource="thing.1", **labels):
        fields = {
            "id": str(uuid4()),
            "occurred": clock.utcnow(),
            "event": name,
            "resource": {"prefect.resource.id": resource, **labels},
        }
        self.record.keep_events([msgspec.convert(fields, SentEvent).received(clock.now())])
        return self

    def look(self):
        self.now.advance(2)
        self.watch.look()
        return self

    def restart(self):
        self.watch = AutomationWatch(self.record, self.run.append)
        return self

    def told(self):
        """Return what the automations told, without the common part of the names."""
        names = [each.name for each in self.record.received_events()]
        return [name.removeprefix("prefect.automation.") for name in names if name.startswith("prefect.automation.")]

    def payload(self, what):
        found = [each.body for each in self.record.received_events() if each.name == f"prefect.automation.{what}"]
        return found[-1]["payload"]


ONCE = ["triggered", "action.triggered", "action.executed"]
NOTHING = {"type": "do-nothing"}


@pytest.fixture
def house(record, now):
    return House(record, now)


def test_an_event_that_is_sent_triggers(house):
    kept = house.keep({"expect": ["order.late"], "for_each": ["color"]}, NOTHING)
    house.send("order.paid").send("order.late", color="red").look().look()
    assert ONCE == house.told()
    payload = house.payload("triggered")
    assert ("order.late", {"color": "red"}) == (payload["triggering_event"]["event"], payload["triggering_labels"])
    events = [each for each in house.record.received_events() if each.name == "prefect.automation.triggered"]
    assert f"prefect.automation.{kept.id}" == events[0].resource


def test_what_becomes_of_runs_triggers(house):
    """By what they are, and counted for each flow run."""
    house.keep({"expect": ["prefect.task-run.Failed"], "for_each": ["related:flow-run:prefect.resource.id"]}, NOTHING)
    house.keep({"expect": ["prefect.flow-run.Failed"], "match": {"prefect.resource.name": "!*"}}, NOTHING)
    failing.run()
    house.look()
    assert ONCE == house.told()


def test_what_does_not_come_triggers(house):
    house.keep({"after": ["begun"], "expect": ["done"], "posture": "Proactive", "within": 60}, NOTHING)
    house.send("begun").look()
    assert [] == house.told()
    house.now.advance(60)
    assert ONCE == house.look().look().told()


def test_who_is_late_triggers_once(house):
    house.keep({"expect": ["prefect.flow-run.Late"]}, NOTHING)
    FlowRunner(waiting).run(state=Scheduled(start_time=clock.utcnow() + timedelta(minutes=1)))
    assert [] == house.look().told()
    house.now.advance(90)
    assert ONCE == house.look().look().restart().look().told()


def test_who_became_late_while_nobody_looked_is_told_of_too(house):
    FlowRunner(waiting).run(state=Scheduled(start_time=clock.utcnow() + timedelta(minutes=1)))
    house.keep({"expect": ["prefect.flow-run.Late"]}, NOTHING)
    house.now.advance(90)
    assert ONCE == house.look().told()


def test_an_automation_hears_what_came_after_it_was_made_even_if_nobody_looked(house):
    house.send("a")
    house.keep({"expect": ["a"]}, NOTHING)
    house.send("a")
    assert ONCE == house.look().told()


def test_one_that_is_off_misses_what_comes(house):
    kept = house.keep({"expect": ["a"]}, NOTHING)
    house.automations.switch(kept.id, is_enabled=False)
    house.send("a").look()
    house.automations.switch(kept.id, is_enabled=True)
    assert [] == house.look().told()
    assert ONCE == house.send("a").look().told()


def test_a_count_goes_on_after_a_restart(house):
    house.keep({"expect": ["a"], "threshold": 3}, NOTHING)
    house.send("a").send("a").look().restart()
    assert [] == house.look().told()
    assert ONCE == house.send("a").look().told()


def test_two_who_look_at_once_do_it_once(house):
    house.keep({"expect": ["a"]}, NOTHING)
    other = House(house.record, house.now)
    other.look()
    house.look().send("a")
    for each in (house, other, house, other):
        each.look()
    assert ONCE == house.told()


def test_an_automation_does_not_hear_itself(house):
    house.keep({}, NOTHING)
    assert ONCE == house.send("a").look().look().look().told()


# ---- actions


def test_a_flow_is_run_once_with_parameters_from_the_event(house, register):
    register(RECEIVER)
    house.keep(
        {"expect": ["a"]},
        {"type": "run-flow", "flow": "tests/receiver", "parameters": {"who": "{{ event.resource.color }}"}},
    )
    house.send("a", color="red").look().look()
    (row,) = house.record.flow_runs(FlowRunFilter())
    assert ("red", [row.id]) == (row.parameters["who"], house.run)
    assert str(row.id) == house.payload("action.executed")["flow_run_id"]


def test_a_flow_is_run_by_the_id_that_clients_have_for_it(house, register):
    register(RECEIVER)
    identity = house.record.flows("tests/receiver")[0].id
    house.keep({"expect": ["a"]}, {"type": "run-deployment", "deployment_id": str(identity)})
    assert ONCE == house.send("a").look().told()
    assert 1 == len(house.record.flow_runs(FlowRunFilter()))


@pytest.mark.parametrize(
    ("state", "action"),
    [
        ("Cancelled", {"type": "cancel-flow-run"}),
        ("Cancelled", {"type": "change-flow-run-state", "state": "CANCELLED"}),
        ("Paused", {"type": "suspend-flow-run"}),
    ],
)
def test_the_flow_run_of_an_event_is_steered(house, state, action):
    house.keep({"expect": ["prefect.task-run.Suspended"]}, action)
    waiting.run()
    house.look()
    assert ONCE == house.told()
    assert state == house.record.flow_runs(FlowRunFilter())[0].kind.name


def test_a_flow_run_that_waits_is_resumed(house):
    house.keep({"expect": ["approved"]}, {"type": "resume-flow-run", "flow_run_id": str(UUID(int=1))})
    waiting.run()
    (row,) = house.record.flow_runs(FlowRunFilter())
    house.automations.update(
        house.automations.all()[0].id,
        msgspec.convert(
            {
                "name": "approval",
                "trigger": {"type": "event", "expect": ["approved"]},
                "actions": [{"type": "resume-flow-run", "flow_run_id": str(row.id)}],
            },
            Declared,
        ),
    )
    house.send("approved").look()
    assert [row.id] == house.run
    assert "resume" in [each.intent for each in house.record.requests(row.id, open_only=False)]


def test_schedules_are_turned_off_and_on(house, register):
    register(RECEIVER + "triggers:\n  - {id: daily, type: core.trigger.Schedule, cron: '0 9 * * *'}\n")
    house.keep({"expect": ["stop"]}, {"type": "pause-deployment", "flow": "tests/receiver"})
    house.keep({"expect": ["go"]}, {"type": "resume-deployment", "flow": "tests/receiver"})
    house.send("stop").look()
    assert house.record.find_trigger("tests", "receiver", "daily").is_disabled
    house.send("go").look()
    assert not house.record.find_trigger("tests", "receiver", "daily").is_disabled


def test_schedules_of_flows_in_python_are_turned_off_and_on(house):
    waiting.run()
    schedules = FlowSchedules(house.record)
    hourly = IntervalSchedule(interval=timedelta(hours=1), start_date=clock.utcnow())
    schedules.register(house.record.flows("waiting")[0], hourly.to_dict())
    house.keep({"expect": ["stop"]}, {"type": "pause-deployment", "flow": "waiting"})
    house.keep({"expect": ["go"]}, {"type": "resume-deployment", "flow": "waiting"})
    house.send("stop").look()
    assert schedules.find("waiting").is_paused
    house.send("go").look()
    assert not schedules.find("waiting").is_paused


def test_automations_turn_automations_off(house):
    kept = house.keep({"expect": ["a"]}, {"type": "pause-automation", "source": "inferred"})
    house.send("a").look().send("a").look()
    assert ONCE == house.told()
    assert not house.automations.find(kept.id).declared.enabled


def test_what_cannot_be_done_is_told_and_the_next_is_done(house):
    house.keep({"expect": ["a"]}, {"type": "cancel-flow-run"}, {"type": "run-flow", "flow": "nowhere"}, NOTHING)
    house.send("a").look()
    assert ["triggered", *["action.triggered", "action.failed"] * 2, *ONCE[1:]] == house.told()
    assert "no flow 'nowhere'" in house.payload("action.failed")["reason"]


class Hook(http.server.BaseHTTPRequestHandler):
    """Keeps what is posted."""

    taken: ClassVar[list[tuple[str, ...]]] = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.taken.append((self.path, body, self.headers["Idempotency-Key"], self.headers["Host"]))
        self.send_response(500 if self.path == "/broken" else 204)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def hook():
    Hook.taken = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_web_server_is_told(house, hook, monkeypatch):
    monkeypatch.setenv("RUNWRIGHT_AUTOMATION_HOSTS", f"other, {hook}")
    actions = (
        {
            "type": "call-webhook",
            "url": f"http://{hook}/{{{{ event.event }}}}",
            "payload": {"color": "{{ event.resource.color }}"},
        },
        {
            "type": "send-notification",
            "url": f"http://{hook}/chat",
            "subject": "{{ automation.name }}",
            "body": "{{ event.event }} came",
        },
        {"type": "call-webhook", "url": f"http://{hook}/broken", "payload": "as it is"},
    )
    house.keep({"expect": ["a"]}, *actions)
    house.send("a", color="red").look().look()
    assert ["/a", "/chat", "/broken"] == [each[0] for each in Hook.taken]
    assert {"color": "red"} == msgspec.json.decode(Hook.taken[0][1])
    assert {"subject": "watchful", "body": "a came", "text": "watchful\na came"} == msgspec.json.decode(
        Hook.taken[1][1]
    )
    assert 3 == len({each[2] for each in Hook.taken})
    assert {hook} == {each[3] for each in Hook.taken}
    assert "answered 500" in house.payload("action.failed")["reason"]


def test_what_is_behind_the_server_is_not_reached(house, hook):
    house.keep({"expect": ["a"]}, {"type": "call-webhook", "url": f"http://{hook}/"})
    house.send("a").look()
    assert "is no public address" in house.payload("action.failed")["reason"]
    assert [] == Hook.taken


# ---- what is lost


def test_who_is_lost_in_the_middle_is_followed_by_another(house, register):
    """What it was at is done by another after a while, and what it had done is not done again."""
    register(RECEIVER)
    house.keep({"expect": ["a"]}, {"type": "run-flow", "flow": "tests/receiver"}, NOTHING)
    house.send("a")
    house.now.advance(2)
    house.watch.listening.look()

    class Lost(BaseException):
        """The process is gone."""

    def lose(_):
        raise Lost

    lost = Acting(house.record, lose)
    with pytest.raises(Lost):
        lost.look()
    assert 1 == len(house.record.flow_runs(FlowRunFilter()))
    assert ["triggered", "action.triggered"] == house.look().told()
    house.now.advance(31)
    assert [*ONCE, *ONCE[1:]] == house.look().told()
    (row,) = house.record.flow_runs(FlowRunFilter())
    assert [row.id] == house.run
    assert (0, 1) == (len(house.record.list_cards(OPEN)), len(house.record.list_cards(DONE)))


def test_who_is_lost_before_it_notes_how_far_it_heard_hears_it_again_and_does_nothing_twice(house):
    house.keep({"expect": ["a"]}, NOTHING)
    house.look().send("a")
    house.now.advance(2)
    listening = house.watch.listening
    keep_card = house.record.keep_card
    with pytest.MonkeyPatch.context() as lost:
        lost.setattr(house.record, "keep_card", lambda card: keep_card(card) if card.kind == OPEN else None)
        listening.look()
    house.watch.acting.look()
    assert ONCE == house.told()
    assert ONCE == house.restart().look().told()


def test_a_task_run_row_is_untouched(house):
    """Nothing of an automation is part of a run."""
    house.keep({"expect": ["prefect.task-run.Failed"]}, NOTHING)
    failing.run()
    house.look()
    assert 1 == len(house.record.task_runs(TaskRunFilter()))
