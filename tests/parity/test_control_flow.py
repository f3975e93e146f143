"""Control flow as documented: case, switch, ifelse, merge, FilterTask, apply_map, resource managers."""

from __future__ import annotations

import pytest

from runwright import (
    Edge,
    FilterTask,
    Flow,
    Parameter,
    Task,
    apply_map,
    case,
    flatten,
    ifelse,
    merge,
    resource_manager,
    signals,
    switch,
    task,
    triggers,
    unmapped,
)  # fmt: skip
from runwright.control_flow import CompareValue


@task
def identity(x):
    return x


@task
def inc(x):
    return x + 1


@task
def add(x, y):
    return x + y


@task
def fails():
    raise ValueError("no")


def kinds(flow, state, *names):
    return [type(state.result[flow.get_tasks(name=name)[0]]).__name__ for name in names]


class TestCase:
    @pytest.mark.parametrize(("value", "ran", "skipped"), [("a", "in_a", "in_b"), ("b", "in_b", "in_a")])
    def test_the_matching_block_runs(self, runwright_home, value, ran, skipped):
        with Flow("f") as flow:
            condition = identity(Parameter("x"))
            for each in "ab":
                with case(condition, each):
                    inc(inc(1, task_args={"name": f"in_{each}"}))
        state = flow.run(x=value)
        assert ["Success", "Skipped"] == kinds(flow, state, ran, skipped)
        message = state.result[flow.get_tasks(name=f"case({skipped[-1]})")[0]].message
        assert f'Provided value "{value}" did not match "{skipped[-1]}"' == message

    def test_only_first_tasks_wait_for_the_comparison(self):
        with Flow("f") as flow, case(identity(True), True):
            first = inc(1)
            inc(first)
        (matches,) = flow.get_tasks(task_type=CompareValue)
        assert {first} == flow.downstream_tasks(matches)
        assert "case(True)" == matches.name

    def test_the_value_is_plain(self):
        with pytest.raises(TypeError, match="cannot be a task"):
            case(Task(), Task())


class TestSwitch:
    def test_one_of_several_runs(self, runwright_home):
        with Flow("f") as flow:
            condition = identity(Parameter("x"))
            a, b = inc(1, task_args={"name": "a"}), inc(1, task_args={"name": "b"})
            switch(condition, {"a": a, "b": b})
        assert ["Success", "Skipped"] == kinds(flow, flow.run(x="a"), "a", "b")
        compared = flow.get_tasks(name='CompareValue: "b"')[0]
        assert {"switch"} == compared.tags
        assert 'Provided value "a" did not match "b"' == flow.run(x="a").result[compared].message

    @pytest.mark.parametrize(("value", "expected"), [(5, ["Success", "Skipped"]), ("", ["Skipped", "Success"])])
    def test_ifelse_casts_first(self, runwright_home, value, expected):
        with Flow("f") as flow:
            yes, no = inc(1, task_args={"name": "yes"}), inc(1, task_args={"name": "no"})
            ifelse(identity(Parameter("x")), yes, no)
        assert expected == kinds(flow, flow.run(x=value), "yes", "no")


class TestMerge:
    def test_the_branch_that_ran_gives_the_value(self, runwright_home):
        with Flow("f") as flow:
            condition = identity(Parameter("x"))
            with case(condition, True):
                yes = inc(1)
            with case(condition, False):
                no = inc(10)
            merged = merge(yes, no)
        assert 2 == flow.run(x=True).result[merged].result
        assert 11 == flow.run(x=False).result[merged].result

    def test_it_is_skipped_when_all_branches_are(self, runwright_home):
        with Flow("f") as flow:
            with case(identity(1), 2):
                only = inc(1)
            merged = merge(only)
        state = flow.run().result[merged]
        assert (True, "All upstreams were skipped", None) == (state.is_skipped(), state.message, state.result)

    def test_keys_are_sorted_as_text(self, runwright_home):
        with Flow("f") as flow:
            merged = merge(
                *[identity(None if number in {1, 3, 4, 5, 6, 7, 8, 9} else number) for number in range(1, 11)]
            )
        assert 10 == flow.run().result[merged].result

    def test_how_it_is_declared(self):
        with Flow("f") as flow:
            merged = merge(inc(1), inc(2))
            assert (triggers.not_all_skipped, False) == (merged.trigger, merged.skip_on_upstream_skip)
            assert {"task_1", "task_2"} == {edge.key for edge in flow.edges_to(merged)}
            with pytest.raises(ValueError, match="skip_on_upstream_skip"):
                merge(inc(1), skip_on_upstream_skip=True)


class TestFilter:
    def test_none_and_exceptions_go(self, runwright_home):
        @task
        def odd(x):
            if x == 2:
                raise ValueError(x)
            return None if x == 3 else x

        with Flow("f") as flow:
            kept = FilterTask()(odd.map([1, 2, 3, 4]))
        assert [1, 4] == flow.run().result[kept].result

    def test_another_rule(self):
        assert [2] == FilterTask(filter_func=lambda x: x % 2 == 0).run([1, 2, 3])
        assert triggers.all_finished is FilterTask().trigger


def raised(x):
    return inc(x)


def raised_each(x):
    return inc.map(x)


