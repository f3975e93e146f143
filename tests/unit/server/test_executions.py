"""Executions over REST: created from forms, read, followed and asked for things, on paths of both styles and by who may."""

from __future__ import annotations

import json

import pytest
from tests.unit.server.conftest import KEYS

from runwright.server.auth import Role

UNKNOWN = "018f0000-0000-7000-8000-000000000000"
STYLES = ["", "actions/"]
OLD, NEW = "/api/v1", "/api/v1/main"


def messages(response):
    """Return the messages of a stream: the id and the data of each."""
    found = []
    for block in response.text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if lines:
            found.append((lines.get("id"), json.loads(lines["data"])))
    return found


# ---- creating


@pytest.mark.parametrize("base", [OLD, NEW])
@pytest.mark.parametrize("path", ["/executions/company.team/greet", "/executions/trigger/company.team/greet"])
def test_an_execution_is_created_from_a_form(bench, base, path):
    created = bench.answer(
        "POST", path, base=base, files={"name": (None, "Ann")}, params={"labels": ["team:core", "when:12:30"]}
    )

    assert ["company.team", "greet", 1, "CREATED"] == [
        created["namespace"],
        created["flowId"],
        created["flowRevision"],
        created["state"]["current"],
    ]
    assert {"name": "Ann", "letter": None} == created["inputs"]
    labels = {each["key"]: each["value"] for each in created["labels"]}
    assert {"team": "core", "when": "12:30", "system.correlationId": created["id"]} == labels
    assert created["url"].endswith(f"/ui/main/executions/company.team/greet/{created['id']}")
    assert [] == created["taskRunList"]


@pytest.mark.parametrize(
    "files",
    [
        {"name": (None, "Ann"), "letter": ("../../x.txt", b"Dear Ann")},
        {"name": (None, "Ann"), "files": ("letter", b"Dear Ann")},
    ],
)
def test_a_file_is_given_by_its_part_or_by_its_name(bench, files):
    execution = bench.create("greet", files=files)
    uri = bench.answer("GET", f"/executions/{execution}")["inputs"]["letter"]

    assert b"Dear Ann" == bench.client.get(f"{NEW}/executions/{execution}/file", params={"path": uri}).content
    assert {"size": 8} == bench.answer("GET", f"/executions/{execution}/file/metas", params={"path": uri})
    preview = bench.answer("GET", f"/executions/{execution}/file/preview", params={"path": uri})
    assert ["TEXT", "Dear Ann", False] == [preview[name] for name in ("type", "content", "truncated")]


@pytest.mark.parametrize(
    ("status", "expected", "path", "more"),
    [
        (404, "no flow", "/executions/company.team/unknown", {}),
        (422, "name", "/executions/company.team/greet", {}),
        (422, "key:value", "/executions/company.team/greet", {"params": {"labels": "team"}}),
        (422, "for the system", "/executions/company.team/greet", {"params": {"labels": "system.restarted:true"}}),
        (422, "revision", "/executions/company.team/greet", {"params": {"revision": "one"}}),
        (404, "revision 9", "/executions/company.team/greet", {"params": {"revision": "9"}, "files": {"name": (None, "A")}}),
        (422, "scheduleDate", "/executions/company.team/greet", {"params": {"scheduleDate": "soon"}}),
        (415, "multipart", "/executions/company.team/greet", {"content": b"name=Ann"}),
        (400, "form", "/executions/company.team/greet",
         {"content": b"no form", "headers": {"Content-Type": "multipart/form-data; boundary=x"}}),
    ],
)  # fmt: skip
def test_an_execution_that_cannot_be_is_not_created(bench, status, expected, path, more):
    assert expected in bench.answer("POST", path, status, **more)["message"]
    assert [[], 0] == bench.find()


def test_a_disabled_flow_starts_nothing(bench):
    bench.answer("POST", "/flows/disable/by-ids", json=[{"namespace": "company.team", "id": "greet"}])

    assert (
        "disabled"
        in bench.answer("POST", "/executions/company.team/greet", 409, files={"name": (None, "A")})["message"]
    )


