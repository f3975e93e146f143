"""`runwright query`: GraphQL without a server."""

from __future__ import annotations

import io

import pytest


@pytest.mark.parametrize(
    "query",
    [
        "flow_run { name state }",
        "{ flow_run { name state } }",
        "query Named { flow_run { ...F } } fragment F on flow_run { name state }",
    ],
)
def test_the_answer_is_printed_as_json(runwright, run, query):
    outcome = runwright("query", query)

    assert (0, "") == (outcome.status, outcome.err)
    assert {"flow_run": [{"name": "brisk-otter", "state": "Failed"}]} == outcome.data


def test_variables_are_given_as_json(runwright, run):
    outcome = runwright("query", "query($n: Int) { task_run(limit: $n) { id } }", "-v", '{"n": 2}')

    assert 2 == len(outcome.data["task_run"])


def test_the_shape_may_be_chosen(runwright, run):
    assert ['{"flow_run":[{"state":"Failed"}]}'] == runwright("query", "flow_run { state }", "-o", "jsonl").lines
    assert "- state: Failed" in runwright("query", "flow_run { state }", "-o", "yaml").out


def test_a_query_may_come_from_a_file_or_standard_input(runwright, run, tmp_path, monkeypatch):
    file = tmp_path / "query.graphql"
    file.write_text("# one\n{ hello }")
    monkeypatch.setattr("sys.stdin", io.StringIO("hello"))

    assert {"hello": "👋"} == runwright("query", "-f", str(file)).data == runwright("query", "-f", "-").data


@pytest.mark.parametrize(
    ("part", "arguments"),
    [
        ("Did you mean 'task_run'", ["task_rum { id }"]),
        ("a UUID is needed", ['task_run(where: {id: {_eq: "x"}}) { id }']),
        ("send mutations to a server", ['mutation { create_project(input: {name: "P"}) { id } }']),
        ("Give a query, or the file", []),
        ("The query is empty", [" "]),
        ("cannot be read", ["-f", "/nowhere/query.graphql"]),
        ("no JSON object", ["hello", "-v", "{"]),
    ],
)
def test_what_is_wrong_is_said(runwright, run, part, arguments):
    outcome = runwright("query", *arguments)

    assert (2, "") == (outcome.status, outcome.out)
    assert part in outcome.err
