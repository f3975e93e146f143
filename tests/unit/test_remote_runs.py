"""Flow runs that programs elsewhere create and run: what they say becomes events, under the rules of runs."""

from __future__ import annotations

import pytest

from runwright import clock, ids
from runwright.errors import (
    LeaseHeld,
    NotOnRecord,
    ParameterError,
    QueryError,
    StateSerializationError,
    StateUpdateRefused,
    VersionConflict,
)
from runwright.events import EventKind
from runwright.remote_flows import RemoteFlows
from runwright.remote_runs import RemoteRuns, run_of
from runwright.runs import FlowVersion, TaskInfo
from runwright.states import KIND_BY_CODE
from runwright.stores import open_store
from runwright.stores.checking import check
from runwright.testing.fake_clock import FakeClock
from runwright.testing.scribe import NOON
from runwright.views import EventFilter, FlowRunFilter, TaskRunFilter
from runwright.worker import is_run_elsewhere

TASKS = [{"slug": "first-1", "name": "first"}, {"slug": "second-1", "name": "second"}]
RUNNING, SUCCESS = {"type": "Running", "message": "Starting."}, {"type": "Success", "message": "Done."}


@pytest.fixture(autouse=True)
def now():
    with FakeClock(NOON) as fake:
        yield fake


@pytest.fixture(params=["memory", "sqlite"])
def record(request, tmp_path):
    record = open_store("memory://" if request.param == "memory" else f"sqlite:///{tmp_path}/record.db")
    yield record
    assert [] == list(check(record))
    assert [] == record.rebuild()
    record.close()


@pytest.fixture
def runs(record):
    return RemoteRuns(record)


@pytest.fixture
def flow(record):
    flows = RemoteFlows(record)
    document = {
        "name": "etl",
        "tasks": TASKS,
        "run_config": {"type": "LocalRun", "labels": ["dev"]},
        "parameters": [
            {"name": "x", "default": 5},
            {"name": "must", "required": True},
            {"name": "empty", "default": 0},
        ],
    }
    flow_id = flows.create(record.add_project("Ours").id, document)
    return record.flows(flow_id=flow_id)[0]


@pytest.fixture
def started(runs, flow):
    flow_run = runs.create(flow_id=flow.id, parameters={"must": 1})
    runs.set_state(flow_run, RUNNING)
    return flow_run


def row_of(record, flow_run):
    return record.flow_runs(FlowRunFilter(id=flow_run))[0]


def states_of(record, run):
    events = record.events(EventFilter(flow_run=ids.flow_run_of(run), ordinal=ids.ordinal_of(run)))
    return [KIND_BY_CODE[event.state].name for event in events if event.kind == EventKind.STATE]


# --------------------------------------------------------------------------------------------------------- flow runs


def test_a_flow_run_is_scheduled_and_its_task_runs_are_there(record, runs, flow):
    flow_run = runs.create(flow_id=flow.id, parameters={"must": 1}, context={"c": 1}, name="mine")

    row = row_of(record, flow_run)
    assert ("mine", "Scheduled", {"x": 5, "must": 1}) == (row.name, row.kind.name, row.parameters)
    assert (["dev"], {"c": 1}) == (row.details["labels"], row.details["context"])
    assert NOON < row.scheduled_start_time == row.details["due"] < clock.now()
    task_runs = record.task_runs(TaskRunFilter(flow_run=flow_run, oldest_first=True))
    assert [("first-1", "Pending"), ("second-1", "Pending")] == [(each.slug, each.kind.name) for each in task_runs]


def test_a_key_makes_one_flow_run(record, runs, flow):
    first = runs.create(flow_id=flow.id, parameters={"must": 1}, idempotency_key="once")

    assert first == runs.create(flow_id=flow.id, parameters={"must": 2}, idempotency_key="once")
    assert first == RemoteRuns(record).create(
        version_group_id=str(flow.id), parameters={"must": 1}, idempotency_key="once"
    )
    assert first != runs.create(flow_id=flow.id, parameters={"must": 1}, idempotency_key="twice")
    assert 2 == len(record.flow_runs(FlowRunFilter()))


def test_a_version_group_means_its_newest_version(record, runs, flow):
    newest = RemoteFlows(record).create(record.add_project("Ours").id, {"name": "etl", "tasks": TASKS})

    flow_run = runs.create(version_group_id=str(flow.id))

    assert newest == row_of(record, flow_run).flow_id


def test_labels_of_the_call_come_before_those_of_the_flow(record, runs, flow):
    assert [] == row_of(record, runs.create(flow_id=flow.id, parameters={"must": 1}, labels=[])).details["labels"]
    config = {"type": "LocalRun", "labels": ["own"]}
    flow_run = runs.create(flow_id=flow.id, parameters={"must": 1}, run_config=config)
    assert ["own"] == row_of(record, flow_run).details["labels"]