def test_an_execution_may_wait_for_its_time(bench):
    created = bench.answer("POST", "/executions/company/waiting", params={"scheduleDate": "2099-01-01T01:00:00+01:00"})

    assert ["2099-01-01T00:00:00.000000Z", "CREATED"] == [created["scheduleDate"], created["state"]["current"]]


def test_inputs_are_examined_without_an_execution(bench):
    found = bench.answer("POST", "/executions/company.team/greet/validate", files={"letter": ("x", b"y")})

    assert [["name", True], ["letter", False]] == [
        [each["input"]["id"], bool(each["errors"])] for each in found["inputs"]
    ]
    assert [[], 0] == bench.find()


def test_checks_are_told_before_and_keep_an_execution_from_being(bench):
    bench.register("""
id: checked
namespace: company.team
inputs: [{id: size, type: INT}]
checks: [{condition: "{{ inputs.size < 5 }}", message: "{{ inputs.size }} is too large", style: ERROR}]
tasks: [{id: say, type: log.Log, message: x}]
""")
    path, form = "/executions/company.team/checked", {"size": (None, "7")}
    told = {"message": "7 is too large", "style": "ERROR", "behavior": "BLOCK_EXECUTION"}

    assert [{"condition": "{{ inputs.size < 5 }}", **told}] == bench.answer("POST", f"{path}/validate", files=form)[
        "checks"
    ]
    assert [] == bench.answer("POST", f"{path}/validate", files={"size": (None, "4")})["checks"]
    assert [] == bench.answer("POST", f"{path}/validate", files={"size": (None, "no number")})["checks"]
    assert "7 is too large" in bench.answer("POST", path, 422, files=form)["message"]
    assert [[], 0] == bench.find()


# ---- reading


def test_an_execution_is_read_with_its_task_runs(bench):
    execution = bench.answer("GET", f"/executions/{bench.greet()}")

    assert ["CREATED", "RUNNING", "SUCCESS"] == [each["state"] for each in execution["state"]["histories"]]
    assert ["say", "echo"] == [each["taskId"] for each in execution["taskRunList"]]
    echo = execution["taskRunList"][1]
    assert [execution["id"], "SUCCESS", {"value": "Ann!"}, 1] == [
        echo["executionId"], echo["state"]["current"], echo["outputs"], len(echo["attempts"])
    ]  # fmt: skip
    assert "parentTaskRunId" not in echo


@pytest.mark.parametrize("identity", [UNKNOWN, "nothing", "..", "%00", "a" * 300])
@pytest.mark.parametrize("rest", ["", "/follow", "/flow", "/graph", "/file?path=kestra:///x"])
def test_there_is_nothing_to_read_of_an_unknown_execution(bench, identity, rest):
    answer = bench.client.get(f"{NEW}/executions/{identity}{rest}")

    assert answer.status_code in {404, 405}
    assert answer.json()["message"]


def test_the_flow_of_an_execution_is_the_revision_that_ran(bench):
    execution = bench.create("broken")
    text = bench.answer("GET", f"/executions/{execution}/flow")["source"]
    bench.answer("PUT", "/flows/company.team.data/broken", content=text + "description: newer\n")

    flow = bench.answer("GET", f"/executions/{execution}/flow")

    assert [1, text] == [flow["revision"], flow["source"]]


def test_the_graph_of_an_execution_has_its_task_runs(bench):
    graph = bench.answer("GET", f"/executions/{bench.create('broken')}/graph")

    states = {each["uid"]: each.get("taskRun", {}).get("state", {}).get("current") for each in graph["nodes"]}
    assert {"root": None, "first": "SUCCESS", "second": "FAILED", "end": None} == states
    assert [["root", "first"], ["first", "second"], ["second", "end"]] == [
        [each["source"], each["target"]] for each in graph["edges"]
    ]


def test_files_of_other_executions_are_not_handed_out(bench):
    first = bench.create("greet", files={"name": (None, "A"), "letter": ("x.txt", b"secret")})
    second = bench.greet()
    uri = bench.answer("GET", f"/executions/{first}")["inputs"]["letter"]
    own = f"kestra:///company/team/greet/executions/{second}"

    for path in (uri, "kestra:///company/team/_files/x", "", "/etc/passwd", f"{own}/../{first}/x", f"{own}/.."):
        assert (
            "none of this" in bench.answer("GET", f"/executions/{second}/file", 422, params={"path": path})["message"]
        )
    bench.answer("GET", f"/executions/{second}/file", 404, params={"path": f"{own}/nothing"})
    strange = bench.client.get(f"{NEW}/executions/{second}/file", params={"path": f"{own}/\x00{'x' * 5_000}"})
    assert strange.status_code in {404, 422}


