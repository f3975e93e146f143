"""Flow runs that the record or the user breaks off: what comes out, and what is left on record."""

from __future__ import annotations

import errno
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

from runwright import Flow, app, task
from runwright.errors import LeaseLost, RecordFull, ResultError
from runwright.flow_runner import FlowRunner
from runwright.results import find_damage, pack_file
from runwright.states import State, Success
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from runwright.store import Store


@task
def inc(x: int) -> int:
    """Return one more."""
    return x + 1


def latest(record: Store) -> str:
    """Return the state of the newest flow run."""
    return record.flow_runs(FlowRunFilter(limit=1))[0].kind.name


def test_an_error_of_the_record_comes_out_and_becomes_no_state(record: Store) -> None:
    """No handler hears of it; what was recorded before can be gone on with."""
    seen: list[str] = []
    disk = pytest.MonkeyPatch()

    def watch(_: Any, __: State, new: State) -> None:
        seen.append(type(new).__name__)

    @task
    def fills_the_disk(x: int) -> int:
        def refuse(*_: object) -> None:
            raise RecordFull("full")

        disk.setattr(type(record), "append", refuse)
        return x

    with Flow("full", state_handlers=[watch]) as flow:
        inc(fills_the_disk(inc(0)))
    with pytest.raises(RecordFull, match="full"):
        flow.run()
    assert seen == ["Running"]
    disk.undo()


@pytest.mark.parametrize("executor", ["inline", "threads:2"])
def test_results_that_find_no_room_end_the_run_before_their_commit(
    record: Store, executor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is on record has its value; no handler hears of a state that nobody could record; with room it goes on."""
    seen: list[str] = []
    disk = pytest.MonkeyPatch()

    def watch(_: Any, __: State, new: State) -> None:
        seen.append(type(new).__name__)

    @task
    def fills_the_disk(x: int) -> int:
        def refuse(*_: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        disk.setattr(pack_file, "write_all", refuse)
        return x

    with Flow("crowded", state_handlers=[watch]) as flow:
        more = inc(full := fills_the_disk(inc(0)))
    with pytest.raises(ResultError, match="No space left on device"):
        flow.run(executor=executor)
    disk.undo()
    row = record.flow_runs(FlowRunFilter(limit=1))[0]
    assert (["Running"], "Running") == (seen, row.kind.name)
    assert [] == find_damaged(record)
    monkeypatch.setattr(full, "run", lambda x: x)
    assert app.resume_flow_run(row.id, flow=flow).result[more] == Success(result=2)


def find_damaged(record: Store) -> list[str]:
    """Return the locations of results on record that cannot be read."""
    refs = [row.result for row in record.task_runs(TaskRunFilter()) if row.result is not None]
    return [ref.location for ref in refs if find_damage(ref)]


def test_a_lost_lease_stops_the_run(record: Store) -> None:
    """Another process goes on; this one says so and records nothing more."""
    runner: list[Any] = []

    class Losing(FlowRunner):
        def get_flow_run_state(self, *args: Any, **keywords: Any) -> State:
            runner.append(self)
            return super().get_flow_run_state(*args, **keywords)

    @task
    def loses(x: int) -> int:
        runner[0]._assembly._on_lost(LeaseLost("taken over"))
        return x

    with Flow("lost") as flow:
        more = inc(loses(0))
    with pytest.raises(LeaseLost, match="taken over"):
        flow.run(runner_cls=Losing)
    row = record.flow_runs(FlowRunFilter(limit=1))[0]
    assert row.kind.name == "Running"
    assert app.resume_flow_run(row.id, flow=_without_losing(flow)).result[more] == Success(result=1)


def _without_losing(flow: Flow) -> Flow:
    loses = next(each for each in flow.tasks if each.name == "loses")
    vars(loses)["run"] = lambda x: x
    return flow


@pytest.mark.parametrize("executor", ["inline", "threads:2"])
def test_an_interrupt_cancels_and_comes_out(record: Store, executor: str) -> None:
    """The handlers hear of the end, and everything that was open is cancelled on record."""
    seen: list[str] = []

    def watch(_: Any, __: State, new: State) -> None:
        seen.append(type(new).__name__)

    @task
    def interrupts() -> int:
        os.kill(os.getpid(), signal.SIGINT)
        return 1

    with Flow("interrupted", state_handlers=[watch]) as flow:
        inc.map([1, 2], upstream_tasks=[interrupts()])
    with pytest.raises(KeyboardInterrupt):
        flow.run(executor=executor)
    assert seen == ["Running", "Cancelled"]
    assert latest(record) == "Cancelled"


def test_a_run_that_is_interrupted_between_steps_is_cancelled(record: Store) -> None:
    """The record tells the truth, wherever the interrupt strikes."""

    class Interrupted(FlowRunner):
        def determine_final_state(self, *_: Any, **__: Any) -> State:
            raise KeyboardInterrupt

    with Flow("between") as flow:
        inc(1)
    with pytest.raises(KeyboardInterrupt):
        flow.run(runner_cls=Interrupted)
    assert latest(record) == "Cancelled"
