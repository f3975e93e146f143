"""Histories: the states of executions, and which task runs are there no more."""

from __future__ import annotations

from uuid import UUID

import pytest

from runwright.clock import NANOSECONDS
from runwright.events import Event, EventKind
from runwright.executions.histories import Histories, date_text
from runwright.states import KIND_BY_NAME

RUN = UUID("018f0000-0000-7000-8000-000000000000")


def expanded(parent, first, count, **data):
    return Event(0, RUN, parent, 2, 1, EventKind.EXPANDED, 0, {"first": first, "count": count, **data})


def entered(ordinal, state, at, **data):
    return Event(at * NANOSECONDS, RUN, ordinal, 2, 1, EventKind.STATE, KIND_BY_NAME[state].code, data)


def hidden(*events, of=range(20)):
    histories = Histories(0).add(events)
    return [each for each in of if histories.is_hidden(each)]


def test_earlier_turns_are_hidden_with_all_below_them():
    turns = [
        expanded(1, 2, 2, turn=1),
        expanded(2, 4, 2),
        expanded(4, 6, 1),
        expanded(1, 7, 2, turn=2),
        expanded(7, 9, 3),
    ]

    assert [2, 3, 4, 5, 6] == hidden(*turns)
    assert [2, 3, 4, 5, 6, 7, 8, 9, 10, 11] == hidden(*turns, expanded(1, 12, 1, turn=3))


def test_a_restart_hides_what_an_end_brought_about():
    events = [expanded(0, 1, 2), expanded(0, 3, 1, branch="errors"), expanded(3, 4, 1)]

    assert [] == hidden(*events)
    assert [3, 4] == hidden(*events, entered(0, "Resume", 1, restart=True))


def test_a_restarted_task_run_loses_its_children():
    events = [expanded(0, 1, 2), expanded(1, 3, 0), expanded(1, 3, 2), entered(1, "Resume", 1, restart=True)]

    assert [3, 4] == hidden(*events, expanded(1, 5, 2))


def test_thousands_of_turns_cost_no_more_than_their_number():
    events = [expanded(1, 2 * turn, 2, turn=turn) for turn in range(1, 20_001)]

    assert [39_998, 39_999] == hidden(*events, of=range(39_998, 40_003))


def test_a_retry_begins_as_created_and_has_an_attempt_of_its_own():
    events = [
        entered(1, "Running", 1),
        entered(1, "Retrying", 2, failed={"state": KIND_BY_NAME["Failed"].code}),
        entered(1, "Running", 3),
        entered(1, "Success", 5, opened=0),
    ]
    run = Histories(0).add(events).runs[1]

    assert ["CREATED", "RUNNING", "FAILED", "RETRYING", "CREATED", "RUNNING", "SUCCESS"] == [
        state for state, _ in run.states.steps
    ]
    assert [["CREATED", "RUNNING", "FAILED"], ["CREATED", "RUNNING", "SUCCESS"]] == [
        [state for state, _ in attempt.steps] for attempt in run.attempts
    ]
    document = run.states.document(now=9 * NANOSECONDS)
    assert ["PT4S", date_text(1 * NANOSECONDS), date_text(5 * NANOSECONDS)] == [
        document[name] for name in ("duration", "startDate", "endDate")
    ]


def test_an_execution_waits_with_what_is_tried_again_and_has_not_failed():
    events = [entered(0, state, at) for at, state in enumerate(["Running", "Retrying", "Running", "Success"])]

    assert ["CREATED", "RUNNING", "RETRYING", "RUNNING", "SUCCESS"] == words_of(Histories(0).add(events).runs[0])


def test_what_a_new_execution_replaces_has_failed_and_what_is_above_it_has_not():
    events = [
        entered(1, "Running", 1),
        expanded(1, 2, 1),
        entered(2, "Running", 2),
        entered(2, "Retried", 3),
        entered(1, "Retried", 4),
    ]
    above, tried = (Histories(0).add(events).runs[ordinal] for ordinal in (1, 2))

    assert ["CREATED", "RUNNING", "RETRIED"] == words_of(above)
    assert ["CREATED", "RUNNING", "FAILED", "RETRIED"] == words_of(tried)
    assert ["CREATED", "RUNNING", "FAILED"] == [state for state, _ in tried.attempts[0].steps]


def words_of(run):
    return [state for state, _ in run.states.steps]


@pytest.mark.parametrize(
    ("expected", "at"),
    [("1970-01-01T00:00:00.000000Z", 0), ("2026-05-12T18:00:01.000009Z", 1_778_608_801_000_009_999)],
)
def test_times_are_in_microseconds(expected, at):
    assert expected == date_text(at)
