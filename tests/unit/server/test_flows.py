"""YAML flows over REST, with the tenant and without: registered, revised, read, searched, checked, switched off, deleted."""

from __future__ import annotations

import json

import pytest

MINIMAL = """\
id: {id}
namespace: {namespace}
{more}tasks:
  - id: date
    type: io.kestra.plugin.core.debug.Return
    format: "{{{{ taskrun.startDate }}}}"
"""
CYCLE = """\
id: circle
namespace: io.tests
tasks:
  - id: dag
    type: io.kestra.plugin.core.flow.Dag
    tasks:
      - task: {id: a, type: io.kestra.plugin.core.debug.Return}
        dependsOn: [b]
      - task: {id: b, type: io.kestra.plugin.core.debug.Return}
        dependsOn: [a]
"""
YAML = {"Content-Type": "application/x-yaml"}


@pytest.fixture(params=["/api/v1", "/api/v1/main"])
def base(request):
    return request.param


def flow(identity="minimal", namespace="io.tests", more=""):
    return MINIMAL.format(id=identity, namespace=namespace, more=more)


def create(client, base, text, status=200):
    answer = client.post(f"{base}/flows", content=text, headers=YAML)
    assert status == answer.status_code, answer.text
    return answer.json()


def test_a_flow_is_registered_and_read(client, base):
    created = create(client, base, flow())

    assert ("minimal", "io.tests", 1, False, False, False) == tuple(
        created[key] for key in ("id", "namespace", "revision", "disabled", "deleted", "draft")
    )
    assert flow() == created["source"]
    assert [
        {"id": "date", "type": "io.kestra.plugin.core.debug.Return", "format": "{{ taskrun.startDate }}"}
    ] == created["tasks"]
    path = f"{base}/flows/io.tests/minimal"
    assert created == client.get(path, params={"source": "true"}).json()
    assert {key: value for key, value in created.items() if key != "source"} == client.get(path).json()


def test_json_is_yaml_too(client, base):
    document = {
        "id": "j",
        "namespace": "io.tests",
        "tasks": [{"id": "t", "type": "io.kestra.plugin.core.debug.Return"}],
    }
    answer = client.post(f"{base}/flows", json=document)

    assert ("j", json.dumps(document)) == (answer.json()["id"], json.dumps(json.loads(answer.json()["source"])))


def test_a_change_is_a_revision_and_no_change_is_none(client, base):
    create(client, base, flow())
    path = f"{base}/flows/io.tests/minimal"
    texts = [flow(), flow(more="description: changed\n"), flow()]
    revisions = [client.put(path, content=text, headers=YAML).json()["revision"] for text in texts]

    assert [1, 2, 3] == revisions
    assert "changed" == client.get(path, params={"revision": 2}).json()["description"]
    assert [1, 2, 3] == [each["revision"] for each in client.get(f"{path}/revisions").json()]
    assert 404 == client.get(path, params={"revision": 4}).status_code
    assert 422 == client.get(path, params={"revision": "x"}).status_code


def test_a_flow_is_created_once(client, base):
    create(client, base, flow())

    assert "already exists" in create(client, base, flow(), 422)["message"]


def test_a_deleted_flow_is_gone_but_its_past_is_not(client, base):
    create(client, base, flow())
    path = f"{base}/flows/io.tests/minimal"

    assert (204, b"") == ((deleted := client.delete(path)).status_code, deleted.content)
    assert (404, 404) == (client.delete(path).status_code, client.get(path).status_code)
    assert 404 == client.put(path, content=flow(), headers=YAML).status_code
    assert True is client.get(path, params={"allowDeleted": "true"}).json()["deleted"]
    assert 0 == client.get(f"{base}/flows/search").json()["total"]
    assert 3 == create(client, base, flow())["revision"]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (CYCLE, "dag: Cyclic dependency detected: a, b"),
        ("id: x", "namespace"),
        ("", "empty"),
        ("a: [", "YAML"),
        (flow("../x"), "id"),
        ("&a [*a]", ""),
        ("x: !!python/object/apply:os.system [id]", ""),
        (flow() + "---\n" + flow("other"), "second document"),
    ],
)
def test_a_flow_that_cannot_be_is_refused_with_every_reason(client, base, text, part):
    answer = create(client, base, text, 422)

    assert part in answer["message"]
    assert {"message", "_links", "_embedded"} == answer.keys()