class TestApplyMap:
    def test_a_function_is_mapped_as_a_whole(self, runwright_home):
        def func(x, y):
            return add(inc(x), y), inc(y)

        with Flow("f") as flow:
            both, second = apply_map(func, [1, 2, 3], unmapped(10))
        state = flow.run()
        assert [12, 13, 14] == state.result[both].result
        assert 3 == len(state.result[both].map_states)
        assert second in flow.tasks

    def test_arguments_may_be_flattened(self, runwright_home):
        with Flow("f") as flow:
            made = apply_map(raised, flatten([[1], [2, 3]]))
        assert [2, 3, 4] == flow.run().result[made].result

    def test_conditions_hold_for_each_child(self, runwright_home):
        @task
        def is_even(x):
            return x % 2 == 0

        def func(x):
            with case(is_even(x), True):
                halved = identity(x)
            with case(is_even(x), False):
                more = inc(x)
            return merge(halved, more)

        with Flow("f") as flow:
            made = apply_map(func, [1, 2, 3])
        assert [2, 2, 4] == flow.run().result[made].result

    def test_outside_of_a_flow_one_is_given(self):
        flow = Flow("f")
        apply_map(raised, [1], flow=flow)
        assert 2 == len(flow.tasks)
        with pytest.raises(ValueError, match="flow"):
            apply_map(raised, [1])

    def test_maps_do_not_nest(self):
        with Flow("f"), pytest.raises(ValueError, match="from inside a mapped context"):
            apply_map(raised_each, [[1]])

    def test_what_has_no_elements_is_refused(self):
        with Flow("f"), pytest.raises(TypeError, match="Cannot map over unsubscriptable object"):
            apply_map(raised, 1)


@pytest.fixture
def events():
    return []


@pytest.fixture
def managed(events):
    @resource_manager
    class Managed:
        def __init__(self, size=1, fail_on=()):
            self.size = size
            self.fail_on = fail_on
            self.note("init")

        def note(self, what):
            events.append(what)
            if what in self.fail_on:
                raise ValueError(what)

        def setup(self):
            self.note("setup")
            return list(range(self.size))

        def cleanup(self, resource):
            self.note("cleanup")
            events.append(resource)

    return Managed


class TestResourceManager:
    def test_three_tasks_stand_around_the_block(self, managed):
        with Flow("f") as flow, managed(size=3) as resource:
            first = identity(resource)
            second = identity(first)
            other = inc(1)
        init, setup, cleanup = (flow.get_tasks(name=f"Managed{end}")[0] for end in ("", ".setup", ".cleanup"))
        assert resource is setup
        assert {"size": 3} == flow.constants[init]
        assert {
            Edge(init, cleanup, "mgr"),
            Edge(setup, cleanup, "resource"),
            Edge(second, cleanup),
            Edge(other, cleanup),
        } == (flow.edges_to(cleanup))
        assert {setup} == flow.upstream_tasks(other) == flow.upstream_tasks(first)
        assert {second, other} == flow.reference_tasks()

    def test_it_is_cleaned_up_after_the_block(self, runwright_home, managed, events):
        with Flow("f") as flow, managed(size=2) as resource:
            identity(resource)
        assert flow.run().is_successful()
        assert ["init", "setup", "cleanup", [0, 1]] == events

    def test_it_is_cleaned_up_when_the_block_fails(self, runwright_home, managed, events):
        with Flow("f") as flow, managed():
            fails()
        assert flow.run().is_failed()
        assert ["init", "setup", "cleanup", [0]] == events

    @pytest.mark.parametrize("stage", ["init", "setup"])
    def test_nothing_is_cleaned_up_that_was_not_made(self, runwright_home, managed, events, stage):
        with Flow("f") as flow, managed(fail_on=(stage,)) as resource:
            identity(resource)
        state = flow.run()
        assert state.is_failed()
        assert "cleanup" not in events
        assert state.result[flow.get_tasks(name="Managed.cleanup")[0]].is_skipped()

    def test_a_failed_cleanup_does_not_fail_the_flow(self, runwright_home, managed):
        with Flow("f") as flow, managed(fail_on=("cleanup",)) as resource:
            identity(resource)
        state = flow.run()
        assert state.is_successful()
        assert state.result[flow.get_tasks(name="Managed.cleanup")[0]].is_failed()

    def test_it_needs_no_setup(self, runwright_home, events):
        @resource_manager(name="plain", cleanup_task_kwargs={"tags": ["last"]})
        class Plain:
            def cleanup(self, resource):
                events.append(resource)

        with Flow("f") as flow, Plain() as resource:
            made = inc(1)
        assert resource is None
        assert {made} == flow.reference_tasks()
        assert {"last"} == flow.get_tasks(name="plain.cleanup")[0].tags
        assert flow.run().is_successful()
        assert [None] == events

    def test_blocks_nest(self, runwright_home, managed, events):
        with Flow("f") as flow, managed(size=1) as outer, managed(size=2):
            identity(outer)
        assert flow.run().is_successful()
        assert [[0, 1], [0]] == [each for each in events if isinstance(each, list)]

    def test_outside_of_a_flow_it_says_so(self, managed):
        with pytest.raises(ValueError, match="Could not infer an active Flow context"):
            managed()

    def test_a_block_belongs_to_one_flow(self, managed):
        other = Flow("g")
        with Flow("f") as flow, managed(flow=flow), pytest.raises(ValueError, match="Multiple flows cannot be used"):
            inc(1, flow=other)

    def test_its_trigger_waits_for_everything(self):
        from runwright.resource_manager import resource_cleanup_trigger
        from runwright.states import Pending, Success

        with pytest.raises(signals.TRIGGERFAIL):
            resource_cleanup_trigger({Edge(Task(), Task()): Pending()})
        assert resource_cleanup_trigger({Edge(Task(), Task()): Success()})
