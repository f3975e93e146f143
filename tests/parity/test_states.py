"""States: every class, argument, predicate and journey that is documented."""

from __future__ import annotations

import copy
import json
import pickle
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import cloudpickle
import pytest
from tests.parity.steps import Shelf

from runwright import context, states
from runwright.errors import StateSerializationError
from runwright.result import NoResult, Result
from runwright.results import ConstantResult, LocalResult
from runwright.states import (
    Cached,
    Cancelled,
    Cancelling,
    ClientFailed,
    Failed,
    Finished,
    Looped,
    Mapped,
    Paused,
    Pending,
    Queued,
    Resume,
    Retrying,
    Running,
    Scheduled,
    Skipped,
    State,
    Submitted,
    Success,
    TimedOut,
    TriggerFailed,
    ValidationFailed,
)

PUBLIC = [
    State, Pending, Scheduled, Paused, Resume, Retrying, ClientFailed, Submitted, Queued, Running, Cancelling, Finished, Looped,
    Success, Cached, Mapped, Skipped, Cancelled, Failed, TimedOut, TriggerFailed, ValidationFailed,
]  # fmt: skip
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

deserialize: Any = State.deserialize

every_class = pytest.mark.parametrize("cls", PUBLIC, ids=lambda cls: cls.__name__)


@every_class
class TestEveryClass:
    def test_message_first_result_second(self, cls: type[State]) -> None:
        state = cls("message", "result")
        assert ("message", "result") == (state.message, state.result)

    def test_every_argument_has_a_default(self, cls: type[State]) -> None:
        state = cls()
        assert (None, None, {}) == (state.message, state.result, state.cached_inputs)
        assert state._result is NoResult

    def test_a_value_becomes_a_result_and_a_result_stays_itself(self, cls: type[State]) -> None:
        held = Result(3, location="here")
        assert Result(3) == cls(result=3)._result
        assert cls(result=held)._result is held

    def test_none_is_a_result_like_any_other(self, cls: type[State]) -> None:
        assert cls(result=None)._result is not NoResult

    def test_context_and_cached_inputs_are_keywords(self, cls: type[State]) -> None:
        state = cls(context={"x": 1}, cached_inputs={"y": Result(2)})
        assert (1, Result(2)) == (state.context["x"], state.cached_inputs["y"])

    def test_tags_in_the_context_are_kept_as_a_list(self, cls: type[State]) -> None:
        with context(task_tags={"a", "b"}):
            assert ["a", "b"] == sorted(cls().context["tags"])
        with context(task_tags=set()):
            assert [] == cls().context["tags"]

    def test_repr(self, cls: type[State]) -> None:
        assert f"<{cls.__name__}>" == repr(cls())
        assert f'<{cls.__name__}: "why">' == repr(cls("why"))

    def test_equality_ignores_message_and_context(self, cls: Any) -> None:
        start: Any = {"start_time": NOON} if issubclass(cls, Scheduled | Queued) else {}
        assert cls("a", 1, context={"a": 1}, **start) == cls("b", 1, context={"b": 2}, **start)
        assert cls(result=1, **start) != cls(result=2, **start)

    def test_the_hash_is_the_identity(self, cls: type[State]) -> None:
        first, second = cls(), cls()
        assert 2 == len({first, second, first})

    def test_both_picklers_keep_it(self, cls: type[State]) -> None:
        state = cls("why", [1])
        for pickler in (pickle, cloudpickle):
            back = pickle.loads(pickler.dumps(state))
            assert (state, "why") == (back, back.message)

    def test_a_document_and_back(self, cls: type[State]) -> None:
        state = cls("why", context={"x": [1]})
        document = json.loads(json.dumps(state.serialize()))
        back = deserialize(document)
        assert (cls, "why", [1]) == (type(back), back.message, back.context["x"])


