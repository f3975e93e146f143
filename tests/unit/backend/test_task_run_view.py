"""TaskRunView: one task run as its record shows it, and the way to its result."""

from __future__ import annotations

import uuid

import pytest
from tests.unit.backend.recorded import EXTRACT, FETCH, LOAD, RecordedRun

from runwright import Flow, task
from runwright.backend import FlowRunView, TaskRunView
from runwright.errors import NotOnRecord
from runwright.open_records import open_record
from runwright.result import ResultRef
from runwright.views import FlowRunFilter


class Unstored(Exception):
    """Raised by tasks that are meant to fail."""


@pytest.fixture
def ran(runwright_home):
    """Run a flow in earnest and return its id: a map of which one child fails, and a None."""

    @task
    def numbers():
        return [1, 2, 3]

    @task
    def double(x):
        return x * 2

    @task
    def only_odd(x):
        if x == 2:
            raise Unstored("even")
        return x

    @task
    def nothing():
        return None

    with Flow("results") as flow:
        many = numbers()
        double.map(many)
        only_odd.map(many)
        nothing()
    flow.run()
    return str(open_record().flow_runs(FlowRunFilter())[0].id)


def test_a_task_run_is_found_by_its_id(run):
    view = TaskRunView.from_task_run_id(str(run.task_run_id(EXTRACT)))

    assert ("extract-1", -1, str(run.id)) == (view.task_slug, view.map_index, view.flow_run_id)
    assert view.state.is_successful()


def test_a_task_run_is_found_by_its_slug_and_flow_run(run):
    view = TaskRunView.from_task_slug("fetch-1", flow_run_id=str(run.id), map_index=1)

    assert str(run.task_run_id(6)) == view.task_run_id


def test_without_an_index_the_mapped_task_itself_is_meant(run):
    assert TaskRunView.from_task_slug("fetch-1", run.id).state.is_mapped()


def test_the_name_of_a_task_is_not_its_slug(run):
    with pytest.raises(ValueError, match="No task runs found where task slug is 'fetch'"):
        TaskRunView.from_task_slug("fetch", run.id)


def test_what_is_not_on_record_is_a_value_error_that_says_so(run):
    with pytest.raises(NotOnRecord, match="No task runs found where id is"):
        TaskRunView.from_task_run_id(uuid.uuid4())
    with pytest.raises(ValueError, match="'x' is no id of a task run: a UUID is needed"):
        TaskRunView.from_task_run_id("x")


def test_its_repr_says_whether_the_result_is_loaded(ran):
    view = TaskRunView.from_task_slug("numbers-1", ran)
    assert (
        f"TaskRunView(task_run_id='{view.task_run_id}', task_id='{view.task_id}', task_slug='numbers-1', "
        'state=<Success: "Task run succeeded.">, result=<not loaded>)' == repr(view)
    )

    view.get_result()

    assert repr(view).endswith("result=[1, 2, 3])")


def test_the_id_of_a_task_is_the_same_in_every_flow_run(store):
    ids = {
        TaskRunView.from_task_run_id(RecordedRun(store, name).start().commit().task_run_id(1)).task_id for name in "ab"
    }

    assert 1 == len(ids)


def test_a_result_is_read_from_its_place_once(ran, runwright_home):
    view = TaskRunView.from_task_slug("numbers-1", ran)
    assert [1, 2, 3] == view.get_result()

    for file in (runwright_home / "results").rglob("*"):
        if file.is_file():
            file.write_bytes(b"")

    assert [1, 2, 3] == view.get_result()


def test_a_child_gives_its_own_result_and_the_mapped_task_the_list(ran):
    assert 4 == TaskRunView.from_task_slug("double-1", ran, map_index=1).get_result()
    assert [2, 4, 6] == TaskRunView.from_task_slug("double-1", ran).get_result()


def test_children_are_iterated_in_order(ran):
    children = TaskRunView.from_task_slug("double-1", ran).iter_mapped()

    assert [(0, 2), (1, 4), (2, 6)] == [(child.map_index, child.get_result()) for child in children]


def test_a_map_with_a_failed_child_has_no_list_of_results(ran):
    with pytest.raises(ValueError, match="no location"):
        TaskRunView.from_task_slug("only_odd-1", ran).get_result()


def test_only_mapped_tasks_are_iterated_over(ran):
    with pytest.raises(TypeError, match="no mapped children to iterate over"):
        TaskRunView.from_task_slug("numbers-1", ran).iter_mapped()


def test_none_was_not_stored_and_cannot_be_read_back(ran):
    with pytest.raises(ValueError, match="no location"):
        TaskRunView.from_task_slug("nothing-1", ran).get_result()


def test_what_has_not_finished_has_no_result_yet(store):
    run = RecordedRun(store).start().put(EXTRACT, "Running").commit()

    with pytest.raises(ValueError, match="is not finished"):
        TaskRunView.from_task_slug("extract-1", run.id).get_result()


def test_what_never_ran_made_no_result(run):
    with pytest.raises(TypeError, match="There is no result"):
        TaskRunView.from_task_run_id(run.task_run_id(LOAD)).get_result()


def test_an_empty_map_has_no_task_runs_to_read(store):
    run = RecordedRun(store).start().expand(FETCH, 5, 0).put(FETCH, "Mapped", children=0).commit()

    with pytest.raises(ValueError, match="No task runs found"):
        TaskRunView.from_task_slug("fetch-1", run.id).get_result()


def test_a_result_of_a_custom_type_is_for_user_code_to_read(store):
    ref = ResultRef("my.module.FtpResult", "ftp://x", "json")
    run = RecordedRun(store).start().succeed(EXTRACT, result=ref).commit()

    view = TaskRunView.from_task_slug("extract-1", run.id)

    assert "ftp://x" == view.state._result.location
    with pytest.raises(TypeError, match=r"my\.module\.FtpResult"):
        view.get_result()


def test_looking_again_sees_what_has_changed_and_keeps_the_result(store, ran):
    run = RecordedRun(store).start().put(EXTRACT, "Running").commit()
    before = TaskRunView.from_task_slug("extract-1", run.id)
    run.put(EXTRACT, "Success").commit()

    assert before.state.is_running()
    assert before.get_latest().state.is_successful()

    loaded = TaskRunView.from_task_slug("numbers-1", ran)
    loaded.get_result()
    assert repr(loaded.get_latest()).endswith("result=[1, 2, 3])")


def test_another_record_than_the_configured_one_can_be_read(run, tmp_path):

    other = open_record(f"{tmp_path}/other.db")
    elsewhere = RecordedRun(other, "elsewhere").start().commit()

    assert "elsewhere" == FlowRunView.from_flow_run_id(elsewhere.id, record=f"{tmp_path}/other.db").name
    assert "elsewhere" == FlowRunView.from_flow_run_id(elsewhere.id, record=other).name
    with pytest.raises(NotOnRecord):
        FlowRunView.from_flow_run_id(elsewhere.id)
