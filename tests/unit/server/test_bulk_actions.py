"""Bulk actions: one action on many runs, prepared in a form, done as a flow run, told on a page, and done once."""

from __future__ import annotations

import csv
import json
import logging
from uuid import UUID, uuid4

import pytest
from tests.unit.server.test_page_actions import OWN, task_run_of

from runwright import app
from runwright.context import context
from runwright.tasks.flow_runs import ORIGIN
from runwright.ui.bulk import work
from runwright.views import FlowRunFilter

BULK = "/ui/bulk-actions/new"


@pytest.fixture
def begin(bench):
    """Ask for a bulk action, run it, and return what its page tells: `begin("restart", q="state:failed", all="yes")`."""

    def begin(action, **fields):
        data = {"request": str(uuid4()), "sure": "yes", "action": action, **fields}
        answer = bench.client.post(BULK, data=data, headers=OWN)
        assert answer.url.path.startswith("/ui/bulk-actions/"), answer.text
        bulk = UUID(answer.url.path.rpartition("/")[2])
        app.resume_flow_run(bulk, record=bench.record.url, executor="inline")
        return bench.client.get(f"/ui/bulk-actions/{bulk}.json").json()

    return begin


def numbers_of(page):
    return tuple(page["line"][name] for name in ("chosen", "done", "refused"))


def test_all_that_match_are_restarted_each_execution_once(bench, begin):
    broken = [bench.create("broken") for _ in range(3)]
    greeting = bench.greet()

    page = begin("restart", q="state:failed", all="yes")

    assert (3, 3, 0) == numbers_of(page)
    assert ["RESTARTED"] * 3 == [bench.state_of(each) for each in broken]
    assert "SUCCESS" == bench.state_of(greeting)
    assert ("Success", "local") == (page["line"]["run"]["state"], page["line"]["by"])


def test_chosen_task_runs_are_marked_one_by_one(bench, begin):
    first, other = bench.create("broken"), bench.create("broken")
    chosen = [str(task_run_of(bench, first, "second").id)]

    page = begin("mark", id=chosen, state="Success")

    assert (1, 1, 0) == numbers_of(page)
    assert "Success" == task_run_of(bench, first, "second").kind.name
    assert "Failed" == task_run_of(bench, other, "second").kind.name


def test_all_that_match_are_tagged_each_by_itself(bench, begin):
    broken = [bench.create("broken") for _ in range(2)]

    page = begin("tag", q="task:second", all="yes", give="seen, odd")
    assert (2, 2, 0) == numbers_of(page)
    page = begin("tag", q="tag:odd", all="yes", take="odd")

    assert (2, 2, 0) == numbers_of(page)
    assert ("Tag", "local") == (page["line"]["action"], page["line"]["by"])
    assert [("seen",)] * 2 == [task_run_of(bench, each, "second").tags for each in broken]
    assert [()] * 2 == [task_run_of(bench, each, "first").tags for each in broken]


def test_all_flow_runs_that_match_are_marked(bench, begin):
    broken = [bench.create("broken") for _ in range(2)]
    greeting = bench.greet()

    page = begin("mark", of="flow-runs", q="flow:company.team.data/broken", all="yes", state="Warning")

    assert (2, 2, 0) == numbers_of(page)
    assert ["WARNING", "WARNING", "SUCCESS"] == [bench.state_of(each) for each in (*broken, greeting)]


def test_what_refuses_is_told_with_its_reason(bench, begin):
    broken, greeting = bench.create("broken"), bench.greet()

    page = begin("restart", all="yes")

    assert (2, 1, 1) == numbers_of(page)
    assert [[greeting, "Nothing of it failed or was killed."]] == page["refusals"]
    assert "RESTARTED" == bench.state_of(broken)
    shown = bench.client.get(f"/ui/bulk-actions/{page['line']['run']['id']}").text
    assert "Nothing of it failed or was killed." in shown


@pytest.mark.parametrize(
    ("action", "fields", "state", "numbers"),
    [
        ("kill", {}, "KILLED", (1, 1, 0)),
        ("cancel", {}, "CANCELLED", (1, 1, 0)),
        ("pause", {}, "PAUSED", (1, 0, 1)),
        ("label", {"label": "seen:yes"}, "PAUSED", (1, 0, 1)),
        ("delete", {}, "PAUSED", (1, 0, 1)),
    ],
)
def test_each_action_does_to_many_what_it_does_to_one(bench, begin, action, fields, state, numbers):
    waiting = bench.create("waiting")

    page = begin(action, all="yes", **fields)

    assert state == bench.state_of(waiting)
    assert numbers == numbers_of(page)


