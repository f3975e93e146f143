"""Flow triggers: what other executions come to starts an execution, once, and so do requests from outside with a key."""

from __future__ import annotations

from uuid import UUID

import pytest
from msgspec.structs import replace

from runwright.errors import IllegalTransition, NotOnRecord
from runwright.executions import chains
from runwright.triggering.progress import POSITION, progress_of
from runwright.triggering.webhooks import Webhooks

from .trigger_server import Server, executions, start

UPSTREAM = """
id: {id}
namespace: company.team
labels: {{stage: raw}}
outputs:
  - id: count
    type: INT
    value: 7
tasks:
  - id: work
    type: {type}
"""

LISTENER = """
id: listener
namespace: company.report
inputs:
  - id: count
    type: INT
  - id: needed
    type: STRING
tasks:
  - id: say
    type: debug.Return
    format: "{{ trigger.flowId }} {{ trigger.state }} {{ inputs.count }}"
triggers:
  - id: upstream
    type: trigger.Flow
    inputs: {count: "{{ trigger.outputs.count ?? 0 }}"}
"""
LISTENING = "company.report", "listener", "upstream"


@pytest.fixture
def flows(register):
    """Give the team two flows that end well, and one that fails."""
    register(UPSTREAM.format(id="orders", type="debug.Return"))
    register(UPSTREAM.format(id="clients", type="debug.Return"))
    register(UPSTREAM.format(id="broken", type="execution.Fail"))


def test_the_end_of_another_execution_starts_one(server, register, flows, record):
    register(LISTENER)
    server.look()
    upstream = start(record, "orders")

    assert ["orders SUCCESS 7"] == server.look(3).run_all()
    (row,) = executions(record, "company.report/listener")
    assert {
        "executionId": str(upstream.id),
        "namespace": "company.team",
        "flowId": "orders",
        "flowRevision": 1,
        "state": "SUCCESS",
        "outputs": {"count": 7},
    } == row.details["trigger"]["variables"]
    assert upstream.details["labels"]["system.correlationId"] == row.details["labels"]["system.correlationId"]
    assert [] == server.look(2).started, "its own executions start none"


def test_what_happened_before_the_trigger_was_there_starts_nothing(server, register, flows, record):
    start(record, "orders")
    register(LISTENER)

    assert [] == server.look().started


def test_what_happens_while_no_server_looks_is_not_missed_and_starts_one_execution(server, register, flows, record):
    register(LISTENER)
    server.look()
    start(record, "orders")

    servers = [Server(record), Server(record)]
    assert [1, 0] == [len(each.look().started) for each in servers]


def test_a_place_in_the_log_that_was_lost_starts_nothing_twice(server, register, flows, record):
    register(LISTENER)
    server.look()
    place = record.find_trigger(*POSITION)
    start(record, "orders")
    server.look().run_all()
    record.delete_trigger(*POSITION)
    record.keep_trigger(replace(place, version=0))

    assert [] == Server(record).look().started
    assert 1 == len(executions(record, "company.report/listener"))


@pytest.mark.parametrize(
    ("expected", "more"),
    [
        (["broken FAILED 0"], "states: [FAILED]"),
        (["orders SUCCESS 7"], "conditions: [{type: condition.ExecutionStatus, in: [SUCCESS]}]"),
        (["orders SUCCESS 7"], "conditions: [{type: condition.ExecutionStatus, notIn: [FAILED]}]"),
        (["broken FAILED 0"], "conditions: [{type: condition.ExecutionFlow, namespace: company.team, flowId: broken}]"),
        ([], "conditions: [{type: condition.ExecutionNamespace, namespace: company}]"),
        (
            ["broken FAILED 0", "orders SUCCESS 7"],
            "conditions: [{type: condition.ExecutionNamespace, namespace: company, comparison: PREFIX}]",
        ),
        (["orders SUCCESS 7"], 'conditions: [{type: condition.ExecutionLabels, labels: {"color": blue}}]'),
        (["orders SUCCESS 7"], "conditions: [{type: condition.ExecutionOutputs, expression: '{{ trigger.outputs.count > 6 }}'}]"),
        (["broken FAILED 0"], "when: \"{{ trigger.state == 'FAILED' }}\""),
        (["orders SUCCESS 7"], "when: \"{{ labels.color is defined and execution.state == 'SUCCESS' }}\""),
        (
            ["orders SUCCESS 7"],
            "conditions: [{type: condition.Or, conditions: [{type: condition.Weekend}, {type: condition.ExecutionStatus, in: [SUCCESS]}]}]",
        ),
        ([], "conditions: [{type: condition.HasRetryAttempt, in: [FAILED]}]"),
        ([], "disabled: true"),
        ([], "conditions: [{type: condition.Expression, expression: '{{ nothing.there }}'}]"),
    ],
)  # fmt: skip
def test_conditions_choose_among_executions(expected, more, server, register, flows, record):
    register(f"{LISTENER}    {more}\n")
    server.look()
    start(record, "orders", labels={"color": "blue"})
    start(record, "broken")

    assert expected == sorted(server.look().run_all())


def test_a_state_on_the_way_starts_one_where_that_is_asked_for(server, register, record):
    register("""
id: waits
namespace: company.team
tasks:
  - id: pause
    type: flow.Pause
""")
    register(f"{LISTENER}    states: [PAUSED]\n")
    server.look()
    start(record, "waits")

    assert ["waits PAUSED 0"] == server.look(2).run_all()


