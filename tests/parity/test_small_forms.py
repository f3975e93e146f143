"""Small forms that tests of existing flows look at: names, equality, copies, the kinds of errors."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from runwright import Edge, Flow, Task, task
from runwright.control_flow import CompareValue
from runwright.operators import GetAttr
from runwright.results import InlineResult
from runwright.results.serializers import CloudpickleSerializer, JSONSerializer
from runwright.results.serializers.equality import BySettings


class Shout(Task):
    def run(self, x: Any) -> Any:
        return x


class Reversed(BySettings):
    def serialize(self, value: Any) -> bytes:
        return value[::-1]

    def deserialize(self, data: bytes) -> Any:
        return data[::-1]


def test_tasks_of_every_class_are_shown_alike() -> None:
    assert "<Task: Shout>" == repr(Shout())


def test_a_comparison_is_named_after_its_value() -> None:
    assert 'CompareValue: "3"' == CompareValue(3).name
    assert "mine" == CompareValue(3, name="mine").name


def test_attributes_of_attributes_are_reached_by_dots() -> None:
    assert 3 == GetAttr().run(SimpleNamespace(a=SimpleNamespace(b=3)), "a.b")
    assert 4 == GetAttr(default=4).run(SimpleNamespace(a=1), "a.b")


@pytest.mark.parametrize("kind", [ValueError, TypeError])
def test_an_argument_that_run_has_not_is_both_a_wrong_value_and_a_wrong_type(kind: type[Exception]) -> None:
    with pytest.raises(kind):
        Flow("f").add_edge(Task(), Shout(), key="loudness", validate=True)


@pytest.mark.usefixtures("runwright_home")
def test_a_copy_with_more_retries_and_no_delay_retries_at_once() -> None:
    calls: list[int] = []

    @task
    def fails_once() -> int:
        calls.append(1)
        if len(calls) == 1:
            raise ValueError("once")
        return 5

    with Flow("f") as flow:
        copied = fails_once(task_args={"max_retries": 42})
    state = flow.run()
    assert state is not None
    assert (42, 5) == (copied.max_retries, state.result[copied].result)


def test_serializers_of_ones_own_are_equal_by_settings() -> None:
    assert Reversed() == Reversed()
    assert Reversed() != JSONSerializer()
    assert isinstance(CloudpickleSerializer(), BySettings)
    with pytest.raises(NotImplementedError):
        BySettings().serialize(1)


def test_a_result_in_the_record_refuses_other_serializers_later_too() -> None:
    result = InlineResult()
    with pytest.raises(TypeError):
        result.serializer = CloudpickleSerializer()


def test_edges_are_equal_by_what_they_join() -> None:
    a, b = Task(), Task()
    assert {Edge(a, b, "x")} == {Edge(a, b, "x")}
    assert Edge(a, b, "x") != Edge(a, b, "x", mapped=True)
