"""Calls travel: what is common travels once, and what cannot travel is named."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from tests.unit.executors.desk import SOURCE, TASK, call_of, give_back

from runwright.edge import Edge
from runwright.errors import UnpicklableCall
from runwright.executors.parcels import Packer, Unpacked
from runwright.result import Result
from runwright.runtime.inputs import ConstantEdge
from runwright.runtime.task_runner import TaskRunner
from runwright.states import Cached, Failed, Mapped, Pending, Success
from runwright.task import FunctionTask, Task


class LockedTask(Task):
    """Cannot travel."""

    def __init__(self, **options):
        self.lock = threading.Lock()
        super().__init__(**options)

    def run(self):
        pass


class Runner(TaskRunner):
    """A runner of the user's own."""


def travelled(call):
    """Return the call as a worker gets it."""
    return opened(Packer().pack(call), ordinal=call.ordinal, attempt=call.attempt)


def opened(parcel, unpacked=None, ordinal=1, attempt=1):
    unpacked = unpacked or Unpacked()
    unpacked.keep_setting(parcel.setting.body)
    unpacked.keep_task(parcel.task.number, parcel.task.body)
    return unpacked.call(ordinal, attempt, parcel.body)


def test_a_call_arrives_as_it_was():
    sent = call_of(
        ordinal=7,
        inputs={"x": [1, 2]},
        attempt=3,
        run_count=2,
        map_index=4,
        state=Pending("go"),
        timeout=9.0,
        runner=Runner,
        result=Result(location="there"),
        context={"flow_run_name": "a-name"},
    )

    call = travelled(sent)

    for name in "ordinal", "node", "slug", "task_run_id", "attempt", "run_count", "map_index", "timeout", "runner":
        assert getattr(sent, name) == getattr(call, name)
    assert (sent.result, "a-name") == (call.result, call.context["flow_run_name"])
    assert ("go", Pending) == (call.state.message, type(call.state))
    ((edge, state),) = call.upstream.items()
    assert ("x", [1, 2], "source") == (edge.key, state.result, edge.upstream_task.name)
    assert call.task is edge.downstream_task


def test_what_is_common_is_pickled_once():
    packer = Packer()
    edge = Edge(SOURCE, TASK, "x")
    first, second = (
        packer.pack(call_of(ordinal=number, upstream={edge: Success(result=Result(number))})) for number in (1, 2)
    )

    assert (first.setting, first.task) == (second.setting, second.task)
    assert first.body != second.body


def test_edges_made_anew_travel_anew():
    packer, unpacked = Packer(), Unpacked()
    parcels = [
        packer.pack(call_of(upstream={ConstantEdge(TASK, key): Success(result=Result(key))})) for key in ("x", "y")
    ]

    assert ["x", "y"] == [edge.key for parcel in parcels for edge in opened(parcel, unpacked).upstream]


def test_another_context_travels_anew():
    packer, unpacked = Packer(), Unpacked()
    parcels = [packer.pack(call_of(context={"parameters": {"n": number}})) for number in (1, 2)]

    assert [1, 2] == [opened(parcel, unpacked).context["parameters"]["n"] for parcel in parcels]


def test_the_caches_of_this_task_travel_with_each_call():
    task = FunctionTask(give_back, name="cached", cache_for=timedelta(hours=1), cache_key="key")
    caches = {"key": [Cached(result=Result(1))], "other": [Cached(result=Result(threading.Lock()))]}

    assert [1] == [
        state.result for state in travelled(call_of(task, context={"caches": caches})).context["caches"]["key"]
    ]
    assert {} == travelled(call_of(context={"caches": caches})).context["caches"]


def test_a_stored_value_that_is_not_in_memory_travels_as_its_location():
    held = Result(location="there")

    ((state),) = travelled(call_of(upstream={Edge(SOURCE, TASK, "x"): Success(result=held)})).upstream.values()

    assert ("there", None) == (state._result.location, state.result)


def test_the_children_of_a_mapped_task_travel():
    children = [Success(result=Result(number)) for number in range(3)]
    mapped = Mapped(result=Result([0, 1, 2]), map_states=children)

    ((state),) = travelled(call_of(upstream={Edge(SOURCE, TASK, "x"): mapped})).upstream.values()

    assert isinstance(state, Mapped)
    assert [0, 1, 2] == [child.result for child in state.map_states]


def test_an_input_that_cannot_travel_is_named():
    with pytest.raises(UnpicklableCall, match=r"Input 'bad' of task 'give_back' .*lock.*executor='threads'"):
        Packer().pack(call_of(inputs={"good": 1, "bad": threading.Lock()}))


def test_the_state_of_a_task_that_is_only_waited_for_is_named():
    upstream = {Edge(SOURCE, TASK): Success(result=Result(threading.Lock()))}

    with pytest.raises(UnpicklableCall, match="The state of <Task: source>, upstream of task 'give_back'"):
        Packer().pack(call_of(upstream=upstream))


def test_a_task_that_cannot_travel_is_named():
    with pytest.raises(UnpicklableCall, match=r"Task 'locked' cannot be sent .*variables its function uses"):
        Packer().pack(call_of(LockedTask(name="locked")))


def test_a_context_that_cannot_travel_is_named():
    with pytest.raises(UnpicklableCall, match=r"context\.connection cannot be sent"):
        Packer().pack(call_of(context={"connection": threading.Lock()}))


def test_a_runner_that_cannot_travel_is_named():
    lock = threading.Lock()

    class Local(TaskRunner):
        held = lock

    with pytest.raises(UnpicklableCall, match="The task runner class cannot be sent"):
        Packer().pack(call_of(runner=Local))


def test_a_result_that_cannot_travel_is_named():
    held = Result()
    vars(held)["connection"] = threading.Lock()

    with pytest.raises(UnpicklableCall, match="The flow's result cannot be sent"):
        Packer().pack(call_of(result=held))


def test_a_task_runs_although_its_upstream_task_cannot_travel():
    locked = LockedTask(name="locked", tags=["heavy"])
    failed = Failed("Task 'locked' cannot be sent.")

    ((edge, state),) = travelled(call_of(upstream={Edge(locked, TASK, "x"): failed})).upstream.items()

    assert ("locked", {"heavy"}, "x") == (edge.upstream_task.name, edge.upstream_task.tags, edge.key)
    assert not edge.mapped
    assert not edge.flattened
    assert state.is_failed()
