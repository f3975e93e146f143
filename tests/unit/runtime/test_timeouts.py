"""Timeouts: a call that takes too long is left, in the main thread and in any other; one that does not is what it was."""

from __future__ import annotations

import signal
import threading

import pytest

from runwright.context import activate, current, deactivate
from runwright.runtime.timeouts import TaskTimeout, call_within


def in_thread(call):
    """Return what a call gives, or raises, in another thread."""
    found = []

    def run():
        try:
            found.append((call(), None))
        except BaseException as error:
            found.append((None, error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    value, error = found[0]
    if error is not None:
        raise error
    return value


WAYS = {"main thread": lambda call: call(), "another thread": in_thread}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_in_time_is_what_it_was(way):
    assert 3 == WAYS[way](lambda: call_within(600, lambda a, b: a + b, {"a": 1, "b": 2}))
    assert 3 == WAYS[way](lambda: call_within(None, lambda a: a, {"a": 3}))
    with pytest.raises(ZeroDivisionError):
        WAYS[way](lambda: call_within(600, lambda: 1 / 0, {}))


@pytest.mark.parametrize("way", WAYS)
def test_what_is_late_is_left(way):
    """No handler of ordinary errors keeps it."""
    waiting = threading.Event()

    def stubborn():
        try:
            waiting.wait(60)
        except Exception:
            return "kept"
        return "waited"

    with pytest.raises(TaskTimeout):
        WAYS[way](lambda: call_within(0.01, stubborn, {}))
    waiting.set()


def test_a_call_in_another_thread_sees_the_context():
    token = activate({"word": "seen"})
    try:
        import contextvars

        around = contextvars.copy_context()
        assert "seen" == in_thread(lambda: around.run(call_within, 600, lambda: (current() or {})["word"], {}))
    finally:
        deactivate(token)


def test_the_alarm_of_a_call_around_it_goes_on():
    """And the handler that was there before is there afterwards."""
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(TaskTimeout):
        call_within(0.05, lambda: [call_within(600, lambda: None, {}), threading.Event().wait(60)], {})
    assert (before, (0.0, 0.0)) == (signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL))
