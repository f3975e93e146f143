"""The description of the server has every path, with who may use it and what its body is."""

from __future__ import annotations

import re

from runwright.server.routes import GuardedRoute


def test_every_path_is_described(client, app):
    paths = client.get("/openapi.json").json()["paths"]
    served = {
        (each.path.replace(":path}", "}"), verb.lower())
        for each in app.routes
        if isinstance(each, GuardedRoute)
        for verb in each.verbs
    }

    assert served == {(path, verb) for path, operations in paths.items() for verb in operations}
    assert all(operation["summary"] for operations in paths.values() for operation in operations.values())
    names = [operation["operationId"] for operations in paths.values() for operation in operations.values()]
    assert len(names) == len(set(names))


def test_bodies_and_roles_are_described(client):
    document = client.get("/openapi.json").json()
    find = document["paths"]["/api/task_runs/filter"]["post"]
    name = find["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]

    assert {"flows", "flow_runs", "task_runs", "sort", "limit", "offset"} <= document["components"]["schemas"][name][
        "properties"
    ].keys()
    assert "viewer" == find["x-role"]
    assert [] == document["paths"]["/livez"]["get"]["security"]
    assert (
        set(re.findall(r"#/components/schemas/([\w.]+)", client.get("/openapi.json").text))
        <= document["components"]["schemas"].keys()
    )