def test_what_cannot_run_is_refused(runs, flow):
    with pytest.raises(ParameterError, match="not supplied: must"):
        runs.create(flow_id=flow.id)
    with pytest.raises(NotOnRecord, match="register it first"):
        runs.create(flow_id=ids.task_id(flow.id, 3))
    with pytest.raises(QueryError, match="give flow_id or version_group_id"):
        runs.create()


def test_the_task_runs_of_a_flow_of_our_own_are_left_to_its_engine(record, runs):
    flow = record.register(FlowVersion("ours", "1", (TaskInfo("one", "one"),)))

    flow_run = runs.create(flow_id=flow.id)

    assert [] == record.task_runs(TaskRunFilter(flow_run=flow_run))
    assert not is_run_elsewhere(row_of(record, flow_run))


def test_workers_leave_alone_what_a_program_elsewhere_runs(record, started):
    assert is_run_elsewhere(row_of(record, started))


# ------------------------------------------------------------------------------------------------------------- states


def test_a_task_run_goes_through_its_states(record, runs, flow, started):
    task_run = runs.task_run(started, ids.task_id(flow.id, 0), -1)

    for state in (
        RUNNING,
        {"type": "Failed"},
        {"type": "Retrying", "run_count": 1},
        RUNNING,
        SUCCESS,
        {"type": "Cached"},
    ):
        runs.set_state(task_run, state)

    expected = ["Running", "Failed", "Resume", "Retrying", "Running", "Success", "Resume", "Cached"]
    assert expected == states_of(record, task_run)
    assert [1, 2] == [each.attempt for each in record.attempts(started, 1)]


def test_a_state_is_read_as_it_was_written(record, runs, flow, started):
    document = {
        **SUCCESS,
        "context": {"tags": []},
        "_result": {"type": "LocalResult", "location": "x", "dir": "/y"},
        "own": 1,
    }
    task_run = runs.task_run(started, ids.task_id(flow.id, 1), -1)

    runs.set_state(task_run, RUNNING)
    runs.set_state(task_run, document)

    assert document == record.task_runs(TaskRunFilter(flow_run=started, ordinals=(2,)))[0].details["document"]


def test_the_same_state_again_changes_nothing(record, runs, started):
    runs.set_state(started, RUNNING)

    assert ["Scheduled", "Running"] == states_of(record, started)


def test_a_task_run_runs_only_in_a_flow_run_that_does(runs, flow):
    flow_run = runs.create(flow_id=flow.id, parameters={"must": 1})
    task_run = runs.task_run(flow_run, ids.task_id(flow.id, 0), -1)

    with pytest.raises(StateUpdateRefused, match="is not in a running state"):
        runs.set_state(task_run, RUNNING)


def test_a_flow_run_is_submitted_once_in_a_while(runs, flow, now):
    flow_run = runs.create(flow_id=flow.id, parameters={"must": 1})
    submitted = {"type": "Submitted", "state": {"type": "Scheduled"}}
    runs.set_state(flow_run, submitted)

    with pytest.raises(StateUpdateRefused, match="already been submitted"):
        runs.set_state(flow_run, submitted)
    now.advance(31)
    runs.set_state(flow_run, submitted)


def test_versions_are_checked_where_the_flow_asks_for_it(record, runs):
    document = {"settings": {"version_locking_enabled": True}, "serialized_flow": {}}
    flow = record.register(FlowVersion("locked", "1", (TaskInfo("one", "one"),), document=document))
    flow_run = runs.create(flow_id=flow.id)
    version = row_of(record, flow_run).version

    with pytest.raises(VersionConflict, match=f"at version {version}, not 1"):
        runs.set_state(flow_run, RUNNING, version=1)
    runs.set_state(flow_run, RUNNING, version=version)


def test_what_is_no_state_is_refused(runs, started):
    with pytest.raises(StateSerializationError, match="no state of the type 'Asleep'"):
        runs.set_state(started, {"type": "Asleep"})
    with pytest.raises(StateUpdateRefused, match="more than 1000000 bytes"):
        runs.set_state(started, {**SUCCESS, "message": "x" * 1_000_001})


def test_what_runwright_runs_itself_is_left_alone(record, runs, started):
    record.acquire(started, "a flow runner", 60)

    with pytest.raises(LeaseHeld):
        runs.set_state(started, SUCCESS)


# ----------------------------------------------------------------------------------------------------------- children


def test_mapped_children_come_to_exist_when_they_are_asked_for(record, runs, flow, started):
    task = ids.task_id(flow.id, 1)
    runs.set_state(runs.task_run(started, task, -1), {"type": "Mapped"})

    children = [runs.task_run(started, task, index) for index in (0, 2, 1)]

    assert children == [runs.task_run(started, task, index) for index in (0, 2, 1)]
    for child in children:
        runs.set_state(child, RUNNING)
        runs.set_state(child, SUCCESS)
    rows = record.task_runs(TaskRunFilter(flow_run=started, parent=2, oldest_first=True))
    assert [0, 2, 1] == [row.map_index for row in rows]
    assert {"Pending": 1, "Mapped": 1, "Success": 3} == row_of(record, started).counts


