"""Interrupts: the first Ctrl-C is counted and told, the second breaks off, and bodies of tasks are never waited for."""

from __future__ import annotations

import signal
import threading

import pytest

from runwright import task
from runwright.executor import TaskCall
from runwright.runtime.attempt import make_attempt
from runwright.runtime.interrupts import Interrupts


@pytest.fixture(autouse=True)
def usual_handler():
    """Let Python handle the signal as it does by itself, whatever the runner of the tests wants."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def woken():
    return []


def interrupt():
    signal.raise_signal(signal.SIGINT)


def test_the_first_one_is_counted_and_told(woken):
    with Interrupts(lambda: woken.append(1)) as interrupts:
        assert 0 == interrupts.count
        interrupt()
        assert ([1], 1) == (woken, interrupts.count)


def test_the_second_one_is_not_held_back(woken):
    with Interrupts(lambda: woken.append(1)) as interrupts:
        interrupt()
        with pytest.raises(KeyboardInterrupt):
            interrupt()
    assert ([1, 1], 2) == (woken, interrupts.count)


def test_the_signal_goes_back_to_who_had_it(woken):
    with Interrupts(lambda: woken.append(1)):
        assert signal.default_int_handler is not signal.getsignal(signal.SIGINT)
    assert signal.default_int_handler is signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert [] == woken


def test_also_when_the_block_is_broken_off(woken):
    with pytest.raises(ZeroDivisionError), Interrupts(lambda: woken.append(1)):
        raise ZeroDivisionError
    assert signal.default_int_handler is signal.getsignal(signal.SIGINT)


def test_one_inside_another_leaves_it_to_that(woken):
    """A flow that runs a flow is interrupted as a whole."""
    with Interrupts(lambda: woken.append("outer")) as outer, Interrupts(lambda: woken.append("inner")) as inner:
        interrupt()
    assert ((1, 0), ["outer"]) == ((outer.count, inner.count), woken)


def test_a_program_that_handles_it_itself_goes_on_to(woken):
    own = []
    signal.signal(signal.SIGINT, lambda *_: own.append(1))
    with Interrupts(lambda: woken.append(1)) as interrupts:
        interrupt()
    assert ([1], [], 0) == (own, woken, interrupts.count)


def test_in_another_thread_it_does_nothing(woken):
    def work():
        with Interrupts(lambda: woken.append(1)):
            seen.append(signal.getsignal(signal.SIGINT))

    seen = []
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert [signal.default_int_handler] == seen


def test_the_body_of_a_task_is_broken_off_at_once(woken):
    """And the attempt that it belongs to still has an end."""
    reached, reports = [], []

    def body():
        reached.append("before")
        interrupt()
        reached.append("after")

    call = TaskCall(
        ordinal=1, node=0, slug="t-1", task=task(body, name="t"), task_run_id="id", context={}, upstream={}
    )  # fmt: skip
    with Interrupts(lambda: woken.append(1)) as interrupts:
        make_attempt(call, reports.append)
    assert (["before"], 1, [1]) == (reached, interrupts.count, woken)
    assert [False, True] == [report.is_final for report in reports]
    assert not reports[-1].state.is_successful()
