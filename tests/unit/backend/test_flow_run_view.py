"""FlowRunView and FlowView: a flow run and its flow as their record shows them."""

from __future__ import annotations

import uuid

import pytest
from tests.unit.backend.recorded import EXTRACT, LOAD, START, RecordedRun

from runwright import backend
from runwright.backend import FlowRunView, FlowView, TaskRunView, flow_run as module
from runwright.clock import to_datetime


def test_a_flow_run_tells_what_it_is(store):
    run = RecordedRun(store, parameters={"day": "monday"}).start().commit()

    view = FlowRunView.from_flow_run_id(str(run.id))

    assert ("brisk-otter", "etl", {"day": "monday"}) == (view.name, view.flow_name, view.parameters)
    assert view.state.is_running()
    assert f"FlowRunView(flow_run_id='{run.id}', name='brisk-otter', state={view.state!r}, cached_task_runs=0)" == repr(
        view
    )


def test_its_states_are_in_order_with_their_times(run):
    view = FlowRunView.from_flow_run_id(run.id)

    assert ["Pending", "Running", "Failed"] == [type(each.state).__name__ for each in view.states]
    assert to_datetime(START) == view.states[0].timestamp
    assert view.states == sorted(view.states, key=lambda each: each.timestamp)


def test_a_flow_run_that_is_not_on_record_is_a_value_error(run):
    with pytest.raises(ValueError, match="No flow runs found where id is"):
        FlowRunView.from_flow_run_id(uuid.uuid4())


def test_a_task_run_is_asked_for_by_slug_or_by_id(run):
    view = FlowRunView.from_flow_run_id(run.id)

    assert str(run.task_run_id(EXTRACT)) == view.get_task_run(task_slug="extract-1").task_run_id
    assert "fetch-1" == view.get_task_run(task_run_id=run.task_run_id(6)).task_slug
    assert 1 == view.get_task_run("fetch-1", map_index=1).map_index


def test_a_task_run_needs_a_name_and_two_names_must_agree(run):
    view = FlowRunView.from_flow_run_id(run.id)

    with pytest.raises(ValueError, match="needs a `task_slug` or a `task_run_id`"):
        view.get_task_run()
    with pytest.raises(ValueError, match="is a run of 'extract-1', not of 'load-1'"):
        view.get_task_run("load-1", run.task_run_id(EXTRACT))
    with pytest.raises(ValueError, match="has the map index 1, not 2"):
        view.get_task_run(task_run_id=run.task_run_id(6), map_index=2)


def test_a_task_run_of_another_flow_run_is_not_found(store, run):
    other = RecordedRun(store, "other").start().commit()

    with pytest.raises(ValueError, match="No task runs found"):
        FlowRunView.from_flow_run_id(run.id).get_task_run(task_run_id=other.task_run_id(EXTRACT))


def test_finished_task_runs_are_kept_and_unfinished_ones_looked_up_again(store):
    run = RecordedRun(store).start().succeed(EXTRACT).put(LOAD, "Running").commit()
    view = FlowRunView.from_flow_run_id(run.id)
    kept, running = view.get_task_run("extract-1"), view.get_task_run("load-1")
    run.put(LOAD, "Success").commit()

    assert view.get_task_run("extract-1") is kept
    assert view.get_task_run("load-1") is not running
    assert view.get_task_run("load-1").state.is_successful()


def test_static_tasks_can_be_loaded_at_once_and_stay_in_the_latest_view(run):
    view = FlowRunView.from_flow_run_id(run.id, load_static_tasks=True)

    assert "cached_task_runs=4)" in repr(view)
    assert "cached_task_runs=4)" in repr(view.get_latest())


def test_all_task_runs_are_there_children_included(run):
    view = FlowRunView.from_flow_run_id(run.id)

    assert [str(run.task_run_id(ordinal)) for ordinal in range(1, 11)] == view.get_task_run_ids()
    assert view.get_task_run_ids() == [each.task_run_id for each in view.get_all_task_runs()]


def test_too_many_task_runs_are_not_loaded_at_once(run, monkeypatch):
    monkeypatch.setattr(module, "MOST_TASK_RUNS", 9)

    with pytest.raises(ValueError, match="has 10 task runs; 9 are loaded at once at most"):
        FlowRunView.from_flow_run_id(run.id).get_all_task_runs()


def test_logs_are_those_after_a_time_and_not_after_another(store):
    run = RecordedRun(store).start()
    for second in range(4):
        run.log(EXTRACT, f"line {second}", at=START + second * 1_000_000_000)
    view = FlowRunView.from_flow_run_id(run.commit().id)

    assert ["line 0", "line 1", "line 2", "line 3"] == [line.message for line in view.get_logs()]
    bounded = view.get_logs(to_datetime(START), to_datetime(START + 2_000_000_000))
    assert [("line 1", 20), ("line 2", 20)] == [(line.message, line.level) for line in bounded]
    with pytest.raises(ValueError, match="must not be after"):
        view.get_logs(to_datetime(START + 1_000_000_000), to_datetime(START))


def test_a_flow_is_found_by_id_and_by_name_at_its_newest_version(run):
    by_name = FlowView.from_flow_name("etl")

    assert (str(run.flow.id), 1) == (by_name.flow_id, by_name.version)
    assert ["extract-1", "fetch-1", "parse-1", "load-1"] == [
        task.slug for task in FlowView.from_flow_id(run.flow.id).tasks
    ]
    assert FlowRunView.from_flow_run_id(run.id).get_flow_metadata().flow_id == by_name.flow_id
    assert {"extract-1": {"max_retries": 2, "retry_delay": [0.3, 0.6]}} == by_name.settings
    assert f"FlowView(flow_id='{run.flow.id}', name='etl', version=1)" == repr(by_name)


def test_a_flow_that_is_not_on_record_is_a_value_error(run):
    with pytest.raises(ValueError, match="No flows found where name is 'lte'"):
        FlowView.from_flow_name("lte")
    with pytest.raises(ValueError, match="and version is 7"):
        FlowView.from_flow_name("etl", version=7)


def test_the_public_names_are_those_that_users_import():
    assert {"FlowRunLog", "FlowRunView", "FlowView", "TaskRunView", "watch_flow_run"} == set(backend.__all__)
    assert TaskRunView is backend.TaskRunView
