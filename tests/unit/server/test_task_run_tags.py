"""Tags that task runs are given: over REST, for who may steer runs, and in what clients read of them."""

from __future__ import annotations

import pytest
from tests.unit.server.conftest import KEYS

from runwright import ids
from runwright.server.auth import Role
from runwright.views import TaskRunFilter


@pytest.fixture
def task_run(scribe):
    scribe.run(1).run(2, ending="Failed").commit()
    return ids.task_run_id(scribe.flow_run, 1)


def found_by(client, *tags):
    answer = client.post("/api/task_runs/filter", json={"task_runs": {"tags": {"all_": list(tags)}}})
    return [(each["name"], each["tags"]) for each in answer.json()]


def test_a_task_run_is_tagged_and_clients_find_it(client, task_run):
    answer = client.patch(f"/api/task_runs/{task_run}/tags", json={"add": ["seen", "odd"]})

    assert {"id": str(task_run), "tags": ["nightly", "odd", "seen"], "given_tags": ["odd", "seen"]} == answer.json()
    assert ["nightly", "odd", "seen"] == client.get(f"/api/task_runs/{task_run}").json()["tags"]
    assert [("first", ["nightly", "odd", "seen"])] == found_by(client, "seen") == found_by(client, "nightly", "odd")
    assert ["second", "first"] == [name for name, _ in found_by(client, "nightly")]
    counted = client.post("/api/task_runs/count", json={"task_runs": {"tags": {"any_": ["odd", "never"]}}})
    assert 1 == counted.json()


def test_one_that_ended_like_others_lends_them_no_tags(client, scribe, task_run):
    client.patch(f"/api/task_runs/{task_run}/tags", json={"add": ["seen"]})

    tags = {each["name"]: each["tags"] for each in client.post("/api/task_runs/filter", json={}).json()}

    assert {"first": ["nightly", "seen"], "second": ["nightly"]} == tags


def test_tags_are_taken_back(client, task_run):
    client.patch(f"/api/task_runs/{task_run}/tags", json={"add": ["seen", "odd"]})

    answer = client.patch(f"/api/task_runs/{task_run}/tags", json={"add": ["even"], "remove": ["odd", "nightly"]})

    assert ["nightly", "even", "seen"] == answer.json()["tags"]


def test_graphql_knows_them(client, task_run):
    client.patch(f"/api/task_runs/{task_run}/tags", json={"add": ["seen"]})

    question = '{ task_run(where: {tags: {_contains: ["seen"]}}) { full_name tags } }'
    answer = client.post("/graphql", json={"query": question})

    assert {"data": {"task_run": [{"full_name": "first", "tags": ["nightly", "seen"]}]}} == answer.json()


@pytest.mark.parametrize(
    ("status", "path", "body"),
    [
        (422, "{task_run}", {}),
        (422, "{task_run}", {"add": ["two\nlines"]}),
        (422, "{task_run}", {"add": "seen"}),
        (422, "{task_run}", {"add": ["x"], "remove": ["x"]}),
        (422, "nothing", {"add": ["seen"]}),
        (404, "{flow_run}", {"add": ["seen"]}),
        (404, "{event}", {"add": ["seen"]}),
        (404, "00000000-0000-4000-8000-00000000dead", {"add": ["seen"]}),
    ],
)
def test_what_cannot_be_tagged_says_so(client, record, scribe, task_run, status, path, body):
    event = ids.event_id(scribe.flow_run, 1, 2)
    which = path.format(task_run=task_run, flow_run=scribe.flow_run, event=event)

    answer = client.patch(f"/api/task_runs/{which}/tags", json=body)

    assert status == answer.status_code, answer.text
    assert [] == record.given_tags()


def test_viewers_give_no_tags_and_the_record_knows_who_did(locked, record, task_run):
    statuses = {
        role: locked.patch(
            f"/api/task_runs/{task_run}/tags", json={"add": ["seen"]}, headers={"Authorization": f"Bearer {KEYS[role]}"}
        ).status_code
        for role in (Role.VIEWER, Role.OPERATOR)
    }

    assert {Role.VIEWER: 403, Role.OPERATOR: 200} == statuses
    (row,) = record.task_runs(TaskRunFilter(tags=("seen",)))
    assert "operator" == row.given_tags[0].by
