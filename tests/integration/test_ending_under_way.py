"""A flow run is ended from outside whatever it is at: waiting for a retry, mapping, awaiting, paused."""

from __future__ import annotations

import asyncio
import queue
from datetime import timedelta
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import pytest

from runwright import Flow, clock, context, task
from runwright.control import Control
from runwright.signals import PAUSE
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runwright.store import Store

ENDLESS = 4 * 3_600


class Owner:
    """A thread that runs a flow, and what came of it."""

    def __init__(self, record: Store) -> None:
        """Run nothing yet."""
        self.record = record
        self.state: Any = None
        self._thread: Thread | None = None
        self.released = Event()

    def run(self, flow: Flow, executor: str = "threads:2") -> None:
        """Run a flow in a thread."""

        def run() -> None:
            self.state = flow.run(executor=executor)

        self._thread = Thread(target=run, daemon=True)
        self._thread.start()

    def wait_for(self, **counts: int) -> None:
        """Wait until the record has so many task runs in these states."""
        while any(self.states().get(name, 0) < count for name, count in counts.items()):
            clock.wait(queue.SimpleQueue(), 0.01)

    def end(self, verb: str = "cancel") -> Any:
        """End the flow run from outside, and return the state that its owner sees."""
        (row,) = self.record.flow_runs(FlowRunFilter())
        getattr(Control(self.record), verb)(row.id)
        self.join()
        return self.state

    def states(self) -> dict[str, int]:
        """Return the number of task runs in each state."""
        return self.record.count_task_runs(TaskRunFilter(), by="state")

    def join(self) -> None:
        """Wait for the thread."""
        self.released.set()
        if self._thread is not None:
            self._thread.join()


@pytest.fixture
def owner(record: Store) -> Iterator[Owner]:
    """Give somebody who runs a flow, and wait for its end."""
    owner = Owner(record)
    yield owner
    owner.join()


def test_while_it_waits_for_a_retry(owner: Owner) -> None:
    """Nobody waits for the hour to be over."""

    @task(max_retries=1, retry_delay=timedelta(hours=1))
    def fails() -> None:
        raise ValueError

    with Flow("retrying") as flow:
        fails()
    owner.run(flow)
    owner.wait_for(Retrying=1)
    assert "Cancelled" == type(owner.end()).__name__
    assert {"Cancelled": 1} == owner.states()


def test_while_it_maps_over_more_than_it_has_begun(owner: Owner) -> None:
    """What has begun is stopped, and each of the others is on record as never begun."""

    @task
    def hang(_: int) -> None:
        owner.released.wait(ENDLESS)

    with Flow("wide") as flow:
        hang.map(list(range(1_000)))
    owner.run(flow)
    owner.wait_for(Running=2)
    assert "Cancelled" == type(owner.end()).__name__
    states = owner.states()
    assert (2, 1_001) == (states["Killed"], sum(states.values()) - states.get("Success", 0))


def test_while_it_awaits(owner: Owner) -> None:
    """A coroutine is cancelled where it waits."""

    @task
    async def sleeps() -> None:
        await asyncio.sleep(ENDLESS)

    with Flow("awaiting") as flow:
        sleeps()
    owner.run(flow)
    owner.wait_for(Running=1)
    assert "Killed" == type(owner.end("kill")).__name__
    assert {"Killed": 1} == owner.states()


def test_while_one_task_run_is_paused_and_another_at_work(owner: Owner) -> None:
    """The paused one had begun, and is not at work."""

    @task
    def asks() -> None:
        if not context.get("resume"):
            raise PAUSE("Go on?")

    @task
    def hang() -> None:
        owner.released.wait(ENDLESS)

    with Flow("both") as flow:
        asks()
        hang()
    owner.run(flow)
    owner.wait_for(Running=1, Paused=1)
    assert "Cancelled" == type(owner.end()).__name__
    assert {"Cancelled": 1, "Killed": 1} == owner.states()


def test_handlers_hear_of_the_end(owner: Owner) -> None:
    """In the process that runs the flow."""
    heard: list[str] = []

    def hear(_: Any, __: Any, new: Any) -> None:
        heard.append(type(new).__name__)

    @task
    def hang() -> None:
        owner.released.wait(ENDLESS)

    with Flow("heard", state_handlers=[hear]) as flow:
        hang()
    owner.run(flow)
    owner.wait_for(Running=1)
    owner.end()
    assert ["Running", "Cancelled"] == heard


def test_a_pause_lets_what_runs_come_to_its_end(owner: Owner) -> None:
    """Nothing else begins, and the owner leaves."""
    entered: list[str] = []

    def body(name: str) -> Callable[[], None]:
        @task(name=name)
        def run() -> None:
            entered.append(name)
            owner.released.wait(ENDLESS)

        return run

    with Flow("held") as flow:
        body("second")(upstream_tasks=[body("first")()])
    owner.run(flow)
    owner.wait_for(Running=1)
    (row,) = owner.record.flow_runs(FlowRunFilter())
    assert "Paused" == Control(owner.record).pause(row.id).kind.name
    owner.join()
    assert (["first"], {"Success": 1, "Pending": 1}) == (entered, owner.states())
    assert "Success" == Control(owner.record).resume(row.id, flow=flow).kind.name
    assert ["first", "second"] == entered
