"""Executors by the names of old: functions are submitted and waited for, and the same objects run flows."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

import cloudpickle
import pytest

from runwright import Flow, task
from runwright.compat.prefect.functional_executors import DaskExecutor, Executor, LocalDaskExecutor, LocalExecutor
from runwright.errors import ExecutorError
from runwright.states import Success

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEDULERS = ["threads", "processes", "sync"]


def added(a: int, b: int = 0) -> int:
    """Return the sum."""
    return a + b


def broken() -> None:
    """Raise an error."""
    raise LookupError("nothing here")


def place() -> tuple[int, int]:
    """Return the process and the thread."""
    return os.getpid(), threading.get_ident()


@task
def double(number: int) -> int:
    """Return twice the number."""
    return 2 * number


def doubled_with(executor: Executor) -> Any:
    """Return what a mapped flow gives on an executor."""
    with Flow("doubling", executor=executor) as flow:
        doubled = double.map([1, 2, 3])
    return flow.run().result[doubled].result


class TestLocalExecutor:
    """Everything happens at once, in the caller's thread."""

    def test_a_future_is_the_value(self) -> None:
        executor = LocalExecutor()
        with executor.start():
            future = executor.submit(added, 1, b=2, extra_context={"task_name": "added"})

            assert 3 == future
            assert {"all": [3]} == executor.wait({"all": [future]})

    def test_it_calls_in_the_thread_that_submits(self) -> None:
        assert place() == LocalExecutor().submit(place)

    def test_what_a_function_raises_is_raised(self) -> None:
        with pytest.raises(LookupError, match="nothing here"):
            LocalExecutor().submit(broken)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
class TestLocalDaskExecutor:
    """Threads, processes, or one after the other: the same futures."""

    def test_futures_nest_in_any_collection(self, scheduler: str) -> None:
        executor = LocalDaskExecutor(scheduler=scheduler, num_workers=2)
        with executor.start():
            one, two, three = (executor.submit(added, number, b=10, extra_context={}) for number in (1, 2, 3))
            values = executor.wait({"a": [one, (two, 5)], "b": {"c": three}, "d": {one}})

        assert {"a": [11, (12, 5)], "b": {"c": 13}, "d": {11}} == values

    def test_a_future_is_an_argument(self, scheduler: str) -> None:
        executor = LocalDaskExecutor(scheduler=scheduler, num_workers=1)
        with executor.start():
            total = executor.submit(sum, [executor.submit(added, 1), executor.submit(added, 2)])

            assert 3 == executor.wait(total)

    def test_what_a_function_raises_is_raised_by_wait(self, scheduler: str) -> None:
        executor = LocalDaskExecutor(scheduler=scheduler, num_workers=1)
        with executor.start():
            future = executor.submit(broken)
            after = executor.submit(added, future)
            for failed in (future, [after]):
                with pytest.raises(LookupError, match="nothing here"):
                    executor.wait(failed)

    def test_states_and_lambdas_travel(self, scheduler: str) -> None:
        executor = LocalDaskExecutor(scheduler=scheduler, num_workers=1)
        with executor.start():
            state = executor.wait(executor.submit(lambda value: Success(result=value), 7))

        assert 7 == state.result

    @pytest.mark.usefixtures("runwright_home")
    def test_it_starts_again_after_a_flow_run(self, scheduler: str) -> None:
        executor = LocalDaskExecutor(scheduler=scheduler, num_workers=2)
        with executor.start():
            assert 1 == executor.wait(executor.submit(added, 1))
        assert [2, 4, 6] == doubled_with(executor)
        with executor.start():
            assert 2 == executor.wait(executor.submit(added, 2))

    def test_it_travels(self, scheduler: str) -> None:
        executor = LocalDaskExecutor(scheduler=scheduler, num_workers=2)
        again = cloudpickle.loads(cloudpickle.dumps(executor))

        assert (LocalDaskExecutor, scheduler, 2) == (type(again), again.scheduler, again.num_workers)
        with again.start():
            assert 1 == again.wait(again.submit(added, 1))

    def test_nothing_is_submitted_before_it_is_started(self, scheduler: str) -> None:
        with pytest.raises(ExecutorError, match=r"with executor\.start"):
            LocalDaskExecutor(scheduler=scheduler).submit(added, 1)


def test_schedulers_differ_in_where_they_call() -> None:
    places = {}
    for scheduler in SCHEDULERS:
        executor = LocalDaskExecutor(scheduler=scheduler, num_workers=1)
        with executor.start():
            places[scheduler] = executor.wait(executor.submit(place))
    process, thread = place()

    assert (process, thread) == places["sync"]
    assert (process, True) == (places["threads"][0], places["threads"][1] != thread)
    assert process != places["processes"][0]


