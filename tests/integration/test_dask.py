"""Flows on a real Dask cluster on loopback: resources, lost workers, retries, cancelling, a scheduler that goes away."""

from __future__ import annotations

import asyncio
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from tests.dask_cluster import two_workers

from runwright import Flow, clock, context, task
from runwright.errors import WorkerLost
from runwright.states import Crashed, Killed, Success
from runwright.testing import executor_poison as poison
from runwright.testing.executor_contract import Desk, Gate
from runwright.views import FlowRunFilter, TaskRunFilter

pytest.importorskip("distributed")

from runwright.executors import DaskExecutor
from runwright.executors.dask_switchboard import SAID


@pytest.fixture(scope="module")
def cluster():
    with two_workers(resources={"GPU": 1}) as cluster:
        yield cluster


@pytest.fixture
def executor(cluster):
    return DaskExecutor(cluster.scheduler_address)


@pytest.fixture
def gate(tmp_path):
    gate = Gate(tmp_path / "gate")
    yield gate
    gate.close()


@task
def add_one(x):
    return x + 1


def kinds_of(record, slug):
    row = record.flow_runs(FlowRunFilter(limit=1))[0]
    rows = sorted(
        record.task_runs(TaskRunFilter(flow_run=row.id, task=slug, limit=1000)), key=lambda each: each.map_index
    )
    return [each.kind.name for each in rows]


def test_pipelines_of_two_hundred_children(executor):
    with Flow("pipelines") as flow:
        twice = add_one.map(add_one.map(list(range(200))))

    assert list(range(2, 202)) == flow.run(executor=executor).result[twice].result


def test_a_worker_that_is_killed_crashes_one_attempt(record, executor):
    @task
    def die_at(x):
        if x == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return x

    with Flow("killed") as flow:
        mapped = die_at.map(list(range(8)))
    state = flow.run(executor=executor)

    assert state.is_failed()
    children = state.result[mapped].map_states
    assert (Crashed, WorkerLost) == (type(children[3]), type(children[3].result))
    assert "The Dask worker that ran the attempt is gone" in children[3].message
    assert [0, 1, 2, 4, 5, 6, 7] == [child.result for child in children if child.is_successful()]
    assert ["Crashed"] == [kind for kind in kinds_of(record, "die_at-1")[1:] if kind != "Success"]


def test_a_worker_that_is_killed_is_a_reason_to_retry(record, executor):
    @task(max_retries=1, retry_delay=0)
    def die_once():
        if context.task_run_count == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return context.task_run_count

    with Flow("retried") as flow:
        lucky = die_once()

    assert 2 == flow.run(executor=executor).result[lucky].result
    row = record.task_runs(TaskRunFilter(task="die_once-1"))[0]
    assert ["Crashed", "Success"] == [each.kind.name for each in record.attempts(row.flow_run, row.ordinal)]


def test_a_body_that_has_begun_never_runs_twice_in_one_attempt(executor, tmp_path):
    @task
    def die(folder, number):
        (Path(folder) / f"{number}-{os.getpid()}").touch()
        os.kill(os.getpid(), signal.SIGKILL)

    ran = tmp_path / "ran"
    ran.mkdir()
    with Flow("once") as flow:
        die.map([str(ran)] * 4, [0, 1, 2, 3])

    assert flow.run(executor=executor).is_failed()
    assert ["0", "1", "2", "3"] == sorted(file.name.partition("-")[0] for file in ran.iterdir())


def test_tags_are_resources(executor, tmp_path):
    """Each worker has one GPU: of these tasks, no two may meet in one place, and none starts where there is no GPU."""

    @task(tags=["dask-resource:GPU=1"])
    def compute(x):
        from distributed import get_worker

        return get_worker().state.available_resources["GPU"]

    with Flow("resources") as flow:
        left = compute.map([1, 2, 3, 4])

    assert [0.0] * 4 == flow.run(executor=executor).result[left].result


def test_a_tag_without_an_amount_fails_its_task(executor):
    @task(tags=["dask-resource:GPU"])
    def compute():
        pass

    with Flow("no amount") as flow:
        computed = compute()

    assert "dask-resource:GPU=1" in flow.run(executor=executor).result[computed].message


