"""Events over websockets: the handshake, stored events before new ones, each once, and who is not let in."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from starlette.websockets import WebSocketDisconnect

from runwright import clock, ids
from runwright.remote_runs import RemoteRuns
from runwright.runs import FlowVersion
from runwright.server import feed
from runwright.server.auth import Role
from runwright.testing.scribe import Scribe

from .conftest import KEYS
from .test_events import NOT_OF_FLOW_RUNS, found, sent

OUT, IN = "/api/events/out", "/api/events/in"


def connect(client, path=OUT, key=None, **options):
    return client.websocket_connect(path, subprotocols=["prefect"], **options)


def shake_hands(socket, token=None):
    socket.send_json({"type": "auth", "token": token})
    assert {"type": "auth_success"} == socket.receive_json()


def ask(socket, **message):
    which = {"event": NOT_OF_FLOW_RUNS, **message.pop("filter", {})}
    socket.send_json({"type": "filter", "filter": which, **message})


def told(socket, count):
    messages = [socket.receive_json() for _ in range(count)]
    assert {"event"} == {each["type"] for each in messages}
    return [each["event"] for each in messages]


def names_of(events):
    return [each["event"].rpartition(".")[2] for each in events]


def closing(socket):
    while True:
        try:
            socket.receive_json()
        except WebSocketDisconnect as end:
            return end


def test_stored_events_come_first_and_then_those_that_happen(client, scribe):
    scribe.enter(1, "Running").commit()
    with connect(client) as socket:
        shake_hands(socket)
        ask(socket)
        assert ["Pending", "Running"] == names_of(told(socket, 2))
        scribe.enter(1, "Success").enter(2, "Running").commit()
        events = told(socket, 3)

    assert ["Completed", "Pending", "Running"] == names_of(events)
    assert [ids.event_id(scribe.flow_run, 1, 2), None] == [
        each and type(scribe.flow_run)(each) for each in (events[0]["follows"], events[1]["follows"])
    ]
    assert all(each["received"] for each in events)


def wait_for_listeners(client, count):
    while client.app.state.context.feed.listening < count:
        client.portal.call(asyncio.sleep, 0)


def test_without_backfill_nothing_stored_is_told(client, scribe):
    scribe.enter(1, "Running").commit()
    with connect(client) as socket:
        shake_hands(socket)
        ask(socket, backfill=False)
        wait_for_listeners(client, 1)
        scribe.enter(1, "Success").commit()

        assert ["Completed"] == names_of(told(socket, 1))


def test_live_events_are_filtered_by_what_they_are_related_to_as_well(client, scribe):
    other = Scribe(scribe.store, flow="other").start()
    other.commit()
    with connect(client) as socket:
        shake_hands(socket)
        ask(socket, filter={"related": {"id": [f"prefect.flow-run.{other.flow_run}"]}})
        scribe.enter(1, "Running").commit()
        other.enter(1, "Running").commit()
        events = told(socket, 2)

    assert {str(ids.task_run_id(other.flow_run, 1))} == {
        each["resource"]["prefect.resource.id"].rpartition(".")[2] for each in events
    }


def test_events_that_are_sent_are_kept_and_told(client):
    event = sent(id=str(uuid4()))
    with connect(client) as socket, connect(client, IN) as sender:
        shake_hands(socket)
        ask(socket, filter={"occurred": {"since": event["occurred"]}})
        shake_hands(sender)
        for each in (event, event, sent("second")):
            sender.send_json(each)
        heard = told(socket, 2)

    assert ["happened", "second"] == names_of(heard)
    assert 2 == found(client)["total"]


@pytest.mark.parametrize(
    ("code", "reason", "messages"),
    [
        (1008, "Expected 'auth' message", [{"type": "filter"}]),
        (1002, "Expected 'filter' message", [{"type": "auth", "token": None}, {"type": "auth"}]),
        (1002, "", [{"type": "auth"}, {"type": "filter", "filter": {"unknown": "x" * 200}}]),
        (1002, "", [{"type": "auth"}, {"type": "filter", "filter": {"order": 1}}]),
        (1002, "", [[]]),
    ],
)
def test_who_says_something_else_is_sent_away(client, code, reason, messages):
    with connect(client) as socket:
        for each in messages:
            socket.send_json(each)
        end = closing(socket)

    assert code == end.code
    assert reason in end.reason
    assert 123 >= len(end.reason.encode())


@pytest.mark.parametrize(
    ("code", "path", "token"),
    [
        (1008, OUT, None),
        (1008, OUT, "wrong"),
        (1008, OUT, "user:wrong"),
        (1008, IN, KEYS[Role.VIEWER]),
        (1008, IN, KEYS[Role.OPERATOR]),
    ],
)
def test_a_key_is_needed(locked, code, path, token):
    with connect(locked, path) as socket:
        socket.send_json({"type": "auth", "token": token})

        assert code == closing(socket).code


@pytest.mark.parametrize("token", [KEYS[Role.VIEWER], f"anybody:{KEYS[Role.AUTHOR]}"])
def test_a_key_or_an_auth_string_lets_in(locked, token):
    with connect(locked) as socket:
        shake_hands(socket, token)


def test_a_key_in_the_header_lets_in(locked):
    with connect(locked, headers={"Authorization": f"Bearer {KEYS[Role.VIEWER]}"}) as socket:
        shake_hands(socket)


def test_without_the_subprotocol_a_locked_server_talks_to_nobody(locked):
    with locked.websocket_connect(OUT) as socket:
        assert 1002 == closing(socket).code


def test_without_the_subprotocol_an_open_server_asks_for_no_handshake(client, scribe):
    scribe.enter(1, "Running").commit()
    with client.websocket_connect(OUT) as socket:
        ask(socket)

        assert ["Pending", "Running"] == names_of(told(socket, 2))


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Cookie": "a=b"}])
def test_pages_of_others_are_refused_at_the_door(client, headers):
    with pytest.raises(WebSocketDisconnect) as end, connect(client, headers=headers):
        pass

    assert 1008 == end.value.code


def test_an_unknown_path_is_refused(client):
    with pytest.raises(WebSocketDisconnect), connect(client, "/api/events/else"):
        pass


@pytest.mark.parametrize("event", [{}, {**sent(), "id": "x"}, [], sent(resource={})])
def test_an_event_that_cannot_be_ends_the_connection(client, event):
    with connect(client, IN) as sender:
        shake_hands(sender)
        sender.send_json(event)

        assert 1002 == closing(sender).code


def test_another_event_under_an_id_is_not_kept_and_keeps_none_of_those_behind_it_from_coming(client, caplog):
    first = sent("first")
    with connect(client, IN) as socket:
        shake_hands(socket)
        socket.send_json(first)
    with connect(client) as listening:
        shake_hands(listening)
        ask(listening)
        assert ["first"] == names_of(told(listening, 1))
        with connect(client, IN) as socket:
            shake_hands(socket)
            for event in (first, {**first, "event": "second"}, sent("third")):
                socket.send_json(event)
            assert ["third"] == names_of(told(listening, 1))

    assert first["id"] in caplog.text
    assert 2 == found(client)["total"]


def test_a_forged_event_ends_the_connection(client, scribe):
    scribe.enter(1, "Running").commit()
    name = f"prefect.task-run.{ids.task_run_id(scribe.flow_run, 1)}"
    with connect(client, IN) as sender:
        shake_hands(sender)
        sender.send_json(sent(resource={"prefect.resource.id": name}))

        assert 1008 == closing(sender).code


def test_who_does_not_keep_up_is_let_go_and_others_are_not(client, scribe, monkeypatch):
    monkeypatch.setattr(feed, "BEHIND", 2)
    scribe.commit()
    with connect(client) as socket:
        shake_hands(socket)
        ask(socket, filter={"event": {"name": ["none"]}})
        with connect(client) as other:
            shake_hands(other)
            ask(other)
            wait_for_listeners(client, 2)
            scribe.enter(1, "Running").enter(1, "Success").commit()

            assert 1013 == closing(other).code
        assert 1013 == closing(socket).code


def test_a_server_that_stops_says_so(client, app, scribe):
    scribe.commit()
    with connect(client) as socket:
        shake_hands(socket)
        ask(socket, filter={"event": {"name": ["end"]}})
        with connect(client, IN) as sender:
            shake_hands(sender)
            sender.send_json(sent("end"))
            told(socket, 1)
        app.state.context.stop()

        assert 1012 == closing(socket).code


def test_who_becomes_late_is_told_when_it_is_so(client, scribe, now):
    scribe.enter(1, "Scheduled", due=now.at + clock.NANOSECONDS).commit()
    with connect(client) as socket:
        shake_hands(socket)
        ask(socket)
        assert ["Pending", "Scheduled"] == names_of(told(socket, 2))
        now.advance(20)
        (late,) = told(socket, 1)
        scribe.at = now.at
        scribe.enter(1, "Running").commit()
        (running,) = told(socket, 1)

    assert ("prefect.task-run.Late", late["id"]) == (late["event"], running["follows"])
    assert [late] == found(client, event={"name": ["prefect.task-run.Late"]})["events"]


def test_a_flow_run_that_becomes_late_is_told_when_it_is_so(client, record, now):
    flow = record.register(FlowVersion("nightly", "1"))
    flow_run = RemoteRuns(record).create(flow_id=flow.id, start_time=now.at + clock.NANOSECONDS)
    with connect(client) as socket:
        shake_hands(socket)
        ask(socket, filter={"event": {"prefix": ["prefect.flow-run."]}})
        assert ["prefect.flow-run.Pending", "prefect.flow-run.Scheduled"] == [each["event"] for each in told(socket, 2)]
        now.advance(20)
        (late,) = told(socket, 1)
        RemoteRuns(record).set_state(flow_run, {"type": "Running", "message": "At last."})
        (running,) = told(socket, 1)

    assert ("prefect.flow-run.Late", late["id"]) == (late["event"], running["follows"])
    assert [late] == found(client, event={"name": ["prefect.flow-run.Late"]})["events"]


def test_the_end_of_a_flow_run_comes_after_its_task_runs(client, scribe):
    scribe.commit()
    with connect(client) as socket:
        shake_hands(socket)
        ask(socket, filter={"event": {"prefix": ["prefect."]}})
        assert ["prefect.flow-run.Pending", "prefect.flow-run.Running"] == [each["event"] for each in told(socket, 2)]
        scribe.enter(1, "Success").enter(2, "Success").enter(0, "Success").commit()
        events = told(socket, 5)

    assert "prefect.flow-run.Completed" == events[-1]["event"]
    assert str(ids.event_id(scribe.flow_run, 0, 2)) == events[-1]["follows"]
