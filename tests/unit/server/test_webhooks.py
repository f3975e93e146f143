"""Webhooks over HTTP: what a request becomes for the flow, what it is answered, and what nobody gets to see or start."""

from __future__ import annotations

import threading
from contextlib import suppress

import pytest
from starlette.requests import Request

from runwright import app as assembly
from runwright.errors import LeaseHeld
from runwright.executions.catalogue import Executions
from runwright.executions.runner import ExecutionRunner
from runwright.server.problems import Problem
from runwright.server.webhooks import variables_of
from runwright.views import FlowRunFilter

AT = "/api/v1/main/executions/webhook/company.team"


def asked(headers=(), query="", path=None):
    """Return a request as it comes from a socket."""
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],  # as servers do
        "path_params": {} if path is None else {"path": path},
    }
    return Request(scope)


# ---- what an expression sees


@pytest.mark.parametrize(
    ("expected", "body"),
    [
        ({"a": 1}, b'{"a": 1}'),
        ([], b"[]"),
        (None, b"null"),
        ("", b'""'),
        ("a=1&b=2", b"a=1&b=2"),
        ("{'a': 1}", b"{'a': 1}"),
        (" ", b" "),
        ("\u2603", "\u2603".encode()),
        ("NaN", b"NaN"),
    ],
)
def test_a_body_is_the_json_that_it_is_else_a_text(expected, body):
    assert expected == variables_of(asked(), body)["body"]


def test_no_body_is_none_at_all():
    assert {"headers": {}, "parameters": {}} == variables_of(asked(), b"")


@pytest.mark.parametrize("body", [b"\xff", b'{"a": "\xff"}', b"[" * 200 + b"]" * 200])
def test_what_is_no_text_or_too_deep_is_refused(body):
    with pytest.raises(Problem) as refused:
        variables_of(asked(), body)
    assert 400 == refused.value.status


def test_headers_and_parameters_are_lists_in_the_order_in_which_they_came():
    seen = variables_of(asked([("X-A", "1"), ("x-a", "2"), ("X-B", "3")], "p=1&q=&p=2&p=1"), b"")
    assert {"x-a": ["1", "2"], "x-b": ["3"]} == seen["headers"]
    assert {"p": ["1", "2", "1"], "q": [""]} == seen["parameters"]


@pytest.mark.parametrize("name", ["Authorization", "AUTHORIZATION", "Cookie", "Proxy-Authorization"])
def test_keys_of_the_server_are_not_handed_on(name):
    assert {"x-a": ["1"]} == variables_of(asked([(name, "Bearer mine"), ("X-A", "1")]), b"")["headers"]


def test_the_rest_of_the_path_is_told_where_there_is_one():
    assert "deep" == variables_of(asked(path="deep"), b"")["path"]
    assert "path" not in variables_of(asked(path=""), b"")


# ---- what it is answered


def flow(trigger="", more=""):
    return (
        f"id: hooked\nnamespace: company.team\n{more}\n"
        "tasks: [{id: say, type: debug.Return, format: \"{{ trigger.body ?? 'none' }}\"}]\n"
        f"triggers: [{{id: door, type: trigger.Webhook, key: sesame{trigger}}}]\n"
    )


@pytest.fixture
def hooked(bench):
    """Give a function that registers a flow with a webhook and sends it a request, whose execution is run meanwhile."""

    def send(trigger="", more="", *, runs=True, **request):
        bench.register(flow(trigger, more))
        done = threading.Event()

        def run():
            while runs and not done.is_set():
                for row in bench.record.flow_runs(FlowRunFilter(states=("Pending",))):
                    with suppress(LeaseHeld):  # who created it has not let go of it yet
                        ExecutionRunner(Executions(bench.record.url).flow_of(row), executor="inline").go_on(row)
                done.wait(0.01)

        worker = threading.Thread(target=run)
        worker.start()
        try:
            return bench.client.post(f"{AT}/hooked/sesame", **request)
        finally:
            done.set()
            worker.join()

    return send


def started(bench):
    return bench.record.flow_runs(FlowRunFilter(flow="company.team/hooked"))


def test_it_does_not_wait_unless_it_is_told_to(hooked):
    assert "CREATED" == hooked(runs=False, content="x").json()["state"]["current"]


def test_it_waits_for_the_end_where_the_trigger_says_so(hooked):
    answer = hooked(", wait: true", content="x").json()
    assert ("SUCCESS", {"value": "x"}) == (answer["state"]["current"], answer["taskRunList"][0]["outputs"])