def test_threads_run_side_by_side() -> None:
    meeting = threading.Barrier(2, timeout=30)
    executor = LocalDaskExecutor(num_workers=2)
    with executor.start():
        assert {0, 1} == set(executor.wait([executor.submit(meeting.wait), executor.submit(meeting.wait)]))


def test_what_has_not_ended_with_the_block_is_ended() -> None:
    never = threading.Event()
    executor = LocalDaskExecutor(num_workers=1)
    with executor.start():
        future = executor.submit(never.wait)
    never.set()

    with pytest.raises(ExecutorError, match="stopped"):
        executor.wait(future)


def test_a_process_that_dies_is_told() -> None:
    executor = LocalDaskExecutor(scheduler="processes", num_workers=1)
    with executor.start():
        with pytest.raises(Exception, match="exit code 3"):
            executor.wait(executor.submit(os._exit, 3))
        assert 1 == executor.wait(executor.submit(added, 1))


class TestClasses:
    """Each is a class of its own, with a common base."""

    @pytest.mark.parametrize(
        ("expected", "make"),
        [
            ("LocalExecutor()", LocalExecutor),
            ("LocalDaskExecutor(scheduler='threads')", LocalDaskExecutor),
            (
                "LocalDaskExecutor(scheduler='processes', num_workers=3)",
                lambda: LocalDaskExecutor("processes", num_workers=3),
            ),
            ("DaskExecutor(address='tcp://here:8786')", lambda: DaskExecutor("tcp://here:8786")),
        ],
    )
    def test_they_say_what_they_are(self, expected: str, make: Callable[[], Executor]) -> None:
        executor = make()

        assert (expected, True) == (repr(executor), isinstance(executor, Executor))
        assert expected == repr(cloudpickle.loads(cloudpickle.dumps(executor)))

    def test_the_base_asks_for_the_two_methods(self) -> None:
        executor = Executor()
        with executor.start(), pytest.raises(NotImplementedError, match="submit"):
            executor.submit(added)
        with pytest.raises(NotImplementedError, match="wait"):
            executor.wait([])

    @pytest.mark.usefixtures("runwright_home")
    def test_a_subclass_sees_what_is_submitted(self) -> None:
        class Counting(LocalExecutor):
            def __init__(self) -> None:
                self.count = 0

            def submit(self, fn: Any, *args: Any, extra_context: Any = None, **kwargs: Any) -> Any:
                self.count += 1
                return super().submit(fn, *args, extra_context=extra_context, **kwargs)

        executor = Counting()

        assert (3, 1) == (executor.submit(added, 1, b=2), executor.count)
        assert [2, 4, 6] == doubled_with(executor)
        assert executor.count > 1


class TestDaskExecutor:
    """What was given is kept; functions run on the cluster."""

    def test_arguments_are_attributes(self) -> None:
        given = {"cluster_class": "a.B", "cluster_kwargs": {"n": 1}, "adapt_kwargs": {"maximum": 2}}
        executor = DaskExecutor(**given, client_kwargs={"timeout": 3})

        for again in (executor, cloudpickle.loads(cloudpickle.dumps(executor))):
            kept = vars(again)
            assert {"address": None, **given, "client_kwargs": {"timeout": 3}} == {
                name: kept[name] for name in ("address", *given, "client_kwargs")
            }

    @pytest.mark.parametrize(
        "more", [{"cluster_class": "a.B"}, {"cluster_kwargs": {"n": 1}}, {"adapt_kwargs": {"maximum": 1}}]
    )
    def test_an_address_and_a_cluster_contradict(self, more: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match="address"):
            DaskExecutor("tcp://here:8786", **more)

    @pytest.mark.usefixtures("runwright_home")
    def test_functions_and_flows_run_on_a_cluster(self) -> None:
        executor = DaskExecutor(cluster_kwargs={"n_workers": 1})
        with executor.start():
            one = executor.submit(added, 1, extra_context={"task_name": "adding", "task_index": 4})
            two = executor.submit(sum, [one, 1])
            named = executor.submit(dict, key=two, workers="any")

            assert {"a": [1, (2,)], "b": {"key": 2, "workers": "any"}} == executor.wait(
                {"a": [one, (two,)], "b": named}
            )
            assert one.key.startswith("adding-4-")
            with pytest.raises(LookupError, match="nothing here"):
                executor.wait([executor.submit(broken)])
        assert [2, 4, 6] == doubled_with(executor)
