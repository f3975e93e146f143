"""Flows from end to end, with every executor: what happened, and what is on record of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.dask_cluster import two_workers

from runwright import Flow, Parameter, case, context, flatten, record_metric, task, unmapped
from runwright.open_records import open_record
from runwright.runtime.leases import worker_name
from runwright.signals import LOOP, PAUSE, SKIP
from runwright.states import Cached, Failed, Mapped, Skipped, State, Success, TriggerFailed
from runwright.triggers import all_finished, manual_only
from runwright.views import EventFilter, FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runwright.runs import FlowRun, TaskRun
    from runwright.store import Store
    from runwright.testing.fake_clock import FakeClock

EXECUTORS = ("inline", "threads:4", "processes:2", "dask")


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Start a Dask cluster for all tests here, and name it."""
    pytest.importorskip("distributed")
    with two_workers() as cluster:
        yield cluster.scheduler_address.replace("tcp://", "dask://")


@pytest.fixture(params=EXECUTORS)
def executor(request: pytest.FixtureRequest) -> str:
    """Name each executor in turn."""
    return request.getfixturevalue("cluster") if request.param == "dask" else request.param


def latest(record: Store) -> FlowRun:
    """Return the newest flow run."""
    return record.flow_runs(FlowRunFilter(limit=1))[0]


def rows_of(record: Store, slug: str) -> list[TaskRun]:
    """Return the newest flow run's task runs of one task, by map index."""
    which = TaskRunFilter(flow_run=latest(record).id, task=slug)
    return sorted(record.task_runs(which), key=lambda row: row.map_index)


@task
def add_one(x: int) -> int:
    """Return one more."""
    return x + 1


@task
def total(numbers: list[int]) -> int:
    """Return the sum."""
    return sum(numbers)


def test_a_chain_hands_values_on(record: Store, executor: str) -> None:
    """Three tasks in a row; everything is on record when run returns."""
    with Flow("chain") as flow:
        last = add_one(add_one(add_one(0)))
    state = flow.run(executor=executor)
    assert state.is_successful()
    assert state.message == "All reference tasks succeeded."
    assert state.result[last].result == 3
    row = latest(record)
    assert (row.kind.name, row.counts) == ("Success", {"Success": 3})
    assert [task_run.kind.name for task_run in record.task_runs(TaskRunFilter(flow_run=row.id))] == ["Success"] * 3


def test_a_flow_run_says_which_process_ran_it(record: Store) -> None:
    """It stays when the state has gone in which it was told."""
    with Flow("workers") as flow:
        add_one(0)
    flow.run(executor="inline")
    assert latest(record).kind.name == "Success"
    assert latest(record).details["worker"] == worker_name()


def test_a_map_and_its_reduction(record: Store, executor: str) -> None:
    """Each child is a task run with its own index; the reduction gets the list."""
    with Flow("map") as flow:
        mapped = add_one.map([1, 2, 3])
        reduced = total(mapped)
    state = flow.run(executor=executor)
    assert state.result[reduced].result == 9
    assert type(state.result[mapped]) is Mapped
    assert state.result[mapped].result == [2, 3, 4]
    assert [row.map_index for row in rows_of(record, "add_one-1")] == [-1, 0, 1, 2]
    assert latest(record).counts == {"Mapped": 1, "Success": 5}


def test_maps_over_maps_run_as_pipelines(executor: str) -> None:
    """Child i of the second map gets child i of the first."""
    with Flow("pipeline") as flow:
        twice = add_one.map(add_one.map(list(range(20))))
    assert flow.run(executor=executor).result[twice].result == list(range(2, 22))


def test_unmapped_and_flatten(executor: str) -> None:
    """A whole value for every child, and lists of lists one level flatter."""

    @task
    def letters(word: str) -> list[str]:
        return list(word)

    @task
    def repeat(letter: str, times: int) -> str:
        return letter * times

    with Flow("letters") as flow:
        repeated = repeat.map(flatten(letters.map(["ab", "c"])), times=unmapped(2))
    assert flow.run(executor=executor).result[repeated].result == ["aa", "bb", "cc"]


