"""Runs of YAML flows on the pages: tasks inside tasks follow them, and the graph has the order that they run in."""

from __future__ import annotations

import pytest

from runwright.cli.main import main
from runwright.open_records import open_record
from runwright.ui import rows
from runwright.ui.ask import Ask
from runwright.ui.lines import by_task, lines_at, lines_now, order_of
from runwright.ui.log_end import LogEnd
from runwright.ui.pages import flow_run as page
from runwright.ui.surface import Surface
from runwright.views import FlowRunFilter

FLOW = """
id: nightly
namespace: company.team
tasks:
  - id: hello
    type: io.kestra.plugin.core.log.Log
    message: Hello
  - id: each
    type: io.kestra.plugin.core.flow.ForEach
    values: ["a", "b"]
    tasks:
      - {id: one, type: io.kestra.plugin.core.debug.Return, format: "{{ taskrun.value }}"}
      - {id: two, type: io.kestra.plugin.core.log.Log, message: "{{ taskrun.value }}"}
  - id: both
    type: io.kestra.plugin.core.flow.Parallel
    tasks:
      - {id: left, type: io.kestra.plugin.core.debug.Return, format: "l"}
      - {id: right, type: io.kestra.plugin.core.debug.Return, format: "r"}
"""


@pytest.fixture
def recorded(runwright_home, tmp_path, capsys):
    """Return a record and the run of the flow on it."""
    file = tmp_path / "flow.yaml"
    file.write_text(FLOW)
    assert 0 == main(["run", str(file)])
    store = open_record(read_only=True)
    return store, store.flow_runs(FlowRunFilter(limit=1))[0]


def test_tasks_inside_a_task_follow_it(recorded):
    lines = lines_now(*recorded)

    assert [
        ("hello", 0), ("each", 0), ("one[0]", 1), ("two[0]", 1), ("one[1]", 1), ("two[1]", 1), ("both", 0), ("left", 1),
        ("right", 1),
    ] == [(line.slug, line.depth) for line in lines]  # fmt: skip
    assert {"Success": 4} == lines[1].counts
    assert not any(line.is_mapped for line in lines)


def test_the_past_names_the_right_tasks(recorded):
    store, run = recorded
    end = run.end_time or 0

    lines = lines_at(store, run, rows.version_of(store, run), end)

    assert [("hello", "Success"), ("each", "Success"), ("both", "Success")] == [
        (line.slug, line.state) for line in lines
    ]
    assert {"Success": 4} == {state: count for state, count in lines[1].counts.items() if count}


def test_the_graph_has_the_order_that_tasks_run_in(recorded):
    store, run = recorded
    version = rows.version_of(store, run)

    assert {
        ("hello", "each"),
        ("each", "both"),
        ("each", "one"),
        ("one", "two"),
        ("both", "left"),
        ("both", "right"),
    } == {(edge.upstream, edge.downstream) for edge in order_of(version, store.expansions(run.id))}
    assert {"Success": 2} == by_task(lines_now(store, run))["one"].counts


@pytest.mark.parametrize("tab", page.TABS)
def test_every_part_shows_one_round(recorded, tab):
    store, run = recorded
    shown = page.read(
        Surface(store, "record", LogEnd(store)), Ask({"id": str(run.id)}, {"tab": tab, "select": "one[1]"})
    )

    assert "one[1]" == shown.selected.name
    assert shown.gantt is None or not shown.gantt.critical
    assert tab != "table" or ["one[1]"] == [row["name"] for row in shown.rows]
