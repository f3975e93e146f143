"""The graph of a flow as documented: building, asking, changing, comparing, keeping and drawing."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

from runwright import Edge, Flow, Parameter, Task, context, resource_manager, task
from runwright.collecting import Constant
from runwright.context import context as run_context
from runwright.results import LocalResult


class AddTask(Task):
    def run(self, x, y=1):
        return x + y


@task
def inc(x):
    return x + 1


def chain(*names):
    tasks = [Task(name=name) for name in names]
    flow = Flow("f")
    flow.chain(*tasks)
    return flow, tasks


class TestConstructor:
    @pytest.mark.parametrize("name", ["", None])
    def test_a_name_is_needed(self, name):
        with pytest.raises(ValueError, match="must be provided"):
            Flow(name)
        make: Any = Flow
        with pytest.raises(TypeError):
            make()

    def test_everything_may_be_given(self):
        a, b = Task(name="a"), AddTask()
        result = LocalResult(dir=".")
        flow = Flow("f", tasks=[a], edges=[Edge(a, b, "x")], reference_tasks=[a], result=result)
        assert ({a, b}, {Edge(a, b, "x")}, {a}) == (flow.tasks, flow.edges, flow.reference_tasks())
        assert result is flow.result
        assert (None, None, None, None) == (flow.schedule, flow.run_config, flow.storage, flow.executor)

    def test_handlers_are_a_sequence(self):
        with pytest.raises(TypeError, match="iterable"):
            Flow("f", state_handlers=lambda *_: None)
        assert 1 == len(Flow("f", on_failure=lambda *_: None).state_handlers)

    def test_validate_checks_at_once(self):
        a, b = Task(), Task()
        with pytest.raises(ValueError, match="Cycle found; flows must be acyclic!"):
            Flow("f", edges=[Edge(a, b), Edge(b, a)], validate=True)
        with pytest.raises(ValueError, match="x"):
            Flow("f", edges=[Edge(a, b, "x")], validate=True)


class TestContextManager:
    def test_it_is_the_active_flow(self):
        with Flow("outer") as outer:
            with Flow("inner") as inner:
                assert inner is context.flow
            assert outer is context.flow
        assert "flow" not in context

    def test_unused_tasks_are_warned_about(self):
        with pytest.warns(UserWarning, match="Tasks were created but not added to the flow"), Flow("f"):
            Task(name="lonely")


class TestAddEdge:
    def test_it_adds_the_tasks_and_returns_the_edge(self):
        a, b = Task(), AddTask()
        flow = Flow("f")
        assert Edge(a, b, "x", mapped=True) == flow.add_edge(a, b, key="x", mapped=True)
        assert {a, b} == flow.tasks

    def test_the_same_edge_is_there_once(self):
        flow, (a, b) = chain("a", "b")
        flow.add_edge(a, b)
        assert 1 == len(flow.edges)

    def test_a_key_is_an_identifier(self):
        for key in ("1", "a b", "-"):
            with pytest.raises(ValueError, match="Key must be a valid Python identifier"):
                Flow("f").add_edge(Task(), AddTask(), key=key)

    def test_no_task_follows_itself(self):
        a = Task()
        with pytest.raises(ValueError, match="itself"):
            Flow("f").add_edge(a, a)

    def test_mapping_inside_a_mapped_context_is_refused(self):
        with run_context(mapped=True), pytest.raises(ValueError, match="from inside a mapped context"):
            Flow("f").add_edge(Task(), AddTask(), key="x", mapped=True)

    def test_a_key_is_given_once_when_it_is_checked(self):
        a, b, c = Task(), Task(), AddTask()
        flow = Flow("f", edges=[Edge(a, c, "x")])
        with pytest.raises(ValueError, match="x"):
            flow.add_edge(a, c, key="x", validate=True)
        flow.add_edge(b, c, key="x", validate=False)
        with pytest.raises(ValueError, match="twice"):
            flow.validate()

    def test_an_unknown_key_is_refused_when_it_is_checked(self):
        flow = Flow("f")
        flow.add_edge(Task(), AddTask(), key="z")
        with pytest.raises(ValueError, match="z"):
            Flow("f").add_edge(Task(), AddTask(), key="z", validate=True)

    def test_a_circle_is_found_when_it_is_checked_or_sorted(self):
        flow, (a, b) = chain("a", "b")
        with pytest.raises(ValueError, match="Cycle found; flows must be acyclic!"):
            flow.copy().add_edge(b, a, validate=True)
        flow.add_edge(b, a)
        with pytest.raises(ValueError, match="Cycle found; flows must be acyclic!"):
            flow.sorted_tasks()

    def test_only_tasks_are_added(self):
        with pytest.raises(TypeError):
            Flow("f").add_task(1)


class TestAsking:
    def test_neighbours(self):
        flow, (a, b, c) = chain("a", "b", "c")
        assert ({a}, {c}) == (flow.upstream_tasks(b), flow.downstream_tasks(b))
        assert ({Edge(a, b)}, {Edge(b, c)}) == (flow.edges_to(b), flow.edges_from(b))
        assert ({a}, {c}) == (flow.root_tasks(), flow.terminal_tasks())
        assert {a: set(), b: {Edge(a, b)}, c: {Edge(b, c)}} == flow.all_upstream_edges()
        assert {a: {Edge(a, b)}, b: {Edge(b, c)}, c: set()} == flow.all_downstream_edges()

    @pytest.mark.parametrize("question", ["upstream_tasks", "downstream_tasks", "edges_to", "edges_from"])
    def test_a_stranger_has_none(self, question):
        with pytest.raises(ValueError, match="was not found in Flow"):
            getattr(Flow("f"), question)(Task())

    def test_answers_are_sets_of_the_callers_own(self):
        flow, (a, b) = chain("a", "b")
        answer = flow.tasks
        assert isinstance(answer, set)
        answer.clear()
        assert {a, b} == flow.tasks
        for each in flow.tasks:
            flow.add_edge(each, Task())
        assert 4 == len(flow.tasks)

    def test_sorted_tasks_respect_edges_and_start_where_told(self):
        flow, (a, b, c) = chain("a", "b", "c")
        d = flow.add_task(Task(name="d"))
        assert (a, b, c, d) == flow.sorted_tasks()
        assert (b, c) == flow.sorted_tasks(root_tasks=[b])
        assert [a, b, c, d] == list(flow)
        with pytest.raises(ValueError, match="was not found in Flow"):
            flow.sorted_tasks(root_tasks=[Task()])

    def test_answers_change_with_the_graph(self):
        flow, (a, b) = chain("a", "b")
        assert ({b}, (a, b)) == (flow.terminal_tasks(), flow.sorted_tasks())
        c = Task()
        flow.add_edge(b, c)
        assert ({c}, (a, b, c)) == (flow.terminal_tasks(), flow.sorted_tasks())

    def test_get_tasks_filters_by_everything_given(self):
        a, b = Task(name="x", tags=["1", "2"]), AddTask(name="x", tags=["1"], slug="s")
        flow = Flow("f", tasks=[a, b])
        assert [a, b] == flow.get_tasks(name="x") == flow.get_tasks(tags=["1"]) == flow.get_tasks()
        assert [a] == flow.get_tasks(tags=["1", "2"])
        assert [b] == flow.get_tasks(slug="s") == flow.get_tasks(task_type=AddTask)
        assert [] == flow.get_tasks(name="x", slug="y")

    def test_parameters(self):
        x, y = Parameter("x"), Parameter("y", default=1)
        assert {x, y} == Flow("f", tasks=[x, y, Task()]).parameters()


class TestReferenceTasks:
    def test_the_last_tasks_by_default(self):
        flow, (a, b) = chain("a", "b")
        assert {b} == flow.reference_tasks()
        flow.set_reference_tasks([a])
        assert {a} == flow.reference_tasks()
        flow.set_reference_tasks([])
        assert {b} == flow.reference_tasks()

    def test_a_stranger_decides_nothing(self):
        with pytest.raises(ValueError, match="was not found in Flow"):
            Flow("f").set_reference_tasks([Task()])

    def test_resources_do_not_count(self):
        @resource_manager
        class Cluster:
            def setup(self):
                return 1

            def cleanup(self, resource):
                pass

        with Flow("f") as flow, Cluster() as cluster:
            inner = inc(cluster)
        assert {inner} == flow.reference_tasks()
        assert "Cluster.cleanup" == flow.terminal_tasks().pop().name


class TestUpdate:
    def test_it_takes_everything_over(self):
        first, (a, b) = chain("a", "b")
        with Flow("g") as second:
            made = inc(5)
            mapped = inc.map([1, 2])
        first.update(second)
        assert {a, b, made, mapped} <= first.tasks
        assert {"x": 5} == first.constants[made]
        assert second.edges <= first.edges

    def test_parameters_of_one_name_clash_unless_merged(self):
        def flow_of_x():
            with Flow("f") as flow:
                inc(Parameter("x"))
            return flow

        first, second = flow_of_x(), flow_of_x()
        with pytest.raises(ValueError, match="slug"):
            first.copy().update(second)
        first.update(second, merge_parameters=True)
        assert (3, 1, 2) == (len(first.tasks), len(first.parameters()), len(first.edges))

    def test_reference_tasks_of_both_may_decide(self):
        first, (a, _) = chain("a", "b")
        second, (c, _) = chain("c", "d")
        first.set_reference_tasks([a])
        second.set_reference_tasks([c])
        other = first.copy()
        first.update(second, merge_reference_tasks=True)
        other.update(second)
        assert ({a, c}, {a}) == (first.reference_tasks(), other.reference_tasks())


class TestReplace:
    def test_edges_and_references_follow(self):
        flow, (a, b, c) = chain("a", "b", "c")
        flow.set_reference_tasks([b])
        new = Task(name="new")
        flow.replace(b, new)
        assert {a, new, c} == flow.tasks
        assert {Edge(a, new), Edge(new, c)} == flow.edges
        assert {new} == flow.reference_tasks()
        assert b not in flow.slugs
        assert "new-1" == flow.slugs[new]

    def test_constants_follow(self):
        with Flow("f") as flow:
            old = inc(5)
        new = AddTask()
        flow.replace(old, new)
        assert {"x": 5} == flow.constants[new]
        assert old not in flow.constants

    def test_the_new_one_may_be_a_value(self):
        flow, (a, b) = chain("a", "b")
        flow.replace(a, 5)
        assert ["5"] == [each.name for each in flow.get_tasks(task_type=Constant)]
        assert b in flow.tasks

    def test_the_old_one_must_be_there(self):
        with pytest.raises(ValueError, match="was not found in Flow"):
            Flow("f").replace(Task(), Task())


class TestAsAValue:
    def test_equality_looks_at_name_tasks_edges_and_references(self):
        flow, (a, _) = chain("a", "b")
        assert flow == flow.copy()
        for change in (
            lambda f: setattr(f, "name", "g"),
            lambda f: f.add_task(Task()),
            lambda f: f.add_edge(Task(), a),
            lambda f: f.set_reference_tasks([a]),
        ):
            other = flow.copy()
            change(other)
            assert flow != other
        assert flow != 1

    def test_a_copy_changes_by_itself(self):
        flow, (_, b) = chain("a", "b")
        other = flow.copy()
        other.add_edge(b, Task())
        assert (2, 3) == (len(flow.tasks), len(other.tasks))

    def test_it_crosses_processes(self):
        flow, _ = chain("a", "b")
        other = cloudpickle.loads(cloudpickle.dumps(flow))
        assert ["a", "b"] == [each.name for each in other.sorted_tasks()]
        assert flow.slugs != {}
        assert sorted(flow.slugs.values()) == sorted(other.slugs.values())

    def test_repr(self):
        assert '<Flow: name="f">' == repr(Flow("f"))

    def test_chain_returns_the_edges(self):
        a, b, c = Task(), Task(), Task()
        assert [Edge(a, b), Edge(b, c)] == Flow("f").chain(a, b, c)


class TestFiles:
    def test_save_and_load_by_path(self, runwright_home, tmp_path):
        flow, _ = chain("a", "b")
        path = flow.save(str(tmp_path / "here"))
        assert str(tmp_path / "here") == path
        assert ["a", "b"] == [each.name for each in Flow.load(path).sorted_tasks()]

    def test_save_and_load_by_name_and_slug(self, runwright_home):
        path = Flow("I aM A-test!").save()
        assert runwright_home / "flows" == Path(path).parent
        assert "I aM A-test!" == Flow.load("I aM A-test!").name == Flow.load("i-am-a-test").name

    def test_a_file_that_is_not_there(self, runwright_home):
        with pytest.raises(ValueError, match="no saved flow 'nothing'"):
            Flow.load("nothing")


class TestSerializing:
    def test_everything_is_there_sorted(self):
        with Flow("f") as flow:
            made = inc(Parameter("x"))
            AddTask().bind(made, 1)
        document = flow.serialize()
        assert ("f", "runwright.flow.Flow", None, None) == (
            document["name"], document["type"], document["schedule"], document["storage"],
        )  # fmt: skip
        assert ["AddTask-1", "inc-1", "x"] == [each["slug"] for each in document["tasks"]]
        assert ["x"] == [each["slug"] for each in document["parameters"]]
        assert [{"slug": "AddTask-1"}] == document["reference_tasks"]
        assert {
            "upstream_task": {"slug": "inc-1"},
            "downstream_task": {"slug": "AddTask-1"},
            "key": "x",
            "mapped": False,
            "flattened": False,
        } == document["edges"][0]

    def test_the_hash_is_that_of_the_content(self):
        first, _ = chain("a", "b")
        same, _ = chain("a", "b")
        other, _ = chain("a", "c")
        assert first.serialized_hash() == same.serialized_hash() != other.serialized_hash()
        assert 64 == len(first.serialized_hash())

    def test_building_needs_a_place(self):
        with pytest.raises(ValueError, match="no storage"):
            Flow("f").serialize(build=True)


class TestDrawing:
    def test_boxes_arrows_and_keys(self):
        with Flow("f") as flow:
            inc(inc(1, task_args={"name": "first"}))
        source = flow.visualize().source
        assert "label=first shape=ellipse" in source
        assert "t0 -> t1 [label=x]" in source

    def test_a_mapped_task_is_a_box_with_dashed_arrows(self):
        with Flow("f") as flow:
            inc.map(inc(1), task_args={"name": "many"})
        source = flow.visualize().source
        assert 'label="many <map>" shape=box' in source
        assert "label=x style=dashed" in source

    def test_states_give_colours_and_children(self, runwright_home):
        with Flow("f") as flow:
            inc.map(inc.map([1, 2, "x"]))
        drawn = flow.visualize(flow.run()).source
        assert 6 == drawn.count('label="inc <map>"')
        assert 4 == drawn.count('color="#28a74580"') - drawn.count('label="Constant')
        assert 'color="#eb000080"' in drawn
        assert 'color="#ff513180"' in drawn

    def test_horizontal(self):
        flow, _ = chain("a", "b")
        assert "rankdir=LR" in flow.visualize(horizontal=True).dot
        assert "flowchart LR" in flow.visualize(horizontal=True).mermaid

    def test_every_text_is_escaped(self):
        flow, _ = chain('<script>alert("x")</script>', "a|b")
        drawing = flow.visualize()
        root = ET.fromstring(drawing.svg)  # noqa: S314  our own text
        assert {'<script>alert("x")</script>', "a|b"} <= set(root.itertext())
        assert "<script>" not in drawing.svg
        assert "<script>" not in drawing.mermaid
        assert r"\"x\"" in drawing.dot

    @pytest.mark.parametrize(("name", "start"), [("f.svg", "<svg"), ("f.mmd", "flowchart"), ("f.dot", "digraph")])
    def test_a_file_has_the_format_of_its_ending(self, tmp_path, name, start):
        flow, _ = chain("a", "b")
        flow.visualize(filename=str(tmp_path / name))
        assert (tmp_path / name).read_text().startswith(start)

    def test_a_file_without_an_ending_gets_one(self, tmp_path):
        flow, _ = chain("a", "b")
        flow.visualize(filename=str(tmp_path / "drawn"), format="dot")
        assert (tmp_path / "drawn.dot").exists()

    def test_an_unknown_format_is_refused(self):
        with pytest.raises(ValueError, match="svg, mermaid, dot"):
            Flow("f").visualize(format="pdf")

    def test_an_empty_flow_is_an_empty_drawing(self):
        assert Flow("f").visualize().svg.startswith("<svg")