class TestFamily:
    def test_the_public_classes_are_all_there_and_the_wrapper_is_hidden(self) -> None:
        assert {cls.__name__ for cls in PUBLIC} <= set(State.children(names_only=True))
        assert not [name for name in State.children(names_only=True) if "Meta" in name]

    def test_arguments_may_be_given_by_position(self) -> None:
        assert [Retrying] == Retrying.children()
        assert [] == Retrying.children(False)
        assert ["Retrying"] == Retrying.children(True, True)
        assert ["Scheduled", "Pending", "State"] == Retrying.parents(False, True)

    @pytest.mark.parametrize(
        ("cls", "parents"),
        [
            (Mapped, {Success, Finished, State}),
            (Looped, {Finished, State}),
            (Cancelling, {Running, State}),
            (Cancelled, {Finished, State}),
            (TimedOut, {Failed, Finished, State}),
            (Queued, {State}),
        ],
    )
    def test_parents(self, cls: type[State], parents: set[Any]) -> None:
        assert parents == set(cls.parents(include_self=False))

    @pytest.mark.parametrize(
        ("state", "successful", "failed", "finished"),
        [
            (Mapped(), True, False, True),
            (Skipped(), True, False, True),
            (Cached(), True, False, True),
            (Looped(), False, False, True),
            (Cancelled(), False, False, True),
            (Cancelling(), False, False, False),
            (Queued(), False, False, False),
        ],
    )
    def test_what_is_easily_mistaken(self, state: State, successful: bool, failed: bool, finished: bool) -> None:
        assert (successful, failed, finished) == (state.is_successful(), state.is_failed(), state.is_finished())

    def test_queued_is_scheduled_and_not_pending(self) -> None:
        assert (True, False) == (Queued().is_scheduled(), Queued().is_pending())
        assert Cancelling().is_running()

    def test_there_are_no_other_predicates(self) -> None:
        assert not hasattr(State, "is_cancelled")
        assert not hasattr(State, "is_timed_out")

    @pytest.mark.parametrize(("cls", "colour"), [(State, "#696969"), (Cancelling, "#E8E8E8"), (Cancelled, "#bdbdbd")])
    def test_colours(self, cls: type[State], colour: str) -> None:
        assert colour == cls.color == cls().color


class TestExtraArguments:
    def test_scheduled_copies_the_run_count_of_the_context(self) -> None:
        with context(task_run_count=42):
            assert 42 == Scheduled().context["task_run_count"]
        assert "task_run_count" not in Scheduled().context

    def test_paused_has_no_start_time_and_the_others_start_now(self) -> None:
        assert Paused().start_time is None
        waiting: list[Any] = [Scheduled(start_time=None), Resume(), Retrying(), Queued()]
        for state in waiting:
            assert abs(state.start_time - datetime.now(UTC)) < timedelta(minutes=1)

    def test_retrying_counts_by_argument_context_or_one(self) -> None:
        assert 1 == Retrying().run_count
        assert 2 == Retrying(run_count=2).run_count
        with context(task_run_count=5):
            assert 5 == Retrying().run_count

    def test_looped_counts_by_argument_context_or_one(self) -> None:
        assert 1 == Looped().loop_count
        assert 2 == Looped(loop_count=2).loop_count
        with context(task_loop_count=5):
            assert 5 == Looped().loop_count

    @pytest.mark.parametrize("outer", [Submitted, Queued, ClientFailed])
    @pytest.mark.parametrize("inner", [Submitted, Queued, ClientFailed])
    def test_meta_states_collapse(self, outer: Any, inner: Any) -> None:
        state = Pending()
        assert outer(state=inner(state=inner(state=state))).state is state

    def test_mapped_counts_by_argument_or_length(self) -> None:
        assert 0 == Mapped().n_map_states
        assert 2 == Mapped(map_states=[None, None]).n_map_states
        assert 4 == Mapped(map_states=[None], n_map_states=4).n_map_states

    def test_cached_holds_what_validators_compare(self) -> None:
        state = Cached(
            cached_inputs={"x": Result(1)},
            cached_parameters={"p": 2},
            cached_result_expiration=NOON,
            hashed_inputs={"x": "a"},
        )
        assert ({"p": 2}, NOON, {"x": "a"}) == (
            state.cached_parameters,
            state.cached_result_expiration,
            state.hashed_inputs,
        )


