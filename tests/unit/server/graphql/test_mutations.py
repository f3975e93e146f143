"""What a client of the first system sends to register a flow, run it by itself, and see it through."""

from __future__ import annotations

import base64
import gzip
import json

import pytest


@pytest.fixture
def change(ask):
    """Return what one mutation with an input answers, as clients send it."""

    def change(name, selection, /, **given):
        query = f"mutation($input: {name}_input!) {{ {name}(input: $input) {{ {selection} }} }}"
        return ask(query, input=given)[name]

    return change


@pytest.fixture
def flow_id(change):
    project = change("create_project", "id", name="Ours", description=None, tenant_id=None)["id"]
    document = base64.b64encode(gzip.compress(json.dumps({"name": "etl", "parameters": []}).encode())).decode()
    made = {"project_id": project, "serialized_flow": document, "set_schedule_active": False, "version_group_id": None}
    flow = change("create_flow_from_compressed_string", "id", **made)["id"]
    tasks = [{"slug": "one-1", "name": "one", "tags": []}, {"slug": "many-1", "name": "many", "tags": []}]
    edges = [{"upstream_task": {"slug": "one-1"}, "downstream_task": {"slug": "many-1"}, "key": "x", "mapped": True}]
    assert {"success": True} == change("register_tasks", "success", flow_id=flow, serialized_tasks=tasks)
    assert {"success": True} == change("register_edges", "success", flow_id=flow, serialized_edges=edges)
    assert {"success": True} == change("set_schedule_active", "success", flow_id=flow)
    return flow


def test_a_flow_is_registered(ask, flow_id):
    (flow,) = ask(
        """{ flow(where: {project: {name: {_eq: "Ours"}}}) {
             id version project { name } serialized_flow tasks { slug mapped }
             edges { key mapped upstream_task { slug } downstream_task { slug } } } }"""
    )["flow"]

    assert {
        "id": flow_id,
        "version": 1,
        "project": {"name": "Ours"},
        "serialized_flow": {"name": "etl", "parameters": []},
        "tasks": [{"slug": "one-1", "mapped": False}, {"slug": "many-1", "mapped": True}],
        "edges": [
            {"key": "x", "mapped": True, "upstream_task": {"slug": "one-1"}, "downstream_task": {"slug": "many-1"}}
        ],
    } == flow


def test_a_flow_run_is_run_by_its_client(ask, change, flow_id):
    key = {"flow_id": flow_id, "idempotency_key": "k", "labels": ["a"], "scheduled_start_time": "2023-11-14T22:13:20Z"}
    flow_run = change("create_flow_run", "id", **key)["id"]
    assert flow_run == change("create_flow_run", "id", **key)["id"]
    queue = change("get_runs_in_queue", "flow_run_ids", labels=["a"], before="2023-11-14T22:13:20Z", tenant_id=None)
    assert [flow_run] == queue["flow_run_ids"]
    info = ask(
        """query($id: uuid!) { flow_run_by_pk(id: $id) { version state
             task_runs(where: {map_index: {_eq: -1}}) { id version task { id slug } } } }""",
        id=flow_run,
    )["flow_run_by_pk"]
    many = next(each for each in info["task_runs"] if each["task"]["slug"] == "many-1")

    def flow_state(document):
        states = [{"flow_run_id": flow_run, "version": 1, "state": document}]
        return change("set_flow_run_states", "states { id status message }", states=states)["states"]

    def task_state(task_run, document):
        states = [{"task_run_id": task_run, "version": None, "state": document}]
        change("set_task_run_states", "states { id }", states=states)

    assert [{"id": flow_run, "status": "SUCCESS", "message": None}] == flow_state({"type": "Running"})
    task_state(many["id"], {"type": "Mapped"})
    for index in range(2):
        child = ask(
            """mutation { get_or_create_task_run_info(input: {flow_run_id: "%s", task_id: "%s", map_index: %d})
               { id version serialized_state } }""".replace("%s", flow_run, 1)
            .replace("%s", many["task"]["id"])
            .replace("%d", str(index))
        )["get_or_create_task_run_info"]
        assert "Pending" == child["serialized_state"]["type"]
        task_state(child["id"], {"type": "Running"})
        task_state(
            child["id"], {"type": "Success", "_result": {"type": "LocalResult", "location": f"at {index}", "dir": "/"}}
        )
        change(
            "write_run_logs",
            "success",
            logs=[
                {
                    "flow_run_id": flow_run,
                    "task_run_id": child["id"],
                    "level": "INFO",
                    "message": "hi",
                    "name": "n",
                    "timestamp": "2023-11-14T22:13:21Z",
                }
            ],
        )
    artifact = change(
        "create_task_run_artifact", "id", task_run_id=many["id"], kind="markdown", data={"markdown": "*"}
    )["id"]
    assert {"success": True} == change("update_task_run_artifact", "success", task_run_artifact_id=artifact, data={})
    assert {"success": True} == change("delete_task_run_artifact", "success", task_run_artifact_id=artifact)
    flow_state({"type": "Success", "message": "All done."})

    seen = ask(
        """query($id: uuid!, $many: UUID!) { flow_run_by_pk(id: $id) {
             state logs { message level } task_runs(where: {map_index: {_gte: 0}}) { map_index state serialized_state(path: "_result.location") } }
           get_task_run_info(task_run_id: $many) { serialized_state } mapped_children(task_run_id: $many) { state_counts } }""",
        id=flow_run,
        many=many["id"],
    )
    assert {
        "state": "Success",
        "logs": [{"message": "hi", "level": "INFO"}] * 2,
        "task_runs": [{"map_index": n, "state": "Success", "serialized_state": f"at {n}"} for n in range(2)],
    } == seen["flow_run_by_pk"]
    assert {"type": "Mapped"} == seen["get_task_run_info"]["serialized_state"]
    assert {"Success": 2} == seen["mapped_children"]["state_counts"]


