"""Task options: what each may be, what it is kept as, and what several mean together."""

from __future__ import annotations

from datetime import timedelta

import pytest

from runwright import Task, cache_validators, triggers
from runwright.result import Result


class TestDefaults:
    def test_a_task_without_options(self):
        task = Task()
        assert 0 == task.max_retries
        assert 0 == task.retry_policy.limit
        assert triggers.all_successful is task.trigger
        assert cache_validators.never_use is task.cache_validator
        assert (True, False) == (task.skip_on_upstream_skip, task.log_stdout)
        assert [] == task.state_handlers
        for name in ("retry_delay", "retry_on", "timeout", "cache_for", "cache_key", "checkpoint", "result", "target"):
            assert getattr(task, name) is None

    def test_none_always_means_the_default(self):
        assert Task().skip_on_upstream_skip is Task(skip_on_upstream_skip=None).skip_on_upstream_skip
        assert Task().retry_jitter == Task(retry_jitter=None).retry_jitter


class TestRetries:
    @pytest.mark.parametrize("delay", [90, 90.0, timedelta(seconds=90)])
    def test_one_delay_is_for_all_retries(self, delay):
        task = Task(max_retries=3, retry_delay=delay)
        assert timedelta(seconds=90) == task.retry_delay
        assert (3, (90.0,)) == (task.retry_policy.limit, task.retry_policy.delays)

    def test_a_list_gives_one_after_the_other(self):
        task = Task(max_retries=3, retry_delay=[1, 2.5, timedelta(minutes=1)], retry_jitter=0.5)
        assert (1.0, 2.5, 60.0) == task.retry_policy.delays
        assert 0.5 == task.retry_policy.jitter
        assert [1.0, 2.5, 60.0, 60.0] == [task.retry_policy.delay(n, chance=0) for n in (1, 2, 3, 4)]

    def test_no_waiting_is_said_with_zero(self):
        assert (0.0,) == Task(max_retries=1, retry_delay=0).retry_policy.delays

    @pytest.mark.parametrize("given", [ValueError, [ValueError], (ValueError, KeyError)])
    def test_exceptions_are_kept_as_a_set(self, given):
        task = Task(max_retries=1, retry_delay=0, retry_on=given)
        assert task.retry_on is not None
        assert ValueError in task.retry_on
        assert set(task.retry_policy.retry_on) == task.retry_on

    def test_a_condition_is_asked(self):
        def is_temporary(task, state):
            return True

        assert is_temporary is Task(max_retries=1, retry_delay=0, retry_condition=is_temporary).retry_policy.condition

    def test_retries_need_a_delay(self):
        with pytest.raises(ValueError, match=r"max_retries needs a retry_delay: the seconds to wait.*0 for none"):
            Task(max_retries=1)

    @pytest.mark.parametrize(
        "option", [{"retry_delay": 0}, {"retry_on": ValueError}, {"retry_jitter": 0.1}, {"retry_condition": print}]
    )
    def test_what_is_about_retries_needs_retries(self, option):
        with pytest.raises(ValueError, match=f"{next(iter(option))} has no effect without max_retries"):
            Task(**option)

    @pytest.mark.parametrize(
        ("option", "error", "message"),
        [
            ({"max_retries": -1}, ValueError, "max_retries cannot be negative; got -1"),
            ({"max_retries": "3"}, TypeError, "max_retries must be a whole number; got '3'"),
            ({"max_retries": True}, TypeError, "max_retries must be a whole number; got True"),
            ({"retry_delay": "1m"}, TypeError, "retry_delay must be a number of seconds or a timedelta; got '1m'"),
            ({"retry_delay": -1}, ValueError, "retry_delay cannot be negative"),
            ({"retry_delay": [1, -1]}, ValueError, "retry_delay cannot be negative"),
            ({"retry_delay": []}, ValueError, "retry_delay is an empty list"),
            ({"retry_jitter": -0.1}, ValueError, "retry_jitter cannot be negative"),
            ({"retry_jitter": "some"}, TypeError, "retry_jitter must be a number"),
            ({"retry_on": "ValueError"}, TypeError, "retry_on takes exception classes"),
            ({"retry_on": ValueError()}, TypeError, "retry_on takes exception classes"),
            ({"retry_on": [int]}, TypeError, "retry_on takes exception classes"),
            ({"retry_condition": "always"}, TypeError, "retry_condition must be a function"),
        ],
    )
    def test_wrong_values_are_named(self, option, error, message):
        with pytest.raises(error, match=message):
            Task(**{"max_retries": 1, "retry_delay": 1, **option})


