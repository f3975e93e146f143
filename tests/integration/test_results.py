"""Results from end to end: a flow whose values are in a bucket, in the record, or in frames, on every executor."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import obstore
import pandas as pd
import pytest

from runwright import Flow, app, task
from runwright.backend import TaskRunView
from runwright.results import DateTimeSerializer, InlineResult, LocalResult, PandasSerializer, S3Result
from runwright.runtime import caching
from runwright.states import Cached, Success
from runwright.triggers import manual_only
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from pathlib import Path

    from tests.s3_server import Bucket

    from runwright.runs import TaskRun
    from runwright.store import Store

EXECUTORS = ("inline", "threads:4", "processes:2")


@pytest.fixture(params=EXECUTORS)
def executor(request: pytest.FixtureRequest) -> str:
    """Name each executor in turn."""
    return request.param


@pytest.fixture
def environment(s3: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """Say in the environment where the bucket is, as for whoever has only the record."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "us-east-1")


def rows_of(record: Store, slug: str) -> list[TaskRun]:
    """Return the newest flow run's task runs of one task, by map index."""
    which = TaskRunFilter(flow_run=record.flow_runs(FlowRunFilter(limit=1))[0].id, task=slug)
    return sorted(record.task_runs(which), key=lambda row: row.map_index)


class TestS3:
    """Every value of a flow in a bucket."""

    def test_retries_and_mapped_children_store_there(
        self, record: Store, s3: Bucket, tmp_path: Path, executor: str
    ) -> None:
        """What the record refers to is in the bucket, under the keys that the template gave."""
        tried = tmp_path / "tried"

        @task
        def numbers() -> list[int]:
            return [1, 2, 3]

        @task(max_retries=1, retry_delay=0)
        def doubled(x: int) -> int:
            if x == 2 and not tried.exists():
                tried.touch()
                raise ValueError("the first time")
            return 2 * x

        @task
        def total(values: list[int]) -> int:
            return sum(values)

        key = "{flow_name}/{task_full_name}"
        with Flow("cloudy", result=S3Result(s3.bucket, s3.boto3_kwargs, location=key)) as flow:
            summed = total(doubled.map(numbers()))
        state = flow.run(executor=executor)

        assert (Success, 12) == (type(state.result[summed]), state.result[summed].result)
        children = rows_of(record, "doubled-1")[1:]
        assert [1, 2, 1] == [row.attempt for row in children]
        refs = [row.result for row in (*rows_of(record, "numbers-1"), *children, *rows_of(record, "total-1"))]
        places = [(ref.kind, ref.place, ref.location) for ref in refs if ref is not None]
        expected = ["numbers", "doubled[0]", "doubled[1]", "doubled[2]", "total"]
        assert [("s3", s3.bucket, f"cloudy/{name}") for name in expected] == places
        stored = bytes(obstore.get(S3Result(s3.bucket, s3.boto3_kwargs).client, "cloudy/doubled[1]").bytes())
        assert 4 == json.loads(stored)

    @pytest.mark.usefixtures("environment")
    def test_whoever_has_the_record_and_the_credentials_reads_it(self, record: Store, s3: Bucket) -> None:
        """In Python and on the command line; the record itself has no credentials."""

        @task(result=S3Result(s3.bucket, s3.boto3_kwargs))
        def answer() -> dict[str, int]:
            return {"answer": 42}

        with Flow("cloudy") as flow:
            answer()
        flow.run()
        (row,) = rows_of(record, "answer-1")
        command = [sys.executable, "-m", "runwright", "task-run", "result", str(row.id)]
        printed = subprocess.run(command, capture_output=True, text=True, check=False)

        assert {"answer": 42} == TaskRunView.from_task_run_id(row.id).get_result()
        assert (0, {"answer": 42}) == (printed.returncode, json.loads(printed.stdout)), printed.stderr
        assert not [event for event in record.iterate_events() if "secret" in repr(event.data)]

    @pytest.mark.parametrize("of_the_flow", [True, False])
    def test_a_run_that_is_resumed_reads_with_its_own_credentials(
        self,
        record: Store,
        s3: Bucket,
        of_the_flow: bool,
    ) -> None:
        """The environment has none, and the record neither: the flow's code does."""
        result = S3Result(s3.bucket, s3.boto3_kwargs)

        @task(result=None if of_the_flow else result)
        def before() -> int:
            return 5

        @task(trigger=manual_only)
        def approved(x: int) -> int:
            return x + 1

        with Flow("cloudy", result=result if of_the_flow else None) as flow:
            made = approved(before())
        flow.run()
        flow_run = record.flow_runs(FlowRunFilter(limit=1))[0].id

        assert 6 == app.resume_flow_run(flow_run, flow=flow).result[made].result

    def test_targets_and_caches_work_there(self, s3: Bucket, tmp_path: Path, executor: str) -> None:
        """A target that exists and a cache of another process are read from the bucket, with the task's credentials."""
        calls = tmp_path / "calls"
        result = S3Result(s3.bucket, s3.boto3_kwargs)

        def note(value: int) -> int:
            with calls.open("a") as file:
                file.write(".")
            return value

        with Flow("cloudy") as flow:
            at_target = task(lambda: note(1), name="aimed", result=result, target="{flow_name}/{task_name}")()
            in_cache = task(lambda: note(2), name="kept", result=result, cache_for=timedelta(hours=1))()
        flow.run(executor=executor)
        caching.caches().clear()
        state = flow.run(executor=executor)

        assert ".." == calls.read_text()
        assert [(Cached, 1), (Cached, 2)] == [
            (type(state.result[each]), state.result[each].result) for each in (at_target, in_cache)
        ]


class TestOtherPlaces:
    """Values in the record, and in files of other programs."""

    def test_small_values_may_be_in_the_record(self, record: Store, executor: str) -> None:
        """The location is the value, and anybody may read it."""
        moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

        @task(result=InlineResult())
        def plain() -> dict[str, int]:
            return {"rows": 3}

        @task(result=InlineResult(serializer=DateTimeSerializer()))
        def when() -> datetime:
            return moment

        with Flow("inline") as flow:
            made = [plain(), when()]
        state = flow.run(executor=executor)

        assert [{"rows": 3}, moment] == [state.result[each].result for each in made]
        rows = [*rows_of(record, "plain-1"), *rows_of(record, "when-1")]
        assert ['{"rows":3}', "2026-01-02T03:04:05+00:00"] == [row.result.location for row in rows if row.result]
        assert [{"rows": 3}, moment] == [TaskRunView.from_task_run_id(row.id).get_result() for row in rows]

    def test_a_value_that_is_too_much_for_it_fails_the_task(self) -> None:
        """The message says what to do."""

        @task(result=InlineResult())
        def number() -> complex:
            return 1j

        with Flow("inline") as flow:
            made = number()

        assert "cannot be stored as JSON" in str(flow.run().result[made].result)

    def test_frames_are_kept_as_files_of_pandas(self, record: Store, tmp_path: Path) -> None:
        """Others read the file without Runwright, and the next process with it."""
        frame = pd.DataFrame({"x": [1, 2]})

        @task(result=LocalResult(tmp_path, location="frame.json", serializer=PandasSerializer("json")))
        def made() -> Any:
            return frame

        with Flow("frames") as flow:
            made()
        flow.run()
        (row,) = rows_of(record, "made-1")

        pd.testing.assert_frame_equal(frame, pd.read_json(tmp_path / "frame.json"))
        pd.testing.assert_frame_equal(frame, TaskRunView.from_task_run_id(row.id).get_result())