def test_several_mutations_are_applied_in_order(ask, change, flow_id):
    flow_run = change("create_flow_run", "id", flow_id=flow_id)["id"]

    answer = ask(
        """mutation($id: UUID!, $name: set_flow_run_name_input!) {
             set_flow_run_name(input: $name) { success error }
             update_flow_run_heartbeat(input: {flow_run_id: $id}) { success }
             cancel: cancel_flow_run(input: {flow_run_id: $id}) { state } __typename }""",
        id=flow_run,
        name={"flow_run_id": flow_run, "name": "new"},
    )

    assert {
        "set_flow_run_name": {"success": True, "error": None},
        "update_flow_run_heartbeat": {"success": True},
        "cancel": {"state": "Cancelled"},
        "__typename": "mutation_root",
    } == answer
    assert {"flow_run": [{"name": "new", "state": "Cancelled"}]} == ask("{ flow_run { name state } }")


@pytest.mark.parametrize(
    ("part", "mutation"),
    [
        (
            "There is no flow run",
            'cancel_flow_run(input: {flow_run_id: "018bcfe5-6800-7001-8000-000000000000"}) { state }',
        ),
        ("is no UUID", 'cancel_flow_run(input: {flow_run_id: "x"}) { state }'),
        ("register it first", 'create_flow_run(input: {flow_id: "018bcfe5-6800-7001-8000-000000000000"}) { id }'),
        ("is no time", 'get_runs_in_queue(input: {before: "soon"}) { flow_run_ids }'),
    ],
)
def test_what_a_mutation_is_refused_for_is_told(refusal, part, mutation):
    from runwright.server.auth import Role

    status, code, message = refusal(f"mutation {{ {mutation} }}", role=Role.ADMIN)

    assert (200, "BAD_USER_INPUT") == (status, code)
    assert part in message


def test_a_changed_version_has_its_code(record, change, refusal):
    from runwright.runs import FlowVersion, TaskInfo
    from runwright.server.auth import Role

    document = {"settings": {"version_locking_enabled": True}, "serialized_flow": {}}
    flow = record.register(FlowVersion("locked", "1", (TaskInfo("one", "one"),), document=document))
    flow_run = change("create_flow_run", "id", flow_id=str(flow.id))["id"]
    mutation = 'mutation { set_flow_run_states(input: {states: [{flow_run_id: "ID", version: 1, state: {type: "Running"}}]}) { states { id } } }'

    assert "VERSION_LOCKING_ERROR" == refusal(mutation.replace("ID", flow_run), role=Role.ADMIN)[1]


def test_a_schedule_is_turned_on_and_off(ask, change, record):
    project = change("create_project", "id", name="Ours", description=None, tenant_id=None)["id"]
    clock = {"type": "IntervalClock", "interval": 3_600_000_000, "start_date": None, "end_date": None}
    document = {
        "name": "hourly",
        "parameters": [],
        "schedule": {"clocks": [clock]},
        "tasks": [{"slug": "a-1", "name": "a"}],
    }
    flow = change("create_flow", "id", project_id=project, serialized_flow=document, set_schedule_active=False)["id"]

    def is_active():
        return ask("{flow {is_schedule_active}}")["flow"][0]["is_schedule_active"]

    assert not is_active()
    change("set_schedule_active", "success", flow_id=flow)
    assert is_active()
    change("set_schedule_inactive", "success", flow_id=flow)
    assert not is_active()
    change("set_schedule_active", "success", flow_id=flow)
    assert is_active()


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"])
def test_times_that_no_record_can_hold_are_the_nearest_that_it_can(ask, change, flow_id, time):
    flow_run = change("create_flow_run", "id", flow_id=flow_id, scheduled_start_time=time)["id"]
    logs = [{"flow_run_id": flow_run, "message": "then", "timestamp": time}]

    assert {"success": True} == change("write_run_logs", "success", logs=logs)
    change("get_runs_in_queue", "flow_run_ids", before=time, tenant_id=None)
    (row,) = ask("{ flow_run { scheduled_start_time logs { timestamp } } }")["flow_run"]
    assert row["scheduled_start_time"][:4] == row["logs"][0]["timestamp"][:4]
    assert {"flow_run": [{"id": flow_run}]} == ask(
        '{ flow_run(where: {created: {_gt: "0001-01-01T00:00:00+23:59", _lt: "9999-12-31T23:59:59-23:59"}}) { id } }'
    )
