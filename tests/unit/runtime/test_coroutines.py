"""CoroutineLane: attempts as coroutines of one loop: side by side, each with one final report, whatever becomes of it."""

from __future__ import annotations

import asyncio
import queue

import pytest

from runwright import task
from runwright.executor import TaskCall
from runwright.runtime.coroutines import CoroutineLane

PATIENCE = 60


@pytest.fixture
def reports():
    return queue.SimpleQueue()


@pytest.fixture
def lane(reports):
    lane = CoroutineLane()
    lane.start(reports.put)
    yield lane
    lane.stop()


def call(body, ordinal=1, attempt=1):
    declared = task(body, name=f"t{ordinal}")
    return TaskCall(
        ordinal=ordinal,
        node=0,
        slug=f"t-{ordinal}",
        task=declared,
        task_run_id="id",
        context={},
        upstream={},
        attempt=attempt,
    )


def ends(reports, count):
    """Return the names of the final states of so many attempts, by ordinal."""
    found = {}
    while len(found) < count:
        report = reports.get(timeout=PATIENCE)
        if report.is_final:
            assert report.ordinal not in found, "one final report for each attempt"
            found[report.ordinal] = type(report.state).__name__
    return found


def begun(reports):
    """Wait until an attempt runs."""
    while (report := reports.get(timeout=PATIENCE)).is_final:
        pass
    return report.ordinal


async def forever():
    await asyncio.Event().wait()


def test_attempts_run_side_by_side_in_one_loop(lane, reports):
    """Each waits for the other: one after the other they would never end."""
    seen = {}

    def meeting(mine, other):
        async def body():
            loop = asyncio.get_running_loop()
            event = seen.setdefault(mine, asyncio.Event())
            seen.setdefault(other, asyncio.Event()).set()
            await event.wait()
            return id(loop)

        return body

    lane.submit([call(meeting("a", "b"), 1), call(meeting("b", "a"), 2)])
    assert {1: "Success", 2: "Success"} == ends(reports, 2)


def test_what_a_body_raises_is_the_end_of_its_attempt_alone(lane, reports):
    async def broken():
        raise ValueError("no")

    async def leaves():
        raise SystemExit(3)

    async def sound():
        return 1

    lane.submit([call(broken, 1), call(leaves, 2), call(sound, 3)])
    assert {1: "Failed", 2: "Crashed", 3: "Success"} == ends(reports, 3)


def test_one_that_is_killed_ends_and_others_go_on(lane, reports):
    lane.submit([call(forever, 1), call(forever, 2)])
    assert {1, 2} == {begun(reports), begun(reports)}
    assert lane.kill(2, 1)
    assert {2: "Killed"} == ends(reports, 1)
    assert lane.kill(1, 1)
    assert {1: "Killed"} == ends(reports, 1)


def test_one_that_is_killed_before_its_first_step_has_an_end_too(lane, reports):
    lane.submit([call(forever)])
    lane.kill(1, 1)
    assert {1: "Killed"} == ends(reports, 1)


def test_another_attempt_of_the_same_run_is_not_meant(lane, reports):
    async def short():
        await asyncio.sleep(0)

    lane.submit([call(short, attempt=2)])
    lane.kill(1, 1)
    assert {1: "Success"} == ends(reports, 1)


def test_to_kill_what_is_not_there_changes_nothing(lane, reports):
    lane.kill(9, 1)

    async def body():
        return 1

    lane.submit([call(body)])
    assert {1: "Success"} == ends(reports, 1)
    lane.kill(1, 1)
    lane.submit([call(body)])
    assert {1: "Success"} == ends(reports, 1)


def test_what_still_runs_when_it_stops_is_cancelled_and_cleans_up(reports):
    lane, left = CoroutineLane(), []

    async def body():
        try:
            await asyncio.Event().wait()
        finally:
            left.append("tidy")

    lane.start(reports.put)
    lane.submit([call(body)])
    begun(reports)
    lane.stop()
    assert (["tidy"], {1: "Killed"}) == (left, ends(reports, 1))


def test_a_lane_that_ran_nothing_stops():
    lane = CoroutineLane()
    lane.start(lambda _: None)
    lane.stop()


def test_a_lane_that_never_started_stops_too():
    CoroutineLane().stop()
