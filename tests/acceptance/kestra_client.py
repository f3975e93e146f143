"""What the Python clients of executions do against a server: run by the Python that has them, prints one JSON object.

`kestra` starts a flow and waits for it by asking again and again; `kestrapy` does everything else.
"""

from __future__ import annotations

import json
import sys
import time
import warnings

warnings.simplefilter("ignore")

from kestra import Flow  # noqa: E402  # pyright: ignore[reportMissingImports]  installed elsewhere
from kestrapy import (  # noqa: E402  # pyright: ignore[reportMissingImports]  as above
    Configuration,
    ExecutionRepositoryInterfaceFlowFilter,
    KestraClient,
    Label,
    QueryFilter,
)

TENANT, NAMESPACE = "main", "company.team"
GREETING = ExecutionRepositoryInterfaceFlowFilter(namespace=NAMESPACE, id="greet")
GREET = """\
id: greet
namespace: company.team
inputs:
  - {id: name, type: STRING}
  - {id: times, type: INT, defaults: 1}
  - {id: letter, type: FILE, required: false}
tasks:
  - {id: say, type: io.kestra.plugin.core.log.Log, message: "Hello {{ inputs.name }}"}
  - {id: twice, type: io.kestra.plugin.core.debug.Return, format: "{{ inputs.name }} {{ inputs.times * 2 }}"}
  - id: read
    type: io.kestra.plugin.core.debug.Return
    runIf: "{{ inputs.letter is not null }}"
    format: "{{ read(inputs.letter) }}"
"""
FAIL = """\
id: broken
namespace: company.team
tasks:
  - {id: first, type: io.kestra.plugin.core.debug.Return, format: one}
  - {id: second, type: io.kestra.plugin.core.execution.Fail}
"""
WAIT = """\
id: waiting
namespace: company.team
tasks:
  - {id: wait, type: io.kestra.plugin.core.flow.Pause}
  - {id: last, type: io.kestra.plugin.core.debug.Return, format: done}
"""


def states_of(client, execution_id, *states):
    """Return the state of an execution once it is one of `states`."""
    for _ in range(300):
        execution = client.executions.execution(execution_id, TENANT)
        if execution.state.current in states:
            return execution.state.current
        time.sleep(0.1)
    raise AssertionError(f"{execution_id} is {execution.state.current}")


def condition(field, operation, value):
    """Return a filter; the older client takes dictionaries only where it checks the value."""
    return QueryFilter.model_construct(field=field, operation=operation, value=value)


def start_with_kestra(url, password):
    """Start a flow and wait for it, with the tenant and without, and with inputs of all kinds."""
    told = {}
    for tenant in (None, TENANT):
        flow = Flow(poll_interval=0.1, labels_from_inputs=True, tenant=tenant)
        flow.user, flow.password, flow.hostname = "admin", password, url
        done = flow.execute(NAMESPACE, "greet", inputs={"name": "Ann", "times": 3})
        told[str(tenant)] = [done.status, "Hello Ann" in str(done.log)]
    return told


def start(client, told):
    """Register flows and start executions."""
    created = client.flows.create_flow(TENANT, GREET)
    for text in (FAIL, WAIT):
        client.flows.create_flow(TENANT, text)
    told["flow"] = [created.id, created.revision, created.source == GREET]
    in_namespace = condition("NAMESPACE", "EQUALS", NAMESPACE)
    found = client.flows.search_flows(TENANT, page=1, size=10, filters=[in_namespace])
    told["flows"] = found.total
    execution = client.executions.create_execution(
        TENANT,
        NAMESPACE,
        "greet",
        wait=True,
        labels=["team:core"],
        inputs={"name": "Ben", "times": 2, "letter": ("letter.txt", b"Dear Ben")},
    )
    told["created"] = [execution.state.current, [each.task_id for each in execution.task_run_list]]
    return execution