# ---- following


def test_whoever_follows_an_ended_execution_is_told_its_end(bench):
    execution = bench.greet()

    told = messages(bench.client.get(f"{NEW}/executions/{execution}/follow"))

    assert ["progress", "end"] == [identity for identity, _ in told]
    assert bench.answer("GET", f"/executions/{execution}") == told[1][1]


def test_whoever_follows_logs_is_told_each_line_once(bench):
    execution = bench.greet()

    told = messages(bench.client.get(f"{NEW}/logs/{execution}/follow", params={"minLevel": "INFO"}))

    assert ["Hello Ann"] == [line["message"] for _, line in told]


# ---- logs and metrics


def test_log_lines_are_chosen(bench):
    execution = bench.create("broken")
    path = f"/logs/{execution}"
    lines = bench.answer("GET", path)
    failing = bench.answer("GET", f"/executions/{execution}")["taskRunList"][1]["id"]

    assert [] != lines == bench.answer("GET", path, params={"taskRunId": failing, "attempt": "0", "minLevel": "ERROR"})
    assert [] == bench.answer("GET", path, params={"taskId": "first"})
    assert "level" in bench.answer("GET", path, 422, params={"minLevel": "LOUD"})["message"]
    text = bench.client.get(f"{NEW}{path}/download").text
    assert f"{lines[0]['timestamp']} ERROR {lines[0]['message']}\n" == text


def test_numbers_are_read_by_execution_name_and_day(bench):
    execution = bench.create("broken")
    found = bench.answer("GET", f"/metrics/{execution}", params={"taskId": "first", "sort": "name:desc"})
    flow = "company.team.data/broken"

    assert [2, "length", 3.0, "counter", "duration", "timer"] == [
        found["total"],
        *(found["results"][0][name] for name in ("name", "value", "type")),
        *(found["results"][1][name] for name in ("name", "type")),
    ]
    assert ["duration", "length"] == bench.answer("GET", f"/metrics/names/{flow}")
    assert [] == bench.answer("GET", f"/metrics/names/{flow}/second")
    assert ["first"] == bench.answer("GET", f"/metrics/tasks/{flow}")
    bench.create("broken")
    for path, aggregation, expected in ((f"{flow}/first/length", "sum", 6.0), (f"{flow}/length", "avg", 3.0)):
        told = bench.answer("GET", f"/metrics/aggregates/{path}", params={"aggregation": aggregation})
        assert [expected] == [each["value"] for each in told["aggregations"]]
    bench.answer("GET", f"/metrics/aggregates/{flow}/length", 422, params={"aggregation": "median"})


# ---- expressions


def test_an_expression_is_evaluated_after_the_fact(bench):
    execution = bench.greet()
    echo = bench.answer("GET", f"/executions/{execution}")["taskRunList"][1]["id"]
    text = "{{ outputs.echo.value }} {{ taskrun.id }} {{ task.id }}"

    for path in (f"eval/{echo}", f"actions/eval/{echo}"):
        found = bench.answer("POST", f"/executions/{execution}/{path}", content=text)
        assert {"result": f"Ann! {echo} echo"} == found
    assert {"result": "Ann"} == bench.answer(
        "POST", f"/executions/{execution}/actions/eval", content="{{ inputs.name }}"
    )
    assert "nothing" in bench.answer("POST", f"/executions/{execution}/actions/eval", content="{{ nothing }}")["error"]
    bench.answer("POST", f"/executions/{execution}/eval/{UNKNOWN}", 404, content="x")
    bench.answer("POST", f"/executions/{execution}/eval/{echo}", 413, content="x" * 100_000)


# ---- actions


