"""Every transition becomes the documented task-run event: the same keys, the same rules, built from the log alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.unit.backend.recorded import EXTRACT, FETCH, LOAD, PARSE, START, RecordedRun, etl

from runwright import stores
from runwright.clock import NANOSECONDS
from runwright.compat.events import TaskRunEvents, shorten_message
from runwright.result import ResultRef
from runwright.states import KIND_BY_NAME
from runwright.views import EventFilter

SHAPES = json.loads((Path(__file__).parent / "event_shapes.json").read_text())
TYPES = json.loads((Path(__file__).parent / "event_types.json").read_text())
ROLES = {"tag", "flow-run", "flow"}
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?"
TEXTS = {
    "time": f"{TIME}Z",
    "time with offset": rf"{TIME}\+00:00",
    "uuid": "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "text": "(?s:.*)",
}
OTHERS = {"null": type(None), "bool": bool, "int": int, "float": float, "list": list, "object": dict}
REF = ResultRef("pack", "run/pack#0+3", "json", 3, "00", 1)
ADDED = {"flow_run_id"}  # the description of the payload names it, the events that were captured lack it


@pytest.fixture
def store():
    opened = stores.open_store("memory://")
    yield opened
    opened.close()


def events_of(run, ordinal=None):
    run.commit()
    found = TaskRunEvents(run.store).build(run.store.events(EventFilter(flow_run=run.id, ordinal=ordinal)))
    return list(found)


def names(events):
    return [event["event"].removeprefix("prefect.task-run.") for event in events]


def story(store, *states, ordinal=EXTRACT):
    """Record the states of one task run, each `(name, data)`, and return its events."""
    run = RecordedRun(store).start()
    for state, data in states:
        run.put(ordinal, state, **data)
    return events_of(run, ordinal)


RUNNING = ("Running", {})
ERROR = {"message": "ValueError: boom", "error": {"type": "ValueError", "text": "boom"}}
RETRYING = ("Retrying", {"due": START + 9 * NANOSECONDS, "run_count": 1})
STORIES = {
    "Pending": [RUNNING],
    "Running": [RUNNING],
    "Completed": [RUNNING, ("Success", {})],
    "Failed": [RUNNING, ("Failed", ERROR)],
    "NotReady": [("TriggerFailed", {"message": "upstream failed"})],
    "AwaitingRetry": [RUNNING, RETRYING],
    "Retrying": [RUNNING, RETRYING, RUNNING],
    "TimedOut": [RUNNING, ("TimedOut", ERROR)],
    "Cached": [RUNNING, ("Cached", {"result": REF, "expires": START + NANOSECONDS})],
    "Crashed": [RUNNING, ("Crashed", {"message": "its process died"})],
    "Cancelled": [RUNNING, ("Killed", {"message": "told to stop"})],
    "Scheduled": [("Scheduled", {"due": START})],
    "Paused": [RUNNING, ("Paused", {"due": START + NANOSECONDS})],
    "AwaitingConcurrencySlot": [("Queued", {"due": START})],
    "Cancelling": [RUNNING, ("Cancelling", {})],
}


@pytest.mark.parametrize("name", list(SHAPES))
def test_an_event_has_the_keys_of_its_kind(store, name):
    shape = SHAPES[name]
    event = next(event for event in story(store, *STORIES[name]) if event["event"] == f"prefect.task-run.{name}")
    payload = event["payload"]

    assert shape["envelope"] == sorted(event)
    assert shape["resource"] == sorted(event["resource"])
    related = [sorted(each) for each in event["related"] if each["prefect.resource.role"] != "tag"]
    assert shape["related"] in ([], related)  # an event from outside of any flow relates to none
    assert shape["payload"] == sorted(payload)
    assert shape["validated_state"] == sorted(payload["validated_state"])
    assert shape["state_type"] == event["resource"]["prefect.state-type"] == payload["validated_state"]["type"]
    assert shape["state_details"] == sorted(payload["validated_state"]["state_details"])
    assert shape["data"] == (payload["validated_state"]["data"] and sorted(payload["validated_state"]["data"]))


def values_in(value, path=()):
    """Yield every value of an event with its path; inputs are named by the user, items of a list by nobody."""
    yield "/".join(path), value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from values_in(item, (*path, "*" if path and path[-1] == "task_inputs" else key))
    elif isinstance(value, list):
        for item in value:
            yield from values_in(item, (*path, "[]"))


def is_of(kind, value):
    if kind in TEXTS:
        return isinstance(value, str) and re.fullmatch(TEXTS[kind], value) is not None
    return type(value) is OTHERS[kind]


@pytest.mark.parametrize("name", STORIES)
def test_every_value_is_where_it_is_documented_and_of_its_type(store, name):
    check_types(story(store, *STORIES[name]))


def test_in_a_whole_run_with_inputs_and_children_too(store):
    check_types(events_of(etl(store)))


def check_types(events):
    found = [pair for event in events for pair in values_in(event) if pair[0]]

    assert [] == [path for path, _ in found if path not in TYPES]
    assert [] == [
        (path, value) for path, value in found if not any(is_of(kind, value) for kind in TYPES[path].split(" or "))
    ]


@pytest.mark.parametrize("name", STORIES)
def test_what_an_event_says_twice_it_says_alike(store, name):
    for event in story(store, *STORIES[name]):
        resource, state = event["resource"], event["payload"]["validated_state"]

        assert f"prefect.task-run.{state['name']}" == event["event"]
        assert state["name"] == resource["prefect.state-name"]
        assert state["type"] == resource["prefect.state-type"] == event["payload"]["intended"]["to"]
        assert state["message"] == resource["prefect.state-message"]
        assert event["occurred"] == resource["prefect.state-timestamp"].replace("+00:00", "Z")
        assert str(event["payload"]["task_run"]["run_count"]) == resource["prefect.run-count"]
        assert ROLES == {related["prefect.resource.role"] for related in event["related"]}


@pytest.mark.parametrize("name", [name for name, shape in SHAPES.items() if shape["task_run"] is not None])
def test_the_body_of_the_task_run_has_the_keys_of_its_state(store, name):
    event = next(event for event in story(store, *STORIES[name]) if event["event"] == f"prefect.task-run.{name}")

    assert set(SHAPES[name]["task_run"]) | ADDED == set(event["payload"]["task_run"])


def test_the_implied_pending_comes_first_with_the_time_of_the_expansion(store):
    pending, running = story(store, RUNNING)

    assert "prefect.task-run.Pending" == pending["event"]
    assert "2026-11-21T07:30:01.120000Z" == pending["occurred"]
    assert pending["payload"]["initial_state"] is None
    assert {"from": None, "to": "PENDING"} == pending["payload"]["intended"]
    assert {"from": "PENDING", "to": "RUNNING"} == running["payload"]["intended"]
    assert pending["payload"]["validated_state"] == {**running["payload"]["initial_state"], "data": None}


def test_labels_say_what_the_state_says_and_all_are_text(store):
    event = story(store, RUNNING, ("Failed", ERROR))[-1]

    assert {
        "prefect.resource.id": f"prefect.task-run.{event['payload']['task_run']['dynamic_key']}",
        "prefect.resource.name": "extract-1",
        "prefect.run-count": "1",
        "prefect.state-message": "ValueError: boom",
        "prefect.state-name": "Failed",
        "prefect.state-timestamp": "2026-11-21T07:30:03.120000+00:00",
        "prefect.state-type": "FAILED",
        "prefect.orchestration": "client",
    } == event["resource"]


def test_related_are_the_tags_in_order_then_the_flow_run_and_the_flow(store):
    run = RecordedRun(store).start().succeed(EXTRACT)

    assert [
        {"prefect.resource.id": "prefect.tag.t-a", "prefect.resource.role": "tag"},
        {"prefect.resource.id": "prefect.tag.t-b", "prefect.resource.role": "tag"},
        {
            "prefect.resource.id": f"prefect.flow-run.{run.id}",
            "prefect.resource.role": "flow-run",
            "prefect.resource.name": "brisk-otter",
        },
        {
            "prefect.resource.id": f"prefect.flow.{run.flow.id}",
            "prefect.resource.role": "flow",
            "prefect.resource.name": "etl",
        },
    ] == events_of(run, EXTRACT)[0]["related"]


def test_each_event_follows_the_one_before(store):
    events = story(store, RUNNING, RETRYING, RUNNING, ("Success", {}))

    assert [None, *(event["id"] for event in events[:-1])] == [event["follows"] for event in events]
    assert 5 == len({event["id"] for event in events})


def test_an_event_five_minutes_later_follows_nothing(store):
    run = RecordedRun(store).start().put(EXTRACT, "Running")
    run.put(EXTRACT, "Success", at=run.at + 300 * NANOSECONDS)

    assert events_of(run, EXTRACT)[-1]["follows"] is None


def test_retries_count_runs_and_add_their_times(store):
    events = story(store, RUNNING, RETRYING, RUNNING, ("Success", {}))

    assert ["Pending", "Running", "AwaitingRetry", "Retrying", "Completed"] == names(events)
    bodies = [event["payload"]["task_run"] for event in events]
    assert [0, 1, 1, 2, 2] == [body["run_count"] for body in bodies]
    assert [0, 1, 1, 1, 1] == [body["flow_run_run_count"] for body in bodies]
    assert [0.0, 0.0, 1.0, 1.0, 2.0] == [body["total_run_time"] for body in bodies]
    assert {"2026-11-21T07:30:02.120000Z"} == {body["start_time"] for body in bodies[1:]}
    assert {"scheduled_time": "2026-11-21T07:30:10.120000Z"} == events[2]["payload"]["validated_state"]["state_details"]
    assert {
        "max_retries": 0,
        "retry_delay_seconds": 0.0,
        "retries": 2,
        "retry_delay": [0.3, 0.6],
    } == bodies[0]["empirical_policy"]


def test_a_stored_result_is_named_and_never_shown(store):
    event = story(store, RUNNING, ("Success", {"result": REF}))[-1]

    data = event["payload"]["validated_state"]["data"]
    assert "run/pack#0+3" == data["storage_key"]
    assert {"type": "json"} == data["serializer"]
    assert data["expiration"] is None


def test_a_mapped_task_completes_without_running_and_its_children_name_it(store):
    run = etl(store)

    assert ["Pending", "Completed"] == names(events_of(run, FETCH))
    child = events_of(run, 6)[-1]
    assert "fetch-1[1]" == child["resource"]["prefect.resource.name"]
    assert {
        "url": [{"input_type": "task_run", "id": str(run.task_run_id(EXTRACT))}],
        "__parents__": [{"input_type": "task_run", "id": str(run.task_run_id(FETCH))}],
    } == child["payload"]["task_run"]["task_inputs"]


def test_a_child_of_a_map_over_a_map_names_the_child_of_the_same_index(store):
    run = etl(store)

    inputs = events_of(run, 9)[-1]["payload"]["task_run"]["task_inputs"]
    assert [{"input_type": "task_run", "id": str(run.task_run_id(6))}] == inputs["page"]


def test_what_is_only_waited_for_is_told_apart_from_inputs(store):
    run = etl(store)

    inputs = events_of(run, LOAD)[-1]["payload"]["task_run"]["task_inputs"]
    assert {
        "pages": [{"input_type": "task_run", "id": str(run.task_run_id(PARSE))}],
        "wait_for": [{"input_type": "task_run", "id": str(run.task_run_id(EXTRACT))}],
    } == inputs


def test_a_task_run_that_names_itself_has_that_name_from_then_on(store):
    events = story(store, ("Running", {"name": "extract of monday"}), ("Success", {}))

    assert ["extract-1", "extract of monday", "extract of monday"] == [
        event["resource"]["prefect.resource.name"] for event in events
    ]


def test_no_two_states_of_a_task_run_have_the_same_microsecond(store):
    run = RecordedRun(store).start()
    run.put(EXTRACT, "Running", at=START + 100).put(EXTRACT, "Success", at=START + 200)

    assert ["120000Z", "120001Z", "120002Z"] == [event["occurred"][-7:] for event in events_of(run, EXTRACT)]


def test_reading_on_from_any_cursor_gives_the_same_events_as_reading_all(store):
    run = etl(store)
    log = store.events(EventFilter(flow_run=run.id))
    whole = list(TaskRunEvents(store).build(log))

    for place in range(len(log)):
        rest = list(TaskRunEvents(store).build(log[place:]))
        assert whole[len(whole) - len(rest) :] == rest


def test_a_flow_run_speaks_only_through_its_task_runs(store):
    run = etl(store)

    assert [] == events_of(run, 0)
    ids = [event["resource"]["prefect.resource.id"] for event in events_of(run)]
    assert f"prefect.task-run.{run.id}" not in ids


def test_every_task_run_with_an_event_begins_pending(store):
    run = etl(store)
    first: dict[str, str] = {}
    for event in events_of(run):
        first.setdefault(event["resource"]["prefect.resource.id"], event["event"])

    assert {"prefect.task-run.Pending"} == set(first.values())
    assert 10 == len(first)


@pytest.mark.parametrize(
    ("length", "expected"),
    [(100_000, 100_000), (100_030, 100_030), (150_046, 100_033)],
)
def test_a_long_message_keeps_its_ends_unless_that_is_no_shorter(length, expected):
    text = "a" * (length // 2) + "z" * (length - length // 2)

    shortened = shorten_message(text)

    assert expected == len(shortened)
    assert (shortened == text) == (expected == length)
    assert shortened.startswith("a" * 50_000)
    assert shortened.endswith("z" * 50_000)


def test_what_is_left_out_of_a_long_message_is_counted():
    assert "...50046 additional characters..." in shorten_message("x" * 150_046)


def test_states_without_a_captured_example_have_the_names_of_the_table(store):
    run = RecordedRun(store).start()
    run.put(EXTRACT, "Submitted").put(EXTRACT, "Running").put(EXTRACT, "Looped").put(EXTRACT, "Running")
    run.put(EXTRACT, "Warning")

    assert ["Pending", "Submitting", "Running", "Running", "Running", "Warning"] == names(events_of(run, EXTRACT))
    assert KIND_BY_NAME["Warning"].event_type == events_of(run, EXTRACT)[-1]["resource"]["prefect.state-type"]
