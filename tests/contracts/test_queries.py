"""Every store answers a query as the memory record does, which evaluates it row by row."""

from __future__ import annotations

import json
from contextlib import closing
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from runwright import ids
from runwright.entities import ENTITIES
from runwright.query import (
    Aggregate,
    Among,
    And,
    Compare,
    Exists,
    Nested,
    Nodes,
    Not,
    Or,
    Order,
    Query,
    Related,
    Summary,
    Value,
    columns,
)
from runwright.runs import EdgeInfo, FlowVersion, TaskInfo
from runwright.stores import open_store
from runwright.testing.scribe import NOON, Scribe

LOCAL = ["local", "here", "json", 3, "ab", None, "/folder"]
PACK = ["pack", "there#1+2", "json", 3, "ab", 4, ""]
ETL = FlowVersion(
    "etl",
    "with policies",
    (
        TaskInfo("first", "The first", tags=("a", "b")),
        TaskInfo(
            "second",
            "The second",
            is_mapped=True,
            policies={"max_retries": 2, "retry_delay": [1.5], "type": "my.Task", "auto_generated": True},
        ),
    ),
    edges=(EdgeInfo("first", "second", "x", mapped=True), EdgeInfo("first", "second")),
    created=NOON,
    document={"project": "Ours", "settings": {"heartbeat_enabled": False}, "storage": {"a": [1, {"b": None}]}},
)


