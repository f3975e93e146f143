"""Mapped tasks in a flow run: children, reductions, flatten, and maps that are run again."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from runwright import Flow, context, flatten, task, unmapped
from runwright.clock import utcnow
from runwright.flow_runner import FlowRunner
from runwright.signals import SKIP
from runwright.states import (
    Failed,
    Mapped,
    Pending,
    Retrying,
    Skipped,
    Success,
)
from runwright.triggers import all_finished

from .flow_runs import LATER, inc, kinds, named, one

pytestmark = pytest.mark.usefixtures("runwright_record")


class TestMapping:
    def run(self, flow, **keywords):
        return FlowRunner(flow=flow).run(return_tasks=flow.tasks, **keywords)

    def test_one_child_for_each_element(self):
        with Flow("f") as flow:
            more = inc.map([1, 2, 3])
        state = self.run(flow).result[more]
        assert ("Mapped", 3, [2, 3, 4]) == (named(state), state.n_map_states, state.result)
        assert [Success(result=2), Success(result=3), Success(result=4)] == state.map_states

    def test_the_shortest_input_counts(self):
        @task
        def add(x, y):
            return x + y

        with Flow("f") as flow:
            sums = add.map([1, 2, 3], [10, 20])
        assert [11, 22] == self.run(flow).result[sums].result

    def test_an_empty_map_succeeds(self):
        with Flow("f") as flow:
            more = inc.map(inc.map([]))
        state = self.run(flow)
        assert ("Success", "Mapped", [], []) == (
            named(state),
            named(state.result[more]),
            list(state.result[more].map_states),
            state.result[more].result,
        )

    @pytest.mark.parametrize(
        ("before", "after", "message"),
        [
            (Failed(), "Failed", "No upstream states can be mapped over."),
            (Skipped(), "Skipped", "Upstream task was skipped;"),
            (Retrying(start_time=datetime(2999, 1, 1)), "Pending", ""),
        ],
        ids=["failed", "skipped", "pending"],
    )
    def test_no_children_without_an_input(self, before, after, message):
        with Flow("f") as flow:
            numbers = one()
            more = inc.map(numbers)
        state = self.run(flow, task_states={numbers: before}).result[more]
        assert after == named(state)
        assert state.message.startswith(message)
        assert ["one-1", "inc-1"] == list(kinds())

    def test_what_has_no_elements_fails_the_parent(self):
        with Flow("f") as flow:
            more = inc.map(one())
        state = self.run(flow)
        assert "At least one upstream state has an unmappable result." == state.result[more].message
        assert state.is_failed()

    def test_a_failed_child_fails_the_flow(self):
        @task
        def invert(x):
            return 1 / x

        with Flow("f") as flow:
            inverse = invert.map([0, 1])
        state = self.run(flow)
        assert ("Failed", "Mapped") == (named(state), named(state.result[inverse]))
        assert ["Failed", "Success"] == [named(child) for child in state.result[inverse].map_states]
        assert isinstance(state.result[inverse].result[0], ZeroDivisionError)

    def test_a_skipped_child_is_no_failure(self):
        @task
        def even(x):
            if x % 2:
                raise SKIP("odd")
            return x

        with Flow("f") as flow:
            evens = even.map([1, 2])
        state = self.run(flow)
        assert state.is_successful()
        assert ["Skipped", "Success"] == [named(child) for child in state.result[evens].map_states]

    def test_an_unmapped_edge_from_a_map_waits_for_all_children(self):
        seen = []

        @task
        def notes(x):
            seen.append(x)

        with Flow("f") as flow:
            first = notes.map([1, 2, 3])
            notes.map([4, 5], upstream_tasks=[unmapped(first)])
        self.run(flow)
        assert [1, 2, 3, 4, 5] == seen

    def test_an_unmapped_input_comes_whole(self):
        @task
        def pair(x, rest):
            return x, rest

        with Flow("f") as flow:
            pairs = pair.map([1, 2], rest=unmapped([3, 4]))
        assert [(1, [3, 4]), (2, [3, 4])] == self.run(flow).result[pairs].result

    def test_a_reduction_gets_the_list(self):
        @task
        def listed(values):
            return list(values)

        with Flow("f") as flow:
            values = listed(inc.map([1, 2]))
        assert [2, 3] == self.run(flow).result[values].result

    def test_a_reduction_gets_exceptions_of_failed_children(self):
        @task
        def invert(x):
            return 1 / x

        @task(trigger=all_finished)
        def named_types(values):
            return [type(value).__name__ for value in values]

        with Flow("f") as flow:
            names = named_types(invert.map([0, 1]))
        assert ["ZeroDivisionError", "float"] == self.run(flow).result[names].result

    @pytest.mark.parametrize(
        ("expected", "values"), [([2, 3, 4], [[1, 2], [3]]), ([], []), ([], [[], []])], ids=["lists", "none", "empty"]
    )
    def test_flatten_takes_elements_of_elements(self, expected, values):
        with Flow("f") as flow:
            more = inc.map(flatten(values))
        assert expected == self.run(flow).result[more].result

    def test_flatten_of_a_map_takes_the_elements_of_children(self):
        @task
        def upto(x):
            return list(range(x))

        with Flow("f") as flow:
            more = inc.map(flatten(upto.map([1, 0, 2])))
        assert [1, 1, 2] == self.run(flow).result[more].result

    def test_flatten_lets_a_child_without_elements_through_with_a_warning(self, caplog):
        @task
        def upto(x):
            return list(range(x)) if x else 7

        with Flow("f") as flow:
            more = inc.map(flatten(upto.map([2, 0])))
        assert [1, 2, 8] == self.run(flow).result[more].result
        assert any(record.levelname == "WARNING" for record in caplog.records)

    def test_flatten_lets_a_skipped_child_through_as_one_state(self):
        @task
        def twice(x):
            if x == 1:
                raise SKIP
            return [x, x]

        with Flow("f") as flow:
            more = inc.map(flatten(twice.map([1, 2])))
        children = flow.run().result[more].map_states
        assert ["Skipped", "Success", "Success"] == [named(child) for child in children]

    def test_flatten_lets_a_failed_child_through_as_one_state(self):
        @task
        def upto(x):
            return list(range(2 // x))

        with Flow("f") as flow:
            more = inc.map(flatten(upto.map([1, 0])))
        state = self.run(flow).result[more]
        assert ["Success", "Success", "TriggerFailed"] == [named(child) for child in state.map_states]

    def test_children_have_their_own_ids(self):
        @task
        def identity(x):
            return context.task_run_id

        seen = []

        def handler(task, old, new):
            seen.append(context.task_run_id)

        with Flow("f") as flow:
            found = identity.copy(state_handlers=[handler]).map([1, 2])
        ids = self.run(flow).result[found].result
        assert 2 == len(set(ids))
        assert set(ids) <= set(seen)

    def test_a_chain_of_maps_with_a_retry(self):
        ran = []

        @task(max_retries=1, retry_delay=timedelta(0))
        def fragile(x):
            ran.append(x)
            if ran.count(x) == 1 and x == 2:
                raise ValueError("again")
            return x

        with Flow("f") as flow:
            first = inc.map([0, 1, 2])
            second = fragile.map(first)
            third = inc.map(second)
        state = self.run(flow)
        assert state.is_running()
        assert ["Mapped"] * 3 == [named(state.result[each]) for each in (first, second, third)]
        assert ["Success", "Retrying", "Success"] == [named(child) for child in state.result[second].map_states]
        assert ["Success", "Pending", "Success"] == [named(child) for child in state.result[third].map_states]
        again = self.run(flow, task_states=state.result)
        assert ("Success", [2, 3, 4]) == (named(again), again.result[third].result)
        assert [1, 2, 3, 2] == ran


class TestRestartingAMap:
    def flow(self, ran):
        @task
        def fragile(x):
            ran.append(x)
            if x == 2 and not context.get("mended"):
                raise ValueError("two")
            return x

        @task
        def total(values):
            return sum(values)

        with Flow("f") as flow:
            first = fragile.map([1, 2, 3])
            summed = total(inc.map(first))
        return flow, first, summed

    @pytest.mark.parametrize("executor", ["inline", "threads:2"])
    def test_only_failed_children_run_again(self, executor):
        ran = []
        flow, first, summed = self.flow(ran)
        state = flow.run(executor=executor)
        assert state.is_failed()
        maps = {each: given for each, given in state.result.items() if given.is_mapped()}
        ran.clear()
        again = flow.run(executor=executor, task_states=maps, context={"mended": True})
        assert ("Success", [1, 2, 3], 9) == (named(again), again.result[first].result, again.result[summed].result)
        assert [2] == ran

    def test_children_that_are_not_known_run(self):
        ran = []
        flow, first, _ = self.flow(ran)
        given = Mapped(map_states=[Success(result=1), None, Pending()], n_map_states=3)
        state = FlowRunner(flow=flow).run(task_states={first: given}, context={"mended": True}, return_tasks=[first])
        assert [1, 2, 3] == state.result[first].result
        assert [2, 3] == ran

    def test_fewer_states_than_children(self):
        ran = []
        flow, first, _ = self.flow(ran)
        given = Mapped(map_states=[Success(result=1)], n_map_states=3)
        state = FlowRunner(flow=flow).run(task_states={first: given}, context={"mended": True}, return_tasks=[first])
        assert [1, 2, 3] == state.result[first].result
        assert [2, 3] == ran

    @pytest.mark.parametrize("known", [[Success(result=1)], []])
    def test_the_inputs_say_how_many_children_there_are(self, known):
        ran = []
        flow, first, _ = self.flow(ran)
        given = Mapped(map_states=known)
        state = FlowRunner(flow=flow).run(task_states={first: given}, context={"mended": True}, return_tasks=[first])
        assert [1, 2, 3] == state.result[first].result
        assert [1, 2, 3][len(known) :] == ran

    def test_a_child_that_is_due_later_waits(self):
        ran = []
        flow, first, summed = self.flow(ran)
        later = Retrying(start_time=utcnow() + LATER)
        given = Mapped(map_states=[Success(result=1), later, Success(result=3)])
        state = FlowRunner(flow=flow).run(task_states={first: given}, return_tasks=flow.tasks)
        assert state.is_running()
        assert later is state.result[first].map_states[1]
        assert state.result[summed].is_pending()
        assert [] == ran

    def test_a_given_success_of_a_mapped_task_has_no_children(self):
        ran = []
        flow, first, summed = self.flow(ran)
        state = FlowRunner(flow=flow).run(task_states={first: Success(result=[5, 6])}, return_tasks=flow.tasks)
        assert 13 == state.result[summed].result
        assert [] == ran


@pytest.mark.parametrize("executor", ["inline", "threads:3", "processes:2"])
class TestExecutors:
    """Passes over the same flow, wherever attempts are made."""

    def test_a_retry_in_the_middle_of_maps(self, executor):
        @task(max_retries=1, retry_delay=timedelta(0))
        def fragile(x):
            from runwright import context  # a global one would have to travel with the function

            if x == 3 and context.task_run_count == 1:
                raise ValueError("again")
            return x

        @task
        def total(values):
            return sum(values)

        with Flow("f") as flow:
            second = fragile.map(inc.map([1, 2, 3]))
            summed = total(inc.map(second))
        state = FlowRunner(flow=flow).run(executor=executor, return_tasks=flow.tasks)
        assert ("Running", ["Success", "Retrying", "Success"], "Pending") == (
            named(state),
            [named(child) for child in state.result[second].map_states],
            named(state.result[summed]),
        )
        again = FlowRunner(flow=flow).run(executor=executor, task_states=state.result, return_tasks=[summed])
        assert ("Success", 12) == (named(again), again.result[summed].result)

    def test_given_children(self, executor):
        with Flow("f") as flow:
            more = inc.map([1, 2, 3, 4])
        given = Mapped(map_states=[Success(result=100), Failed(), Skipped()], n_map_states=4)
        state = flow.run(executor=executor, task_states={more: given})
        assert [100, 3, None, 5] == state.result[more].result

    def test_a_coroutine_that_is_tried_again(self, executor):
        @task(max_retries=1, retry_delay=timedelta(0))
        async def fragile(x):
            if context.task_run_count == 1:
                raise ValueError("again")
            return x

        with Flow("f") as flow:
            values = fragile.map([1, 2])
        state = FlowRunner(flow=flow).run(executor=executor, return_tasks=[values])
        assert state.is_running()
        state = FlowRunner(flow=flow).run(executor=executor, return_tasks=[values], task_states=state.result)
        assert [1, 2] == state.result[values].result
