"""Flows that run other flows: started once, waited for, and their tasks' results taken, in one process on one record."""

from __future__ import annotations

import threading
from datetime import timedelta
from textwrap import dedent, indent

import pytest

from runwright import clock
from runwright.backend import FlowRunView, TaskRunView
from runwright.child_runs import ChildRuns
from runwright.executions.declared_flow import DeclaredFlow
from runwright.executions.registered_flows import registered
from runwright.executions.runner import ExecutionRunner
from runwright.flow_files import load_flow
from runwright.open_records import open_record
from runwright.views import FlowRunFilter

CHILD = """
    from datetime import timedelta

    from runwright import Flow, Parameter, task
    from runwright.tasks.flow_runs import create_flow_run, get_task_run_result, wait_for_flow_run

    @task
    def create_some_data(n):
        return list(range(n))

    @task
    def double(number):
        return 2 * number

    @task
    def where():
        from runwright import context
        return context.get("shop")

    @task
    def fail():
        raise ValueError("no data")

    with Flow("child") as child_flow:
        data = create_some_data(Parameter("n", default=5))
        double.map(data)
        where()

    with Flow("broken") as broken_flow:
        fail()

    @task
    def fail_once_watched():
        from runwright import clock
        assert clock.is_watched.wait(60)
        raise ValueError("no data")

    with Flow("watched") as watched_flow:
        fail_once_watched()
"""


@pytest.fixture
def flows(tmp_path):
    """Return what writes a file with the child and a parent, and runs the parent."""

    def run(parent, **options):
        path = tmp_path / "flows.py"
        path.write_text(dedent(CHILD) + '\nwith Flow("parent") as parent_flow:\n' + indent(dedent(parent), "    "))
        flow = load_flow(f"{path}:parent")
        state = flow.run(run_name="mother", **options)
        return {task.name: state.result[task] for task in flow.tasks}

    return run


def runs_of(name):
    return open_record().flow_runs(FlowRunFilter(flow=name))


def test_a_child_that_a_lost_process_had_runs_when_its_lease_has_ended(flows, monkeypatch):
    create = ChildRuns._create

    def lost(self, flow, order):
        flow_run = create(self, flow, order)
        open_record().acquire(flow_run, "a lost process", 0.2)
        return flow_run

    monkeypatch.setattr(ChildRuns, "_create", lost)
    flows("""
        wait_for_flow_run(create_flow_run(flow_name="child"))
    """)
    assert ["Success"] == [row.kind.name for row in runs_of("child")]


@pytest.mark.parametrize("executor", ["inline", "threads:4", "processes:2"])
def test_a_parent_takes_the_result_of_a_task_of_its_child(flows, executor):
    states = flows(
        """
        run_id = create_flow_run(flow_name="child")
        get_task_run_result(run_id, "create_some_data-1")
    """,
        executor=executor,
    )
    assert [0, 1, 2, 3, 4] == states["get_task_run_result"].result
    (child,) = runs_of("child")
    assert (str(child.id), "mother-child") == (states["create_flow_run"].result, child.name)


def test_results_of_mapped_tasks_come_together_or_one_by_one(flows):
    states = flows("""
        run_id = create_flow_run(flow_name="child", parameters={"n": 3})
        whole = get_task_run_result(run_id, "double-1", task_args={"name": "whole"})
        get_task_run_result(run_id, "double-1", map_index=2, poll_time=1, task_args={"name": "one"})
    """)
    assert ([0, 2, 4], 4) == (states["whole"].result, states["one"].result)


def test_what_a_child_is_given_is_on_record_and_for_its_tasks(flows):
    states = flows("""
        run_id = create_flow_run(
            flow_name="child", project_name="any", labels=["eu"], context={"shop": "north"}, run_name="first", idempotency_key="k"
        )
        get_task_run_result(run_id, "where-1")
        wait_for_flow_run(run_id)
    """)
    view = states["wait_for_flow_run"].result
    assert "north" == states["get_task_run_result"].result
    assert ("first", {"eu"}, {"n": 5}, {"shop": "north"}) == (view.name, view.labels, view.parameters, view.context)
    assert "Success" == type(view.state).__name__


def test_mapped_parents_start_a_child_each_and_one_key_starts_one(flows):
    flows("""
        each = create_flow_run.map(flow_name=["child", "child"])
        same = [create_flow_run(flow_name="child", idempotency_key="one", task_args={"name": n}) for n in ("a", "b")]
        wait_for_flow_run.map(each)
        for run_id in same:
            wait_for_flow_run(run_id)
    """)
    assert 3 == len(runs_of("child"))


