"""What pages do: the forms before an action, who may send them, and what is on the record afterwards."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from tests.unit.server.conftest import KEYS

from runwright import Flow, app
from runwright.executions.catalogue import handed_on_by
from runwright.schedules import IntervalSchedule
from runwright.server.auth import Role
from runwright.testing.scribe import Scribe
from runwright.triggering.flow_schedules import FlowSchedules
from runwright.views import FlowRunFilter, TaskRunFilter

OWN = {"Origin": "http://testserver"}
ASKING = """\
id: asking
namespace: company
tasks:
  - {id: wait, type: io.kestra.plugin.core.flow.Pause, onResume: [{id: reason, type: STRING}, {id: count, type: INT}]}
  - {id: last, type: io.kestra.plugin.core.debug.Return, format: "{{ outputs.wait.onResume.reason }}"}
"""
TIMED = """\
id: timed
namespace: company
tasks:
  - {id: last, type: io.kestra.plugin.core.debug.Return, format: done}
triggers:
  - {id: nightly, type: io.kestra.plugin.core.trigger.Schedule, cron: "0 3 * * *"}
"""


@pytest.fixture
def send(bench):
    """Send the form of an action, and return the answer: `send("flow-runs", id, "kill", state="Success")`."""

    def send(kind, name, action, *, files=None, **fields):
        address = f"/ui/{kind}/{name}/actions/{action}"
        form = bench.client.get(address)
        found = re.search(r'name="request" value="([^"]+)"', form.text)
        data = {"request": found.group(1) if found else str(uuid4()), **fields}
        return bench.client.post(address, data=data, files=files, headers=OWN)

    return send


def row_of(bench, execution):
    return app.find_flow_run(bench.record, UUID(execution))


def task_run_of(bench, execution, slug):
    return bench.record.task_runs(TaskRunFilter(flow_run=UUID(execution), task=slug))[0]


def reasons_on(page):
    """Return what a page says of the actions that it does not offer."""
    found = re.findall(r'role="tooltip" id="why-([a-z-]+)">([^<]+)<', page.text)
    return dict(found)


def test_what_failed_is_restarted_and_the_page_says_so(bench, send):
    execution = bench.create("broken")

    answer = send("flow-runs", execution, "restart")

    assert (200, f"/ui/flow-runs/{execution}") == (answer.status_code, answer.url.path)
    assert "It is restarted." in answer.text
    assert "RESTARTED" == bench.state_of(execution)


def test_a_task_run_that_failed_is_restarted_with_its_execution(bench, send):
    execution = bench.create("broken")
    task_run = task_run_of(bench, execution, "second")

    send("task-runs", task_run.id, "restart")

    assert "Resume" == task_run_of(bench, execution, "second").kind.name
    assert "Success" == task_run_of(bench, execution, "first").kind.name


def test_what_cannot_be_done_says_why(bench):
    execution = bench.greet()
    failed = bench.create("broken")

    assert {
        "restart": "Nothing of it failed or was killed.",
        "resume": "It has ended: it is Success.",
        "pause": "It has ended: it is Success.",
        "cancel": "It has ended: it is Success.",
        "kill": "It has ended: it is Success.",
        "start-now": "It has ended: it is Success.",
    } == reasons_on(bench.client.get(f"/ui/flow-runs/{execution}"))
    assert "restart" not in reasons_on(bench.client.get(f"/ui/flow-runs/{failed}"))


def test_what_cannot_be_done_is_not_done(bench, send):
    execution = bench.greet()

    answer = send("flow-runs", execution, "kill")

    assert 409 == answer.status_code
    assert "It has ended: it is Success." in answer.text
    assert "SUCCESS" == bench.state_of(execution)


def test_a_run_begins_again_from_one_of_its_task_runs(bench, send):
    execution = bench.create("broken")
    first = task_run_of(bench, execution, "second")

    answer = send("task-runs", first.id, "run-again")

    again = answer.url.path.rpartition("/")[2]
    assert again != execution
    bench.run(again)
    assert ["Success", "Failed"] == [task_run_of(bench, again, slug).kind.name for slug in ("first", "second")]
    assert execution == row_of(bench, again).details["parent"]


def test_a_task_run_is_marked_and_its_execution_goes_on(bench, send):
    execution = bench.create("broken")

    send("task-runs", task_run_of(bench, execution, "second").id, "mark", state="Success")
    bench.run(execution)

    assert "SUCCESS" == bench.state_of(execution)


@pytest.mark.parametrize("state", ["Running", "", "Nonsense"])
def test_a_run_is_marked_with_states_that_are_ends(bench, send, state):
    execution = bench.create("broken")

    answer = send("task-runs", task_run_of(bench, execution, "second").id, "mark", state=state)

    assert 422 == answer.status_code
    assert "no state that a run can be marked with" in answer.text
    assert "FAILED" == bench.state_of(execution)


def test_a_pause_asks_for_its_inputs_and_goes_on_with_them(bench, send):
    bench.register(ASKING)
    execution = bench.answer("POST", "/executions/company/asking")["id"]
    bench.run(execution)
    paused = task_run_of(bench, execution, "wait")

    refused = send("task-runs", paused.id, "resume", **{"in.reason": "tired", "in.count": "many"})
    answer = send("task-runs", paused.id, "resume", **{"in.reason": "rested", "in.count": "3"})
    app.resume_flow_run(UUID(execution), record=bench.record.url, releases=False)  # as a worker does

    assert (422, 200) == (refused.status_code, answer.status_code)
    assert "count" in refused.text
    assert 'value="tired"' in refused.text
    assert "SUCCESS" == bench.state_of(execution)
    assert {"value": "rested"} == handed_on_by(task_run_of(bench, execution, "last"))


def test_an_execution_is_killed_once_however_often_it_is_sent(bench):
    execution = bench.create("waiting")
    data = {"request": str(uuid4())}

    for _ in range(2):
        bench.client.post(f"/ui/flow-runs/{execution}/actions/kill", data=data, headers=OWN)

    assert "KILLED" == bench.state_of(execution)
    asked = bench.record.requests(UUID(execution), open_only=False)
    assert [("kill", "local")] == [(each.intent, each.by) for each in asked]


def test_an_execution_that_has_ended_gets_a_label_and_is_deleted(bench, send):
    execution = bench.greet()

    wrong = send("flow-runs", execution, "label", label="system.x:1")
    send("flow-runs", execution, "label", label="team: data")
    answer = send("flow-runs", execution, "delete")

    assert (422, "/ui/flow-runs") == (wrong.status_code, answer.url.path)
    assert {"team": "data"}.items() <= row_of(bench, execution).details["labels"].items()
    assert execution not in answer.text
    assert "It was deleted" in bench.client.get(f"/ui/flow-runs/{execution}").text


def test_a_run_of_a_python_flow_is_deleted_for_good_once_it_has_ended(bench, send):
    scribe = Scribe(bench.record).start().run(1).log(1, "hello")
    scribe.commit()
    early = bench.client.get(f"/ui/flow-runs/{scribe.flow_run}/actions/delete")
    scribe.enter(0, "Success").commit()

    held = send("flow-runs", scribe.flow_run, "delete")
    bench.record.release(scribe.lease)
    form = bench.client.get(f"/ui/flow-runs/{scribe.flow_run}/actions/delete")
    done = send("flow-runs", scribe.flow_run, "delete")

    assert "It is Running: end it first, or wait for that." in early.text
    assert (409, True) == (held.status_code, "delete it in a moment" in held.text)
    assert "It leaves the record for good" in form.text
    assert "The flow run is deleted." in done.text
    assert [] == bench.record.flow_runs(FlowRunFilter(id=scribe.flow_run)) == bench.record.logs(scribe.flow_run)


def test_a_flow_is_started_with_the_inputs_that_its_form_asks_for(bench, send):
    form = bench.client.get("/ui/flows/company.team%2Fgreet/actions/run")

    answer = send(
        "flows", "company.team%2Fgreet", "run", labels="team:data", files={"in.letter": ("a.txt", b"Dear")}, **{"in.name": "Ann"}
    )  # fmt: skip
    execution = answer.url.path.rpartition("/")[2]
    bench.run(execution)

    assert 'name="in.name"' in form.text
    assert 'enctype="multipart/form-data"' in form.text
    assert "SUCCESS" == bench.state_of(execution)
    assert "Ann" == row_of(bench, execution).parameters["name"]
    assert row_of(bench, execution).parameters["letter"].endswith("a.txt")
    assert {"team": "data"}.items() <= row_of(bench, execution).details["labels"].items()


def test_an_input_that_is_missing_is_told_at_its_field(bench, send):
    answer = send("flows", "company.team%2Fgreet", "run")

    assert 422 == answer.status_code
    assert 'aria-invalid="true"' in answer.text
    assert [] == bench.record.flow_runs(FlowRunFilter())


def test_the_form_begins_with_the_values_of_an_earlier_run(bench):
    execution = bench.greet("Bea")

    form = bench.client.get(f"/ui/flows/company.team%2Fgreet/actions/run?from={execution}")

    assert 'value="Bea"' in form.text


def test_a_start_that_is_sent_twice_is_one_run(bench):
    data = {"request": str(uuid4()), "in.name": "Ann"}

    for _ in range(2):
        bench.client.post("/ui/flows/company.team%2Fgreet/actions/run", data=data, headers=OWN)

    assert 1 == len(bench.record.flow_runs(FlowRunFilter()))


def test_a_trigger_is_turned_off_and_on(bench, send):
    bench.register(TIMED)

    off = send("flows", "company%2Ftimed", "switch", trigger="nightly", to="off")
    on = send("flows", "company%2Ftimed", "switch", trigger="nightly", to="on")

    assert ("is off", "0 3 * * *") == tuple(text for text in ("is off", "0 3 * * *") if text in off.text)
    assert "is on" in on.text
    assert "tab=triggers" in str(on.url)
    assert not bench.answer("GET", "/triggers/company/timed/nightly")["disabled"]


def test_the_schedule_of_a_flow_in_python_is_shown_and_turned_off_and_on(bench, send):
    flow = Flow("hourly", schedule=IntervalSchedule(interval=timedelta(hours=1)))
    FlowSchedules(bench.record).register(bench.record.register(flow.to_version()), flow.schedule.to_dict())
    bench.record.register(Flow("by-hand").to_version())

    page = bench.client.get("/ui/flows/hourly.json?tab=triggers").json()
    off = send("flows", "hourly", "switch", trigger="schedule", to="off")
    is_paused = FlowSchedules(bench.record).find("hourly").is_paused
    on = send("flows", "hourly", "switch", trigger="schedule", to="on")

    assert [("schedule", "every 1h00m", False)] == [(t["id"], t["says"], t["is_disabled"]) for t in page["triggers"]]
    assert page["triggers"][0]["next"]
    assert ("is off" in off.text, is_paused) == (True, True)
    assert ("is on" in on.text, FlowSchedules(bench.record).find("hourly").is_paused) == (True, False)
    assert "It has no schedule on the record" in bench.client.get("/ui/flows/by-hand").text


def test_a_flow_written_in_python_is_started_and_run_again(bench, send, tmp_path, runwright_home):
    file = tmp_path / "adding.py"
    file.write_text(
        "from runwright import Flow, Parameter, task\n\n\n@task\ndef add(a, b):\n    return a + b\n\n\n"
        "with Flow('adding') as flow:\n    add(Parameter('a'), Parameter('b', default=2))\n"
    )
    from runwright.flow_files import load_flow

    bench.record.register(load_flow(str(file)).to_version())
    form = bench.client.get("/ui/flows/adding/actions/run")

    wrong = send("flows", "adding", "run")
    first = send("flows", "adding", "run", **{"in.a": "40", "in.b": "2"})
    run = UUID(first.url.path.rpartition("/")[2])
    app.resume_flow_run(run, record=bench.record.url)
    again = send("flow-runs", run, "run-again")
    of_task_run = bench.client.get(f"/ui/task-runs/{task_run_of(bench, str(run), 'add-1').id}/actions/run-again")

    assert 'name="in.a" required' in form.text
    assert 409 == wrong.status_code
    assert "Success" == app.find_flow_run(bench.record, run).kind.name
    assert {"a": 40, "b": 2} == app.find_flow_run(bench.record, UUID(again.url.path.rpartition("/")[2])).parameters
    assert "is run again as a whole" in of_task_run.text
    assert "Nothing of it failed or was killed." == reasons_on(bench.client.get(f"/ui/flow-runs/{run}"))["restart"]


def test_a_run_of_a_python_flow_is_restarted_as_a_new_one_that_keeps_what_went_well(
    bench, send, tmp_path, runwright_home
):
    file = tmp_path / "halting.py"
    file.write_text(
        "from pathlib import Path\nfrom runwright import Flow, task\n\n\n@task\ndef one():\n    return 1\n\n\n"
        "@task\ndef two(one):\n    return one / int((Path(__file__).parent / 'by').read_text())\n\n\n"
        "with Flow('halting') as flow:\n    two(one())\n"
    )
    (tmp_path / "by").write_text("0")
    from runwright.flow_files import load_flow

    app.run_flow(load_flow(str(file)), record=bench.record.url)
    run = bench.record.flow_runs(FlowRunFilter(flow="halting"))[0].id
    (tmp_path / "by").write_text("1")

    answer = send("task-runs", task_run_of(bench, str(run), "two-1").id, "restart")
    again = UUID(answer.url.path.rpartition("/")[2])
    app.resume_flow_run(again, record=bench.record.url)

    assert "Success" == app.find_flow_run(bench.record, again).kind.name
    assert [0, 1] == [task_run_of(bench, str(again), slug).attempt for slug in ("one-1", "two-1")]
    assert "repeats" in bench.client.get(f"/ui/flow-runs/{again}?tab=lineage").text


def test_viewers_look_and_operators_act(locked, scribe):
    scribe.run(1).commit()
    address = f"/ui/flow-runs/{scribe.flow_run}/actions/cancel"

    def asked(role):
        headers = {"Authorization": f"Bearer {KEYS[role]}", **OWN}
        return locked.post(address, data={"request": str(uuid4())}, headers=headers)

    viewer, operator = asked(Role.VIEWER), asked(Role.OPERATOR)

    assert (403, 200) == (viewer.status_code, operator.status_code)
    assert "that takes the role operator" in viewer.text


def test_a_page_from_elsewhere_sends_nothing(bench):
    execution = bench.create("waiting")

    answer = bench.client.post(
        f"/ui/flow-runs/{execution}/actions/kill", data={}, headers={"Origin": "https://evil.example"}
    )

    assert 403 == answer.status_code
    assert "PAUSED" == bench.state_of(execution)


@pytest.mark.parametrize("path", ["flow-runs/RUN/actions/fly", "planes/RUN/actions/kill", "flow-runs/x/actions/kill"])
def test_an_action_that_there_is_not_is_a_page_that_says_so(bench, path):
    address = f"/ui/{path.replace('RUN', bench.create('waiting'))}"

    assert 404 == bench.client.get(address).status_code
    assert 404 == bench.client.post(address, data={}, headers=OWN).status_code


def test_a_task_run_is_tagged_and_the_tag_taken_back(bench, send):
    task_run = task_run_of(bench, bench.create("broken"), "second")

    given = send("task-runs", task_run.id, "tag", give=" seen, a bug ,,")
    assert "Its tags are changed." in given.text
    assert f"/ui/task-runs/{task_run.id}" == given.url.path
    assert "Given by local" in given.text
    listed = bench.client.get("/ui/task-runs?q=tag:%22a%20bug%22&columns=tags")
    assert 1 == listed.text.count("<tr id=")
    assert '<span class="badge"><bdi>a bug</bdi></span>' in listed.text
    assert ["a bug", "seen"] == bench.client.get("/ui/parts/words.json").json()["values"]["tag"]

    form = bench.client.get(f"/ui/task-runs/{task_run.id}/actions/tag")
    assert "Given so far: a bug, seen." in form.text
    send("task-runs", task_run.id, "tag", take="seen")
    assert ("a bug",) == bench.record.task_runs(TaskRunFilter(tags=("a bug",)))[0].tags


@pytest.mark.parametrize(
    ("status", "why", "fields"),
    [
        (422, "Write a tag.", {"give": " , "}),
        (422, "is to be given and taken back", {"give": "seen", "take": "seen"}),
        (422, "is no tag", {"give": "x" * 256}),
    ],
)
def test_what_is_no_tag_is_told_in_the_form(bench, send, status, why, fields):
    task_run = task_run_of(bench, bench.create("broken"), "second")

    answer = send("task-runs", task_run.id, "tag", **fields)

    assert status == answer.status_code
    assert why in answer.text
    assert [] == bench.record.given_tags()