@pytest.mark.parametrize("style", STYLES)
def test_a_failed_execution_is_restarted(bench, style):
    execution = bench.create("broken")
    restarted = bench.answer("POST", f"/executions/{execution}/{style}restart")

    assert [execution, "RESTARTED"] == [restarted["id"], restarted["state"]["current"]]
    bench.run(execution)
    states = [each["state"] for each in bench.answer("GET", f"/executions/{execution}")["state"]["histories"]]
    assert ["CREATED", "RUNNING", "FAILED", "RESTARTED", "RUNNING", "FAILED"] == states


@pytest.mark.parametrize("style", STYLES)
def test_an_execution_is_replayed(bench, style):
    execution = bench.create("broken")
    failing = bench.answer("GET", f"/executions/{execution}")["taskRunList"][1]["id"]
    replayed = bench.answer("POST", f"/executions/{execution}/{style}replay", params={"taskRunId": failing})

    assert [execution, execution] == [replayed["parentId"], replayed["originalId"]]
    assert ["first", "second"] == [each["taskId"] for each in replayed["taskRunList"]]
    unknown = bench.answer("POST", f"/executions/{execution}/{style}replay", 422, params={"taskRunId": UNKNOWN})
    assert "No task found to restart execution from!" in unknown["message"]


@pytest.mark.parametrize("style", STYLES)
def test_an_execution_is_replayed_with_other_inputs(bench, style):
    path = f"/executions/{bench.greet()}/{style}replay-with-inputs"
    replayed = bench.answer("POST", path, files={"name": (None, "Ben")})
    bench.run(replayed["id"])

    assert "Ben!" == bench.answer("GET", f"/executions/{replayed['id']}")["taskRunList"][1]["outputs"]["value"]


@pytest.mark.parametrize("style", STYLES)
def test_a_paused_execution_is_resumed(bench, style):
    execution = bench.create("waiting")
    answer = bench.client.post(f"{NEW}/executions/{execution}/{style}resume")

    assert (200 if style else 204, bool(style)) == (answer.status_code, bool(answer.content))
    bench.run(execution)
    assert "SUCCESS" == bench.state_of(execution)
    bench.answer("POST", f"/executions/{execution}/{style}resume", 409)


@pytest.mark.parametrize("style", STYLES)
def test_a_paused_execution_is_killed(bench, style):
    execution = bench.create("waiting")
    told = bench.answer("DELETE", f"/executions/{execution}/{style}kill", 202)

    assert execution == told["id"]
    if told["state"]["current"] != "KILLED":
        bench.run(execution)
    assert "KILLED" == bench.state_of(execution)
    bench.answer("DELETE", f"/executions/{execution}/{style}kill", 409, params={"isOnKillCascade": "false"})


@pytest.mark.parametrize("style", STYLES)
def test_an_ended_execution_is_given_a_state_and_labels(bench, style):
    execution = bench.create("broken")
    changed = bench.answer("POST", f"/executions/{execution}/{style}change-status", params={"status": "WARNING"})
    labels = [{"key": "seen", "value": "yes"}]
    labelled = bench.answer("POST", f"/executions/{execution}/{style}labels", json=labels)

    assert "WARNING" == changed["state"]["current"]
    assert labels[0] in labelled["labels"]
    bench.answer("POST", f"/executions/{execution}/{style}change-status", 422, params={"status": "RUNNING"})
    bench.answer("POST", f"/executions/{execution}/{style}change-status", 422, params={"status": "HAPPY"})
    bench.answer("POST", f"/executions/{execution}/{style}labels", 422, json=[{"key": "system.x", "value": "y"}])
    bench.answer("POST", f"/executions/{execution}/{style}labels", 422, json=[{"key": "", "value": "y"}])


@pytest.mark.parametrize("style", STYLES)
def test_a_task_run_is_given_a_state(bench, style):
    execution = bench.create("broken")
    failing = bench.answer("GET", f"/executions/{execution}")["taskRunList"][1]["id"]
    body = {"taskRunId": failing, "state": "SUCCESS"}
    bench.answer("POST", f"/executions/{execution}/{style}state", json=body)
    bench.run(execution)

    assert "SUCCESS" == bench.state_of(execution)
    bench.answer("POST", f"/executions/{execution}/{style}state", 422, json={**body, "state": "HAPPY"})
    bench.answer("POST", f"/executions/{execution}/{style}state", 422, json=["x"])


