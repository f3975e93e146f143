"""Counts by state are the same whether they are kept or asked of the record."""

from __future__ import annotations

import pytest

from runwright.server.graphql.execution import GraphQL, GraphQLRequest
from runwright.server.state_counts import StateCounts
from runwright.testing.scribe import Scribe

COUNT = "{ aggregate { count } }"
KEPT = [
    f"{{ task_run_aggregate {COUNT} }}",
    f'{{ task_run_aggregate(where: {{state: {{_eq: "Success"}}}}) {COUNT} }}',
    f'{{ task_run_aggregate(where: {{state: {{_eq: "Pending"}}}}) {COUNT} }}',
    f'{{ task_run_aggregate(where: {{state: {{_eq: "Nothing"}}}}) {COUNT} }}',
    f'{{ task_run_aggregate(where: {{state: {{_neq: "Failed"}}}}) {COUNT} }}',
    '{ many: task_run_aggregate(where: {state: {_in: ["Failed", "Running"]}}) { __typename of: aggregate { n: count } } }',
    f'{{ task_run_aggregate(where: {{state: {{_nin: ["Failed", "Running"]}}}}) {COUNT} }}',
]
ASKED = [
    f"{{ flow_run_aggregate {COUNT} }}",
    f"{{ task_run_aggregate(limit: 2) {COUNT} }}",
    f"{{ task_run_aggregate(offset: 1) {COUNT} }}",
    f"{{ task_run_aggregate(distinct_on: [state]) {COUNT} }}",
    f'{{ task_run_aggregate(where: {{state: {{_like: "S%"}}}}) {COUNT} }}',
    f'{{ task_run_aggregate(where: {{state: {{_eq: "Success"}}, map_index: {{_eq: 1}}}}) {COUNT} }}',
    "{ task_run_aggregate { aggregate { count(columns: [end_time]) } } }",
    "{ task_run_aggregate { aggregate { count max { map_index } } } }",
    "{ task_run_aggregate { aggregate { count } nodes { state } } }",
]


@pytest.fixture(autouse=True)
def runs(record):
    """Put flow runs on record: one has ended, of the other some children have no row yet."""
    ended = Scribe(record, name="ended", tasks=3).start()
    ended.run(1, 2).run(3, ending="Failed").enter(0, "Failed").commit()
    opened = Scribe(record, name="opened", tasks=2).start()
    first, second, *_ = opened.map(1, 6)
    opened.run(first).enter(second, "Running").commit()


def answered(record, text, counts=None):
    return GraphQL(record, counts=counts).answer(GraphQLRequest(text)).body


@pytest.mark.parametrize("text", KEPT)
def test_what_is_kept_is_what_the_record_would_say_and_no_row_is_counted_for_it(record, text, monkeypatch):
    counts = StateCounts(record)
    expected, query, asked = answered(record, text), record.query, []
    assert b"errors" not in expected
    counts.read()
    monkeypatch.setattr(record, "query", lambda one: asked.append(one) or query(one))

    assert expected == answered(record, text, counts.known)
    assert [] == [one for one in asked if one.entity == "task_run" and one.where is None]


@pytest.mark.parametrize("text", ASKED)
def test_what_is_not_a_count_by_state_alone_is_asked_of_the_record(record, text):
    expected = answered(record, text)
    assert b"errors" not in expected

    assert expected == answered(record, text, lambda: pytest.fail("this is not kept"))


def test_where_nothing_is_kept_the_record_is_asked(record):
    assert answered(record, KEPT[1]) == answered(record, KEPT[1], lambda: None)