def test_the_state_of_a_child_is_the_waiting_task_s_if_it_is_asked_for(flows):
    states = flows("""
        run_id = create_flow_run(flow_name="broken")
        wait_for_flow_run(run_id, task_args={"name": "looks"})
        wait_for_flow_run(run_id, stream_logs=True, raise_final_state=True, task_args={"name": "raises"})
        get_task_run_result(run_id, "fail-1")
    """)
    assert ("Success", "Failed", "Failed") == tuple(
        type(states[name]).__name__ for name in ("looks", "raises", "get_task_run_result")
    )
    assert "broken" == states["raises"].result.flow_name
    assert "finished in state <Failed" in states["raises"].message


def test_the_states_and_log_lines_of_a_child_are_in_the_log_of_who_waits(flows, monkeypatch):
    is_watched = threading.Event()
    wait = clock.Looks.wait_for_next

    def look_again(*args, **kwargs):
        is_watched.set()
        return wait(*args, **kwargs)

    monkeypatch.setattr(clock, "is_watched", is_watched, raising=False)
    monkeypatch.setattr(clock.Looks, "wait_for_next", look_again)
    flows("""
        wait_for_flow_run(create_flow_run(flow_name="watched"), stream_logs=True)
    """)
    (mother,) = runs_of("parent")
    lines = [line.message for line in FlowRunView.from_flow_run_id(mother.id).get_logs()]
    assert any("Flow run mother-watched: " in line and "no data" in line for line in lines)
    assert any("Failed" in line and line.startswith("Flow run mother-watched:") for line in lines)


def test_a_child_that_is_not_there_or_not_rightly_asked_for_fails_its_task(flows):
    states = flows("""
        create_flow_run(flow_name="chidl", task_args={"name": "unknown"})
        create_flow_run(task_args={"name": "neither"})
        create_flow_run(flow_name="child", parameters={"m": 1}, task_args={"name": "wrong"})
    """)
    assert "There is no flow 'chidl' on the record nor in " in str(states["unknown"].result)
    assert "needs one of `flow_id` and `flow_name`" in str(states["neither"].result)
    assert "has no parameter 'm'" in str(states["wrong"].result)
    assert [] == runs_of("child")


def test_a_child_may_start_later(flows):
    states = flows(f"""
        import datetime
        later = datetime.datetime.fromisoformat({(clock.utcnow() + timedelta(seconds=0.3)).isoformat()!r})
        wait_for_flow_run(create_flow_run(flow_name="child", scheduled_start_time=later))
    """)
    (child,) = runs_of("child")
    assert child.start_time >= child.scheduled_start_time
    assert "Success" == child.kind.name
    assert ["Scheduled", "Running", "Success"] == [
        type(each.state).__name__
        for each in states["wait_for_flow_run"].result.states
        if type(each.state).__name__ != "Pending"
    ]


def test_a_yaml_flow_is_a_child_by_its_namespace_and_id(flows):
    text = """
id: hello
namespace: company
inputs: [{id: who, type: STRING}]
tasks: [{id: greet, type: debug.Return, format: "hello {{ inputs.who }} from {{ trigger.executionId }}"}]
"""
    registered(open_record(), DeclaredFlow.from_text(text))
    states = flows("""
        run_id = create_flow_run(flow_name="hello", project_name="company", parameters={"who": "you"}, labels=["team:a"])
        get_task_run_result(run_id, "greet")
    """)
    (mother,), (child,) = runs_of("parent"), runs_of("company/hello")
    assert {"value": f"hello you from {mother.id}"} == states["get_task_run_result"].result
    assert "a" == child.details["labels"]["team"]


def test_a_python_flow_is_a_child_of_a_yaml_flow(flows, tmp_path):
    flows("fail()")
    text = f"""
id: above
namespace: company
tasks: [{{id: below, type: python.Flow, flow: "{tmp_path}/flows.py:child", parameters: {{n: 2}}}}]
"""
    state = ExecutionRunner(DeclaredFlow.from_text(text)).start()
    assert state.is_successful(), state.message
    (child,) = runs_of("child")
    assert [0, 1] == TaskRunView.from_task_slug("create_some_data-1", child.id).get_result()