PRECONDITIONS = """    preconditions:
      id: both
      flows:
        - namespace: company.team
          flowId: orders
        - namespace: company.team
          flowId: broken
          states: [FAILED]
          labels: {{stage: raw}}
      where:
        - id: team
          filters:
            - {{field: NAMESPACE, type: STARTS_WITH, value: company}}
            - {{field: FLOW_ID, type: IN, values: [orders, clients]}}
            - {{field: EXPRESSION, type: IS_TRUE, value: "{{{{ labels.stage == 'raw' }}}}"}}
      resetOnSuccess: {resets}
"""


@pytest.mark.parametrize(("resets", "expected"), [("true", 1), ("false", 2)])
def test_all_preconditions_start_one_execution(resets, expected, server, register, flows, record):
    register(LISTENER + PRECONDITIONS.format(resets=resets))
    server.look()
    for flow_id in ("orders", "orders", "clients"):
        start(record, flow_id)
        assert [] == server.look().started
    start(record, "broken")
    assert ["broken FAILED 0"] == server.look(2).run_all()

    start(record, "orders")
    server.look()
    assert expected == len(executions(record, "company.report/listener"))


def test_preconditions_are_met_within_their_window(server, register, flows, record, now):
    register(LISTENER + PRECONDITIONS.format(resets="true"))
    server.look()
    start(record, "orders")
    server.look()
    now.advance(86_400)
    start(record, "broken")

    assert [] == server.look().started


def test_what_was_met_outlives_a_server(server, register, flows, record):
    register(LISTENER + PRECONDITIONS.format(resets="true"))
    server.look()
    start(record, "orders")
    server.look()
    start(record, "broken")

    assert 1 == len(Server(record).look().started)


def test_the_older_condition_for_several_executions(server, register, flows, record):
    register(f"""{LISTENER}    conditions:
      - {{type: condition.ExecutionStatus, in: [SUCCESS]}}
      - id: both
        type: condition.MultipleCondition
        window: P1D
        conditions:
          a: {{type: condition.ExecutionFlow, namespace: company.team, flowId: orders}}
          b: {{type: condition.ExecutionFlow, namespace: company.team, flowId: clients}}
""")
    server.look()
    start(record, "orders")
    start(record, "broken")
    assert [] == server.look().started
    start(record, "clients")

    assert ["clients SUCCESS 7"] == server.look().run_all()


# ---- requests from outside

WEBHOOK = """
id: hook
namespace: company.team
inputs:
  - id: name
    type: STRING
tasks:
  - id: say
    type: debug.Return
    format: "hello {{ inputs.name }}"
triggers:
  - id: door
    type: trigger.Webhook
    key: "{{ 'open' ~ 'sesame' }}"
    inputs: {name: "{{ trigger.body.name }}"}
    when: "{{ trigger.body.name != 'nobody' }}"
"""


def test_a_request_with_the_key_starts_an_execution(server, register, record):
    register(WEBHOOK)
    hooks = Webhooks(record, server.started.append)
    registered, _ = hooks.find("company.team", "hook", "opensesame")
    variables = {"body": {"name": "Ali"}, "headers": {}, "parameters": {}}

    assert isinstance(hooks.take(registered, variables), UUID)
    assert hooks.take(registered, {**variables, "body": {"name": "nobody"}}) is None
    assert ["hello Ali"] == server.run_all()


@pytest.mark.parametrize(
    ("error", "told", "flow_id", "key", "text"),
    [
        (NotOnRecord, "Flow not found", "none", "opensesame", WEBHOOK),
        (NotOnRecord, "Webhook not found", "hook", "open", WEBHOOK),
        (NotOnRecord, "Webhook not found", "hook", "", WEBHOOK),
        (NotOnRecord, "Webhook not found", "hook", "opensesame", WEBHOOK.replace("'open'", "secret('NONE')")),
        (IllegalTransition, "flow is disabled", "hook", "opensesame", f"{WEBHOOK}\ndisabled: true\n"),
        (IllegalTransition, "trigger is disabled", "hook", "opensesame", f"{WEBHOOK}    disabled: true\n"),
    ],
)
def test_other_requests_start_none(error, told, flow_id, key, text, server, register, record):
    register(text)
    with pytest.raises(error, match=told):
        Webhooks(record, server.started.append).find("company.team", flow_id, key)


def test_flows_that_start_each_other_come_to_an_end(server, register, record, monkeypatch):
    """A flow does not listen to itself; a circle of two is a chain, and chains have a longest."""
    monkeypatch.setattr(chains, "LONGEST", 4)
    text = "id: {}\nnamespace: company.team\ntasks: [{{id: a, type: debug.Return, format: ok}}]\ntriggers: [{{id: t, type: trigger.Flow}}]"
    for name in ("ping", "pong"):
        register(text.format(name))
    server.look()
    start(record, "ping")
    for _ in range(10):
        server.look(3).run_all()
    assert [3, 2] == [len(executions(record, f"company.team/{name}")) for name in ("ping", "pong")]
    problems = [progress_of(state).problem or "" for state in record.list_triggers("company.team")]
    assert ["", "4 executions have started each other"] == sorted(each[:36] for each in problems)
