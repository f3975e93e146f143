"""How much one operation may ask for, and what it is told when that is too much."""

from __future__ import annotations

import pytest

from runwright.server.graphql import limits

VALIDATION, INPUT = "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"
LOOP = "flow_run { task_runs { " * 5


@pytest.mark.parametrize(
    ("code", "part", "query"),
    [
        (VALIDATION, "Syntax Error", "{a" * 20_000),
        (INPUT, "characters", "{ hello } #" + "x" * limits.LONGEST_TEXT),
        (VALIDATION, "more than 2000 tokens", "{" + " hello" * 2_000 + "}"),
        (INPUT, "600 fields: 500 are allowed", "{" + " hello" * 600 + "}"),
        (INPUT, "60 directives: 50 are allowed", "{ hello " + "@skip(if: false)" * 60 + "}"),
        (INPUT, "31 aliases", "{" + "".join(f"a{n}: hello " for n in range(31)) + "}"),
        (INPUT, "40 aliases", "{ ...G ...G } fragment G on query_root { " + "".join(f"b{n}: hello " for n in range(20)) + "}"),
        (INPUT, "levels deep: 12 are allowed", "{ task_run(limit: 1) {" + "parent { " * 12 + "id" + "}" * 13 + "}"),
        (INPUT, "may answer with", "{ flow_run(limit: 200) { task_runs(limit: 50) { id } } }"),
        (INPUT, "limit is 10001", "{ flow_run(limit: 10001) { id } }"),
        (INPUT, "limit is -1", "{ flow_run(limit: -1) { id } }"),
        (INPUT, "offset is -1", "{ flow_run(offset: -1) { id } }"),
        (VALIDATION, "Int cannot represent", "{ flow_run(offset: 1000000000000) { id } }"),
        (VALIDATION, "fragment 'F' within itself", "{ task_run { ...F } } fragment F on task_run { ...F }"),
        (INPUT, "has 2 operations", "query A { hello } query A { hello }"),
        (VALIDATION, "Cannot query field 'no'", "{ no }"),
        (VALIDATION, "'drop'", "{ task_run(order_by: {drop: asc}) { id } }"),
        (INPUT, "a UUID is needed", '{ task_run(where: {id: {_eq: "x"}}) { id } }'),
        (INPUT, "a time like", '{ task_run(where: {created: {_gt: "soon"}}) { id } }'),
        (INPUT, "The pattern for state_message is too long", '{ task_run(where: {state_message: {_like: "%s"}}) { id } }' % ("%a" * 11)),
    ],
)  # fmt: skip
def test_what_is_too_much_is_refused(refusal, code, part, query):
    status, actual, message = refusal(query)

    assert (400, code) == (status, actual)
    assert part in message


def test_fragments_that_double_end(ask):
    doubling = "".join(f"fragment A{n} on task_run {{ ...A{n + 1} ...A{n + 1} }}" for n in range(60))

    assert {"task_run": []} == ask("{ task_run { ...A0 } }" + doubling + "fragment A60 on task_run { id }")


def nested(depth):
    where = {"map_index": {"_eq": 1}}
    for _ in range(depth):
        where = {"_not": where}
    return where


@pytest.mark.parametrize(
    ("part", "where"),
    [
        ("more than 20 levels deep", nested(30)),
        ("more than 200 parts", {"_or": [{"map_index": {"_eq": number}} for number in range(300)]}),
        ("10000 are allowed", {"map_index": {"_in": list(range(100_000))}}),
        ("nested too deeply", nested(100_000)),
    ],
    ids=["deep", "wide", "long", "endless"],
)
def test_conditions_in_variables_have_limits_too(refusal, part, where):
    query = "query($where: task_run_bool_exp) { task_run(where: $where) { id } }"

    status, _, message = refusal(query, {"where": where})

    assert 400 == status
    assert part in message


def test_variables_are_what_they_say(refusal):
    query = "query($n: Int, $id: uuid) { task_run(limit: $n, where: {id: {_eq: $id}}) { id } }"

    assert "Int cannot represent" in refusal(query, {"n": 2**63})[2]
    assert "Int cannot represent" in refusal(query, {"n": "many"})[2]
    assert "a UUID is needed" in refusal(query, {"id": {"__proto__": 1}})[2]
    assert "no JSON object" in refusal(query, "{")[2]


def test_what_fails_inside_is_told_by_a_number_alone(record, caplog):
    from runwright.server.graphql.execution import GraphQL, GraphQLRequest

    class Broken:
        def query(self, query):
            raise OSError("/secret/path")

    status, body = GraphQL(Broken()).answer(GraphQLRequest("{ task_run { id } }"))

    assert 500 == status
    assert b"secret" not in body
    assert b"INTERNAL_SERVER_ERROR" in body
    assert "/secret/path" in caplog.text
