"""Firing: however often and by whomever a start is asked for, there is one execution for one key."""

from __future__ import annotations

import threading

import pytest

from runwright import app, ids
from runwright.errors import ExpressionError, InputError, LeaseHeld
from runwright.executions.chains import LINK
from runwright.executions.registered_flows import RegisteredFlows
from runwright.executions.runner import ExecutionRunner
from runwright.testing.fake_clock import FakeClock
from runwright.triggering.firing import Firing, Starter
from runwright.triggering.registered_triggers import RegisteredTriggers
from runwright.views import FlowRunFilter

FLOW = """
id: fired
namespace: company
inputs:
  - {id: day, type: STRING}
  - {id: number, type: INT, defaults: 1}
labels: {team: core, by: flow}
tasks: [{id: say, type: debug.Return, format: x}]
triggers:
  - id: door
    type: trigger.Webhook
    key: sesame
    inputs: {day: "{{ trigger.day | upper }}"}
    labels: {by: "{{ trigger.who ?? 'trigger' }}"}
  - {id: other, type: trigger.Webhook, key: other, inputs: {day: x}}
"""
AT = 1_767_225_600_000_000_000


@pytest.fixture(autouse=True)
def now():
    with FakeClock() as clock:
        yield clock


@pytest.fixture
def record(runwright_record):
    RegisteredFlows(runwright_record).keep(FLOW)
    return runwright_record


@pytest.fixture
def ran():
    return []


@pytest.fixture
def starter(record, ran):
    return Starter(record, ran.append)


def fire(record, key="k", trigger="door", at=AT, **more):
    triggers = RegisteredTriggers(record)
    triggers.refresh()
    return Firing(triggers.find("company", "fired", trigger), key, at, {"day": "monday"}, **more)


def rows(record):
    return record.flow_runs(FlowRunFilter(flow="company/fired"))


def test_one_key_starts_one_execution_whoever_asks(record, starter, ran):
    first = starter.start(fire(record))
    again = starter.start(fire(record))
    elsewhere = Starter(record, ran.append).start(fire(record))
    assert (first, first, [first]) == (again, elsewhere, ran)
    assert [first] == [row.id for row in rows(record)]


def test_it_is_told_apart_by_key_trigger_and_time(record, starter, ran):
    found = {
        starter.start(fire(record)),
        starter.start(fire(record, key="another")),
        starter.start(fire(record, trigger="other")),
        starter.start(fire(record, at=AT + 3_600_000_000_000)),
    }
    assert 4 == len(found) == len(rows(record)) == len(ran)


def test_many_at_once_start_one(record, ran):
    found, ready = [], threading.Barrier(4)

    def ask():
        starter = Starter(record, ran.append)
        firing = fire(record)
        ready.wait(60)
        while True:
            try:
                found.append(starter.start(firing))
            except LeaseHeld:  # somebody is just doing it
                continue
            return

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (1, 4, 1) == (len(set(found)), len(found), len(rows(record)))
    assert ran == [found[0]]


def test_who_is_asked_again_later_does_not_look_at_the_inputs_once_more(record, starter):
    """Another server started it: what it was given then counts."""
    first = starter.start(fire(record))
    assert first == starter.start(fire(record, inputs={"number": "none"}))


def test_what_the_trigger_says_is_rendered_and_what_the_firing_says_wins(record, starter):
    firing = fire(record, inputs={"number": 7}, labels={"team": "other"})
    row = app.find_flow_run(record, starter.start(firing))
    assert {"day": "MONDAY", "number": 7} == row.parameters
    assert {"team": "other", "by": "trigger"}.items() <= row.details["labels"].items()
    assert {
        "id": "door",
        "type": "io.kestra.plugin.core.trigger.Webhook",
        "variables": {"day": "monday"},
        "key": "k",
    } == row.details["trigger"]


def test_its_place_in_a_chain_is_noted(record, starter):
    row = app.find_flow_run(record, starter.start(fire(record, link=5)))
    assert 5 == row.details["trigger"][LINK]


def test_inputs_that_are_refused_leave_nothing_and_the_key_is_free(record, starter, ran):
    with pytest.raises(InputError):
        starter.start(fire(record, inputs={"number": "many"}))
    assert ([], []) == (rows(record), ran)
    assert [starter.start(fire(record))] == ran


def test_texts_that_cannot_be_rendered_leave_nothing(record, starter, ran):
    with pytest.raises(ExpressionError):
        starter.start(fire(record)._replace(variables={}))
    assert ([], []) == (rows(record), ran)


def test_an_id_that_something_else_has_is_not_taken_for_it(record, starter, ran):
    taken = ids.derived_flow_run_id(AT, "company/fired/door/k/0")
    flow = fire(record).registered.flow
    ExecutionRunner(flow, record=record.url).create({"day": "x"}, flow_run=taken)
    started = starter.start(fire(record))
    assert (True, started) == (started != taken, starter.start(fire(record)))
    assert [started] == ran


def test_one_that_was_purged_may_be_started_again(record, starter, ran):
    """What is off the record never was."""
    first = starter.start(fire(record))
    row = app.find_flow_run(record, first)
    ExecutionRunner(fire(record).registered.flow, record=record.url, executor="inline").go_on(row)
    assert {first} == set(record.purge([first]).flow_runs)
    assert first == starter.start(fire(record))
    assert [first, first] == ran
