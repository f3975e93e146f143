"""Events over HTTP: found by every filter, paged, counted and sent, as clients of Prefect 3 do it."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec
import pytest

from runwright import clock, ids
from runwright.clock import NANOSECONDS, to_datetime
from runwright.compat.event_filter import EventName
from runwright.events import EventKind
from runwright.testing.scribe import NOON, Scribe

WHEN = to_datetime(NOON)


NOT_OF_FLOW_RUNS = {"exclude_prefix": ["prefect.flow-run."]}


def found(client, limit=50, **conditions):
    which = {"event": NOT_OF_FLOW_RUNS, **conditions}
    answer = client.post("/api/events/filter", json={"filter": which, "limit": limit})
    assert 200 == answer.status_code, answer.text
    return answer.json()


def names(client, **conditions):
    return [each["event"].rpartition(".")[2] for each in found(client, **conditions)["events"]]


@pytest.fixture
def story(scribe):
    scribe.enter(1, "Running").enter(1, "Retrying", message="Again.", due=scribe.at).enter(1, "Running")
    scribe.enter(1, "Failed", message="It broke: \u00e9.").enter(2, "TriggerFailed")
    scribe.commit()
    return scribe


def test_the_newest_event_comes_first(client, story):
    expected = ["NotReady", "Failed", "Retrying", "AwaitingRetry", "Running", "Pending", "Pending"]

    assert expected == names(client)
    assert expected[::-1] == names(client, order="ASC")


def test_each_event_follows_the_one_before_of_its_task_run(client, story):
    first = resource(story, 1)
    events = found(client, order="ASC", resource={"id": [first]})["events"]

    assert [None, *(each["id"] for each in events[:-1])] == [each["follows"] for each in events]
    assert {first} == {each["resource"]["prefect.resource.id"] for each in events}


def resource(scribe, ordinal):
    return f"prefect.task-run.{ids.task_run_id(scribe.flow_run, ordinal)}"


@pytest.mark.parametrize(
    ("expected", "conditions"),
    [
        (["Failed"], {"event": {"name": ["prefect.task-run.Failed", "other"]}}),
        (["Retrying", "Running"], {"event": {"prefix": ["prefect.task-run.R"]}}),
        (["NotReady", "AwaitingRetry", "Pending", "Pending"], {"event": {"exclude_prefix": ["prefect.flow", "prefect.task-run.R", "prefect.task-run.F"]}}),
        (["Failed"], {"event": {"prefix": ["prefect.task-run.F"], "exclude_name": ["prefect.task-run.Finished"]}}),
        ([], {"resource": {"id": ["prefect.task-run.nothing"]}}),
        ([], {"resource": {"id_prefix": ["prefect.flow."]}}),
        (["Failed"], {"resource": {"labels": {"prefect.state-type": "FAILED"}}}),
        (["Failed"], {"resource": {"labels": {"prefect.state-name": ["Fai*", "X"], "prefect.run-count": "?"}}}),
        (["NotReady", "Pending", "Pending"], {"resource": {"labels": {"prefect.run-count": "0"}}}),
        (["Failed", "Retrying"], {"resource": {"labels": {"prefect.run-count": "2", "prefect.state-type": "!SCHEDULED"}}}),
        (["Failed"], {"related": {"role": ["tag"], "labels": {"prefect.resource.id": "prefect.tag.night*"}}, "event": {"name": ["prefect.task-run.Failed"]}}),
        ([], {"related": {"role": ["flow"], "id": ["prefect.tag.nightly"]}}),
        ([], {"related": [{"role": ["tag"]}, {"role": ["deployment"]}]}),
        ([], {"any_resource": {"id": ["prefect.flow.other"]}}),
        (["Failed"], {"text": {"query": "broke"}, "event": {"prefix": ["prefect.task-run.F"]}}),
        (["Failed"], {"text": {"query": '"It broke" nothing +retrying -trigger'}, "event": {"prefix": ["prefect.task-run.F"]}}),
        (["Failed", "Retrying", "AwaitingRetry"], {"text": {"query": "-pending"}}),
        (["NotReady", "Failed", "Retrying", "AwaitingRetry", "Running", "Pending", "Pending"], {"id": {"id": []}, "event": {"name": [], "prefix": ["prefect.task"]}}),
    ],
)  # fmt: skip
def test_events_are_found_by_every_condition(client, story, expected, conditions):
    assert expected == names(client, **conditions)


def test_events_are_found_by_what_they_are_related_to(client, story):
    other = Scribe(story.store, flow="other").start()
    other.enter(1, "Running").commit()
    mine = f"prefect.flow-run.{story.flow_run}"

    assert 7 == found(client, related={"id": [mine]})["total"]
    assert 7 == found(client, any_resource={"id": [mine]})["total"]
    assert (
        2
        == found(client, related={"resources_in_roles": [[f"prefect.flow-run.{other.flow_run}", "flow-run"]]})["total"]
    )
    assert 0 == found(client, related={"resources_in_roles": [[mine, "flow"]]})["total"]


def test_events_are_found_by_id(client, story):
    wanted = found(client)["events"][2]

    assert [wanted] == found(client, id={"id": [wanted["id"].upper(), str(uuid4())]})["events"]
    assert 0 == found(client, id={"id": ["x"]})["total"]


def test_the_newest_event_of_each_resource(client, story):
    assert ["NotReady", "Failed"] == names(client, resource={"distinct": True})


def test_both_ends_of_a_time_belong_to_it(client, story):
    times = [each["occurred"] for each in found(client, order="ASC")["events"]]

    assert 3 == found(client, occurred={"since": times[2], "until": times[4]})["total"]
    assert 0 == found(client, occurred={"since": (WHEN + timedelta(days=1)).isoformat()})["total"]


def test_pages_lead_on_to_the_last(client, story):
    page = found(client, limit=3)
    seen = page["events"]
    scribe = Scribe(story.store).start()
    scribe.enter(1, "Running").commit()
    while page["next_page"]:
        assert 7 == page["total"]
        url = urlsplit(page["next_page"])
        assert ("http", "testserver") == (url.scheme, url.netloc)
        page = client.get(f"{url.path}?{url.query}").json()
        seen += page["events"]

    assert 7 == len({each["id"] for each in seen})


def test_a_page_of_nothing_leads_on(client, story):
    page = found(client, limit=0)

    assert ([], 7) == (page["events"], page["total"])
    assert page["next_page"] is not None


@pytest.mark.parametrize(
    ("status", "query"), [(422, ""), (403, "?page-token=x"), (403, "?page-token=W10="), (403, "?page-token=%ff")]
)
def test_a_token_that_leads_nowhere_is_refused(client, status, query):
    assert status == client.get(f"/api/events/filter/next{query}").status_code


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 51},
        {"limit": -1},
        {"limit": True},
        {"limit": 1e9},
        {"filter": {"unknown": 1}},
        {"filter": {"event": {"nam": []}}},
        {"filter": {"order": "name;--"}},
        {"filter": {"text": {"query": "x" * 201}}},
        {"filter": {"occurred": {"since": "2024-02-30T00:00:00Z"}}},
        {"filter": {"occurred": {"since": "0001-01-01T00:00+23:59"}}},
    ],
)
def test_a_filter_that_cannot_be_is_refused(client, body):
    answer = client.post("/api/events/filter", json=body)

    assert 422 == answer.status_code
    assert {"exception_message", "exception_detail", "request_body"} == answer.json().keys()


@pytest.mark.parametrize("body", ["{", '{"limit": NaN}', "[" * 100_000, '{"filter": "\\ud800"}'])
def test_what_is_no_json_is_refused(client, body):
    assert client.post("/api/events/filter", content=body).status_code in {400, 422}


def test_the_ends_of_time_are_no_error(client, story):
    answer = found(client, occurred={"since": "0001-01-02T00:00:00Z", "until": "9999-12-30T23:59:59Z"})

    assert 7 == answer["total"]


def counted(client, by, **body):
    which = {"event": NOT_OF_FLOW_RUNS, **body.pop("filter", {})}
    answer = client.post(f"/api/events/count-by/{by}", json={"filter": which, **body})
    assert 200 == answer.status_code, answer.text
    return answer.json()


def test_events_are_counted_by_name(client, story):
    rows = counted(client, "event")

    assert ("prefect.task-run.Pending", "prefect.task-run.Pending", 2) == tuple(
        rows[0][key] for key in ("value", "label", "count")
    )
    assert 7 == sum(each["count"] for each in rows)


def test_events_are_counted_by_resource(client, story):
    rows = counted(client, "resource")

    assert [(resource(story, 1), "first", 5), (resource(story, 2), "second", 2)] == [
        (each["value"], each["label"], each["count"]) for each in rows
    ]


def test_events_are_counted_by_time_with_those_that_are_empty(client, story):
    since = {
        "filter": {
            "occurred": {
                "since": (WHEN - timedelta(hours=2)).isoformat(),
                "until": (WHEN + timedelta(hours=1)).isoformat(),
            }
        }
    }
    rows = counted(client, "time", time_unit="hour", **since)

    assert [0, 0, 7, 0] == [each["count"] for each in rows]
    assert ["0", "1", "2", "3"] == [each["value"] for each in rows]
    assert all(before["end_time"] == after["start_time"] for before, after in itertools.pairwise(rows))
    assert datetime.fromisoformat(rows[0]["start_time"]).astimezone(UTC).minute == 0


def test_a_day_is_a_span_too(client, story):
    rows = counted(client, "day")

    assert 7 == sum(each["count"] for each in rows)
    assert 181 <= len(rows) <= 182


@pytest.mark.parametrize(
    ("by", "body"),
    [("moon", {}), ("time", {"time_unit": "second"}), ("time", {"time_interval": 0}), ("day", {"time_unit": "year"})],
)
def test_what_cannot_be_counted_is_refused(client, by, body):
    assert 422 == client.post(f"/api/events/count-by/{by}", json={"filter": {}, **body}).status_code


def sent(name="thing.happened", **fields):
    return {
        "occurred": WHEN.isoformat(),
        "event": name,
        "resource": {"prefect.resource.id": "thing.1"},
        "id": str(uuid4()),
        **fields,
    }


def test_events_that_are_sent_are_found(client):
    event = sent(payload={"n": 1}, extra="ignored")

    assert 204 == client.post("/api/events", json=[event, sent("other")]).status_code
    assert 204 == client.post("/api/events", json=[event, {**event, "extra": "ignored too"}]).status_code
    page = found(client, event={"prefix": ["thing."]})
    assert 1 == page["total"]
    assert ("thing.happened", {"n": 1}, [], None) == tuple(
        page["events"][0][key] for key in ("event", "payload", "related", "follows")
    )


def test_an_id_is_not_given_to_another_event(client):
    event = sent(payload={"n": 1})
    client.post("/api/events", json=[event])

    refused = client.post("/api/events", json=[sent("other"), {**event, "payload": {"n": 2}}])

    assert 409 == refused.status_code
    assert event["id"] in refused.json()["detail"]
    assert [{"n": 1}] == [each["payload"] for each in found(client)["events"]]


@pytest.mark.parametrize(
    "event",
    [
        {**sent(), "id": None},
        {key: value for key, value in sent().items() if key != "id"},
        {key: value for key, value in sent().items() if key != "occurred"},
        sent("x" * 1_025),
        sent(resource={}),
        sent(resource={"prefect.resource.id": ""}),
        sent(resource={"prefect.resource.id": "a", "n": 1}),
        sent(resource={"prefect.resource.id": "a", **{f"l{number}": "" for number in range(500)}}),
        sent(related=[{"prefect.resource.id": "a"}]),
        sent(related=[{"prefect.resource.id": "a", "prefect.resource.role": "b"}] * 101),
        sent(occurred="9999-01-01T00:00:00Z"),
        sent(occurred="1900-01-01T00:00:00Z"),
    ],
)
def test_an_event_that_cannot_be_is_refused(client, event):
    assert 422 == client.post("/api/events", json=[sent(), event]).status_code
    assert 0 == found(client)["total"]


def test_nobody_tells_what_became_of_a_run_on_the_record(client, story):
    forged = sent("prefect.task-run.Completed", resource={"prefect.resource.id": resource(story, 1)})

    assert 409 == client.post("/api/events", json=[forged]).status_code
    foreign = sent("prefect.task-run.Completed", resource={"prefect.resource.id": f"prefect.task-run.{uuid4()}"})
    assert 204 == client.post("/api/events", json=[foreign]).status_code


def test_too_many_events_at_once_are_refused(client):
    assert 413 == client.post("/api/events", content=b"[" + b" " * 4 * 1024 * 1024 + b"]").status_code


@pytest.fixture
def overdue(scribe):
    """Give a task run that should have started thirty seconds ago, and one that still has time."""
    scribe.enter(1, "Scheduled", due=NOON + 15 * NANOSECONDS).enter(
        2, "Scheduled", due=NOON + 50 * NANOSECONDS
    ).commit()
    return scribe


def test_who_should_have_started_is_late(client, overdue):
    late, scheduled, pending = found(client, resource={"id": [resource(overdue, 1)]})["events"]

    assert ["Late", "Scheduled", "Pending"] == [
        each["payload"]["validated_state"]["name"] for each in (late, scheduled, pending)
    ]
    assert ("SCHEDULED", scheduled["id"]) == (late["payload"]["intended"]["to"], late["follows"])
    assert to_datetime(NOON + 30 * NANOSECONDS) == datetime.fromisoformat(late["occurred"])
    assert [late] == found(client, event={"name": ["prefect.task-run.Late"]})["events"]
    row = client.get(f"/api/task_runs/{ids.task_run_id(overdue.flow_run, 1)}").json()
    assert (late["id"], "Late") == (row["state_id"], row["state"]["name"])
    filtered = {"task_runs": {"state": {"name": {"any_": ["Late"]}}}}
    assert [row] == client.post("/api/task_runs/filter", json=filtered).json()
    assert 1 == client.post("/api/task_runs/count", json=filtered).json()


def test_who_was_late_was_late_whatever_came_then(client, overdue):
    before = found(client, order="ASC", resource={"id": [resource(overdue, 1)]})["events"]
    overdue.at = NOON + 40 * NANOSECONDS
    overdue.enter(1, "Running").enter(2, "Running").commit()
    after = found(client, order="ASC", resource={"id": [resource(overdue, 1)]})["events"]

    assert before == after[:-1]
    assert ("prefect.task-run.Running", before[-1]["id"]) == (after[-1]["event"], after[-1]["follows"])
    assert ["Running", "Scheduled", "Pending"] == names(client, resource={"id": [resource(overdue, 2)]})


def test_flow_runs_have_events_of_their_own(client, story):
    story.enter(0, "Failed", message="Some failed.").commit()
    about = {"resource": {"id": [f"prefect.flow-run.{story.flow_run}"]}, "event": None}
    failed, running, pending = found(client, **about)["events"]

    assert ["prefect.flow-run.Failed", "prefect.flow-run.Running", "prefect.flow-run.Pending"] == [
        each["event"] for each in (failed, running, pending)
    ]
    assert [running["id"], pending["id"], None] == [each["follows"] for each in (failed, running, pending)]
    assert {"type": "FAILED", "name": "Failed", "message": "Some failed."} == failed["payload"]["validated_state"]
    assert ("once", "prefect.flow") == (
        failed["resource"]["prefect.resource.name"],
        failed["related"][0]["prefect.resource.id"].rpartition(".")[0],
    )
    assert "prefect.orchestration" not in failed["resource"]
    row = client.get(f"/api/flow_runs/{story.flow_run}").json()
    assert failed["id"] == row["state_id"]
    assert [failed] == found(client, id={"id": [failed["id"]]}, event=None)["events"]
    assert 10 == found(client, event=None)["total"]


@pytest.mark.parametrize(
    "names",
    [
        None,
        {"name": ["prefect.task-run.Pending"]},
        {"name": ["prefect.task-run.Running", "prefect.flow-run.Running"]},
        {"name": ["prefect.task-run.Late"]},
        {"name": ["prefect.task-run.Suspended"]},
        {"prefix": ["prefect.flow-run."]},
        {"prefix": ["prefect.task-run.S", "order."]},
        {"exclude_prefix": ["prefect.task-run."]},
        {"exclude_name": ["prefect.task-run.Running"]},
        {"name": ["order.late"]},
        {"prefix": ["nothing."]},
        {"prefix": [""]},
    ],
)
@pytest.mark.parametrize("days", [(-1, 1), (-1, -0.5), (0.5, 1), (2, 3)])
def test_what_the_record_decides_is_what_the_filter_says(client, record, now, names, days):
    """Of stories days apart, each with everything that may happen: as if all were read and looked at."""
    for day in range(3):
        scribe = Scribe(record, at=NOON + day * 86_400 * clock.NANOSECONDS, name=f"day-{day}").start()
        scribe.run(1).enter(2, "Scheduled", due=scribe.at + 3_600 * clock.NANOSECONDS).commit()
        scribe.at += 7_200 * clock.NANOSECONDS
        scribe.enter(2, "Running").enter(2, "Paused").write(EventKind.ANNOTATED, 2, suspended=True).commit()
        client.post("/api/events", json=[order_at(scribe.at)])
    now.at = NOON + 4 * 86_400 * clock.NANOSECONDS
    since, until = (clock.to_iso(NOON + int(each * 86_400) * clock.NANOSECONDS) for each in days)
    which = {"occurred": {"since": since, "until": until}, **({"event": names} if names else {})}
    everything = all_found(client, {"occurred": {"since": "2023-01-01T00:00:00Z", "until": clock.to_iso(now.at)}})
    wanted = msgspec.convert(names or {}, EventName)
    expected = [each["id"] for each in everything if wanted.matches(each["event"]) and since <= _iso(each) <= until]
    assert expected == [each["id"] for each in all_found(client, which)]


def order_at(at):
    resource = {"prefect.resource.id": "order.1"}
    return {"id": str(uuid4()), "occurred": clock.to_iso(at), "event": "order.late", "resource": resource}


def _iso(event):
    return event["occurred"].replace("Z", "+00:00")


def all_found(client, which):
    """Return all pages of a search."""
    answer = client.post("/api/events/filter", json={"filter": which}).json()
    events = answer["events"]
    while answer["next_page"]:
        answer = client.get(answer["next_page"]).json()
        events += answer["events"]
    return events
