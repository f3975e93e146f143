"""Control flow: choosing at run time which tasks run."""

from __future__ import annotations

import logging

import pytest

from runwright import Edge, FilterTask, Flow, Parameter, Task, case, ifelse, merge, signals, switch, task, triggers
from runwright.control_flow import AsBool, CompareValue, Merge
from runwright.errors import FlowError


@task
def check():
    return True


@task
def step(x=None):
    return x


class TestComparing:
    def test_a_match_lets_the_rest_run(self):
        assert CompareValue("a").run("a") is None
        assert CompareValue(True).run(1) is None

    def test_no_match_skips(self):
        with pytest.raises(signals.SKIP) as raised:
            CompareValue("b").run("a")
        assert ('Provided value "a" did not match "b"', None) == (raised.value.state.message, raised.value.state.result)


class TestCase:
    def test_the_first_tasks_of_the_block_wait_for_the_comparison(self):
        with Flow("f") as flow:
            condition = check()
            outside = step(1)
            with case(condition, "yes"):
                first = step(outside)
                second = step(first)
                alone = step(2)
            after = step(second)
        (matches,) = flow.get_tasks(task_type=CompareValue)
        assert isinstance(matches, CompareValue)
        assert ("case(yes)", "yes") == (matches.name, matches.value)
        assert {Edge(condition, matches, "value")} == flow.edges_to(matches)
        assert {first, alone} == flow.downstream_tasks(matches)
        assert {second} == flow.upstream_tasks(after)

    def test_blocks_nest(self):
        with Flow("f") as flow:
            outer, inner = check(), check()
            with case(outer, 1):
                one = step()
                with case(inner, 2):
                    two = step()
        outer_case, inner_case = flow.get_tasks(name="case(1)") + flow.get_tasks(name="case(2)")
        assert {one, inner_case} == flow.downstream_tasks(outer_case)
        assert {two} == flow.downstream_tasks(inner_case)
        assert {inner, outer_case} == flow.upstream_tasks(inner_case)

    def test_values_and_parameters_do_not_wait(self):
        with Flow("f") as flow, case(check(), True):
            p = Parameter("p")
            mapped = step.map([1, 2, 3])
            fed = step(p)
        (matches,) = flow.get_tasks(task_type=CompareValue)
        assert {mapped, fed} == flow.downstream_tasks(matches)
        assert not flow.edges_to(p)

    def test_an_empty_block_adds_nothing(self):
        with Flow("f") as flow:
            condition = check()
            with case(condition, 1):
                pass
        assert {condition} == flow.tasks

    def test_a_block_that_breaks_adds_nothing(self):
        flow = Flow("f")
        condition = check(flow=flow)

        def build():
            with flow, case(condition, 1):
                step()
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            build()
        assert not flow.edges

    def test_a_plain_value_can_be_compared(self):
        with Flow("f") as flow, case(5, 5):
            step()
        (matches,) = flow.get_tasks(task_type=CompareValue)
        assert {"value": 5} == flow.constants[matches]

    def test_it_compares_with_plain_values_only(self):
        with pytest.raises(
            TypeError, match=r"value of a case cannot be a task: .* case\(task.is_equal\(other\), True\)"
        ):
            case(Task(), Task())

    def test_a_block_belongs_to_one_flow(self):
        one, two = Flow("one"), Flow("two")
        with case(check(flow=one), 1):
            step(flow=one)
            with pytest.raises(FlowError, match="Multiple flows cannot be used with the same `case` block"):
                step(flow=two)


class TestSwitch:
    def test_each_case_waits_for_its_own_comparison(self):
        with Flow("f") as flow:
            condition, a, b = check(), step(1), step(2)
            switch(condition, {"a": a, "b": b})
        of_a, of_b = flow.get_tasks(task_type=CompareValue)
        assert ['CompareValue: "a"', 'CompareValue: "b"'] == [of_a.name, of_b.name]
        assert {"switch"} == of_a.tags == of_b.tags
        assert {
            Edge(condition, of_a, "value"),
            Edge(of_a, a),
            Edge(condition, of_b, "value"),
            Edge(of_b, b),
        } == flow.edges

    def test_ifelse_compares_truth(self):
        with Flow("f") as flow:
            condition, yes, no = check(), step(1), step(2)
            ifelse(condition, yes, no)
        (truth,) = flow.get_tasks(task_type=AsBool)
        assert truth.run("something") is True
        assert {condition} == flow.upstream_tasks(truth)
        assert ['CompareValue: "True"', 'CompareValue: "False"'] == [each.name for each in flow.downstream_tasks(truth)]

    def test_one_of_the_outcomes_may_be_nothing(self):
        with Flow("f") as flow:
            ifelse(check(), step(1), None)
        assert 1 == len(flow.get_tasks(task_type=CompareValue))
        with Flow("g"), pytest.raises(ValueError, match="ifelse needs a task for at least one"):
            ifelse(True, None)


class TestMerge:
    def test_the_branch_that_ran_wins(self):
        with Flow("f") as flow:
            a, b = step(1), step(2)
            merged = merge(a, b, checkpoint=False)
        assert {Edge(a, merged, "task_1"), Edge(b, merged, "task_2")} == flow.edges
        assert (triggers.not_all_skipped, False, False) == (
            merged.trigger,
            merged.skip_on_upstream_skip,
            merged.checkpoint,
        )
        assert 5 == merged.run(task_1=None, task_2=5)
        assert 0 == merged.run(task_1=0, task_2=5)
        assert merged.run(task_1=None) is None

    def test_the_order_is_that_of_text(self):
        assert 10 == Merge().run(task_1=None, task_2=2, task_10=10)

    def test_it_can_be_mapped(self):
        with Flow("f") as flow:
            a = step([1])
            merged = merge(a, mapped=True)
        assert {Edge(a, merged, "task_1", mapped=True)} == flow.edges

    def test_skips_must_not_skip_it(self):
        with pytest.raises(ValueError, match="merge cannot have skip_on_upstream_skip=True"):
            merge(skip_on_upstream_skip=True)
        assert not Merge(skip_on_upstream_skip=None).skip_on_upstream_skip

    def test_another_trigger_can_be_given(self):
        with Flow("f"):
            assert triggers.all_finished is merge(step(1), trigger=triggers.all_finished).trigger


class TestFilter:
    def test_it_drops_nothing_and_failures(self):
        assert [0, "", 1] == FilterTask().run([0, None, "", ValueError(), signals.FAIL(), 1])
        assert [] == FilterTask().run([])

    def test_it_runs_whatever_failed(self):
        made = FilterTask()
        assert (triggers.all_finished, False) == (made.trigger, made.skip_on_upstream_skip)

    def test_what_it_keeps_can_be_said(self, caplog):
        caplog.set_level(logging.INFO, "runwright.even")
        made = FilterTask(filter_func=lambda n: n % 2 == 0, log_func=lambda n: f"{n} is odd", name="even")
        assert [2, 4] == made.run([1, 2, 3, 4])
        assert ["1 is odd", "3 is odd"] == [record.getMessage() for record in caplog.records]