def test_one_child_fails_alone(record: Store, executor: str) -> None:
    """Its siblings go on; a reduction with another trigger gets the exception in its place."""

    @task
    def invert(x: int) -> float:
        return 1 / x

    @task(trigger=all_finished)
    def kinds(values: list[Any]) -> list[str]:
        return [type(value).__name__ for value in values]

    with Flow("inverses") as flow:
        inverses = invert.map([1, 0, 2])
        named = kinds(inverses)
        strict = total(inverses)
    state = flow.run(executor=executor)
    assert type(state) is Failed
    assert state.result[named].result == ["float", "ZeroDivisionError", "float"]
    assert type(state.result[strict]) is TriggerFailed
    assert [type(child) for child in state.result[inverses].map_states] == [Success, Failed, Success]
    failed = rows_of(record, "invert-1")[2]
    assert failed.details["error"] == {"type": "ZeroDivisionError", "text": "division by zero"}


def test_an_empty_map_is_a_success(record: Store) -> None:
    """Nothing to do is done."""
    with Flow("empty") as flow:
        mapped = add_one.map([])
    state = flow.run()
    assert state.is_successful()
    assert state.result[mapped].result == []
    assert latest(record).counts == {"Mapped": 1, "Success": 1}


def test_a_retry_waits_and_tries_again(record: Store, fake_clock: FakeClock) -> None:
    """An hour passes at once; both attempts are on record with their own states."""
    tries: list[int] = []

    @task(max_retries=1, retry_delay=timedelta(hours=1))
    def fragile() -> str:
        tries.append(context.task_run_count)
        if len(tries) == 1:
            raise ConnectionError("first")
        return "second"

    with Flow("fragile") as flow:
        fragile()
    before = fake_clock.now()
    assert flow.run().is_successful()
    assert tries == [1, 2]
    assert fake_clock.now() - before > timedelta(hours=1).total_seconds() * 1e9
    row = rows_of(record, "fragile-1")[0]
    attempts = record.attempts(row.flow_run, row.ordinal)
    assert [attempt.kind.name for attempt in attempts] == ["Failed", "Success"]
    assert [name for name, _ in attempts[0].history] == ["Running", "Failed"]


def test_retries_in_processes_and_threads(record: Store, executor: str) -> None:
    """The attempt's number reaches the task wherever it runs."""

    @task(max_retries=2, retry_delay=0)
    def third_time() -> int:
        if context.task_run_count < 3:
            raise ValueError("not yet")
        return context.task_run_count

    with Flow("third") as flow:
        lucky = third_time()
    assert flow.run(executor=executor).result[lucky].result == 3
    assert rows_of(record, "third_time-1")[0].attempt == 3


def test_skips_spread_and_count_as_success(record: Store) -> None:
    """A skipped branch."""

    @task
    def choose() -> str:
        return "left"

    with Flow("branches") as flow:
        choice = choose()
        with case(choice, "left"):
            left = add_one(1)
        with case(choice, "right"):
            right = add_one(2)
    state = flow.run()
    assert state.is_successful()
    assert state.result[left].result == 2
    assert type(state.result[right]) is Skipped
    assert latest(record).counts["Skipped"] >= 1


def test_a_loop_is_recorded_turn_by_turn(record: Store, executor: str) -> None:
    """Looped and Running alternate in the log; one attempt in the end."""

    @task
    def count_to(last: int) -> int:
        number = context.get("task_loop_result", 0) + 1
        if number < last:
            raise LOOP(f"at {number}", result=number)
        return number

    with Flow("loop") as flow:
        counted = count_to(4)
    assert flow.run(executor=executor).result[counted].result == 4
    row = rows_of(record, "count_to-1")[0]
    assert row.attempt == 1
    history = record.attempts(row.flow_run, row.ordinal)[0].history
    assert [name for name, _ in history] == ["Running", "Looped"] * 3 + ["Running", "Success"]


