"""What takes long to measure is measured once for all who ask, and again when the record has moved on and it is old."""

from __future__ import annotations

import threading

from runwright.ui.measuring import Measuring
from runwright.ui.selection import Durations


class Meter:
    """Counts how often it measures, and takes one second of the clock of the test for each."""

    def __init__(self):
        self.at = 0.0
        self.count = 0

    def now(self):
        return self.at

    def measure(self):
        self.count += 1
        self.at += 1.0
        return Durations(p50=float(self.count))


def test_a_measurement_is_good_while_the_log_stands_still_and_for_a_while_after():
    meter = Meter()
    measuring = Measuring(meter.now)

    def asked(cursor):
        return measuring.durations("state:failed", cursor, meter.measure).p50

    assert [1.0, 1.0] == [asked(5), asked(5)]
    meter.at += 9
    assert 1.0 == asked(6)
    meter.at += 2
    assert 2.0 == asked(7)
    meter.at += 1_000
    assert 2.0 == asked(7)
    assert 3.0 == measuring.durations("", 7, meter.measure).p50


def test_those_who_ask_together_wait_for_one_measurement():
    begun, go_on, found, count = threading.Event(), threading.Event(), [], []

    def measure():
        count.append(1)
        begun.set()
        go_on.wait(10)
        return Durations(p50=1.0)

    measuring = Measuring()
    threads = [threading.Thread(target=lambda: found.append(measuring.durations("", 1, measure).p50)) for _ in range(4)]
    threads[0].start()
    begun.wait(10)
    for each in threads[1:]:
        each.start()
    go_on.set()
    for each in threads:
        each.join(10)

    assert ([1.0] * 4, 1) == (found, len(count))
