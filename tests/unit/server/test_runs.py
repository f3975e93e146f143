"""Flows, flow runs and task runs as clients of Prefect 3 read them: filters, orders, pages, counts, histories, states."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from runwright import ids
from runwright.clock import to_datetime
from runwright.compat import run_search
from runwright.testing.scribe import NOON, Scribe

from .test_events import found as events_found

UNKNOWN = "00000000-0000-4000-8000-00000000dead"

WHEN = to_datetime(NOON)
TASK_RUN_KEYS = {
    "id", "created", "updated", "name", "flow_run_id", "task_key", "dynamic_key", "cache_key", "cache_expiration",
    "task_version", "empirical_policy", "tags", "labels", "state_id", "task_inputs", "state_type", "state_name", "run_count",
    "flow_run_run_count", "expected_start_time", "next_scheduled_start_time", "start_time", "end_time", "total_run_time",
    "estimated_run_time", "estimated_start_time_delta", "state",
}  # fmt: skip


@pytest.fixture
def story(scribe):
    scribe.enter(1, "Running").enter(1, "Retrying", due=scribe.at).enter(1, "Running").enter(1, "Success")
    scribe.enter(2, "Running").commit()
    return scribe


@pytest.fixture
def other(record, story):
    scribe = Scribe(record, flow="other", name="twice", at=NOON + 1_000_000_000).start()
    scribe.enter(1, "Running").enter(1, "Failed", message="No.").enter(2, "TriggerFailed").enter(0, "Failed").commit()
    return scribe


def ask(client, path, **body):
    answer = client.post(f"/api/{path}", json=body)
    assert 200 == answer.status_code, answer.text
    return answer.json()


def names(client, **body):
    return [f"{each['name']} {each['state_name']}" for each in ask(client, "task_runs/filter", **body)]


def test_a_task_run_has_every_documented_key(client, story):
    row = ask(client, "task_runs/filter")[1]

    assert TASK_RUN_KEYS <= row.keys()
    assert ("first", ["nightly"], "Completed", "COMPLETED", 2) == tuple(
        row[key] for key in ("name", "tags", "state_name", "state_type", "run_count")
    )
    assert str(story.flow_run) == row["flow_run_id"]
    assert 18 == len(row["state"]["state_details"])
    assert row["id"] == row["state"]["state_details"]["task_run_id"]
    assert 0.002 == row["total_run_time"]
    assert row == client.get(f"/api/task_runs/{row['id']}").json()


def test_row_and_event_are_of_one_mind(client, other):
    newest = events_found(client, resource={"distinct": True, "id_prefix": ["prefect.task-run."]})["events"]
    rows = {f"prefect.task-run.{row['id']}": row for row in ask(client, "task_runs/filter")}

    assert 4 == len(rows)
    for event in newest:
        row = rows[event["resource"]["prefect.resource.id"]]
        state = event["payload"]["validated_state"]
        assert (event["id"], event["id"], event["occurred"]) == (
            row["state_id"],
            row["state"]["id"],
            row["state"]["timestamp"],
        )
        assert (state["type"], state["name"], state["message"]) == tuple(
            row["state"][key] for key in ("type", "name", "message")
        )
        body = event["payload"]["task_run"]
        assert body.items() <= {**row, "empirical_policy": body["empirical_policy"]}.items()


@pytest.mark.parametrize(
    ("expected", "body"),
    [
        (["second NotReady", "first Failed", "second Running", "first Completed"], {}),
        (["first Failed", "second Running"], {"limit": 2, "offset": 1}),
        ([], {"limit": 0}),
        (["first Failed"], {"task_runs": {"state": {"type": {"any_": ["FAILED"]}}}}),
        (["second NotReady"], {"task_runs": {"state": {"name": {"any_": ["NotReady"]}}}}),
        ([], {"task_runs": {"state": {"name": {"any_": ["Nonsense"]}}}}),
        (["second Running"], {"task_runs": {"state": {"type": {"any_": ["RUNNING"]}, "name": {"any_": ["Running", "Retrying"]}}}}),
        (["first Failed", "first Completed"], {"task_runs": {"name": {"like_": "FIR"}}}),
        (["first Completed"], {"task_runs": {"name": {"any_": ["first"]}, "tags": {"all_": ["nightly"]}}}),
        (["second Running", "first Completed"], {"task_runs": {"tags": {"all_": ["nightly"]}}}),
        (["second NotReady", "first Failed"], {"task_runs": {"tags": {"is_null_": True}}}),
        (["second NotReady", "second Running"], {"task_runs": {"operator": "or_", "name": {"any_": ["second"]}, "tags": {"all_": ["x"]}}}),
        (["second NotReady"], {"task_runs": {"start_time": {"is_null_": True}}}),
        (["second NotReady", "first Failed"], {"task_runs": {"expected_start_time": {"after_": (WHEN + timedelta(seconds=0.5)).isoformat()}}}),
        (["second Running", "first Completed"], {"task_runs": {"expected_start_time": {"before_": (WHEN + timedelta(seconds=0.5)).isoformat()}}}),
        (["second NotReady", "second Running"], {"task_runs": {"end_time": {"is_null_": True}}}),
        ([], {"task_runs": {"subflow_runs": {"exists_": True}}}),
        (["second NotReady", "first Failed"], {"flow_runs": {"name": {"any_": ["twice"]}}}),
        (["second NotReady", "first Failed"], {"flow_runs": {"state": {"type": {"any_": ["FAILED"]}}}}),
        (["second Running", "first Completed"], {"flows": {"name": {"any_": ["story"]}}}),
        ([], {"flows": {"name": {"any_": ["story"]}}, "flow_runs": {"name": {"any_": ["twice"]}}}),
        ([], {"deployments": {"id": {"any_": [str(uuid4())]}}}),
        (["second NotReady", "first Failed", "second Running", "first Completed"], {"deployments": {"operator": "and_"}}),
        (["first Failed", "first Completed", "second NotReady", "second Running"], {"sort": "NAME_ASC"}),
        (["second Running", "first Completed", "second NotReady", "first Failed"], {"sort": "EXPECTED_START_TIME_ASC", "limit": 200}),
        (["first Failed", "first Completed", "second NotReady", "second Running"], {"sort": "END_TIME_DESC"}),
        (["first Completed", "second NotReady"], {"sort": "END_TIME_DESC", "offset": 1, "limit": 2}),
        (["second Running"], {"sort": "END_TIME_DESC", "offset": 3}),
        (["first Completed", "first Failed", "second NotReady", "second Running"], {"sort": "DURATION_DESC"}),
        (["first Failed", "first Completed", "second NotReady", "second Running"], {"sort": "DURATION_ASC"}),
        (["first Failed", "second Running", "first Completed", "second NotReady"], {"sort": "START_TIME_DESC"}),
        (["second NotReady", "first Failed", "second Running", "first Completed"], {"sort": "NEXT_SCHEDULED_START_TIME_ASC"}),
        (["second Running", "second NotReady"], {"sort": "EXPECTED_START_TIME_ASC", "task_runs": {"name": {"not_any_": ["first"]}}}),
        (["first Completed", "second Running"], {"sort": "NAME_ASC", "task_runs": {"tags": {"any_": ["nightly"]}}}),
        ([], {"task_runs": {"name": {"like_": "f%t"}}}),
        ([], {"task_runs": {"name": {"any_": ["firs_"]}}}),
        ([], {"task_runs": {"name": {"is_null_": True}}}),
        ([], {"task_runs": {"start_time": {"after_": "9999-12-31T00:00:00Z"}}}),
        (["first Failed", "second Running", "first Completed"], {"task_runs": {"start_time": {"before_": "9999-12-31T23:59:59.999999Z"}}}),
        (["first Failed"], {"task_runs": {"end_time": {"after_": (WHEN + timedelta(seconds=0.5)).isoformat()}}}),
        (["second NotReady", "first Failed", "first Completed"], {"task_runs": {"operator": "or_", "start_time": {"is_null_": True}, "name": {"any_": ["FIRST"]}}}),
        ([], {"task_runs": {"id": {"any_": ["x", str(uuid4())]}}}),
    ],
)  # fmt: skip
def test_task_runs_are_found_by_every_condition(client, other, expected, body):
    assert expected == names(client, **body)
    assert body.keys() & {"limit", "offset"} or len(expected) == ask(
        client, "task_runs/count", **{key: value for key, value in body.items() if key != "sort"}
    )


def test_task_runs_are_found_by_id(client, other):
    wanted = [str(ids.task_run_id(scribe.flow_run, 1)) for scribe in (other,)]
    by_flow_run = {"task_runs": {"flow_run_id": {"any_": [str(other.flow_run)]}}}

    assert ["first Failed"] == names(client, task_runs={"id": {"any_": wanted}})
    assert [] == names(client, task_runs={"id": {"any_": wanted}}, flow_runs={"name": {"any_": ["once"]}})
    assert ["second NotReady", "first Failed"] == names(client, **by_flow_run)
    assert 2 == ask(client, "task_runs/count", **by_flow_run)
    assert 2 == ask(client, "task_runs/count", flow_runs={"id": {"any_": [str(other.flow_run)]}})


def test_task_runs_of_other_flow_runs_are_found_and_counted(client, other):
    others = {"task_runs": {"flow_run_id": {"not_any_": [str(other.flow_run)]}}}

    assert ["second Running", "first Completed"] == names(client, **others)
    assert 2 == ask(client, "task_runs/count", **others)


def test_a_page_takes_no_read_for_each_flow_run(client, record, monkeypatch):
    for number in range(5):
        Scribe(record, name=f"run-{number}", tasks=1).start().run(1, ending="Failed").commit()
    monkeypatch.setattr(record, "flow_runs", lambda _: pytest.fail("the rows say enough"))
    reads, task_runs = [], record.task_runs
    monkeypatch.setattr(record, "task_runs", lambda which: reads.append(which) or task_runs(which))

    assert 4 == len(ask(client, "task_runs/filter", task_runs={"state": {"type": {"any_": ["FAILED"]}}}, limit=4))
    assert [4] == [which.limit for which in reads]


def test_children_that_have_not_begun_are_counted(client, scribe):
    scribe.enter(1, "Success").map(2, 1_000)
    scribe.commit()

    assert 1_002 == ask(client, "task_runs/count")
    assert 1_001 == ask(client, "task_runs/count", task_runs={"state": {"type": {"any_": ["PENDING"]}}})


def test_a_search_that_no_query_answers_says_when_it_goes_too_far(client, other, monkeypatch):
    monkeypatch.setattr(run_search, "LOOKS_AT", 2)
    tagged = {"task_runs": {"tags": {"any_": ["nightly"]}}}
    answer = client.post("/api/task_runs/count", json=tagged)

    assert 422 == answer.status_code
    assert "ask for a state, a flow run" in answer.json()["detail"]
    assert ["second Running"] == names(
        client, task_runs={**tagged["task_runs"], "state": {"type": {"any_": ["RUNNING"]}}}
    )
    assert 4 == ask(client, "task_runs/count")
    assert 2 == ask(client, "task_runs/count", task_runs={"name": {"any_": ["first"]}})


def test_a_history_of_too_many_times_is_refused(client, other, monkeypatch):
    body = {"history_start": WHEN.isoformat(), "history_end": "2100-01-01T00:00:00Z", "history_interval_seconds": 1}
    monkeypatch.setattr(run_search, "LOOKS_AT", 1)

    assert 422 == client.post("/api/task_runs/history", json=body).status_code


def test_flow_runs_are_found_by_their_task_runs(client, other, story):
    failed = {"state": {"type": {"any_": ["FAILED"]}}}
    tagged = {"tags": {"any_": ["nightly"]}}

    assert ["twice"] == [each["name"] for each in ask(client, "flow_runs/filter", task_runs=failed)]
    assert ["once"] == [each["name"] for each in ask(client, "flow_runs/filter", task_runs=tagged)]


def test_pages_have_numbers(client, other):
    page = ask(client, "task_runs/paginate", limit=3, page=2)

    assert (4, 3, 2, 2) == tuple(page[key] for key in ("count", "limit", "pages", "page"))
    assert ["first"] == [each["name"] for each in page["results"]]
    assert 2 == ask(client, "flow_runs/paginate")["count"]
    assert 2 == ask(client, "flows/paginate")["count"]


def test_a_history_tells_states_by_time(client, other):
    body = {
        "history_start": WHEN.isoformat(),
        "history_end": (WHEN + timedelta(seconds=3)).isoformat(),
        "history_interval_seconds": 1,
    }
    rows = ask(client, "task_runs/history", **body)

    assert [["Completed", "Running"], ["Failed", "NotReady"], []] == [
        [each["state_name"] for each in row["states"]] for row in rows
    ]
    assert [["Running"], ["Failed"], []] == [
        [each["state_name"] for each in row["states"]] for row in ask(client, "flow_runs/history", **body)
    ]
    assert 500 == len(ask(client, "task_runs/history", **{**body, "history_end": "2100-01-01T00:00:00Z"}))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("task_runs/filter", {"limit": 201}),
        ("task_runs/filter", {"limit": True}),
        ("task_runs/filter", {"offset": -1}),
        ("task_runs/filter", {"offset": 2**70}),
        ("task_runs/filter", {"sort": "name;--"}),
        ("task_runs/filter", {"sort": "STATE_ASC"}),
        ("task_runs/filter", {"task_runs": {"unknown": 1}}),
        ("task_runs/filter", {"task_runs": {"id": {"any": []}}}),
        ("task_runs/paginate", {"page": 0}),
        ("task_runs/history", {}),
        ("task_runs/history", {"history_start": "2024-01-01T00:00:00Z", "history_end": "2023-01-01T00:00:00Z", "history_interval_seconds": 1}),
        ("task_runs/history", {"history_start": "2024-01-01T00:00:00Z", "history_end": "2024-02-01T00:00:00Z"}),
        ("flow_runs/filter", {"flow_runs": {"state": {"kind": {}}}}),
        ("flows/filter", {"flows": {"id": {"any_": "x"}}}),
    ],
)  # fmt: skip
def test_a_question_that_cannot_be_is_refused(client, path, body):
    assert 422 == client.post(f"/api/{path}", json=body).status_code


def test_states_come_oldest_first(client, story):
    task_run = str(ids.task_run_id(story.flow_run, 1))
    states = client.get("/api/task_run_states/", params={"task_run_id": task_run}).json()

    assert ["Pending", "Running", "AwaitingRetry", "Retrying", "Completed"] == [each["name"] for each in states]
    assert states[-1]["id"] == client.get(f"/api/task_runs/{task_run}").json()["state_id"]
    assert states[2] == client.get(f"/api/task_run_states/{states[2]['id']}").json()
    assert states[2]["state_details"]["scheduled_time"] is not None
    assert [] == client.get("/api/task_run_states/", params={"task_run_id": str(uuid4())}).json()


def test_flow_runs_are_read(client, other):
    rows = ask(client, "flow_runs/filter")

    assert ["twice Failed", "once Running"] == [f"{each['name']} {each['state_name']}" for each in rows]
    assert rows[0] == client.get(f"/api/flow_runs/{rows[0]['id']}").json()
    states = client.get("/api/flow_run_states/", params={"flow_run_id": rows[0]["id"]}).json()
    assert ["Pending", "Running", "Failed"] == [each["name"] for each in states]
    assert rows[0]["state_id"] == states[-1]["id"]
    assert states[0] == client.get(f"/api/flow_run_states/{states[0]['id']}").json()
    assert 1 == ask(client, "flow_runs/count", flow_runs={"state": {"name": {"any_": ["Running"]}}})
    assert [rows[0]] == ask(client, "flow_runs/filter", task_runs={"state": {"type": {"any_": ["FAILED"]}}})
    assert [rows[1]] == ask(client, "flow_runs/filter", flow_runs={"id": {"any_": [str(rows[1]["id"])]}})
    assert rows[::-1] == ask(client, "flow_runs/filter", sort="START_TIME_ASC")


def test_flows_are_read(client, other):
    rows = ask(client, "flows/filter", sort="NAME_ASC")

    assert ["other", "story"] == [each["name"] for each in rows]
    assert rows[0] == client.get(f"/api/flows/{rows[0]['id']}").json() == client.get("/api/flows/name/other").json()
    assert 1 == ask(client, "flows/count", flows={"name": {"like_": "TOR"}})


@pytest.mark.parametrize(
    ("status", "path"),
    [
        (404, f"task_runs/{UUID(int=0)}"),
        (404, f"task_runs/{UNKNOWN}"),
        (422, "task_runs/x"),
        (422, "task_runs/%00"),
        (404, f"flow_runs/{UNKNOWN}"),
        (404, f"flows/{UNKNOWN}"),
        (404, "flows/name/none"),
        (404, f"task_run_states/{UNKNOWN}"),
        (422, "task_run_states/"),
    ],
)
def test_what_is_not_there_is_not_found(client, story, status, path):
    answer = client.get(f"/api/{path}")

    assert status == answer.status_code
    assert {"detail"} == answer.json().keys()


def test_an_id_is_read_however_it_is_written(client, story):
    task_run = ids.task_run_id(story.flow_run, 1)

    assert 200 == client.get(f"/api/task_runs/{str(task_run).upper()}").status_code
    assert 200 == client.get(f"/api/task_runs/{{{task_run}}}").status_code


@pytest.mark.parametrize(
    ("expected", "path"),
    [
        (True, "health"),
        ("3.9.1", "version"),
        ("3.9.1", "admin/version"),
        ("\N{WAVING HAND SIGN}", "hello"),
        ({"message": "OK"}, "ready"),
    ],
)
def test_clients_are_told_what_they_ask_first(client, expected, path):
    assert expected == client.get(f"/api/{path}").json()


def test_clients_are_told_that_no_csrf_token_is_needed(client):
    answer = client.get("/api/csrf-token", params={"client": str(uuid4())})

    assert (422, {"detail": "CSRF protection is disabled."}) == (answer.status_code, answer.json())


def test_a_history_may_begin_with_the_first_year(client, other):
    ends = {"history_start": "0001-01-01T00:00:00+23:59", "history_end": "9999-12-31T23:59:59-23:59"}

    assert 500 == len(ask(client, "flow_runs/history", **ends, history_interval_seconds=1))