@pytest.mark.parametrize(
    ("status", "action"),
    [(422, "restart"), (422, "pause"), (422, "force-run"), (422, "unqueue"), (409, "resume"), (422, "labels")],
)
def test_what_does_not_fit_the_state_is_refused(bench, status, action):
    """A paused execution for what asks for an ended one, an ended one for the rest."""
    execution = bench.create("waiting") if action == "labels" else bench.greet()

    body = {"json": [{"key": "a", "value": "b"}]} if action == "labels" else {}
    assert bench.answer("POST", f"/executions/{execution}/{action}", status, **body)["message"]


@pytest.mark.parametrize("action", ["restart", "replay", "resume", "pause", "force-run", "unqueue", "change-status"])
@pytest.mark.parametrize("style", STYLES)
def test_nothing_is_done_to_an_unknown_execution(bench, action, style):
    bench.answer("POST", f"/executions/{UNKNOWN}/{style}{action}", 404)


# ---- several


def test_several_are_done_together_or_not_at_all(bench):
    failed, ended = bench.create("broken"), bench.greet()
    told = bench.answer(
        "POST", "/executions/change-status/by-ids", 400, json=[failed, UNKNOWN], params={"newStatus": "WARNING"}
    )

    assert [UNKNOWN] == [each["invalidValue"] for each in told["invalids"]]
    assert "FAILED" == bench.state_of(failed)
    assert {"count": 2} == bench.answer(
        "POST", "/executions/change-status/by-ids", json=[failed, ended], params={"newStatus": "WARNING"}
    )
    labels = {"executionsId": [failed], "executionLabels": [{"key": "seen", "value": "yes"}]}
    assert {"count": 1} == bench.answer("POST", "/executions/labels/by-ids", json=labels)
    assert [["broken"], 1] == bench.find(labels="seen:yes")
    assert {"count": 2} == bench.answer("DELETE", "/executions/by-ids", json=[failed, ended])
    assert [[], 0] == bench.find()


def test_several_are_found_by_a_query(bench):
    bench.greet()
    bench.create("broken")
    waiting = bench.create("waiting")

    assert {"count": 1} == bench.answer(
        "POST", "/executions/replay/by-query", params={"filters[state][EQUALS]": "FAILED"}
    )
    assert {"count": 1} == bench.answer("DELETE", "/executions/kill/by-query", params={"state": "PAUSED"})
    assert bench.state_of(waiting) in {"KILLING", "KILLED"}
    labels = [{"key": "seen", "value": "yes"}]
    assert {"count": 1} == bench.answer("POST", "/executions/labels/by-query", json=labels, params={"flowId": "greet"})
    assert {"count": 1} == bench.answer("DELETE", "/executions/by-query", params={"labels": "seen:yes"})
    assert [["broken", "waiting", "broken"], 3] == bench.find()


@pytest.mark.parametrize("body", ["", "{", "{}", "[1]", '"x"'])
def test_bodies_that_are_no_list_of_ids_are_refused(bench, body):
    assert bench.client.post(f"{NEW}/executions/restart/by-ids", content=body).status_code in {400, 422}


# ---- who may


@pytest.mark.parametrize(
    ("role", "method", "path"),
    [
        (Role.OPERATOR, "POST", "/executions/company.team/greet"),
        (Role.OPERATOR, "POST", "/executions/x/restart"),
        (Role.OPERATOR, "DELETE", "/executions/x/actions/kill"),
        (Role.OPERATOR, "DELETE", "/executions/by-query"),
        (Role.AUTHOR, "POST", "/executions/x/eval/y"),
        (Role.AUTHOR, "POST", "/flows/import"),
        (Role.AUTHOR, "DELETE", "/namespaces/company/files"),
        (Role.VIEWER, "GET", "/executions/search"),
        (Role.VIEWER, "GET", "/taskruns/search"),
        (Role.VIEWER, "POST", "/stats/executions/daily"),
    ],
)
def test_keys_of_smaller_roles_are_refused(locked, role, method, path):
    def status(key):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return locked.request(method, f"{NEW}{path}", headers=headers).status_code

    assert 401 == status(None)
    for each in KEYS:
        assert (403 == status(KEYS[each])) == (each < role)
