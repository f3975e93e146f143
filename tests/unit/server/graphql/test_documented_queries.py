"""The queries that documents and clients of the first system show, word for word but for the ids."""

from __future__ import annotations

import json


def test_the_task_runs_of_a_flow_run(ask, scribe):
    scribe.run(1).enter(2, "Running").commit()

    answer = ask(
        """
        query {
          task_run(where: {flow_run_id: {_eq: "%s"}}) {
            id
            state
            start_time
            task {
              slug
            }
          }
        }
        """.replace("%s", str(scribe.flow_run))
    )

    assert {
        "task_run": [
            {
                "id": f"{str(scribe.flow_run)[:24]}000000100000",
                "state": "Success",
                "start_time": "2023-11-14T22:13:20.004000+00:00",
                "task": {"slug": "first"},
            },
            {
                "id": f"{str(scribe.flow_run)[:24]}000000200000",
                "state": "Running",
                "start_time": "2023-11-14T22:13:20.006000+00:00",
                "task": {"slug": "second"},
            },
        ]
    } == answer


def test_how_many_task_runs_are_in_a_state(ask, scribe):
    scribe.run(1).run(2, ending="Failed").commit()

    answer = ask('query { task_run_aggregate(where: {state: {_eq: "Success"}}) { aggregate{ count } } }')

    assert {"task_run_aggregate": {"aggregate": {"count": 1}}} == answer


def test_a_task_run_by_its_slug(ask, scribe):
    scribe.run(1)
    child = scribe.map(2, 3)[1]
    scribe.run(child, result=["local", "here", "json", 1, "00", None, "/folder"]).enter(
        2, "Mapped", children=3
    ).commit()

    rows = ask(
        """
        query {
            task_run(where: { task: { slug: { _eq: "second" } }, flow_run_id: { _eq: "%s" }, map_index: { _eq: 1 } }) {
                id
                name
                task { id slug }
                map_index
                serialized_state
                flow_run_id
            }
        }
        """.replace("%s", str(scribe.flow_run))
    )["task_run"]

    assert [1] == [row["map_index"] for row in rows]
    assert "Success" == rows[0]["serialized_state"]["type"]
    assert "LocalResult" == rows[0]["serialized_state"]["_result"]["type"]
    assert "/folder" == rows[0]["serialized_state"]["_result"]["dir"]


def test_the_children_of_a_mapped_task_in_order(ask, scribe):
    children = scribe.map(2, 3)
    scribe.run(children[2]).run(children[0]).run(children[1]).enter(2, "Mapped", children=3).commit()

    rows = ask(
        """{ task_run(where: {task: {slug: {_eq: "second"}}, flow_run_id: {_eq: "%s"}, map_index: {_neq: -1}},
             order_by: {map_index: asc}) { map_index } }""".replace("%s", str(scribe.flow_run))
    )["task_run"]

    assert [0, 1, 2] == [row["map_index"] for row in rows]


def test_a_flow_run_as_its_view_asks_for_it(ask, scribe):
    scribe.enter(0, "Success", message="All is well.").commit()

    (row,) = ask(
        """
        query {
            flow_run(where: { id: { _eq: "%s" } }) {
                id name flow_id serialized_state
                states { serialized_state timestamp }
                labels parameters context updated run_config
            }
        }
        """.replace("%s", str(scribe.flow_run))
    )["flow_run"]

    assert str(scribe.flow_run) == row["id"]
    assert "All is well." == row["serialized_state"]["message"]
    assert ["Pending", "Running", "Success"] == [each["serialized_state"]["type"] for each in row["states"]]
    assert ({"x": 1}, [], None, None) == (row["parameters"], row["labels"], row["context"], row["run_config"])


def test_all_but_the_task_runs_that_are_known(ask, scribe):
    scribe.run(1).run(2).commit()
    first = f"{str(scribe.flow_run)[:24]}000000100000"
    where = '{map_index: {_eq: -1}, flow_run_id: {_eq: "%s"}, id: {_nin: %s}}'

    def rows_but(known):
        return ask("{ task_run(where: %s) { task { slug } } }" % (where % (scribe.flow_run, json.dumps(known))))[
            "task_run"
        ]

    assert ["second"] == [row["task"]["slug"] for row in rows_but([first])]
    assert ["first", "second"] == [row["task"]["slug"] for row in rows_but([])]


def test_the_log_lines_of_a_flow_run_after_a_time(ask, scribe):
    scribe.log(1, "early").log(0, "middle").log(1, "late").commit()
    lines = '{ flow_run(where: {id: {_eq: "%s"}}) { logs(order_by: {timestamp: asc}, where: {_and: [%s, %s]}) { timestamp message level } } }'
    until = '{timestamp: {_lte: "2023-11-14T22:13:20.005000+00:00"}}'

    def messages(first, second):
        return [each["message"] for each in ask(lines % (scribe.flow_run, first, second))["flow_run"][0]["logs"]]

    assert ["middle"] == messages(until, '{timestamp: {_gt: "2023-11-14T22:13:20.004Z"}}')
    assert ["early", "middle"] == messages(until, "{}")


def test_what_is_compared_with_null_restricts_nothing(ask, scribe):
    scribe.commit()

    rows = ask("{ flow(where: {name: {_eq: null}, project: {name: {_eq: null}}, version: null}) { name } }")["flow"]

    assert [{"name": "story"}] == rows
    assert [] == ask("{ flow(where: {project: {}}) { name } }")["flow"]


def test_the_newest_flow_of_a_name(ask, scribe):
    scribe.commit()
    query = '{ flow(where: {name: {_eq: "story"}, archived: {_eq: false}}, order_by: {version: desc}, limit: 1) { id settings storage flow_group { labels } } }'

    (row,) = ask(query)["flow"]

    assert (str(scribe.flow.id), {}, None, {"labels": []}) == (
        row["id"],
        row["settings"],
        row["storage"],
        row["flow_group"],
    )


def test_cached_states_since_a_time(ask, scribe):
    scribe.enter(1, "Cached", cache_key="k", hashed_inputs={}, cached_parameters={}, expires=None).commit()
    query = (
        '{ task_run(where: { state: { _eq: "Cached" }, state_timestamp: { _gte: "%s" }, cache_key: { _eq: "k" } }, '
        "order_by: { state_timestamp: desc }, limit: 100) { serialized_state } }"
    )

    assert 1 == len(ask(query % "2023-11-14T22:13:20")["task_run"])
    assert [] == ask(query % "2023-11-15")["task_run"]


def test_the_tenant(ask):
    assert {"tenant": [{"slug": "default"}]} == ask("{ tenant(order_by: {slug: asc}) { slug } }")
