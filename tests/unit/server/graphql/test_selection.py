"""What an operation may say: aliases, fragments, variables, directives, orders, paths, aggregates."""

from __future__ import annotations

import pytest

from runwright.errors import QueryError
from runwright.server.graphql.selection import path_from


@pytest.fixture
def told(scribe):
    scribe.run(1).run(2, ending="Failed", message="No.").log(1, "hello").commit()
    return scribe


def test_fields_are_answered_under_their_aliases_and_in_their_order(ask, told):
    answer = ask("{ b: hello a: task_run(limit: 1) { s: state kind: __typename } __typename }")

    assert ["b", "a", "__typename"] == list(answer)
    assert {"b": "👋", "a": [{"s": "Success", "kind": "task_run"}], "__typename": "query_root"} == answer


def test_selections_of_one_key_are_joined(ask, told):
    answer = ask("{ task_run(limit: 1) { task { slug } } task_run(limit: 1) { state task { name } } }")

    assert {"task_run": [{"task": {"slug": "first", "name": "The first"}, "state": "Success"}]} == answer


def test_fragments_are_opened(ask, told):
    answer = ask(
        "query { task_run(limit: 1) { ...One ... on task_run { map_index } } } fragment One on task_run { state ...Two } "
        "fragment Two on task_run { task { slug } }"
    )

    assert {"task_run": [{"state": "Success", "task": {"slug": "first"}, "map_index": -1}]} == answer


def test_variables_take_their_place(ask, told):
    query = """
    query Named($id: uuid!, $where: task_run_bool_exp, $order: [task_run_order_by!], $with: Boolean = true, $limit: Int) {
      flow_run_by_pk(id: $id) {
        task_runs(where: $where, order_by: $order, limit: $limit) { state @include(if: $with) message: state_message @skip(if: $with) }
      }
    }
    """
    variables = {"id": str(told.flow_run), "order": {"state": "desc"}, "limit": 1}

    assert [{"state": "Success"}] == ask(query, **variables)["flow_run_by_pk"]["task_runs"]
    assert [{"message": "No."}] == ask(query, **variables, where={"state": {"_eq": "Failed"}}, **{"with": False})[
        "flow_run_by_pk"
    ]["task_runs"]


def test_variables_may_come_as_text(client, told):
    body = {"query": "query($n: Int) { task_run(limit: $n) { state } }", "variables": '{"n": 1}'}

    assert {"data": {"task_run": [{"state": "Success"}]}} == client.post("/", json=body).json()
    assert 200 == client.post("/", json={"query": "{ hello }", "variables": "null"}).status_code


def test_an_operation_may_be_named(client, refusal):
    assert 200 == client.post("/graphql", json={"query": "query A { hello }", "operationName": "A"}).status_code
    assert "no operation 'B'" in refusal("query A { hello }", operationName="B")[2]


def test_what_there_is_none_of_is_null(ask, told):
    missing = "018bcfe5-6800-7001-8000-0000001fffff"

    assert {"task_run_by_pk": None} == ask("query($id: uuid!) { task_run_by_pk(id: $id) { id } }", id=missing)


def test_conditions_lead_through_relations_and_into_json(ask, told):
    where = """{_or: [{flow_run: {flow: {name: {_like: "st%"}}, parameters: {_contains: {x: 1}}}, logs: {message: {_ilike: "HEL%"}}},
                      {state: {_in: ["Failed"]}}],
                _not: {map_index: {_gt: -1}}}"""

    query = "{ task_run(where: WHERE, order_by: [{flow_run: {name: asc}}, {id: desc}]) { task { slug } } }"

    rows = ask(query.replace("WHERE", where))

    assert ["second", "first"] == [row["task"]["slug"] for row in rows["task_run"]]


def test_orders_say_where_nulls_stand(ask, scribe):
    scribe.run(2).commit()

    query = "{ task_run(order_by: {start_time: ORDER}) { task { slug } } }"

    def slugs(order):
        return [row["task"]["slug"] for row in ask(query.replace("ORDER", order))["task_run"]]

    assert ["second", "first"] == slugs("asc") == slugs("asc_nulls_last") == slugs("desc_nulls_last")
    assert ["first", "second"] == slugs("desc") == slugs("desc_nulls_first") == slugs("asc_nulls_first")


def test_pages_and_the_first_of_each(ask, told):
    assert ["Failed"] == [row["state"] for row in ask("{ task_run(offset: 1, limit: 5) { state } }")["task_run"]]
    assert [{"map_index": -1}] == ask("{ task_run(distinct_on: map_index) { map_index } }")["task_run"]


def test_paths_lead_into_json(ask, told):
    answer = ask('{ flow_run { all: parameters one: parameters(path: "$.x") none: parameters(path: "y[0]") } }')

    assert {"flow_run": [{"all": {"x": 1}, "one": 1, "none": None}]} == answer


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ((), None),
        ((), "$"),
        (("a", "b", 0), "$.a.b[0]"),
        (("a b", "c"), '$["a b"].c'),
        ((1, "a"), "[1].a"),
    ],
)
def test_a_path_has_steps(expected, text):
    assert expected == path_from(text)


@pytest.mark.parametrize("text", ["$.", "$.a[", "$[x]", "a..b"])
def test_what_is_no_path_is_refused(text):
    with pytest.raises(QueryError, match="no path into JSON"):
        path_from(text)


def test_numbers_about_rows(ask, told):
    answer = ask(
        """{ task_run_aggregate(where: {map_index: {_eq: -1}}, order_by: {id: desc}) {
          aggregate { count with_name: count(columns: name) states: count(columns: [state], distinct: true)
                      min { start_time } max { state } avg { version } sum { duration } p50 { duration } }
          nodes { state }
        } }"""
    )["task_run_aggregate"]

    assert [{"state": "Failed"}, {"state": "Success"}] == answer["nodes"]
    assert {
        "count": 2,
        "with_name": 0,
        "states": 2,
        "min": {"start_time": "2023-11-14T22:13:20.004000+00:00"},
        "max": {"state": "Success"},
        "avg": {"version": 3.0},
        "sum": {"duration": "00:00:00.002000"},
        "p50": {"duration": "00:00:00.001000"},
    } == answer["aggregate"]


def test_numbers_about_related_rows(ask, told):
    answer = ask(
        '{ flow_run { failed: task_runs_aggregate(where: {state: {_eq: "Failed"}}) { aggregate { count } } } }'
    )

    assert {"flow_run": [{"failed": {"aggregate": {"count": 1}}}]} == answer


def test_the_schema_tells_about_itself(ask):
    answer = ask(
        """query($name: String!) { __schema { queryType { name } mutationType { name } }
           __type(name: $name) { name inputFields { name type { name } } } hello }""",
        name="task_run_bool_exp",
    )

    assert {"queryType": {"name": "query_root"}, "mutationType": {"name": "mutation_root"}} == answer["__schema"]
    fields = {each["name"]: each["type"]["name"] for each in answer["__type"]["inputFields"]}
    assert ("uuid_comparison_exp", "timestamptz_comparison_exp", "jsonb_comparison_exp", "flow_run_bool_exp") == (
        fields["id"],
        fields["start_time"],
        fields["serialized_state"],
        fields["flow_run"],
    )
    assert "👋" == answer["hello"]