def test_an_attempt_that_runs_is_interrupted(executor, tmp_path):
    """Python code is interrupted where it is: the worker's process stays, and what it cleans up is cleaned up."""

    def wait(path, left):
        import time

        try:
            os.close(os.open(path, os.O_RDONLY))
            while True:
                time.sleep(0.01)
        finally:
            Path(left).touch()

    begun = tmp_path / "begun"
    os.mkfifo(begun)
    with Desk(executor) as desk:
        call = desk.call(wait, inputs={"path": str(begun), "left": str(tmp_path / "cleaned up")})
        executor.submit([call])
        os.close(os.open(begun, os.O_WRONLY))  # returns when the body is where it cleans up
        executor.kill(call.ordinal, call.attempt)
        state = desk.final(call).state
        desk.run(*(desk.call(poison.give_back) for _ in range(8)))

    assert Killed is type(state)
    assert (tmp_path / "cleaned up").exists()


def test_cancelling_a_flow_run_ends_what_runs_and_what_waits(record, executor, tmp_path):
    """As Ctrl-C does; what waits in C is ended with its worker."""

    @task
    def wait(path):
        return Path(path).read_text()

    gate = tmp_path / "gate"
    os.mkfifo(gate)
    held = []
    with Flow("cancelled") as flow:
        wait.map([str(gate)] * 6)

    def interrupt():
        held.append(
            os.open(gate, os.O_WRONLY)
        )  # returns when a body waits, which then has to wait until this is closed
        signal.raise_signal(signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        flow.run(executor=executor)
    thread.join()
    os.close(held[0])

    assert {"Killed", "Cancelled"} == set(kinds_of(record, "wait-1")[1:])


# ---- what is lost on the way


@pytest.fixture
def desk(executor, monkeypatch):
    monkeypatch.setattr("runwright.executors.dask_dispatch.TICK", 0.05)
    monkeypatch.setattr("runwright.executors.dask_dispatch.FAREWELL", 0.5)
    with Desk(executor) as desk:
        yield desk
    assert all([True] == [each.is_final for each in reports][-1:] for reports in desk.reports.values())


@pytest.fixture
def running(desk, gate):
    """Return a call whose body waits, with Running on its way to everybody."""
    call = desk.call(poison.wait_for, inputs={"path": gate.path})
    desk.executor.submit([call])
    desk.wait_until_running(call)
    return call


def test_a_report_that_is_lost_does_not_leave_its_attempt_open(cluster, desk, monkeypatch):
    monkeypatch.setitem(cluster.scheduler.stream_handlers, SAID, lambda **_: None)
    (state,) = desk.run(desk.call(poison.give_back))

    assert (Crashed, WorkerLost) == (type(state), type(state.result))
    assert "its report has not come" in state.message


async def never(**_):
    await asyncio.Event().wait()


def test_a_kill_that_nobody_answers_ends_its_attempt(cluster, desk, running, monkeypatch):
    monkeypatch.setitem(cluster.scheduler.handlers, "runwright_stop", never)
    desk.executor.kill(running.ordinal, running.attempt)
    state = desk.final(running).state

    assert Killed is type(state)
    assert "could not be told" in state.message


def test_stopping_does_not_wait_for_a_scheduler_that_does_not_answer(cluster, desk, running, monkeypatch):
    monkeypatch.setitem(cluster.scheduler.handlers, "runwright_stop", never)
    desk.executor.stop()

    assert Killed is type(desk.final(running).state)


def test_the_report_of_an_interrupted_body_may_overtake_the_answer_to_the_kill(cluster, desk, monkeypatch):
    """It says how the body ended, by KeyboardInterrupt, and not why."""
    stop = cluster.scheduler.handlers["runwright_stop"]

    async def never_answer(**asked):
        stop(**asked)
        await asyncio.Event().wait()

    def wait():
        import time

        while True:
            time.sleep(0.01)

    monkeypatch.setattr("runwright.executors.dask_dispatch.FAREWELL", 20)
    monkeypatch.setitem(cluster.scheduler.handlers, "runwright_stop", never_answer)
    call = desk.call(wait)
    desk.executor.submit([call])
    desk.wait_until_running(call)
    desk.executor.kill(call.ordinal, call.attempt)
    state = desk.final(call).state

    assert (Killed, "The attempt was killed.") == (type(state), state.message)


def test_a_connection_that_breaks_and_comes_back_is_lost(desk, running, monkeypatch):
    """The scheduler has forgotten what this client had asked for, also if it is back before anybody looks."""
    monkeypatch.setattr("runwright.executors.dask_dispatch.TICK", 1.0)
    client = desk.executor._dispatch._client
    client.loop.add_callback(client.scheduler_comm.comm.abort)
    state = desk.final(running).state

    assert Crashed is type(state)
    assert "connection to the Dask scheduler is lost" in state.message


OWN = """
import sys
sys.path[:] = {path!r}
from runwright import Flow, task
from runwright.executors import DaskExecutor

@task
def add_one(x):
    return x + 1

if __name__ == "__main__":
    with Flow("own") as flow:
        mapped = add_one.map([1, 2])
    state = flow.run(executor=DaskExecutor(cluster_kwargs={{"n_workers": 1}}))
    print(state.result[mapped].result)
"""


def test_a_cluster_of_its_own_serves_a_script_and_is_gone_afterwards(tmp_path):
    file = tmp_path / "own.py"
    file.write_text(OWN.format(path=sys.path))
    started = subprocess.run(
        [sys.executable, str(file)], capture_output=True, text=True, timeout=120, cwd=tmp_path, check=False
    )

    # The output is at its end when the last process that could write to it is gone.
    assert (0, "[2, 3]\n", "") == (started.returncode, started.stdout, started.stderr)


def slow_down():
    """Let this worker keep what it says for a second."""
    from distributed import get_worker

    stream: Any = get_worker().batched_stream
    stream.interval = 1.0


def test_a_body_that_ends_its_worker_takes_no_earlier_report_along():
    """What ran there before has ended well, however soon it comes after that."""
    with two_workers(n_workers=1) as single, Desk(DaskExecutor(single.scheduler_address)) as desk:
        slow = desk.call(slow_down)
        before = [desk.call(poison.give_back, inputs={"x": number}) for number in range(2)]
        fatal = desk.call(poison.take_down, inputs={"poison": "kill -9"})
        desk.executor.submit([slow, *before, fatal])

        assert [0, 1] == [desk.final(each).state.result for each in before]
        assert Crashed is type(desk.final(fatal).state)


def test_a_cluster_that_grows_runs_more_at_once(gate, monkeypatch):
    """A flow run that began on its first worker is not bound to that one."""
    monkeypatch.setattr("runwright.executors.dask_dispatch.TICK", 0.05)
    with two_workers(n_workers=1) as small, Desk(DaskExecutor(small.scheduler_address)) as desk:
        first, second = (desk.call(poison.wait_for, inputs={"path": gate.path}) for _ in range(2))
        desk.executor.submit([first])
        desk.wait_until_running(first)
        assert 1 == desk.executor.slots
        small.scale(2)
        desk.executor.submit([second])
        desk.wait_until_running(second)
        while desk.executor.slots != 2:
            clock.wait(queue.SimpleQueue(), 0.01)
        gate.open()
        assert {Success} == {type(desk.final(each).state) for each in (first, second)}


def test_a_cluster_without_workers_does_not_hang(monkeypatch):
    monkeypatch.setattr("runwright.executors.dask_dispatch.DESERTED", 0.0)
    with Flow("deserted") as flow:
        added = add_one(1)
    state = flow.run(executor=DaskExecutor(cluster_kwargs={"n_workers": 0}))

    assert Crashed is type(state.result[added])
    assert "has had no worker" in state.result[added].message


ELSEWHERE = """
import sys
sys.path[:] = {path!r}
from distributed import LocalCluster

if __name__ == "__main__":
    with LocalCluster(
        n_workers=1, processes=False, protocol="tcp://", host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""


def test_a_scheduler_that_is_killed_crashes_what_is_open(tmp_path):
    """At once and with the reason: the flow run does not hang."""
    file = tmp_path / "elsewhere.py"
    file.write_text(ELSEWHERE.format(path=sys.path))

    @task
    def end_the_cluster(x):
        os.kill(os.getpid(), signal.SIGKILL)

    with Flow("lost") as flow:
        ended = end_the_cluster.map([1, 2, 3])
    with subprocess.Popen(
        [sys.executable, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as elsewhere:
        address = elsewhere.stdout.readline().strip()
        state = flow.run(executor=DaskExecutor(address, client_kwargs={"timeout": 5}))

    assert state.is_failed()
    assert {Crashed} == {type(child) for child in state.result[ended].map_states}
    assert "connection to the Dask scheduler is lost" in state.result[ended].map_states[0].message