def test_a_flow_stays_where_it_is(client, base):
    create(client, base, flow())
    for text in (flow("other"), flow(namespace="io.other")):
        assert 422 == client.put(f"{base}/flows/io.tests/minimal", content=text, headers=YAML).status_code


def test_what_is_no_text_is_refused(client, base):
    assert 400 == client.post(f"{base}/flows", content=b"\xff\xfe\xfd", headers=YAML).status_code
    assert 413 == client.post(f"{base}/flows", content=b"#" * (1024 * 1024 + 1), headers=YAML).status_code
    assert "256 KiB" in client.post(f"{base}/flows", content=b"#" * 300_000, headers=YAML).json()["message"]


def validate(client, base, text):
    answer = client.post(f"{base}/flows/validate", content=text, headers=YAML)
    assert 200 == answer.status_code
    return answer.json()


def test_validation_says_all_of_each_document(client, base):
    create(client, base, flow())
    first, second, third = validate(client, base, f"{flow()}---\n{CYCLE}---\n- 1\n")

    assert ("minimal", "io.tests", 0, None, False) == tuple(
        first[key] for key in ("flow", "namespace", "index", "constraints", "outdated")
    )
    assert (1, "circle") == (second["index"], second["flow"])
    assert "dag: Cyclic dependency detected: a, b" in second["constraints"]
    assert third["constraints"] is not None
    assert 1 == client.get(f"{base}/flows/search").json()["total"]


def test_validation_warns_of_values_that_become_code(client, base):
    text = (
        "id: shell\nnamespace: io.tests\ninputs: [{id: name, type: STRING}]\n"
        "tasks:\n  - {id: say, type: shell.Commands, commands: ['echo {{ inputs.name }}']}\n"
    )
    (found,) = validate(client, base, text)

    (told,) = found["warnings"]
    assert (None, True, True) == (found["constraints"], "`inputs.name`" in told, "(line 5, column " in told)
    assert 200 == client.post(f"{base}/flows", content=text, headers=YAML).status_code


def test_validation_knows_of_later_revisions(client, base):
    create(client, base, flow())
    client.put(f"{base}/flows/io.tests/minimal", content=flow(more="description: x\n"), headers=YAML)

    assert True is validate(client, base, flow(more="revision: 1\n"))[0]["outdated"]
    assert False is validate(client, base, flow(more="revision: 2\n"))[0]["outdated"]


@pytest.fixture
def several(client, base):
    for identity, namespace, more in (
        ("a", "io.tests", "labels: {team: core}\n"),
        ("b", "io.tests.sub", "labels:\n  - {key: team, value: edge}\n"),
        ("c", "io.testsother", ""),
    ):
        create(client, base, flow(identity, namespace, more))


@pytest.mark.parametrize(
    ("expected", "query"),
    [
        ("abc", ""),
        ("ab", "namespace=io.tests"),
        ("b", "q=SUB"),
        ("a", "labels=team:core"),
        ("cba", "sort=id:desc"),
        ("bc", "filters[flowId][NOT_EQUALS]=a"),
        ("ab", "filters[namespace][PREFIX]=io.tests"),
        ("abc", "filters[namespace][STARTS_WITH]=io.tests"),
        ("b", "filters%5Bnamespace%5D%5BENDS_WITH%5D=sub"),
        ("ac", "filters[flowId][IN]=a,c"),
        ("b", "filters[flowId][NOT_IN]=a,c"),
        ("a", "filters[labels][EQUALS][team]=core"),
        ("c", "filters[labels][IS_NULL]="),
        ("ab", "filters[labels][IS_NOT_NULL]="),
        ("ac", "filters[or][0][flowId][EQUALS]=a&filters[or][1][flowId][EQUALS]=c"),
        ("a", "filters[or][0][flowId][EQUALS]=a&filters[or][1][flowId][EQUALS]=b&filters[namespace][EQUALS]=io.tests"),
        ("b", "filters[flowId][REGEX]=%5Bb-z%5D&filters[namespace][REGEX]=sub$"),
        ("", "filters[q][CONTAINS]=nothing"),
    ],
)
def test_flows_are_found_by_every_condition(client, base, several, expected, query):
    answer = client.get(f"{base}/flows/search?{query}")

    assert 200 == answer.status_code, answer.text
    assert (expected, len(expected)) == (
        "".join(each["id"] for each in answer.json()["results"]),
        answer.json()["total"],
    )


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=-1",
        "page=x",
        "page=\u0661",
        "size=0",
        "size=1000000000",
        "size=true",
        "sort=name;--",
        "sort=id:up",
        "filters[unknown][EQUALS]=x",
        "filters[namespace][LIKE]=x",
        "filters[namespace]=x",
        "filters[namespace][REGEX]=(",
        "filters[" + "and][0][" * 20 + "id][EQUALS]=x",
        "&".join(["filters[id][EQUALS]=x"] * 201),
    ],
)
def test_a_question_that_cannot_be_is_refused(client, base, several, query):
    assert 422 == client.get(f"{base}/flows/search?{query}").status_code