def test_a_task_of_another_flow_has_no_run(runs, flow, started):
    with pytest.raises(NotOnRecord, match="not one of the flow"):
        runs.task_run(started, ids.task_id(started, 0), -1)
    with pytest.raises(NotOnRecord, match="has no run of task"):
        runs.task_run(started, ids.task_id(flow.id, 7), -1)


# ------------------------------------------------------------------------------------------------------- all the rest


def test_a_flow_run_that_waits_is_cancelled_at_once(record, runs, flow):
    flow_run = runs.create(flow_id=flow.id, parameters={"must": 1})

    assert "Cancelled" == runs.cancel(flow_run)
    assert {"Cancelled": 2} == row_of(record, flow_run).counts
    assert "Cancelled" == runs.cancel(flow_run)


def test_a_flow_run_that_runs_is_told_to_end(record, runs, flow, started):
    runs.set_state(runs.task_run(started, ids.task_id(flow.id, 0), -1), RUNNING)

    assert "Cancelling" == runs.cancel(started)
    runs.set_state(started, {"type": "Cancelled"})

    assert {"Killed": 1, "Cancelled": 1} == row_of(record, started).counts


def test_names_and_log_lines(record, runs, flow, started):
    task_run = runs.task_run(started, ids.task_id(flow.id, 0), -1)

    runs.rename(started, "new")
    runs.rename(task_run, "own")
    runs.write_logs(
        [
            {
                "flow_run_id": str(started),
                "task_run_id": str(task_run),
                "timestamp": NOON,
                "level": "WARNING",
                "message": "m",
            },
            {"flow_run_id": str(started), "message": "of the agent"},
        ]
    )

    assert "new" == row_of(record, started).name
    assert "own" == record.task_runs(TaskRunFilter(flow_run=started, ordinals=(1,)))[0].name
    assert [(1, 30, "m"), (0, 20, "of the agent")] == [
        (line.ordinal, line.level, line.message) for line in record.logs(started)
    ]
    with pytest.raises(NotOnRecord, match="no task run"):
        runs.check_known(ids.task_run_id(started, 99))


def test_artifacts_are_kept_in_the_log(record, runs, flow, started):
    task_run = runs.task_run(started, ids.task_id(flow.id, 0), -1)

    artifact = runs.annotate(task_run, {"kind": "link", "data": {"link": "here"}})

    assert task_run == run_of(artifact)
    (event,) = record.events(EventFilter(flow_run=started, ordinal=1))
    assert (artifact, {"artifact": {"kind": "link", "data": {"link": "here"}}}) == (
        ids.event_id(started, 1, event.version),
        event.data,
    )
    with pytest.raises(StateUpdateRefused, match="keep it elsewhere"):
        runs.annotate(task_run, {"data": "x" * 1_000_001})


def test_the_queue_has_what_is_due_for_the_labels_of_an_agent(record, runs, flow):
    def create(**more):
        return runs.create(flow_id=flow.id, parameters={"must": 1}, **more)

    labelled, plain = create(), create(labels=[])
    later = create(start_time=clock.now() + 20 * clock.NANOSECONDS)
    ours = record.register(FlowVersion("ours", "1", (TaskInfo("one", "one"),)))
    runs.create(flow_id=ours.id)

    assert [plain] == runs.queue()
    assert [labelled] == runs.queue(labels=frozenset({"dev", "more"}))
    assert [labelled, later] == runs.queue(before=clock.now() + 60 * clock.NANOSECONDS, labels=frozenset({"dev"}))
    runs.set_state(labelled, RUNNING)
    assert [] == runs.queue(labels=frozenset({"dev"}))
    waiting = {"type": "Retrying", "start_time": "2023-11-14T22:13:19Z"}
    runs.set_state(runs.task_run(labelled, ids.task_id(flow.id, 0), -1), waiting)
    assert [labelled] == runs.queue(labels=frozenset({"dev"}))


def test_a_flow_that_is_run_here_is_given_nothing_that_it_does_not_take(record, runs):
    document = {"parameters": [{"name": "day", "required": True}]}
    here = record.register(FlowVersion("here", "1", source={"file": "here.py"}, document=document))

    with pytest.raises(ParameterError, match=r"Flow 'here' has no parameter 'dya'\. It takes day\."):
        runs.create(flow_id=here.id, parameters={"day": 1, "dya": 2})
    assert {"day": 1} == row_of(record, runs.create(flow_id=here.id, parameters={"day": 1})).parameters
