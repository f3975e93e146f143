"""Cache validators: what each one looks at, and that inputs are compared by the hash that is documented."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dask.base import tokenize
from tests.parity.steps import edge_to

from runwright import cache_validators, task
from runwright.cache_validators import (
    all_inputs,
    all_parameters,
    duration_only,
    never_use,
    partial_inputs_only,
    partial_parameters_only,
)
from runwright.result import Result
from runwright.runtime.task_runner import TaskRunner
from runwright.states import Cached, Success

LATER = datetime.now(UTC) + timedelta(days=1)
EARLIER = datetime.now(UTC) - timedelta(days=1)


def hashed(**inputs: Any) -> dict[str, str]:
    """Return Dask's token of each input."""
    return {key: tokenize(value) for key, value in inputs.items()}


@pytest.mark.parametrize("expires", [None, LATER, EARLIER])
def test_never_use(expires: Any) -> None:
    assert never_use(Cached(cached_result_expiration=expires), {}, {}) is False


@pytest.mark.parametrize(("expected", "expires"), [(True, None), (True, LATER), (False, EARLIER)])
def test_duration_only(expected: bool, expires: Any) -> None:
    assert expected is duration_only(Cached(cached_result_expiration=expires), {"x": 1}, {"p": 1})


class TestAllInputs:
    def test_equal_inputs(self) -> None:
        state = Cached(hashed_inputs=hashed(x=1, s="text"), cached_result_expiration=LATER)
        assert all_inputs(state, {"x": 1, "s": "text"}, None) is True

    def test_other_missing_and_further_inputs(self) -> None:
        state = Cached(hashed_inputs=hashed(x=1))
        for inputs in ({"x": 2}, {}, {"x": 1, "y": 2}, {"y": 1}, None):
            assert all_inputs(state, inputs, None) is False

    def test_expired(self) -> None:
        assert all_inputs(Cached(hashed_inputs=hashed(x=1), cached_result_expiration=EARLIER), {"x": 1}, None) is False

    def test_without_hashes_the_values_are_compared(self) -> None:
        state = Cached(cached_inputs={"x": Result(1)})
        assert all_inputs(state, {"x": 1}, None) is True
        assert all_inputs(state, {"x": 2}, None) is False


class TestAllParameters:
    @pytest.mark.parametrize(
        ("expected", "parameters"), [(True, {"p": 1, "q": 2}), (False, {"p": 1}), (False, {}), (False, None)]
    )
    def test_equal(self, expected: bool, parameters: Any) -> None:
        assert expected is all_parameters(Cached(cached_parameters={"p": 1, "q": 2}), {}, parameters)

    def test_expired(self) -> None:
        state = Cached(cached_parameters={"p": 1}, cached_result_expiration=EARLIER)
        assert all_parameters(state, {}, {"p": 1}) is False


class TestPartialInputsOnly:
    def test_none_looks_at_the_duration_alone(self) -> None:
        assert partial_inputs_only()(Cached(hashed_inputs=hashed(x=1)), {"x": 2}, None) is True
        assert partial_inputs_only(None)(Cached(cached_result_expiration=EARLIER), {}, None) is False

    def test_the_named_ones_count(self) -> None:
        validator = partial_inputs_only(validate_on=["x", "s"])
        state = Cached(hashed_inputs=hashed(x=1, s="text", z=3))
        assert validator(state, {"x": 1, "s": "text", "z": 4}, None) is True
        assert validator(state, {"x": 1, "s": "other", "z": 3}, None) is False
        assert validator(state, None, None) is False

    def test_expired(self) -> None:
        state = Cached(hashed_inputs=hashed(x=1), cached_result_expiration=EARLIER)
        assert partial_inputs_only(["x"])(state, {"x": 1}, None) is False

    def test_without_hashes_the_values_are_compared(self) -> None:
        state = Cached(cached_inputs={"x": Result(1)})
        assert partial_inputs_only(["x"])(state, {"x": 1, "y": 5}, None) is True
        assert partial_inputs_only(["x"])(state, {"x": 2}, None) is False


class TestPartialParametersOnly:
    def test_none_looks_at_the_duration_alone(self) -> None:
        assert partial_parameters_only()(Cached(cached_parameters={"p": 1}), {}, {"p": 2}) is True

    def test_the_named_ones_count(self) -> None:
        validator = partial_parameters_only(validate_on=["p"])
        state = Cached(cached_parameters={"p": 1, "q": 2})
        assert validator(state, {}, {"p": 1, "q": 3}) is True
        assert validator(state, {}, {"p": 2, "q": 2}) is False
        assert validator(state, {}, None) is False
        assert validator(Cached(), {}, {"p": 1}) is False

    def test_expired(self) -> None:
        state = Cached(cached_parameters={"p": 1}, cached_result_expiration=EARLIER)
        assert partial_parameters_only(["p"])(state, {}, {"p": 1}) is False


class TestTheHash:
    def test_a_cached_success_has_dasks_tokens(self) -> None:
        keeps = task(lambda x, y: (x, y), name="keeps", cache_for=60, cache_validator=all_inputs)
        upstream: dict[Any, Any] = {edge_to(keeps, "x"): Success(result=1), edge_to(keeps, "y"): Success(result=[2])}
        state: Any = TaskRunner(keeps).run(upstream_states=upstream)
        assert hashed(x=1, y=[2]) == state.hashed_inputs

    def test_without_dask_it_is_one_of_our_own(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cache_validators, "_dask_tokenize", lambda: None)
        assert cache_validators.plain_hash([1]) == cache_validators.hash_input([1]) != tokenize([1])
        state = Cached(hashed_inputs={"x": cache_validators.plain_hash(1)})
        assert all_inputs(state, {"x": 1}, None) is True

    def test_what_has_no_token_never_matches(self) -> None:
        value = object()
        assert cache_validators.hash_input(value) != cache_validators.hash_input(value)