def test_coroutines_run_beside_other_tasks(executor: str) -> None:
    """Two coroutines wait for each other: they share one event loop."""
    meeting: dict[str, asyncio.Event] = {}

    @task
    async def first() -> str:
        meeting.setdefault("first", asyncio.Event()).set()
        await meeting.setdefault("second", asyncio.Event()).wait()
        return "first"

    @task
    async def second() -> str:
        meeting.setdefault("second", asyncio.Event()).set()
        await meeting.setdefault("first", asyncio.Event()).wait()
        return "second"

    @task
    def both(a: str, b: str) -> list[str]:
        return [a, b]

    with Flow("meeting") as flow:
        met = both(first(), second())
    assert flow.run(executor=executor).result[met].result == ["first", "second"]


def test_pause_and_resume(record: Store) -> None:
    """The run leaves memory as Paused; resuming it runs what waited, and nothing again."""
    from runwright import app

    ran: list[str] = []

    @task
    def before() -> int:
        ran.append("before")
        return 1

    @task(trigger=manual_only)
    def approved(x: int) -> int:
        ran.append("approved")
        return x

    with Flow("approval") as flow:
        approved(before())
    state = flow.run()
    assert not state.is_finished()
    row = latest(record)
    assert ran == ["before"]
    assert rows_of(record, "approved-1")[0].kind.name == "Paused"
    assert app.resume_flow_run(row.id, flow=flow).is_successful()
    assert ran == ["before", "approved"]
    assert latest(record).kind.name == "Success"


def test_a_task_that_pauses_itself_goes_on_when_resumed() -> None:
    """`context.resume` tells it."""
    from runwright import app

    @task
    def asks() -> str:
        if not context.get("resume"):
            raise PAUSE("go on?")
        return "went on"

    with Flow("asking") as flow:
        asked = asks()
    flow.run()
    row = latest(open_record())
    assert app.resume_flow_run(row.id, flow=flow).result[asked].result == "went on"


def test_a_cached_success_serves_the_next_run(record: Store) -> None:
    """The second run's task run is Cached without having run."""
    calls: list[int] = []

    @task(cache_for=timedelta(hours=1))
    def expensive() -> int:
        calls.append(1)
        return 42

    with Flow("caching") as flow:
        cached = expensive()
    assert type(flow.run().result[cached]) is Cached
    again = flow.run()
    assert again.result[cached].result == 42
    assert calls == [1]
    assert rows_of(record, "expensive-1")[0].kind.name == "Cached"
    assert rows_of(record, "expensive-1")[0].attempt == 0


def test_logs_and_metrics_are_on_record(record: Store, executor: str) -> None:
    """What a task logs, prints and measures belongs to its task run."""

    @task(log_stdout=True)
    def talks() -> None:
        context.logger.warning("careful: %d", 7)
        print("printed")  # noqa: T201  what a task prints is its log
        record_metric("rows", 3, source="test")

    with Flow("talking") as flow:
        talks()
    assert flow.run(executor=executor).is_successful()
    row = rows_of(record, "talks-1")[0]
    assert [line.message for line in record.logs(row.flow_run, row.ordinal)] == ["careful: 7", "printed"]
    assert [(each.name, each.value, each.tags) for each in record.metrics(row.flow_run, row.ordinal)] == [
        ("rows", 3.0, {"source": "test"})
    ]


def test_names_from_templates_are_on_record(record: Store, executor: str) -> None:
    """`task_run_name` names each child."""

    @task(task_run_name="load-{x}")
    def load(x: str) -> str:
        return x

    with Flow("names") as flow:
        load.map(["a", "b"])
    assert flow.run(executor=executor).is_successful()
    assert [row.name for row in rows_of(record, "load-1")[1:]] == ["load-a", "load-b"]