ONE = 'outputs: [{id: o, type: STRING, value: "<b>{{ outputs.say.value }}</b>"}]'
TWO = f'{ONE[:-1]}, {{id: p, type: INT, value: "1"}}]'


@pytest.mark.parametrize(
    ("expected", "type_", "trigger", "more"),
    [
        ('{"o":"<b>x</b>"}', "application/json", "", ONE),
        ('{"o":"<b>x</b>"}', "application/json", ", responseContentType: application/json", ONE),
        ("<b>x</b>", "text/html", ", responseContentType: text/html", ONE),
        ('{"o":"<b>x</b>","p":1}', "text/plain", ", responseContentType: text/plain", TWO),
        ("{}", "application/json", "", ""),
    ],
)
def test_it_answers_with_the_outputs_where_the_trigger_says_so(hooked, expected, type_, trigger, more):
    answer = hooked(f", returnOutputs: true{trigger}", more, content="x")
    assert (200, expected, type_) == (
        answer.status_code,
        answer.text,
        answer.headers["content-type"].partition(";")[0],
    )


def test_inputs_that_the_flow_refuses_start_nothing(bench, hooked):
    answer = hooked(", inputs: {n: '{{ trigger.body }}'}", "inputs: [{id: n, type: INT}]", runs=False, content="many")
    assert (422, True) == (answer.status_code, "Expected `INT` but received `many`" in answer.json()["message"])
    assert [] == started(bench)


def test_an_input_cannot_be_a_file_of_this_machine(bench, hooked):
    answer = hooked(
        ", inputs: {f: '{{ trigger.body }}'}", "inputs: [{id: f, type: FILE}]", runs=False, content="/etc/passwd"
    )
    assert (422, True) == (answer.status_code, "address of a stored file" in answer.json()["message"])
    assert [] == started(bench)


def test_a_condition_that_does_not_hold_starts_nothing_and_says_nothing(bench, hooked):
    answer = hooked(", when: '{{ trigger.body == 1 }}'", runs=False, content="2")
    assert (204, b"") == (answer.status_code, answer.content)
    assert [] == started(bench)


def test_each_request_is_an_execution_of_its_own(bench, hooked):
    first = hooked(runs=False, content="x").json()["id"]
    second = bench.client.post(f"{AT}/hooked/sesame", content="x").json()["id"]
    assert {first, second} == {str(row.id) for row in started(bench)}
    assert first != second


@pytest.mark.parametrize("key", ["wrong", "SESAME", "sesam", "sesame%20", "sesame%00", "{{ 1 }}", "s\u00e9same"])
def test_another_key_opens_nothing(bench, hooked, key):
    bench.register(flow())
    answer = bench.client.post(f"{AT}/hooked/{key}")
    assert (404, "Webhook not found") == (answer.status_code, answer.json()["message"])


@pytest.mark.parametrize(
    ("key", "opens"), [("'{{ secret(\"DOOR\") }}'", '{{ secret("DOOR") }}'), ("''", ""), ("'{{ 1 / 0 }}'", "")]
)
def test_a_key_that_nobody_can_know_opens_nothing(bench, key, opens):
    text = flow().replace("key: sesame", f"key: {key}")
    if bench.client.post("/api/v1/main/flows", content=text).status_code == 200:
        assert 404 == bench.client.post(f"{AT}/hooked/{opens or 'x'}").status_code
    assert [] == started(bench)


@pytest.mark.parametrize("more", ["disabled: true", ""])
def test_a_flow_or_trigger_that_is_off_is_a_conflict(bench, hooked, more):
    trigger = "" if more else ", disabled: true"
    answer = hooked(trigger, more, runs=False, content="x")
    assert (409, True) == (answer.status_code, "disabled" in answer.json()["message"])
    assert [] == started(bench)


def test_a_flow_that_was_deleted_is_not_found(bench, hooked):
    assert 200 == hooked(runs=False, content="x").status_code
    bench.answer("DELETE", "/flows/company.team/hooked", 204)
    answer = bench.client.post(f"{AT}/hooked/sesame")
    assert (404, "Flow not found") == (answer.status_code, answer.json()["message"])
    assert 1 == len(started(bench))


def test_what_it_started_says_so(bench, hooked):
    identity = hooked(runs=False, content="x").json()["id"]
    row = assembly.find_flow_run(bench.record, started(bench)[0].id)
    assert (identity, "door", "x") == (
        str(row.id),
        row.details["trigger"]["id"],
        row.details["trigger"]["variables"]["body"],
    )