def read(client, execution, told):
    """Read an execution in all the ways there are."""
    again = client.executions.execution(execution.id, TENANT)
    outputs = [
        getattr(each, "outputs", None) or each.additional_properties["outputs"] for each in again.task_run_list[1:]
    ]
    told["outputs"] = outputs
    told["followed"] = [each.state.current for each in client.executions.follow_execution(execution.id, TENANT)][-1]
    told["logs"] = [each.message for each in client.logs.list_logs_from_execution(execution.id, TENANT)]
    told["text"] = "Hello Ben" in client.logs.download_logs_from_execution(execution.id, TENANT)
    told["lines"] = [each.message for each in client.logs.follow_logs_from_execution(execution.id, TENANT)]
    uri = again.inputs["letter"]
    told["file"] = client.executions.download_file_from_execution(execution.id, uri, TENANT).decode()
    told["size"] = client.executions.file_metadatas_from_execution(execution.id, uri, TENANT).size
    told["graph"] = len(client.executions.execution_flow_graph(execution.id, TENANT).nodes)
    told["latest"] = [each.id for each in client.executions.latest_executions(TENANT, [GREETING])] == [execution.id]


def search(client, told):
    """Find executions by conditions."""
    broken = client.executions.create_execution(TENANT, NAMESPACE, "broken", wait=True)

    def find(*filters, **more):
        conditions = [condition(*each) for each in filters]
        found = client.executions.search_executions(TENANT, filters=conditions, **more)
        return [found["total"], [each["flowId"] for each in found["results"]]]

    told["all"] = find(page=1, size=2)
    told["failed"] = find(("STATE", "IN", ["FAILED", "KILLED"]))
    told["labelled"] = find(("LABELS", "EQUALS", {"team": "core"}))
    told["below"] = find(("NAMESPACE", "PREFIX", "company"), ("FLOW_ID", "NOT_EQUALS", "greet"))
    told["recent"] = find(("TIME_RANGE", "EQUALS", "P1D"), sort=["state.startDate:asc"], page=1, size=1)
    found = client.executions.search_executions_by_flow_id(TENANT, NAMESPACE, "greet", page=1, size=10)
    told["of_flow"] = found["total"]
    return broken


def act(client, broken, told):
    """Ask for everything that can be asked of executions."""
    restarted = client.executions.restart_execution(broken.id, TENANT)
    told["restarted"] = [restarted.id == broken.id, states_of(client, broken.id, "FAILED")]
    task_run = client.executions.execution(broken.id, TENANT).task_run_list[1]
    replayed = client.executions.replay_execution(broken.id, TENANT, task_run_id=task_run.id)
    told["replayed"] = [replayed.id != broken.id, states_of(client, replayed.id, "FAILED")]
    client.executions.update_execution_status(broken.id, "WARNING", TENANT)
    told["changed"] = states_of(client, broken.id, "WARNING")
    client.executions.set_labels_on_terminated_execution(broken.id, TENANT, [Label(key="seen", value="yes")])
    labels = client.executions.execution(broken.id, TENANT).labels
    told["labels"] = {each.key: each.value for each in labels if each.key == "seen"}
    first, second, third = (client.executions.create_execution(TENANT, NAMESPACE, "waiting") for _ in range(3))
    for each in (first, second, third):
        states_of(client, each.id, "PAUSED")
    client.executions.resume_execution(first.id, TENANT)
    told["resumed"] = states_of(client, first.id, "SUCCESS")
    client.executions.kill_execution(second.id, TENANT)
    told["killed"] = states_of(client, second.id, "KILLED")
    told["killed_by_query"] = client.executions.kill_executions_by_query(
        TENANT, filters=[condition("STATE", "EQUALS", "PAUSED")]
    )["count"]
    states_of(client, third.id, "KILLED")
    told["restarted_by_ids"] = client.executions.restart_executions_by_ids(TENANT, [replayed.id])["count"]
    states_of(client, replayed.id, "FAILED")
    client.executions.delete_execution(replayed.id, TENANT)


def refused(client, told):
    """Note what a missing execution and a wrong key lead to."""
    for name, call in (
        ("missing", lambda: client.executions.execution("nothing", TENANT)),
        ("refused", lambda: client.executions.create_execution(TENANT, NAMESPACE, "greet")),
        ("invalid", lambda: client.flows.create_flow(TENANT, "id: x")),
    ):
        try:
            call()
        except Exception as error:
            told[name] = getattr(error, "status", str(error))


def main(url, password):
    """Do all of it."""
    client = KestraClient(Configuration(host=url, username="admin", password=password))
    told = {}
    execution = start(client, told)
    read(client, execution, told)
    told["kestra"] = start_with_kestra(url, password)
    act(client, search(client, told), told)
    refused(client, told)
    json.dump(told, sys.stdout)


main(*sys.argv[1:])