def test_all_that_is_paused_is_resumed_and_what_has_ended_refuses(bench, begin):
    waiting, ended = bench.create("waiting"), bench.greet()

    page = begin("resume", all="yes")
    app.resume_flow_run(UUID(waiting), record=bench.record.url)

    assert (2, 1, 1) == numbers_of(page)
    assert [[ended, "It has ended: it is Success."]] == page["refusals"]
    assert "SUCCESS" == bench.state_of(waiting)


def test_runs_are_repeated_once_however_often_a_share_is_worked_on(bench):
    """A child that was lost with its process runs again from its beginning."""
    bench.greet()
    bulk, share = uuid4(), [str(row.id) for row in bench.record.flow_runs(FlowRunFilter())]
    around = {"flow_run_id": str(bulk), "logger": logging.getLogger("test"), ORIGIN: (bench.record.url, None)}

    with context(**around):
        told = [work.act(share, "run-again", "Ann", {}) for _ in range(2)]

    assert [{"done": 1, "refused": 0}] * 2 == told
    assert 2 == len(bench.record.flow_runs(FlowRunFilter()))


def test_killing_again_is_no_refusal_for_who_asked_before(bench):
    share = [bench.create("waiting")]
    around = {"flow_run_id": str(uuid4()), "logger": logging.getLogger("test"), ORIGIN: (bench.record.url, None)}

    with context(**around):
        told = [work.act(share, "kill", "Ann", {}) for _ in range(2)]

    assert [{"done": 1, "refused": 0}] * 2 == told
    assert ["Ann"] == [each.by for each in bench.record.requests(UUID(share[0]), open_only=False)]


def test_a_form_says_how_many_are_meant_before_anything_is_done(bench):
    for _ in range(2):
        bench.create("broken")

    form = bench.client.post(BULK, data={"action": "restart", "q": "state:failed", "all": "yes"}, headers=OWN)

    assert "Restart: 2 task runs" in form.text
    assert 2 == len(bench.record.flow_runs(FlowRunFilter()))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"action": "restart"}, "Nothing is chosen"),
        ({"action": "", "all": "yes"}, "Choose what to do first."),
        ({"action": "fly", "all": "yes"}, "Choose what to do first."),
        ({"action": "restart", "all": "yes", "q": "state:success task:nothing"}, "Nothing matches any more."),
        ({"action": "restart", "id": "no id"}, "is no id of a run"),
        ({"action": "restart", "all": "yes", "q": "stat:failed"}, "stat"),
        ({"action": "tag", "all": "yes"}, "Write a tag."),
        ({"action": "tag", "all": "yes", "give": "x" * 256}, "is no tag"),
        ({"action": "tag", "all": "yes", "of": "flow-runs", "give": "seen"}, "Only task runs are given tags."),
    ],
)
def test_what_cannot_be_begun_says_why(bench, data, why):
    bench.greet()

    answer = bench.client.post(BULK, data={"sure": "yes", **data}, headers=OWN)

    assert 422 == answer.status_code
    assert why in answer.text
    assert 1 == len(bench.record.flow_runs(FlowRunFilter()))


def test_sending_a_form_twice_begins_one(bench):
    bench.create("broken")
    data = {"request": str(uuid4()), "sure": "yes", "action": "restart", "all": "yes"}

    addresses = {bench.client.post(BULK, data=data, headers=OWN).url.path for _ in range(2)}

    assert 1 == len(addresses)
    assert [1, 2] == [len(bench.client.get("/ui/bulk-actions.json").json()["lines"]), len(bench.record.flow_runs(FlowRunFilter()))]  # fmt: skip


def test_viewers_begin_nothing(locked, scribe):
    from tests.unit.server.conftest import KEYS

    from runwright.server.auth import Role

    scribe.run(1).commit()
    headers = {"Authorization": f"Bearer {KEYS[Role.VIEWER]}", **OWN}

    answer = locked.post(BULK, data={"sure": "yes", "action": "kill", "all": "yes"}, headers=headers)

    assert 403 == answer.status_code
    assert "chosen-tools" not in locked.get("/ui/task-runs", headers=headers).text


def test_all_that_match_are_exported(bench):
    for _ in range(2):
        bench.create("broken")

    lines = bench.client.get("/ui/export/task-runs.jsonl?q=state:failed").text.splitlines()
    table = list(csv.DictReader(bench.client.get("/ui/export/task-runs.csv?q=state:failed").text.splitlines()))

    assert ["Failed", "Failed"] == [json.loads(line)["state"] for line in lines] == [row["state"] for row in table]
    assert ["second", "second"] == [row["name"] for row in table]
    assert 400 == bench.client.get("/ui/export/task-runs.csv?q=stat:x").status_code
    assert 404 == bench.client.get("/ui/export/task-runs.exe").status_code
