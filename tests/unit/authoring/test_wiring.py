"""Wiring: the tasks and edges of a flow, and what can be asked about them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from runwright import Edge, Flow, Parameter, Task, task
from runwright.collecting import Constant
from runwright.errors import CycleError, FlowError


@task
def inc(x):
    return x + 1


@task
def add(x, y=1):
    return x + y


@pytest.fixture
def diamond():
    """Four tasks: a before b and c, both before d."""
    flow = Flow("diamond")
    a, b, c, d = (flow.add_task(Task(name=name)) for name in "abcd")
    flow.chain(a, b, d)
    flow.chain(a, c, d)
    return flow, a, b, c, d


class TestTasks:
    def test_tasks_keep_the_order_they_were_added_in(self):
        flow = Flow("f")
        tasks = [flow.add_task(Task(name=str(number))) for number in range(50)]
        assert tasks == list(flow.tasks)

    def test_a_task_is_added_once(self):
        flow, a = Flow("f"), Task()
        assert a is flow.add_task(a)
        assert a is flow.add_task(a)
        assert {a} == flow.tasks

    def test_only_tasks_can_be_added(self):
        with pytest.raises(
            TypeError, match=r"Only tasks can be added to a flow; got 5. Make a function one with @task"
        ):
            Flow("f").add_task(5)

    def test_tasks_are_found_by_what_they_are(self):
        flow = Flow("f")
        a = flow.add_task(Task(name="a", tags=["red", "green"]))
        b = flow.add_task(Task(name="a", slug="b", tags=["red"]))
        p = flow.add_task(Parameter("p"))
        assert [a, b, p] == flow.get_tasks()
        assert [a, b] == flow.get_tasks(name="a")
        assert [b] == flow.get_tasks(slug="b")
        assert [a] == flow.get_tasks(tags=["red", "green"])
        assert [p] == flow.get_tasks(task_type=Parameter)
        assert [] == flow.get_tasks(name="a", task_type=Parameter)


class TestSlugs:
    def test_a_slug_is_the_name_the_tags_and_a_number(self):
        flow = Flow("f")
        tasks = [Task(name="t"), Task(name="t"), Task(name="t", tags=["b", "a"]), Task(name="u"), Task(name="t")]
        for each in tasks:
            flow.add_task(each)
        assert ["t-1", "t-2", "t-a-b-1", "u-1", "t-3"] == [flow.slugs[each] for each in tasks]

    def test_numbers_skip_slugs_that_are_taken(self):
        flow = Flow("f")
        flow.add_task(Task(slug="t-1"))
        flow.add_task(Task(slug="t-3"))
        made = [flow.add_task(Task(name="t")) for _ in range(2)]
        assert ["t-2", "t-4"] == [flow.slugs[each] for each in made]

    def test_a_slug_of_its_own_is_kept_and_unique(self):
        flow, mine = Flow("f"), Task(slug="mine")
        flow.add_task(mine)
        assert "mine" == flow.slugs[mine]
        with pytest.raises(FlowError, match="slug 'mine' already exists in this flow: give one of them another slug"):
            flow.add_task(Task(slug="mine"))

    def test_a_slug_stays_when_the_task_is_renamed(self):
        flow, a = Flow("f"), Task(name="before")
        flow.add_task(a)
        a.name = "after"
        assert "before-1" == flow.slugs[a]
        assert "before-1" == flow.compile().nodes[0].slug

    def test_one_task_can_be_in_two_flows(self):
        one, two, a = Flow("one"), Flow("two"), Task(name="a")
        two.add_task(Task(name="a"))
        one.add_task(a)
        two.add_task(a)
        assert ("a-1", "a-2") == (one.slugs[a], two.slugs[a])


class TestEdges:
    def test_an_edge_adds_its_tasks(self):
        flow, a, b = Flow("f"), Task(), Task()
        assert Edge(a, b) == flow.add_edge(a, b)
        assert [a, b] == list(flow.tasks)

    def test_an_edge_that_cannot_be_adds_nothing(self):
        flow, a = Flow("f"), Task()
        with pytest.raises(ValueError, match="valid Python identifier"):
            flow.add_edge(a, Task(), key="not a name")
        with pytest.raises(ValueError, match="to itself"):
            flow.add_edge(a, a)
        assert not flow.tasks

    def test_an_equal_edge_counts_once(self):
        flow, a, b = Flow("f"), Task(), Task()
        flow.add_edge(a, b)
        flow.add_edge(a, b)
        assert {Edge(a, b)} == flow.edges
        assert {Edge(a, b)} == flow.edges_to(b)

    def test_a_chain_is_an_edge_for_each_pair(self):
        flow, a, b, c = Flow("f"), Task(), Task(), Task()
        assert [Edge(a, b), Edge(b, c)] == flow.chain(a, b, c)

    def test_nothing_comes_before_a_parameter(self):
        flow, a = Flow("f"), Task()
        with pytest.raises(FlowError, match="Parameters must be root tasks"):
            flow.add_edge(a, Parameter("p"))

    def test_neighbours(self, diamond):
        flow, a, b, c, d = diamond
        assert {Edge(b, d), Edge(c, d)} == flow.edges_to(d)
        assert {Edge(a, b), Edge(a, c)} == flow.edges_from(a)
        assert [b, c] == list(flow.upstream_tasks(d))
        assert [b, c] == list(flow.downstream_tasks(a))
        assert ({a}, {d}) == (flow.root_tasks(), flow.terminal_tasks())
        assert {a: set(), b: {Edge(a, b)}, c: {Edge(a, c)}, d: {Edge(b, d), Edge(c, d)}} == flow.all_upstream_edges()
        assert {Edge(a, b), Edge(a, c)} == flow.all_downstream_edges()[a]
        assert flow.has_edges(a)
        assert not flow.has_edges(Task())

    @pytest.mark.parametrize("ask", ["edges_to", "edges_from", "upstream_tasks", "downstream_tasks"])
    def test_a_stranger_is_named(self, ask):
        with pytest.raises(ValueError, match="Task <Task: stranger> was not found in Flow 'f'"):
            getattr(Flow("f"), ask)(Task(name="stranger"))


class TestSorting:
    def test_what_was_added_first_comes_first_where_edges_leave_a_choice(self, diamond):
        flow, a, b, c, d = diamond
        assert (a, b, c, d) == flow.sorted_tasks()
        late = flow.add_task(Task(name="late"))
        assert (a, b, c, d, late) == flow.sorted_tasks()
        flow.add_edge(late, b)
        assert (a, c, late, b, d) == flow.sorted_tasks()

    def test_only_what_follows_from_some_roots(self, diamond):
        flow, a, b, _, d = diamond
        assert (b, d) == flow.sorted_tasks(root_tasks=[b])
        assert flow.sorted_tasks() == flow.sorted_tasks(root_tasks=[a])

    def test_a_circle_is_shown_with_its_tasks(self, diamond):
        flow, a, *_, d = diamond
        flow.add_task(Task(name="outside"))
        flow.add_edge(d, a)
        with pytest.raises(
            CycleError, match=r"Cycle found; flows must be acyclic! \S+ -> \S+ -> \S+ -> \S+: remove"
        ) as info:
            flow.sorted_tasks()
        shown = str(info.value).split("! ")[1].split(":")[0].split(" -> ")
        assert shown[0] == shown[-1]
        assert {"a-1", "d-1"} < set(shown) <= {"a-1", "b-1", "c-1", "d-1"}
        edges = {(flow.slugs[edge.upstream_task], flow.slugs[edge.downstream_task]) for edge in flow.edges}
        assert set(pairwise(shown)) <= edges

    def test_a_circle_can_be_refused_at_once(self, diamond):
        flow, a, *_, d = diamond
        with pytest.raises(CycleError):
            flow.add_edge(d, a, validate=True)
        with pytest.raises(CycleError):
            Flow("g", edges=[Edge(a, d), Edge(d, a)], validate=True)


class TestValidating:
    def test_an_input_that_the_task_does_not_take(self):
        flow, a, b = Flow("f"), Task(), add.copy()
        flow.add_edge(a, b, key="yy")
        with pytest.raises(FlowError, match=r"Task 'add' has no argument 'yy'. Did you mean 'y'\? It takes x, \[y\]."):
            flow.validate()

    def test_an_input_that_is_given_twice(self):
        flow, a, b, c = Flow("f"), Task(), Task(), add.copy()
        flow.add_edge(a, c, key="x")
        flow.add_edge(b, c, key="x")
        with pytest.raises(FlowError, match="Argument 'x' of task 'add' is given twice"):
            flow.compile()

    def test_an_input_that_is_a_task_and_a_value(self):
        with Flow("f") as flow:
            result = add(1)
            result.set_upstream(inc(1), key="x")
        with pytest.raises(FlowError, match="Argument 'x' of task 'add' is given twice"):
            flow.validate()

    @pytest.mark.parametrize("build", ["chain", "set_dependencies", "update", "replace"])
    def test_every_way_to_build_can_validate(self, build, diamond):
        flow, a, b, _, d = diamond
        other = Flow("other", edges=[Edge(d, b)])
        ways = {
            "chain": lambda: flow.chain(d, a, validate=True),
            "set_dependencies": lambda: flow.set_dependencies(a, upstream_tasks=[d], validate=True),
            "update": lambda: flow.update(other, validate=True),
            "replace": lambda: flow.replace(a, other.chain(d, Task())[0].downstream_task, validate=True),
        }
        if build == "replace":
            flow.add_edge(d, Task(name="e"))
            flow.add_edge(flow.get_tasks(name="e")[0], b)
        with pytest.raises(CycleError):
            ways[build]()


class TestReferenceTasks:
    def test_terminal_tasks_decide_unless_others_are_set(self, diamond):
        flow, a, b, *_, d = diamond
        assert {d} == flow.reference_tasks()
        flow.set_reference_tasks([b, a])
        assert [b, a] == list(flow.reference_tasks())
        flow.set_reference_tasks([])
        assert {d} == flow.reference_tasks()

    def test_they_are_tasks_of_the_flow(self, diamond):
        with pytest.raises(ValueError, match="was not found in Flow 'diamond'"):
            diamond[0].set_reference_tasks([Task()])


class TestUpdating:
    def test_another_flow_is_taken_over(self):
        with Flow("one") as one:
            a = inc(1)
        with Flow("two") as two:
            b = inc(inc(2))
        one.update(two)
        assert {a, *two.tasks} == one.tasks
        assert two.edges == one.edges
        assert {"x": 2} == one.constants[next(iter(two.tasks))]
        assert ["inc-1", "inc-2", "inc-3"] == list(one.slugs.values())
        assert {a, b} == one.reference_tasks()

    def test_parameters_of_one_name_can_be_one(self):
        with Flow("one") as one:
            x = Parameter("x")
            inc(x)
        with Flow("two") as two:
            other = inc(Parameter("x"))
        with pytest.raises(FlowError, match="slug 'x' already exists"):
            one.copy().update(two)
        one.update(two, merge_parameters=True)
        assert {x} == one.parameters()
        assert {Edge(x, other, "x")} == one.edges_to(other)

    def test_reference_tasks_of_both_can_decide(self):
        one, two, a, b, c = Flow("one"), Flow("two"), Task(), Task(), Task()
        one.chain(a, b)
        one.set_reference_tasks([a])
        two.add_task(c)
        one.update(two, merge_reference_tasks=True)
        assert {a, c} == one.reference_tasks()


class TestReplacing:
    def test_a_task_takes_the_place_of_another(self, diamond):
        flow, a, b, c, d = diamond
        flow.set_reference_tasks([b])
        new = Task(name="new")
        flow.replace(b, new)
        assert [a, new, c, d] == list(flow.tasks)
        assert {Edge(a, new), Edge(new, d), Edge(a, c), Edge(c, d)} == flow.edges
        assert {new} == flow.reference_tasks()
        assert b not in flow.slugs
        assert "new-1" == flow.slugs[new]
        assert (a, new, c, d) == flow.sorted_tasks()

    def test_a_parameter_can_become_another_of_its_name(self):
        with Flow("f") as flow:
            x = Parameter("x")
            result = inc(x)
        new = Parameter("x", default=5)
        flow.replace(x, new)
        assert {new} == flow.parameters()
        assert {new} == flow.upstream_tasks(result)

    def test_a_value_can_take_the_place_of_a_task(self):
        with Flow("f") as flow:
            a = inc(1)
            b = inc(a)
        flow.replace(a, 5)
        (constant,) = flow.upstream_tasks(b)
        assert isinstance(constant, Constant)
        assert {} == dict(flow.constants)

    def test_constants_that_the_new_task_takes_stay(self):
        with Flow("f") as flow:
            old = add(1, y=2)
        new = inc.copy()
        flow.replace(old, new)
        assert {new: {"x": 1}} == dict(flow.constants)

    def test_a_parameter_cannot_replace_what_has_upstream_tasks(self, diamond):
        flow, _, b, *_ = diamond
        before = flow.copy()
        with pytest.raises(FlowError, match="<Parameter: p> cannot replace <Task: b>"):
            flow.replace(b, Parameter("p"))
        assert before == flow

    def test_a_slug_that_is_taken_leaves_all_as_it_was(self, diamond):
        flow, _, b, *_ = diamond
        flow.add_task(Task(slug="taken"))
        before = flow.copy()
        with pytest.raises(FlowError, match="slug 'taken' already exists"):
            flow.replace(b, Task(slug="taken"))
        assert before == flow
        with pytest.raises(FlowError, match="slug 'b-1' already exists"):
            flow.add_task(Task(slug="b-1"))

    def test_a_stranger_cannot_be_replaced(self):
        with pytest.raises(FlowError, match="was not found in Flow"):
            Flow("f").replace(Task(), Task())
