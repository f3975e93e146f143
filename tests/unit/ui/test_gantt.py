"""The gantt says what the end waited for, and how much time the others had."""

from __future__ import annotations

from runwright.clock import NANOSECONDS
from runwright.runs import EdgeInfo
from runwright.ui import gantt
from runwright.ui.lines import TaskLine


def line(slug, start, end, **more):
    times = (None if at is None else at * NANOSECONDS for at in (start, end))
    return TaskLine(slug, slug, slug, "Success", 0, *times, **more)


LINES = [line("a", 1, 3), line("b", 1, 6), line("c", 6, 8), line("d", 3, 4)]
EDGES = [EdgeInfo("a", "c"), EdgeInfo("b", "c"), EdgeInfo("a", "d")]


def test_the_critical_path_goes_back_over_whoever_ended_last():
    assert ["b", "c"] == gantt.critical_path(LINES, EDGES)


def test_slack_is_how_much_later_a_task_could_have_ended():
    assert {"a": 3.0, "b": 0.0, "c": 0.0, "d": 4.0} == gantt.slack_of(LINES, EDGES, 8 * NANOSECONDS)


def test_bars_stand_where_their_time_is():
    drawn = gantt.draw(LINES, EDGES, 0, 8 * NANOSECONDS)

    assert (8.0, 7.0) == (drawn.seconds, drawn.critical_seconds)
    assert [(125.0, 375.0), (125.0, 750.0), (750.0, 1000.0), (375.0, 500.0)] == [
        (bar.start, bar.end) for bar in drawn.bars
    ]
    assert [False, True, True, False] == [bar.is_critical for bar in drawn.bars]
    assert [0, 2, 4, 6, 8] == [tick.seconds for tick in drawn.ticks]


def test_what_has_not_ended_reaches_the_end_and_what_has_not_begun_has_no_length():
    running, waiting = gantt.draw([line("a", 2, None), line("b", None, None)], [], 0, 4 * NANOSECONDS).bars

    assert (500.0, 1000.0, 2.0, True) == (running.start, running.end, running.duration, running.is_open)
    assert (None, None) == (waiting.duration, waiting.slack)


def test_nothing_has_a_gantt_too():
    assert [] == gantt.draw([], [], 5, 5).bars


def test_a_circle_of_edges_ends():
    assert {"a", "b"} == set(
        gantt.critical_path([line("a", 1, 2), line("b", 1, 3)], [EdgeInfo("a", "b"), EdgeInfo("b", "a")])
    )