def test_parameters_reach_the_flow_and_the_record(record: Store) -> None:
    """Defaults fill in what is not given."""
    with Flow("parameters") as flow:
        first, second = Parameter("first"), Parameter("second", default=10)
        added = total([first, second])
    assert flow.run(first=5).result[added].result == 15
    assert latest(record).parameters == {"first": 5, "second": 10}


def test_flow_state_handlers_and_terminal_handler() -> None:
    """The flow's own handlers see Pending -> Running -> Success; the terminal handler may replace the end."""
    seen: list[tuple[str, str]] = []

    def watch(_: Any, old: State, new: State) -> None:
        seen.append((type(old).__name__, type(new).__name__))

    def refuse(_: Any, state: State, references: set[State]) -> State:
        return Failed(f"refused {len(references)}") if state.is_successful() else state

    with Flow("watched", state_handlers=[watch], terminal_state_handler=refuse) as flow:
        add_one(1)
    state = flow.run()
    assert state.message == "refused 1"
    assert seen == [("Pending", "Running"), ("Running", "Failed")]


def test_a_value_that_cannot_be_stored_fails_its_task(record: Store, executor: str) -> None:
    """Failed with a clear message, never stuck."""

    @task
    def returns_a_generator() -> Any:
        return (number for number in range(3))

    with Flow("unstorable") as flow:
        returns_a_generator()
    assert flow.run(executor=executor).is_failed()
    row = rows_of(record, "returns_a_generator-1")[0]
    assert row.kind.name == "Failed"
    assert "generator" in (row.message or "")


def test_exceptions_of_every_kind_end_one_task_run(record: Store, executor: str) -> None:
    """SystemExit and its like crash the attempt, not the flow run."""

    @task
    def leaves(how: str) -> None:
        raise {"exit": SystemExit(3), "base": BaseException("odd"), "generator": GeneratorExit()}[how]

    with Flow("leaving") as flow:
        leaves.map(["exit", "base", "generator"])
        add_one(1)
    assert flow.run(executor=executor).is_failed()
    assert [row.kind.name for row in rows_of(record, "leaves-1")] == ["Mapped", "Crashed", "Crashed", "Crashed"]
    assert rows_of(record, "add_one-1")[0].kind.name == "Success"


def test_every_version_is_in_the_log_once(record: Store) -> None:
    """The first version is implied; from the second on there is no gap."""
    with Flow("versions") as flow:
        add_one.map([1, 2])
    flow.run()
    row = latest(record)
    events = record.events(EventFilter(flow_run=row.id))
    for task_run in record.task_runs(TaskRunFilter(flow_run=row.id)):
        versions = [event.version for event in events if event.ordinal == task_run.ordinal]
        assert versions == list(range(2, task_run.version + 1))


def test_skip_signal_in_a_map(executor: str) -> None:
    """One skipped child leaves the others."""

    @task
    def even_only(x: int) -> int:
        if x % 2:
            raise SKIP("odd")
        return x

    with Flow("evens") as flow:
        evens = even_only.map([1, 2, 3])
    state = flow.run(executor=executor)
    assert state.is_successful()
    assert [child.is_skipped() for child in state.result[evens].map_states] == [True, False, True]


def test_more_children_than_are_kept_in_memory(record: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values that were let go are read back from the results, through the record."""
    monkeypatch.setattr("runwright.runtime.children.KEPT", 10)
    monkeypatch.setattr("runwright.runtime.inputs.KEPT", 10)
    with Flow("many") as flow:
        twice = add_one.map(add_one.map(list(range(50))))
        reduced = total(twice)
    state = flow.run()
    assert state.result[reduced].result == sum(range(2, 52))
    assert state.result[twice].result == list(range(2, 52))
    assert state.result[twice].map_states[40].result == 42
    assert latest(record).counts == {"Mapped": 2, "Success": 102}