class TestLoading:
    def test_read_when_the_value_is_missing_and_the_location_known(self) -> None:
        shelf = Shelf(values={"here": 1})
        assert 1 == Success(result=Result(location="here")).load_result(shelf).result
        assert 5 == Success(result=Result(5, location="here")).load_result(shelf).result
        assert Success().load_result(shelf).result is None
        assert [("read", "here")] == shelf.asked

    def test_without_a_reader_the_result_reads_itself(self) -> None:
        assert 1 == Success(result=Shelf(location="here", values={"here": 1})).load_result().result

    def test_mapped_reads_every_child(self) -> None:
        shelf = Shelf(values={"a": 1, "b": 2})
        children = [Success(result=Result(location=each)) for each in "ab"]
        assert [1, 2] == Mapped(map_states=children).load_result(shelf).result

    def test_mapped_without_its_children_has_no_result(self) -> None:
        assert Mapped(map_states=[None, None]).load_result().result is None

    def test_cached_inputs_are_read_by_name(self) -> None:
        state = Cached(cached_inputs={"x": Result(location="here"), "y": Result(2)})
        assert state.load_cached_results({"x": Shelf(values={"here": 1})}) is state
        assert [1, 2] == [each.value for each in state.cached_inputs.values()]


class Unreadable(Exception):
    """Can be pickled, and not be read."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} {two}")

    def __reduce__(self) -> Any:
        return type(self), self.args


class TestPickling:
    def test_an_exception_that_cannot_travel_becomes_a_text(self) -> None:
        error = ValueError(threading.Lock())
        for state in (Failed("why", error), Failed("why", Unreadable(1, 2))):
            for pickler in (pickle, cloudpickle):
                back = pickle.loads(pickler.dumps(state))
                assert back.result.startswith("The following exception could not be pickled")
                assert (Failed, "why") == (type(back), back.message)
        assert Failed(result=error).result is error

    def test_a_copy_does_not_travel(self) -> None:
        state = Failed("why", Unreadable(1, 2))
        copied = copy.copy(state)
        assert copied.result is state.result
        assert (state, "why") == (copied, copied.message)

    def test_an_exception_that_can_stays_one(self) -> None:
        back = pickle.loads(pickle.dumps(Failed(result=ValueError("no"))))
        assert (ValueError, ("no",)) == (type(back.result), back.result.args)


class TestDocuments:
    def test_the_common_keys(self) -> None:
        with context(task_tags={"a"}):
            document = Success("why", 3).serialize()
        assert {"type", "__version__", "message", "context", "_result", "cached_inputs"} == set(document)
        assert ("Success", "why", {"tags": ["a"]}) == (document["type"], document["message"], document["context"])

    def test_values_stay_behind(self) -> None:
        document = Success(result=Result(3, location="here")).serialize()
        assert ("Result", "here") == (document["_result"]["type"], document["_result"]["location"])
        assert "value" not in document["_result"]
        assert "location" not in Success().serialize()["_result"]
        assert "NoResultType" == Success().serialize()["_result"]["type"]

    @pytest.mark.parametrize("cls", [Scheduled, Paused, Resume])
    def test_a_start_time_is_iso_or_null(self, cls: Any) -> None:
        assert NOON == deserialize(cls(start_time=NOON).serialize()).start_time
        assert "2026-01-01T12:00:00+00:00" == cls(start_time=NOON).serialize()["start_time"]
        assert deserialize(Paused().serialize()).start_time is None
        document = {"type": cls.__name__, "start_time": None}
        assert deserialize(document).start_time is None

    def test_retrying(self) -> None:
        document = Retrying(start_time=NOON, run_count=3).serialize()
        assert 3 == document["run_count"]
        assert Retrying(start_time=NOON, run_count=3) == deserialize(document)

    def test_queued_and_its_kin_hold_another_document(self) -> None:
        document = Queued(state=Pending("inner"), start_time=NOON).serialize()
        assert ("Pending", "inner") == (document["state"]["type"], document["state"]["message"])
        assert isinstance(deserialize(document).state, Pending)
        assert Submitted().serialize()["state"] is None

    def test_looped(self) -> None:
        assert 4 == Looped(loop_count=4).serialize()["loop_count"]
        assert 4 == deserialize({"type": "Looped", "loop_count": 4}).loop_count

    def test_cached(self) -> None:
        state = Cached(cached_parameters={"p": 1}, cached_result_expiration=NOON, hashed_inputs={"x": "a"})
        assert state == deserialize(json.loads(json.dumps(state.serialize())))

    def test_mapped_has_a_number_and_no_result(self) -> None:
        document = Mapped(result=[1, 2], map_states=[Success(), Success()]).serialize()
        assert 2 == document["n_map_states"]
        assert {"_result", "map_states"}.isdisjoint(document)
        back = deserialize(document)
        assert ([None, None], 2, None) == (back.map_states, back.n_map_states, back.result)

    def test_the_type_is_enough_and_unknown_keys_are_dropped(self) -> None:
        state = deserialize({"type": "Pending", "message": "Task run created", "colour": "blue"})
        assert (Pending, "Task run created") == (type(state), state.message)
        assert Failed is type(deserialize({"type": "Failed"}))

    def test_an_unknown_type_is_refused(self) -> None:
        with pytest.raises(StateSerializationError, match="Did you mean 'Success'"):
            deserialize({"type": "Succes"})

    def test_what_is_no_json_is_refused(self) -> None:
        with pytest.raises(ValueError, match="context cannot go"):
            Success(context={"lock": threading.Lock()}).serialize()
        with pytest.raises(StateSerializationError, match="cached_parameters cannot go"):
            Cached(cached_parameters={"f": len}).serialize()

    def test_a_result_comes_back_as_its_class_with_its_place(self, tmp_path: Any) -> None:
        held = LocalResult(dir=str(tmp_path), location="a.pickle").write(7)
        document = json.loads(json.dumps(Success(result=held).serialize()))
        assert ("LocalResult", str(tmp_path)) == (document["_result"]["type"], document["_result"]["dir"])
        back = deserialize(document)
        assert (LocalResult, None) == (type(back._result), back.result)
        assert 7 == back.load_result().result
        assert ConstantResult is type(deserialize(Success(result=ConstantResult(3)).serialize())._result)

    def test_a_document_makes_no_folder(self, tmp_path: Any) -> None:
        folder = tmp_path / "elsewhere"
        held = {"type": "LocalResult", "location": "a", "dir": str(folder)}
        assert LocalResult is type(deserialize({"type": "Success", "_result": held})._result)
        assert not folder.exists()

    def test_a_result_of_a_users_own_comes_back_with_its_location_alone(self) -> None:
        document = Success(result=Shelf(location="here")).serialize()
        assert "tests.parity.steps.Shelf" == document["_result"]["type"]
        back = deserialize(document)._result
        assert (Result, "here") == (type(back), back.location)

    def test_cached_inputs_are_documents_of_results(self) -> None:
        document = Cached(cached_inputs={"x": Result(1, location="here")}).serialize()
        assert "here" == deserialize(document).cached_inputs["x"].location


def test_states_of_our_own_are_kinds_of_documented_ones() -> None:
    assert issubclass(states.Crashed, Failed)
    assert issubclass(states.Warning, Success)
