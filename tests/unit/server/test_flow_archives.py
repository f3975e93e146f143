"""Flows in bulk over REST: exported, imported, replaced and switched together; their graphs, and which lead to which."""

from __future__ import annotations

import io
import zipfile

import pytest

from runwright.server import flow_archives

YAML = {"Content-Type": "application/x-yaml"}
BASE = "/api/v1/main/flows"
TASK = "type: io.kestra.plugin.core.debug.Return"
CALLER = """\
id: caller
namespace: company.team
tasks:
  - id: call
    type: io.kestra.plugin.core.flow.Subflow
    namespace: company.team
    flowId: called
"""
LISTENER = """\
id: listener
namespace: company.other
tasks: [{id: one, type: io.kestra.plugin.core.debug.Return}]
triggers:
  - id: after
    type: io.kestra.plugin.core.trigger.Flow
    preconditions:
      id: all
      flows: [{namespace: company.team, flowId: called}]
"""
NESTED = """\
id: nested
namespace: company.team
tasks:
  - id: both
    type: io.kestra.plugin.core.flow.Parallel
    tasks: [{id: left, type: io.kestra.plugin.core.debug.Return}, {id: right, type: io.kestra.plugin.core.debug.Return}]
  - id: choose
    type: io.kestra.plugin.core.flow.If
    condition: "{{ true }}"
    then: [{id: yes, type: io.kestra.plugin.core.debug.Return}]
  - id: dag
    type: io.kestra.plugin.core.flow.Dag
    tasks:
      - task: {id: first, type: io.kestra.plugin.core.debug.Return}
      - task: {id: then, type: io.kestra.plugin.core.debug.Return}
        dependsOn: [first]
errors: [{id: tell, type: io.kestra.plugin.core.debug.Return}]
"""


def flow(identity, namespace="company.team"):
    return f"id: {identity}\nnamespace: {namespace}\ntasks: [{{id: one, {TASK}}}]\n"


def packed(**files):
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.yml", text)
    return written.getvalue()


def register(client, *texts):
    for text in texts:
        assert 200 == client.post(BASE, content=text, headers=YAML).status_code


def names(client, namespace="company.team"):
    return [each["id"] for each in client.get(f"{BASE}/{namespace}").json()]


def send(client, content, name="flows.zip", **more):
    return client.post(f"{BASE}/import", files={"fileUpload": (name, content)}, **more)


def test_what_is_exported_can_be_imported(client):
    register(client, flow("a"), flow("b"), flow("c", "company.other"))
    chosen = [{"namespace": "company.team", "id": "a"}, {"namespace": "company.other", "id": "c"}]
    archive = client.post(f"{BASE}/export/by-ids", json=chosen).content
    every = client.get(f"{BASE}/export/by-query", params={"namespace": "company.team"}).content
    client.request("DELETE", f"{BASE}/delete/by-query", params={"namespace": "company"})
    assert [] == names(client)

    assert [] == send(client, archive).json()
    assert [["a"], ["c"]] == [names(client), names(client, "company.other")]
    assert [] == send(client, every).json()
    assert ["a", "b"] == names(client)


def test_a_text_of_many_flows_is_imported(client):
    assert [] == send(client, f"{flow('a')}---\n{flow('b')}", "flows.yaml").json()
    assert ["a", "b"] == names(client)


def test_files_without_a_flow_are_named(client):
    content = packed(good=flow("a"), bad="id: x")

    assert 422 == send(client, content, params={"failOnError": "true"}).status_code
    assert [] == names(client)
    assert ["bad.yml"] == send(client, content).json()
    assert ["a"] == names(client)


@pytest.mark.parametrize("content", [b"PK\x03\x04 no zip", packed(a="x" * 100_000)])
def test_archives_that_are_broken_or_too_large_are_refused(client, content, monkeypatch):
    monkeypatch.setattr(flow_archives, "MOST_BYTES", 50_000)

    assert 422 == send(client, content).status_code
    assert 422 == client.post(f"{BASE}/import").status_code


def test_a_namespace_is_replaced_by_a_text(client):
    register(client, flow("a"), flow("b"), flow("c", "company.other"))
    text = f"{flow('b')}---\n{flow('d')}"

    told = client.post(f"{BASE}/bulk", content=text, params={"namespace": "company.team", "delete": "true"}).json()

    assert [["b", 1], ["d", 1]] == [[each["id"], each["revision"]] for each in told]
    assert [["b", "d"], ["c"]] == [names(client), names(client, "company.other")]
    strange = client.post(f"{BASE}/bulk", content=flow("e", "elsewhere"), params={"namespace": "company.team"})
    assert 422 == strange.status_code


def test_flows_are_switched_by_a_query(client):
    register(client, flow("a"), flow("b"), flow("c", "company.other"))

    assert {"count": 2} == client.post(f"{BASE}/disable/by-query", params={"namespace": "company.team"}).json()
    assert [True, False] == [
        client.get(f"{BASE}/{name}").json()["disabled"] for name in ("company.team/a", "company.other/c")
    ]
    assert {"count": 1} == client.post(f"{BASE}/enable/by-query", params={"filters[flowId][EQUALS]": "a"}).json()


def test_a_graph_has_clusters_and_says_why_tasks_follow(client):
    graph = client.post(f"{BASE}/graph", content=NESTED).json()

    edges = {(each["source"], each["target"]): each["relation"] for each in graph["edges"]}
    assert ["cluster_both", "cluster_choose", "cluster_dag"] == [each["cluster"]["uid"] for each in graph["clusters"]]
    assert {"relationType": "PARALLEL"} == edges["both.root", "left"] == edges["both.root", "right"]
    assert {"relationType": "CHOICE", "value": "then"} == edges["choose.root", "yes"]
    assert {"relationType": "SEQUENTIAL"} == edges["first", "then"] == edges["both.end", "choose"]
    assert {"relationType": "ERROR"} == edges["root", "tell"]
    register(client, NESTED)
    assert graph == client.get(f"{BASE}/company.team/nested/graph").json()
    assert 404 == client.get(f"{BASE}/company.team/nothing/graph").status_code


def test_dependencies_lead_both_ways(client):
    register(client, flow("called"), flow("alone"), CALLER, LISTENER)

    found = client.get(f"{BASE}/company.team/called/dependencies").json()

    assert ["listener", "called", "caller"] == [each["id"] for each in found["nodes"]]
    assert [
        ["company-team_caller", "company-team_called", "FLOW_TASK"],
        ["company-team_called", "company-other_listener", "FLOW_TRIGGER"],
    ] == sorted(
        ([each["source"], each["target"], each["relation"]] for each in found["edges"]), key=lambda each: each[2]
    )
    assert ["alone"] == [each["id"] for each in client.get(f"{BASE}/company.team/alone/dependencies").json()["nodes"]]
