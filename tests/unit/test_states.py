"""States: the one table, the classes made from it, and the values that user code sees."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import ClassVar

import pytest

from runwright import states
from runwright.context import context
from runwright.result import NoResult, Result
from runwright.states import CLASS_BY_CODE, KIND_BY_CODE, KIND_BY_NAME, TABLE, Phase

PREDICATES = {
    "is_pending": {"Pending", "Scheduled", "Paused", "Resume", "Retrying"},
    "is_queued": {"Queued"},
    "is_retrying": {"Retrying"},
    "is_running": {"Running", "Cancelling"},
    "is_cached": {"Cached"},
    "is_finished": {
        "Finished", "Looped", "Success", "Cached", "Mapped", "Skipped", "Warning", "Failed", "TimedOut", "ValidationFailed",
        "TriggerFailed", "Crashed", "Retried", "Cancelled", "Killed",
    },
    "is_looped": {"Looped"},
    "is_scheduled": {"Scheduled", "Paused", "Resume", "Retrying", "Queued"},
    "is_submitted": {"Submitted"},
    "is_skipped": {"Skipped"},
    "is_successful": {"Success", "Cached", "Mapped", "Skipped", "Warning"},
    "is_failed": {"Failed", "TimedOut", "ValidationFailed", "TriggerFailed", "Crashed", "Retried"},
    "is_mapped": {"Mapped"},
    "is_meta_state": {"ClientFailed", "Submitted", "Queued"},
}  # fmt: skip

DOCUMENTED = {
    "State": (None, "#696969"), "Pending": ("State", "#7ebdff"), "Scheduled": ("Pending", "#ffab00"),
    "Paused": ("Scheduled", "#99a8e8"), "Resume": ("Scheduled", "#f58c0c"), "Retrying": ("Scheduled", "#f66a0a"),
    "ClientFailed": ("State", "#eb0000"), "Submitted": ("State", "#ffdf5d"), "Queued": ("State", "#ffea7f"),
    "Running": ("State", "#3d67ff"), "Cancelling": ("Running", "#e8e8e8"), "Finished": ("State", "#003ccb"),
    "Looped": ("Finished", "#003ccb"), "Success": ("Finished", "#28a745"), "Cached": ("Success", "#34d058"),
    "Mapped": ("Success", "#003ccb"), "Skipped": ("Success", "#62757f"), "Cancelled": ("Finished", "#bdbdbd"),
    "Failed": ("Finished", "#eb0000"), "TimedOut": ("Failed", "#ff4e33"), "TriggerFailed": ("Failed", "#ff5131"),
    "ValidationFailed": ("Failed", "#ff5131"),
}  # fmt: skip


class TestTable:
    def test_codes_and_names_are_used_once(self) -> None:
        assert len(TABLE) == len(KIND_BY_CODE) == len(KIND_BY_NAME)

    def test_codes_fit_into_a_byte_beside_the_marks_of_the_engine(self) -> None:
        assert all(0 < kind.code < 255 for kind in TABLE)

    def test_codes_are_never_given_to_another_state(self) -> None:
        """A record keeps codes for ever: this list only grows at its end."""
        assert [
            "Pending", "Scheduled", "Queued", "Submitted", "Paused", "Resume", "Retrying", "Running", "Looped", "Cancelling",
            "Success", "Cached", "Mapped", "Skipped", "Warning", "Failed", "TimedOut", "ValidationFailed", "TriggerFailed",
            "Crashed", "Retried", "Cancelled", "Killed", "ClientFailed",
        ] == [KIND_BY_CODE[code].name for code in range(1, len(TABLE) + 1)]  # fmt: skip

    @pytest.mark.parametrize("kind", TABLE, ids=lambda kind: kind.name)
    def test_each_row_has_its_class_and_that_has_its_parent(self, kind: states.StateKind) -> None:
        made = CLASS_BY_CODE[kind.code]
        assert (kind.name, kind.parent) == (made.__name__, made.__mro__[1].__name__)
        assert (kind, kind.colour) == (made.kind, made.color)

    @pytest.mark.parametrize("kind", TABLE, ids=lambda kind: kind.name)
    def test_phases_agree_with_the_classes(self, kind: states.StateKind) -> None:
        made = CLASS_BY_CODE[kind.code]
        is_final = issubclass(made, states.Finished) and made is not states.Looped
        assert is_final == kind.phase.is_final
        assert (kind.phase is Phase.OK) == issubclass(made, states.Success)
        assert (kind.phase is Phase.ACTIVE) == issubclass(made, states.Running | states.Looped)

    def test_colours_can_be_told_to_a_browser(self) -> None:
        assert all(len(kind.colour) == 7 and int(kind.colour[1:], 16) >= 0 for kind in TABLE)

    def test_the_documented_classes_have_their_parents_and_colours(self) -> None:
        for name, (parent, colour) in DOCUMENTED.items():
            made = getattr(states, name)
            assert colour == made.color
            assert parent == (made.parents(include_self=False, names_only=True) or [None])[0]


class TestPredicates:
    @pytest.mark.parametrize("predicate", PREDICATES)
    def test_each_is_true_of_its_states_alone(self, predicate: str) -> None:
        every = {made.__name__: made() for made in states.State.children()}
        assert PREDICATES[predicate] == {name for name, state in every.items() if getattr(state, predicate)()}


class TestFamily:
    def test_children_begin_with_the_state_itself(self) -> None:
        names = states.Failed.children(names_only=True)
        assert ["Failed", "TimedOut", "ValidationFailed", "TriggerFailed", "Crashed", "Retried"] == names
        assert [states.TimedOut] == states.TimedOut.children()
        assert [] == states.TimedOut.children(include_self=False)

    def test_parents_are_nearest_first_and_leave_out_the_hidden_one(self) -> None:
        assert ["Cached", "Success", "Finished", "State"] == states.Cached.parents(names_only=True)
        assert ["State"] == states.Queued.parents(include_self=False, names_only=True)

    def test_every_public_state_is_a_child_of_the_root_and_the_wrapper_is_not_public(self) -> None:
        names = states.State.children(names_only=True)
        assert len(names) == len(set(names)) == len(TABLE) + 2
        assert "MetaState" not in names


class TestValues:
    def test_message_comes_first_and_result_second(self) -> None:
        for made in states.State.children():
            state = made("why", 3)
            assert ("why", 3) == (state.message, state.result)

    def test_a_state_without_a_result_has_none(self) -> None:
        assert states.Success()._result is NoResult
        assert states.Success().result is None

    def test_a_result_object_is_held_as_it_is(self) -> None:
        held = Result(3)
        assert states.Success(result=held)._result is held

    def test_the_result_may_be_set(self) -> None:
        state = states.Success()
        state.result = 4
        assert 4 == state.result

    def test_equality_leaves_out_message_and_context_and_nothing_else(self) -> None:
        assert states.Success("a", 1, context={"x": 1}) == states.Success("b", 1)
        assert states.Success(result=1) != states.Success(result=2)
        assert states.Success(result=1) != states.Cached(result=1)
        assert states.Looped(loop_count=1) != states.Looped(loop_count=2)
        assert states.Success() != "Success"

    def test_the_hash_is_the_identity(self) -> None:
        assert 2 == len({states.Success(), states.Success()})

    def test_the_repr_names_the_class_and_the_message(self) -> None:
        assert '<Failed: "why">' == repr(states.Failed("why"))
        assert "<Failed>" == repr(states.Failed())

    def test_tags_of_the_running_task_are_kept_with_the_state(self) -> None:
        with context(task_tags={"red"}):
            assert ["red"] == states.Running().context["tags"]
        assert "tags" not in states.Running().context

    @pytest.mark.parametrize("made", states.State.children(), ids=lambda made: made.__name__)
    def test_states_travel(self, made: type[states.State]) -> None:
        state = made("why", 3)
        back = pickle.loads(pickle.dumps(state))
        assert state == back
        assert "why" == back.message

    def test_having_no_result_survives_a_journey(self) -> None:
        assert pickle.loads(pickle.dumps(states.Success()))._result is NoResult


class TestTimes:
    def test_a_scheduled_state_starts_now_unless_told(self) -> None:
        before = datetime.now(UTC)
        for made in (states.Scheduled, states.Resume, states.Retrying, states.Queued):
            due = made().start_time
            assert due is not None
            assert before <= due <= datetime.now(UTC)

    def test_a_pause_has_no_end_unless_told(self) -> None:
        assert states.Paused().start_time is None

    def test_a_naive_time_is_utc_and_an_aware_one_is_kept(self) -> None:
        noon = datetime(2026, 1, 1, 12)
        assert noon.replace(tzinfo=UTC) == states.Scheduled(start_time=noon).start_time
        east = noon.replace(tzinfo=timezone(timedelta(hours=2)))
        assert east == states.Queued(start_time=east).start_time
        assert noon.replace(tzinfo=UTC) == states.Cached(cached_result_expiration=noon).cached_result_expiration

    def test_waiting_states_remember_the_count_of_the_attempt_they_come_from(self) -> None:
        with context(task_run_count=3, task_loop_count=5):
            assert 3 == states.Scheduled().context["task_run_count"]
            assert 3 == states.Retrying().run_count
            assert 5 == states.Looped().loop_count
        assert 1 == states.Retrying().run_count
        assert 1 == states.Looped().loop_count
        assert 7 == states.Retrying(run_count=7).run_count


class TestWrappers:
    def test_a_wrapper_holds_the_innermost_state(self) -> None:
        inner = states.Scheduled()
        wrapped = states.Queued(state=states.Submitted(state=inner))
        assert inner is wrapped.state

    def test_wrappers_collapse_on_assignment_too(self) -> None:
        inner = states.Success()
        wrapped = states.ClientFailed()
        wrapped.state = states.Submitted(state=inner)
        assert inner is wrapped.state
        assert states.Submitted(state=states.Success()) == states.Submitted(state=states.Success())
        assert states.Submitted(state=states.Success()) != states.Submitted(state=states.Failed())


class TestMapped:
    def test_the_number_of_children_is_told_or_counted(self) -> None:
        assert 3 == states.Mapped(n_map_states=3).n_map_states
        assert 2 == states.Mapped(map_states=[states.Success(), states.Failed()]).n_map_states
        assert 5 == states.Mapped(map_states=[states.Success()], n_map_states=5).n_map_states
        assert 0 == states.Mapped().n_map_states

    def test_loading_gathers_the_values_of_the_children(self) -> None:
        mapped = states.Mapped(map_states=[states.Success(result=1), states.Success(result=2)])
        assert [1, 2] == mapped.load_result().result


class _Shelf(Result):
    """Keeps values by location."""

    values: ClassVar[dict[str, int]] = {"here": 11}

    def read(self, location: str) -> Result:
        return Result(self.values[location], location)


class TestLoading:
    def test_a_value_is_read_where_it_is_and_only_when_it_is_missing(self) -> None:
        assert 11 == states.Success(result=_Shelf(location="here")).load_result().result
        assert 11 == states.Success(result=Result(location="here")).load_result(_Shelf()).result
        assert 5 == states.Success(result=_Shelf(5, location="here")).load_result().result
        assert states.Success().load_result().result is None

    def test_cached_inputs_are_read_by_their_own_readers(self) -> None:
        state = states.Success(cached_inputs={"x": Result(location="here"), "y": Result(2)})
        state.load_cached_results({"x": _Shelf()})
        assert {"x": 11, "y": 2} == {key: held.value for key, held in state.cached_inputs.items()}


def test_the_table_reads_in_the_order_of_a_life() -> None:
    """Waiting before active before final, so that lists of states made from it make sense; what wraps comes last."""
    order = [Phase.WAITING, Phase.ACTIVE, Phase.OK, Phase.BAD]
    places = [order.index(kind.phase) for kind in TABLE if kind.name != "ClientFailed"]
    assert all(before <= after for before, after in pairwise(places))