def tell(store, monkeypatch):
    """Write the same record into any store."""
    numbers = iter(range(1, 1_000))
    monkeypatch.setattr(
        ids, "new_flow_run_id", lambda at: UUID(int=at // 1_000_000 << 80 | 7 << 76 | next(numbers) << 64 | 2 << 62)
    )
    store.add_project("Ours", "About us")
    store.register(ETL)
    at = NOON
    for flow, name, label in (("etl", "one", "x"), ("etl", "two_%", "y"), ("load", "Three", None)):
        scribe = Scribe(store, flow=flow, name=name, at=at, tasks=3)
        created = scribe.batch.events[0].data or {}
        created |= {"labels": [label], "parameters": {"x": {"y": [1, "2", None, True]}, "name": name}}
        scribe.start().run(1, result=LOCAL).log(0, "begin").log(1, "hello")
        children = scribe.map(2, 4)
        scribe.run(children[0], result=PACK).log(children[0], "child")
        scribe.run(children[1], ending="Failed", message="No luck", error={"type": "ValueError", "text": "no"})
        scribe.enter(children[2], "Running").enter(children[2], "Retrying", due=NOON + 123_456_789, run_count=2)
        scribe.enter(2, "Mapped", children=4)
        scribe.enter(3, "Cached", cache_key="k", hashed_inputs={"a": "b"}, cached_parameters={"q": 1}, expires=NOON)
        if flow == "etl":
            scribe.enter(0, "Success", message="All is well", unstored=True)
        scribe.commit()
        store.change_tags([ids.task_run_id(scribe.flow_run, ordinal) for ordinal in (1, children[0])], ["b", "seen"])
        at = scribe.at + 1_000_000
    return store


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def pair(request, tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('queries') / 'record.db'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_server").url("queries")
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        closing(open_store("memory://")) as memory,
        closing(open_store(url, synchronous="NORMAL")) as database,
    ):
        yield tell(memory, monkeypatch), tell(database, monkeypatch)
    if request.param == "postgres":
        with request.getfixturevalue("postgres_server").connect() as db:
            db.execute("DROP SCHEMA queries CASCADE")


def answers(pair, query):
    return [json.loads(store.query(query)) for store in pair]


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_column_of_every_row_is_the_same(pair, entity):
    names = [name for name in ENTITIES[entity].columns if (entity, name) not in BY_THE_CLOCK]

    expected, actual = answers(pair, Query(entity, columns(*names)))

    assert expected
    assert expected == actual


BY_THE_CLOCK = {("flow", "created"), ("task", "created"), ("flow_group", "created"), ("project", "created")}


@pytest.mark.parametrize(
    ("entity", "relation"), [(name, each) for name, entity in ENTITIES.items() for each in entity.relations]
)
def test_every_relation_leads_to_the_same_rows(pair, entity, relation):
    way = ENTITIES[entity].relations[relation]
    inner = Query(way.entity, columns("id"), is_single=not way.is_list)

    expected, actual = answers(pair, Query(entity, (*columns("id"), Related(relation, inner))))

    assert any(row[relation] for row in expected)
    assert expected == actual


# ------------------------------------------------------------------------------------------------------ random queries

ASKED = ["flow_run", "task_run", "task_run_state", "task", "edge", "log", "flow", "flow_run_state"]
OPERATORS = {
    "text": ["eq", "neq", "in", "nin", "gt", "gte", "lt", "lte", "like", "nlike", "ilike", "nilike", "is_null"],
    "json": ["eq", "neq", "contains", "contained_in", "has_key", "has_keys_any", "has_keys_all", "is_null"],
}
OF_ANY = ["eq", "neq", "in", "nin", "gt", "gte", "lt", "lte", "is_null"]
PATTERNS = ["%", "T%", "%e%", "two\\_\\%", "_ne", "%[a-z]%", "f*", "?", ""]
DOCUMENTS = [
    ["b"],
    ["seen", "b"],
    "seen",
    {},
    [],
    {"x": {"y": [True]}},
    {"x": {"y": [1, "2"]}},
    ["x"],
    "x",
    1,
    None,
    {"name": "one"},
    [[]],
]


@st.composite
def comparisons(draw, pair, entity):
    column = draw(
        st.sampled_from([each for each in entity.columns.values() if (entity.name, each.name) not in BY_THE_CLOCK])
    )
    operator = draw(st.sampled_from(OPERATORS.get(column.type, OF_ANY)))
    if operator == "is_null":
        return Compare(column.name, operator, draw(st.booleans()))
    if "like" in operator:
        return Compare(column.name, operator, draw(st.sampled_from(PATTERNS)))
    if operator == "has_key":
        return Compare(column.name, operator, draw(st.sampled_from(["x", "name", "type", ""])))
    if operator.startswith("has_keys"):
        return Compare(column.name, operator, draw(st.lists(st.sampled_from(["x", "name", "type"]), max_size=2)))
    values = found_in(pair, entity, column)
    if operator in {"in", "nin"}:
        return Compare(column.name, operator, draw(st.lists(st.sampled_from(values), max_size=3)))
    return Compare(column.name, operator, draw(st.sampled_from(values)))


def found_in(pair, entity, column):
    """Return values that rows have, and some that none has."""
    rows = json.loads(pair[0].query(Query(entity.name, columns(column.name))))
    others = {
        "uuid": [str(UUID(int=7)), str(UUID(int=7 << 76 | 2 << 62 | 5))],
        "text": ["", "zebra", "Failed"],
        "integer": [-1, 3],
        "number": [0.5, 2],
        "boolean": [True, False],
        "time": ["2023-11-14T22:13:20.004Z"],
        "duration": ["00:00:00.001", 0.002],
        "json": [*DOCUMENTS[:-3], 1],
    }
    return [value for row in rows if (value := row[column.name]) is not None] + others[column.type]


def conditions(pair, entity):
    leaves = comparisons(pair, entity)
    relations = st.sampled_from(list(entity.relations.values()))
    related = relations.flatmap(
        lambda way: st.builds(Exists, st.just(way.name), st.none() | comparisons(pair, ENTITIES[way.entity]))
    )
    return st.recursive(
        leaves | related,
        lambda inner: (
            st.builds(Not, inner)
            | st.builds(And, st.lists(inner, max_size=3).map(tuple))
            | st.builds(Or, st.lists(inner, max_size=3).map(tuple))
        ),
        max_leaves=5,
    )


@st.composite
def orders(draw, entity):
    ordered = [
        each.name
        for each in entity.columns.values()
        if each.type != "json" and (entity.name, each.name) not in BY_THE_CLOCK
    ]
    found = []
    for _ in range(draw(st.integers(0, 2))):
        single = [each for each in entity.relations.values() if not each.is_list]
        via, names = (), ordered
        if single and draw(st.booleans()):
            way = draw(st.sampled_from(single))
            via, names = (
                (way.name,),
                ["id"] if way.entity in {"flow", "task"} else ["id", "name"] * (way.entity != "task_run_state"),
            )
        found.append(
            Order(
                draw(st.sampled_from(names)), draw(st.booleans()), draw(st.sampled_from([None, "first", "last"])), via
            )
        )
    return tuple(found)


@st.composite
def row_queries(draw, pair):
    entity = ENTITIES[draw(st.sampled_from(ASKED))]
    rows = json.loads(pair[0].query(Query(entity.name, columns("id"))))
    ordering = draw(orders(entity))
    after = draw(st.none() | st.sampled_from([row["id"] for row in rows]))
    plain = [each for each, column in entity.columns.items() if column.type in {"text", "integer", "boolean"}]
    return Query(
        entity.name,
        columns("id"),
        draw(st.none() | conditions(pair, entity)),
        ordering,
        draw(st.none() | st.integers(0, 5)),
        draw(st.integers(0, 2)),
        after,
        () if after else draw(st.just(()) | st.sampled_from(plain).map(lambda name: (name,))),
        draw(st.booleans()),
    )


@st.composite
def summaries(draw, pair):
    entity = ENTITIES[draw(st.sampled_from(ASKED))]
    of_time = [each for each in entity.columns.values() if (entity.name, each.name) not in BY_THE_CLOCK]
    comparable = [each.name for each in of_time if each.type in {"text", "integer", "number", "time", "duration"}]
    summable = [each.name for each in of_time if each.type in {"integer", "duration"}]
    names = st.sampled_from([each.name for each in of_time if each.type != "json"])
    fields = [
        Aggregate("count", "count"),
        Aggregate("some", "count", tuple(draw(st.lists(names, max_size=2, unique=True))), draw(st.booleans())),
        Nested(
            "extreme",
            (
                Aggregate("least", "min", (draw(st.sampled_from(comparable)),)),
                Aggregate("most", "max", (draw(st.sampled_from(comparable)),)),
            ),
        ),
    ]
    if summable:
        column = (draw(st.sampled_from(summable)),)
        fields += [Aggregate("sum", "sum", column), Aggregate("avg", "avg", column)]
        fields.append(Aggregate("part", "percentile", column, fraction=draw(st.sampled_from([0.0, 0.5, 0.95, 1.0]))))
    group_by = tuple(draw(st.lists(names, max_size=2, unique=True)))
    if group_by:
        fields += [Value(name) for name in group_by]
    else:
        fields.append(Nodes("nodes", columns("id")))
    limit = draw(st.none() | st.integers(0, 5))
    return Summary(
        entity.name, tuple(fields), draw(st.none() | conditions(pair, entity)), group_by, draw(orders(entity)), limit
    )


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_query_gives_the_same_rows(pair, data):
    expected, actual = answers(pair, data.draw(row_queries(pair)))

    assert expected == actual


COUNTED = ["state", "state_type", "phase", "flow_run_id", "task_id"]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_counts_are_those_of_the_rows(pair, data):
    group_by = tuple(data.draw(st.lists(st.sampled_from(COUNTED), max_size=2, unique=True)))
    entity = ENTITIES["task_run"]
    conditions_on_counts = comparisons(pair, entity).filter(lambda each: each.column in COUNTED) | st.builds(
        Exists, st.just("flow_run"), comparisons(pair, ENTITIES["flow_run"])
    )
    where = data.draw(st.none() | conditions_on_counts | st.builds(Not, conditions_on_counts))
    fields = (Aggregate("n", "count"), *(Value(name) for name in group_by))

    expected, actual = answers(pair, Summary("task_run", fields, where, group_by))

    assert expected == actual


@pytest.mark.parametrize("operator", ["neq", "nin"])
def test_an_id_that_is_not_there_is_no_other_id(pair, operator):
    other = str(UUID(int=7))
    where = Compare("project_id", operator, [other] if operator == "nin" else other)

    expected, actual = answers(pair, Query("flow", columns("name"), where))

    assert ["etl"] == [row["name"] for row in expected]
    assert expected == actual


@pytest.mark.parametrize("entity", ASKED)
@pytest.mark.parametrize("among", [Among(3), Among(3, 2), Among(1_000, 1), Among(2, 1_000), Among(0)])
def test_only_so_many_rows_are_looked_at(pair, entity, among):
    rows = answers(pair, Query(entity, columns("id"), order=(Order("id"),), among=among))
    counted = answers(pair, Summary(entity, (Aggregate("count", "count"),), among=among))
    everything = answers(pair, Query(entity, columns("id"), order=(Order("id"),)))[0]

    end = max(0, len(everything) - among.skip)
    expected = everything[max(0, end - among.newest) : end]
    assert [expected, expected] == rows
    assert [{"count": len(expected)}] * 2 == counted


def test_related_rows_are_counted(pair):
    counted = Summary("task_run", (Nested("aggregate", (Aggregate("n", "count"),)),), Compare("state", "neq", "Cached"))

    for entity, relation in (("flow_run", "task_runs"), ("task", "task_runs"), ("task_run", "children")):
        expected, actual = answers(pair, Query(entity, (*columns("id"), Related(relation, counted))))
        assert expected == actual


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_summary_gives_the_same_numbers(pair, data):
    expected, actual = answers(pair, data.draw(summaries(pair)))

    assert expected == actual
