"""Clock: integers of nanoseconds, and the datetimes and texts that stand for them."""

from __future__ import annotations

import queue
import signal
import sys
import threading
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given, strategies as st

from runwright import clock
from runwright.testing.fake_clock import FakeClock

whole = st.datetimes(timezones=st.just(UTC))
offsets = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(moment=whole)
def test_a_datetime_comes_back(moment: datetime) -> None:
    assert moment == clock.to_datetime(clock.from_datetime(moment))


@given(at=st.integers(-62_000_000_000_000_000_000, 250_000_000_000_000_000_000))
def test_nanoseconds_come_back_to_the_microsecond(at: int) -> None:
    assert at // 1_000 * 1_000 == clock.from_datetime(clock.to_datetime(at))


@given(moment=st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1)), offset=offsets)
def test_the_zone_of_a_datetime_does_not_matter(moment: datetime, offset: timezone) -> None:
    aware = moment.replace(tzinfo=offset)
    assert clock.from_datetime(aware.astimezone(UTC)) == clock.from_datetime(aware)


def test_a_naive_datetime_is_utc() -> None:
    assert 0 == clock.from_datetime(datetime(1970, 1, 1))


def test_the_ends_of_time_do_not_overflow() -> None:
    earliest = datetime.min.replace(tzinfo=timezone(timedelta(hours=23, minutes=59)))
    latest = datetime.max.replace(tzinfo=timezone(-timedelta(hours=23, minutes=59)))
    assert clock.from_datetime(earliest) < clock.from_datetime(latest)


def test_what_no_record_can_hold_is_the_nearest_time_that_it_can() -> None:
    assert (1 << 63) - 1 == clock.recordable(datetime(9999, 12, 31, tzinfo=UTC))
    assert 1 - (1 << 63) == clock.recordable(datetime(1, 1, 1, tzinfo=UTC))
    assert 0 == clock.recordable(datetime(1970, 1, 1, tzinfo=UTC))


@given(moment=whole, later=st.integers(1, 10**9))
def test_order_is_kept(moment: datetime, later: int) -> None:
    if moment < datetime(9000, 1, 1, tzinfo=UTC):
        assert clock.from_datetime(moment) < clock.from_datetime(moment + timedelta(microseconds=later))


def test_texts_are_rfc_3339_with_microseconds_and_offset() -> None:
    assert "1970-01-01T00:00:00.000000+00:00" == clock.to_iso(0)
    assert "2026-11-21T07:36:41.662925+00:00" == clock.to_iso(1_795_246_601_662_925_999)


@given(at=st.integers(0, 4_000_000_000_000_000_000))
def test_texts_come_back(at: int) -> None:
    assert at // 1_000 * 1_000 == clock.from_datetime(datetime.fromisoformat(clock.to_iso(at)))


class _Stopped:
    """A clock that stands still and never waits."""

    def now(self) -> int:
        return 86_400 * clock.NANOSECONDS

    def wait(self, inbox: queue.SimpleQueue[object], seconds: float | None) -> object:
        return inbox.get_nowait()


def test_the_installed_clock_is_the_one_that_is_asked() -> None:
    before = clock.install(_Stopped())
    try:
        inbox: queue.SimpleQueue[str] = queue.SimpleQueue()
        inbox.put("a report")
        assert datetime(1970, 1, 2, tzinfo=UTC) == clock.utcnow()
        assert "a report" == clock.wait(inbox, None)
    finally:
        clock.install(before)
    assert clock.now() > 86_400 * clock.NANOSECONDS


def test_the_machines_clock_gives_up_waiting() -> None:
    inbox: queue.SimpleQueue[str] = queue.SimpleQueue()
    assert clock.SystemClock().wait(inbox, 0.0) is None
    inbox.put("a report")
    assert "a report" == clock.SystemClock().wait(inbox, 0.0)


def test_a_signal_that_another_thread_caught_ends_the_wait() -> None:
    inbox: queue.SimpleQueue[str] = queue.SimpleQueue()
    waiter = threading.get_ident()

    def interrupt() -> None:
        while sys._current_frames()[waiter].f_code is not clock.SystemClock.wait.__code__:
            pass
        signal.raise_signal(signal.SIGINT)
        is_over.wait(20)
        inbox.put("nobody woke up")

    is_over = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: inbox.put("interrupted"))
    thread = threading.Thread(target=interrupt)
    try:
        thread.start()
        assert "interrupted" == clock.SystemClock().wait(inbox, None)
    finally:
        is_over.set()
        thread.join()
        signal.signal(signal.SIGINT, before)


def test_looks_come_less_often_while_there_is_no_news() -> None:
    with FakeClock() as fake:
        looks, waits = clock.Looks(), []
        for is_news in (True, False, False, False, False, False, False, True):
            before = fake.at
            looks.wait_for_next(is_news=is_news)
            waits.append((fake.at - before) / clock.NANOSECONDS)
    assert [0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0, 0.1] == waits