def test_a_pattern_that_would_take_for_ever_ends(client, base):
    create(client, base, flow("a" * 60))

    assert client.get(f"{base}/flows/search?filters[id][REGEX]=(a%2B)%2Bb$").status_code in {200, 422}


def test_pages_have_numbers_from_one(client, base, several):
    answer = client.get(f"{base}/flows/search?page=2&size=2&sort=id:asc").json()

    assert (["c"], 3) == ([each["id"] for each in answer["results"]], answer["total"])


def test_flows_are_listed_and_searched_by_text(client, base, several):
    assert ["a"] == [each["id"] for each in client.get(f"{base}/flows/io.tests").json()]
    assert ["io.tests", "io.tests.sub", "io.testsother"] == client.get(f"{base}/flows/distinct-namespaces").json()
    found = client.get(f"{base}/flows/source?q=TEAM").json()
    assert (2, ["labels: {team: core}"]) == (found["total"], found["results"][0]["fragments"])


def test_a_task_is_read_wherever_it_stands(client, base):
    nested = flow().replace(
        "tasks:\n",
        "tasks:\n  - id: outer\n    type: io.kestra.plugin.core.flow.Sequential\n    tasks: [{id: inner, type: io.kestra.plugin.core.debug.Return}]\n",
    )
    create(client, base, nested)

    assert (
        "io.kestra.plugin.core.debug.Return" == client.get(f"{base}/flows/io.tests/minimal/tasks/inner").json()["type"]
    )
    assert 404 == client.get(f"{base}/flows/io.tests/minimal/tasks/none").status_code


def test_flows_are_switched_off_and_on_and_deleted_together(client, base, several):
    names = [{"id": "a", "namespace": "io.tests"}, {"id": "b", "namespace": "io.tests.sub"}]

    assert {"count": 2} == client.post(f"{base}/flows/disable/by-ids", json=names).json()
    assert {"count": 0} == client.post(f"{base}/flows/disable/by-ids", json=names).json()
    assert (True, 2) == tuple(client.get(f"{base}/flows/io.tests/a").json()[key] for key in ("disabled", "revision"))
    assert {"count": 2} == client.post(f"{base}/flows/enable/by-ids", json=names).json()
    assert False is client.get(f"{base}/flows/io.tests/a").json()["disabled"]
    assert {"count": 2} == client.request("DELETE", f"{base}/flows/delete/by-ids", json=names).json()
    assert 1 == client.get(f"{base}/flows/search").json()["total"]
    assert 404 == client.post(f"{base}/flows/enable/by-ids", json=names).status_code


def test_another_tenant_is_not_there(client):
    for path in ("flows/search", "flows/io.tests", "configs", "plugins"):
        assert 404 == client.get(f"/api/v1/other/{path}").status_code


def test_the_catalogue_tells_types_and_settings(client, base):
    core = client.get(f"{base}/plugins").json()[0]
    assert "io.kestra.plugin.core.debug.Return" in core["tasks"]
    assert (
        "io.kestra.plugin.core.debug.Return"
        == client.get(f"{base}/plugins/io.kestra.plugin.core.debug.Return").json()["name"]
    )
    assert 404 == client.get(f"{base}/plugins/os.system").status_code
    assert "properties" in client.get(f"{base}/plugins/schemas/flow").json()
    assert 404 == client.get(f"{base}/plugins/schemas/x").status_code
    assert True is client.get(f"{base}/configs").json()["isTaskRunEnabled"]


def test_namespaces_with_flows_are_found(client, base, several):
    assert (1, [{"id": "io.tests.sub", "deleted": False}]) == tuple(
        client.get(f"{base}/namespaces/search?q=sub").json()[key] for key in ("total", "results")
    )
    assert "io.any" == client.get(f"{base}/namespaces/io.any").json()["id"]