class TestTime:
    @pytest.mark.parametrize(("given", "kept"), [(5, 5), (0.5, 0.5), (timedelta(minutes=1), 60)])
    def test_a_timeout_is_kept_in_seconds(self, given, kept):
        assert kept == Task(timeout=given).timeout

    def test_whole_seconds_stay_whole(self):
        assert isinstance(Task(timeout=timedelta(seconds=2)).timeout, int)

    @pytest.mark.parametrize("given", ["5", True, [5]])
    def test_a_timeout_is_a_time(self, given):
        with pytest.raises(TypeError, match="timeout must be a number of seconds or a timedelta"):
            Task(timeout=given)

    @pytest.mark.parametrize("given", [0, -1, timedelta(0)])
    def test_a_timeout_is_more_than_nothing(self, given):
        with pytest.raises(ValueError, match="timeout must be more than 0 seconds"):
            Task(timeout=given)


class TestCaching:
    def test_the_default_validator_looks_at_the_time(self):
        task = Task(cache_for=timedelta(hours=1))
        assert cache_validators.duration_only is task.cache_validator
        assert timedelta(hours=1) == task.cache_for
        assert timedelta(seconds=30) == Task(cache_for=30).cache_for

    def test_a_copy_that_caches_gets_it_too(self):
        assert cache_validators.duration_only is Task().copy(cache_for=5).cache_validator

    def test_a_validator_without_a_time_is_pointed_out(self):
        with pytest.warns(
            UserWarning, match="has a cache_validator but no cache_for, so its result will not be cached"
        ):
            Task(cache_validator=cache_validators.all_inputs)

    def test_never_is_never(self):
        assert cache_validators.never_use is Task(cache_validator=cache_validators.never_use).cache_validator


class TestResults:
    def test_a_target_is_where_the_result_goes(self):
        result = Result()
        task = Task(result=result, target="{task_name}.txt")
        assert ("{task_name}.txt", "{task_name}.txt") == (task.target, task.result.location)
        assert result.location is None

    def test_a_target_may_be_a_function(self):
        def name(**_):
            return "there"

        task = Task(result=Result(), target=name)
        assert name is task.result.formatter
        assert "there" == task.result.format().location

    def test_two_places_are_one_too_many(self):
        with pytest.warns(UserWarning, match="both a target and a result with another location"):
            task = Task(result=Result(location="here"), target="there")
        assert "there" == task.result.location

    def test_a_copy_with_another_target_goes_there(self):
        task = Task(result=Result(), target="here")
        with pytest.warns(UserWarning, match="both a target"):
            assert "there" == task.copy(target="there").result.location
        assert "here" == task.result.location


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"trigger": "all_failed"}, "trigger must be a function; got 'all_failed'"),
        ({"cache_validator": 5}, "cache_validator must be a function"),
        ({"cache_for": "1h"}, "cache_for must be a number of seconds or a timedelta"),
        ({"cache_key": 5}, "cache_key must be a string"),
        ({"name": 5}, "name must be a string"),
        ({"slug": 5}, "slug must be a string"),
        ({"result": "s3://bucket"}, r"result must be a Result, such as LocalResult\(dir='results'\)"),
        ({"target": 5}, "target must be a template, such as '{task_name}-{date}', or a function"),
        ({"task_run_name": 5}, "task_run_name must be a template"),
        ({"nout": 1.5}, "nout must be a whole number"),
        ({"colour": "red"}, "Task 'Task' has no option 'colour'."),
    ],
)
def test_wrong_kinds_are_named(option, message):
    with pytest.raises(TypeError, match=message):
        Task(**option)


def test_nout_cannot_be_negative():
    with pytest.raises(ValueError, match="nout cannot be negative"):
        Task(nout=-1)
