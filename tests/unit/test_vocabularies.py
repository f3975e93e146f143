"""One state, three vocabularies: every state has its foreign words, and every documented word comes back as itself."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from runwright.states import KIND_BY_NAME, TABLE, StateKind
from runwright.vocabularies import (
    DERIVED,
    EVENT_NAMES,
    EVENT_TYPES,
    EXECUTION_STATES,
    Details,
    event_name,
    kind_from_event,
    kind_from_execution,
)

EVENTS = {
    ("SCHEDULED", "Scheduled"): "Scheduled",
    ("SCHEDULED", "Late"): "Scheduled",
    ("SCHEDULED", "AwaitingConcurrencySlot"): "Queued",
    ("SCHEDULED", "AwaitingRetry"): "Retrying",
    ("SCHEDULED", "Resuming"): "Resume",
    ("PENDING", "Pending"): "Pending",
    ("PENDING", "Submitting"): "Submitted",
    ("PENDING", "NotReady"): "TriggerFailed",
    ("RUNNING", "Running"): "Running",
    ("RUNNING", "Retrying"): "Running",
    ("COMPLETED", "Completed"): "Success",
    ("COMPLETED", "Cached"): "Cached",
    ("COMPLETED", "Skipped"): "Skipped",
    ("COMPLETED", "Warning"): "Warning",
    ("FAILED", "Failed"): "Failed",
    ("FAILED", "TimedOut"): "TimedOut",
    ("CRASHED", "Crashed"): "Crashed",
    ("CANCELLED", "Cancelled"): "Cancelled",
    ("CANCELLING", "Cancelling"): "Cancelling",
    ("PAUSED", "Paused"): "Paused",
    ("PAUSED", "Suspended"): "Paused",
}

EXECUTIONS = {
    "CREATED": "Pending",
    "QUEUED": "Queued",
    "SUBMITTED": "Submitted",
    "RUNNING": "Running",
    "PAUSED": "Paused",
    "RESTARTED": "Resume",
    "RETRYING": "Retrying",
    "KILLING": "Cancelling",
    "SUCCESS": "Success",
    "SKIPPED": "Skipped",
    "WARNING": "Warning",
    "FAILED": "Failed",
    "RETRIED": "Retried",
    "CANCELLED": "Cancelled",
    "KILLED": "Killed",
}

kinds = st.sampled_from(TABLE)
details = st.builds(Details, st.integers(1, 9), st.booleans(), st.booleans())


@given(kind=kinds, known=details)
def test_every_state_has_an_event_name(kind: StateKind, known: Details) -> None:
    event_type, name = event_name(kind, **known._asdict())
    assert kind.event_type == event_type
    assert (event_type, name) in EVENT_NAMES


@pytest.mark.parametrize(("word", "canonical"), EVENTS.items())
def test_every_documented_event_name_comes_back(word: tuple[str, str], canonical: str) -> None:
    kind, known = kind_from_event(*word)
    assert canonical == kind.name
    assert word == event_name(kind, **known._asdict())


@pytest.mark.parametrize(("word", "canonical"), EXECUTIONS.items())
def test_every_documented_execution_state_comes_back(word: str, canonical: str) -> None:
    kind = kind_from_execution(word)
    assert canonical == kind.name
    assert word == kind.execution


def test_the_documented_words_are_all_there_is() -> None:
    assert set(EVENTS) == set(EVENT_NAMES)
    assert set(EXECUTIONS) == set(EXECUTION_STATES)


@given(kind=kinds)
def test_foreign_words_pick_the_first_row_that_has_them(kind: StateKind) -> None:
    found, known = kind_from_event(kind.event_type, kind.event_name)
    assert Details() == known
    assert found is next(row for row in TABLE if (row.event_type, row.event_name) == (kind.event_type, kind.event_name))
    assert kind_from_execution(kind.execution) is next(row for row in TABLE if row.execution == kind.execution)


@given(kind=kinds, known=details)
def test_a_translation_comes_back_as_a_state_with_the_same_name(kind: StateKind, known: Details) -> None:
    word = event_name(kind, **known._asdict())
    back, least = kind_from_event(*word)
    assert word == event_name(back, **least._asdict())


def test_names_that_follow_from_details() -> None:
    scheduled, paused, running = (KIND_BY_NAME[name] for name in ("Scheduled", "Paused", "Running"))
    assert ("SCHEDULED", "Scheduled") == event_name(scheduled)
    assert ("SCHEDULED", "Late") == event_name(scheduled, is_late=True)
    assert ("PAUSED", "Paused") == event_name(paused, is_late=True)
    assert ("PAUSED", "Suspended") == event_name(paused, is_suspended=True)
    assert ("RUNNING", "Running") == event_name(running, run_count=1)
    assert ("RUNNING", "Retrying") == event_name(running, run_count=2)
    assert ("RUNNING", "Retrying") == event_name(running, run_count=7)


def test_retrying_waits_in_two_vocabularies_and_runs_in_the_third() -> None:
    assert ("SCHEDULED", "AwaitingRetry") == event_name(KIND_BY_NAME["Retrying"], run_count=2)
    assert "RETRYING" == KIND_BY_NAME["Retrying"].execution
    kind, known = kind_from_event("RUNNING", "Retrying")
    assert ("Running", 2) == (kind.name, known.run_count)


def test_derived_names_are_no_names_of_the_table() -> None:
    of_the_table = {row.event_name for row in TABLE}
    assert {"Late", "Suspended", "Retrying"} == {each.event_name for each in DERIVED}
    assert not of_the_table & {each.event_name for each in DERIVED}


@given(name=st.text(), event_type=st.sampled_from(EVENT_TYPES))
def test_a_name_of_ones_own_is_the_first_of_its_type(name: str, event_type: str) -> None:
    kind, _ = kind_from_event(event_type, name)
    assert event_type == kind.event_type


def test_a_rolled_back_run_is_a_success_and_a_custom_pending_is_pending() -> None:
    assert "Success" == kind_from_event("COMPLETED", "RolledBack")[0].name
    assert "Pending" == kind_from_event("PENDING", "InfrastructurePending")[0].name


def test_unknown_words_are_refused_with_those_that_are_known() -> None:
    with pytest.raises(ValueError, match="no event state type 'DONE': use one of PENDING, SCHEDULED"):
        kind_from_event("DONE", "Done")
    with pytest.raises(ValueError, match="no execution state 'DONE': use one of CREATED, QUEUED"):
        kind_from_execution("DONE")
