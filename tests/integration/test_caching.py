"""Caches and targets from end to end: in one process, across processes through the record, with every executor."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from runwright import Flow, Parameter, task
from runwright.cache_validators import all_inputs, all_parameters, duration_only
from runwright.errors import ResultError
from runwright.results import JSONSerializer, LocalResult
from runwright.runtime import caching
from runwright.states import Cached, Failed
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runwright.runs import TaskRun
    from runwright.store import Store
    from runwright.testing.fake_clock import FakeClock

EXECUTORS = ("inline", "threads:4", "processes:2")
HOUR = timedelta(hours=1)


@pytest.fixture(params=EXECUTORS)
def executor(request: pytest.FixtureRequest) -> str:
    """Name each executor in turn."""
    return request.param


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Start and end with a process that remembers nothing."""
    caching.caches().clear()
    yield
    caching.caches().clear()


@pytest.fixture
def calls(tmp_path: Path) -> SimpleNamespace:
    """Count calls across processes: `note(what)` gives its argument back, `taken()` what was noted since the last time.

    Functions of a fixture travel to worker processes by value, where a class of this module could not be imported.
    """
    path = tmp_path / "calls"

    def note(what: Any) -> Any:
        with path.open("a") as file:
            file.write(f"{what}\n")
        return what

    def taken() -> list[str]:
        found = sorted(path.read_text().split()) if path.exists() else []
        path.unlink(missing_ok=True)
        return found

    return SimpleNamespace(note=note, taken=taken)


def cached_rows(record: Store) -> list[TaskRun]:
    """Return the Cached task runs of the newest flow run, by ordinal."""
    newest = record.flow_runs(FlowRunFilter(limit=1))[0].id
    return record.task_runs(TaskRunFilter(flow_run=newest, states=("Cached",), oldest_first=True))


def forget() -> None:
    """Be another process: what this one remembered is gone."""
    caching.caches().clear()


class TestOnTheRecord:
    """What another process left is found on the record."""

    def test_a_later_process_uses_what_an_earlier_one_cached(self, calls: SimpleNamespace, executor: str) -> None:
        """The value is read from its place, and the task is not called again."""

        @task(cache_for=HOUR)
        def expensive() -> str:
            return calls.note("expensive")

        with Flow("cached") as flow:
            made = expensive()
        flow.run(executor=executor)
        forget()
        state = flow.run(executor=executor)

        assert ["expensive"] == calls.taken()
        assert (Cached, "expensive") == (type(state.result[made]), state.result[made].result)

    def test_the_record_shows_what_was_computed_and_what_was_used(self, record: Store, calls: SimpleNamespace) -> None:
        """Both runs refer to the same stored value; only the one that computed it is a source of caches."""

        @task(cache_for=HOUR)
        def expensive() -> str:
            return calls.note("expensive")

        with Flow("cached") as flow:
            expensive()
        flow.run()
        (first,) = cached_rows(record)
        forget()
        flow.run()
        (second,) = cached_rows(record)

        assert first.flow_run != second.flow_run
        assert first.result == second.result
        assert first.details["expires"] == second.details["expires"]
        assert [first.flow_run] == [row.flow_run for row in record.task_runs(TaskRunFilter(cache_key="expensive"))]

    def test_another_interpreter_finds_it(self, record: Store, tmp_path: Path) -> None:
        """Two scripts, one after the other, on one record."""
        script = tmp_path / "daily.py"
        script.write_text(
            "from datetime import timedelta\n"
            "from runwright import Flow, task\n"
            "@task(cache_for=timedelta(hours=1))\n"
            "def load():\n"
            "    print('called')\n"
            "    return {'rows': (1, 2)}\n"
            "with Flow('daily') as flow:\n"
            "    loaded = load()\n"
            "print(flow.run().result[loaded].result)\n"
        )
        outputs = [
            subprocess.run([sys.executable, script], capture_output=True, text=True, check=True).stdout
            for _ in range(2)
        ]

        assert ["called\n{'rows': (1, 2)}\n", "{'rows': (1, 2)}\n"] == outputs

    def test_it_expires(self, calls: SimpleNamespace, fake_clock: FakeClock) -> None:
        """After `cache_for` the task is called again."""

        @task(cache_for=HOUR)
        def expensive() -> str:
            return calls.note("expensive")

        with Flow("cached") as flow:
            expensive()
        for seconds in (0, 3599, 1):
            fake_clock.advance(seconds)
            forget()
            flow.run()

        assert ["expensive"] * 2 == calls.taken()

    @pytest.mark.parametrize(("expected", "validator"), [(["1", "2"], all_inputs), (["1"], duration_only)])
    def test_the_validator_decides(
        self, calls: SimpleNamespace, expected: list[str], validator: Any, executor: str
    ) -> None:
        """Inputs count where the validator says so."""

        @task(cache_for=HOUR, cache_validator=validator)
        def squared(x: int) -> int:
            return calls.note(x) ** 2

        with Flow("cached") as flow:
            squared(Parameter("x"))
        for x in (1, 1, 2, 2, 1):
            forget()
            flow.run(parameters={"x": x}, executor=executor)

        assert expected == calls.taken()

    def test_parameters_are_compared_with_those_on_record(self, calls: SimpleNamespace) -> None:
        """Plain parameters come back from the record as they were."""

        @task(cache_for=HOUR, cache_validator=all_parameters)
        def squared(x: int) -> int:
            return calls.note(x) ** 2

        with Flow("cached") as flow:
            squared(Parameter("x"))
        for x in (1, 2, 1):
            forget()
            flow.run(parameters={"x": x})

        assert ["1", "2"] == calls.taken()

    def test_flows_share_a_key_that_was_given_and_no_name(self, calls: SimpleNamespace) -> None:
        """Two flows may have a task of one name by accident, but nobody gives a key by accident."""

        def flow_of(name: str, cache_key: str | None) -> Flow:
            @task(name="load", cache_for=HOUR, cache_key=cache_key)
            def load() -> str:
                return calls.note(name)

            with Flow(name) as flow:
                load()
            return flow

        for key in (None, "shared"):
            for name in ("one", "other"):
                forget()
                flow_of(name, key).run()

        assert ["one", "one", "other"] == calls.taken()

    def test_a_value_that_is_gone_is_made_again(
        self, record: Store, calls: SimpleNamespace, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The next candidate is tried, and at last the task itself; the log says why."""

        @task(cache_for=HOUR, result=LocalResult(tmp_path / "values"))
        def expensive() -> str:
            return calls.note("expensive")

        with Flow("cached") as flow:
            expensive()
        flow.run()
        forget()
        (row,) = cached_rows(record)
        assert row.result is not None
        Path(row.result.location).unlink()
        assert flow.run().is_successful()

        assert ["expensive"] * 2 == calls.taken()
        assert "A cached result cannot be read, the next one is tried" in caplog.text

    def test_a_place_that_the_task_does_not_use_is_never_read(self, calls: SimpleNamespace, tmp_path: Path) -> None:
        """The record may name any place, with a pickle of anybody's in it; the task reads only its own."""

        class Bomb:
            def __reduce__(self) -> tuple[Any, tuple[str]]:
                return os.mkdir, (str(tmp_path / "exploded"),)

        def flow_with(folder: str) -> Flow:
            @task(name="load", cache_for=HOUR, result=LocalResult(tmp_path / folder, location="value"))
            def load() -> complex:
                calls.note(folder)
                return 1j

            with Flow("cached") as flow:
                load()
            return flow

        flow_with("theirs").run()
        (tmp_path / "theirs" / "value").write_bytes(pickle.dumps(Bomb()))
        forget()

        assert flow_with("ours").run().is_successful()
        assert ["ours", "theirs"] == calls.taken()
        assert not (tmp_path / "exploded").exists()

    def test_a_task_without_a_cache_asks_for_nothing(self, record: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        """Not one read of the record more."""
        asked: list[TaskRunFilter] = []
        read = type(record).task_runs
        monkeypatch.setattr(type(record), "task_runs", lambda self, which: asked.append(which) or read(self, which))

        @task
        def plain() -> int:
            return 1

        with Flow("plain") as flow:
            plain()
        flow.run()

        assert [] == asked

    def test_a_map_asks_once_and_for_a_hundred_at_most(self, record: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        """Children that share a key share the answer."""
        asked: list[TaskRunFilter] = []
        read = type(record).task_runs
        monkeypatch.setattr(type(record), "task_runs", lambda self, which: asked.append(which) or read(self, which))

        @task(cache_for=HOUR)
        def squared(x: int) -> int:
            return x**2

        with Flow("mapped") as flow:
            squared.map(list(range(20)))
        flow.run()

        assert [("squared", 100)] == [(which.cache_key, which.limit) for which in asked]


class TestMapped:
    """Mapped children and their keys."""

    def test_children_of_one_run_do_not_serve_each_other(self, executor: str) -> None:
        """They share a key, but caches are for later runs."""

        @task(cache_for=HOUR)
        def squared(x: int) -> int:
            return x**2

        with Flow("mapped") as flow:
            mapped = squared.map([1, 2, 3])

        assert [1, 4, 9] == flow.run(executor=executor).result[mapped].result

    def test_on_the_record_children_find_what_had_their_inputs(self, calls: SimpleNamespace, executor: str) -> None:
        """Which child left a value does not matter, what it was made of does."""

        @task(cache_for=HOUR)
        def squared(x: int) -> int:
            return calls.note(x) ** 2

        with Flow("mapped") as flow:
            mapped = squared.map(Parameter("numbers"))
        flow.run(parameters={"numbers": [1, 2, 3]}, executor=executor)
        assert ["1", "2", "3"] == calls.taken()
        forget()
        state = flow.run(parameters={"numbers": [3, 4, 1]}, executor=executor)

        assert [9, 16, 1] == state.result[mapped].result
        assert ["4"] == calls.taken()

    def test_a_templated_key_gives_every_child_its_own(
        self, record: Store, calls: SimpleNamespace, executor: str
    ) -> None:
        """In memory and on the record."""

        @task(cache_for=HOUR, cache_key="{task_name}-{x}")
        def squared(x: int) -> int:
            return calls.note(x) ** 2

        with Flow("mapped") as flow:
            mapped = squared.map(Parameter("numbers"))
        flow.run(parameters={"numbers": [1, 2]}, executor=executor)
        assert {"squared-1", "squared-2"} == {row.details["cache_key"] for row in cached_rows(record)}
        calls.taken()
        in_memory = flow.run(parameters={"numbers": [2, 3, 1]}, executor=executor)
        assert ["3"] == calls.taken()
        forget()
        on_record = flow.run(parameters={"numbers": [3, 1, 2, 4]}, executor=executor)

        assert [4, 9, 1] == in_memory.result[mapped].result
        assert [9, 1, 4, 16] == on_record.result[mapped].result
        assert ["4"] == calls.taken()

    def test_a_template_that_names_nothing_fails_the_task(self) -> None:
        """The error names what is missing."""

        @task(cache_for=HOUR, cache_key="{nothing}")
        def squared(x: int) -> int:
            return x**2

        with Flow("wrong") as flow:
            made = squared(2)
        state = flow.run().result[made]

        assert "Unexpected error: KeyError('nothing')" == state.message


class TestTargets:
    """Targets on every executor."""

    def test_what_is_there_is_not_made_again(
        self, record: Store, calls: SimpleNamespace, tmp_path: Path, executor: str
    ) -> None:
        """The second run is Cached, and the record names the target and the bytes in it."""

        @task(result=LocalResult(tmp_path), target="{flow_name}/{date:%Y}/{task_name}-{x}.json")
        def squared(x: int) -> int:
            return calls.note(x) ** 2

        with Flow("targeted") as flow:
            made = squared(3)
        first = flow.run(executor=executor).result[made]
        second = flow.run(executor=executor).result[made]

        assert ["3"] == calls.taken()
        path = first._result.location
        assert [path] == [str(each) for each in tmp_path.rglob("*.json")]
        assert (Cached, 9, f"Result found at task target {path}") == (type(second), second.result, second.message)
        (row,) = cached_rows(record)
        assert row.result == first._result.ref
        assert (None, {"x"}) == (row.details["expires"], set(row.details["hashed_inputs"]))

    def test_every_child_has_its_own(self, calls: SimpleNamespace, tmp_path: Path, executor: str) -> None:
        """By its index, or by a function of its inputs."""

        def place(x: int, map_index: int, **_: Any) -> str:
            return f"{map_index}/{x}"

        places = LocalResult(tmp_path / "targets")
        same = task(lambda x: calls.note(+x), name="same", result=places, target="{map_index}.result")
        negative = task(lambda x: calls.note(-x), name="negative", result=places, target=place)
        with Flow("targeted") as flow:
            numbers = Parameter("numbers")
            by_index, by_function = same.map(numbers), negative.map(numbers)
        flow.run(parameters={"numbers": [1, 2]}, executor=executor)
        state = flow.run(parameters={"numbers": [1, 3]}, executor=executor)

        assert [1, 2] == state.result[by_index].result
        assert [-1, -3] == state.result[by_function].result
        assert ["-1", "-2", "-3", "1", "2"] == calls.taken()
        folder = Path(places.dir)
        found = {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()}
        assert {"0.result", "1.result", "0/1", "1/2", "1/3"} == found

    def test_inputs_come_before_the_context_and_that_before_parameters(self, tmp_path: Path) -> None:
        """A name that all three have means the input."""

        @task(result=LocalResult(tmp_path), target="{flow_name}-{today}-{own}")
        def made(flow_name: str) -> int:
            return len(flow_name)

        with Flow("theirs") as flow:
            flow.add_task(Parameter("today", default="never"))
            flow.add_task(Parameter("own", default="mine"))
            made("ours")
        state = flow.run()

        assert state.is_successful()
        (path,) = tmp_path.glob("ours-*-mine")
        assert "never" not in path.name

    @pytest.mark.parametrize("content", [b"written by others", b""])
    def test_what_others_wrote_is_no_result(self, calls: SimpleNamespace, tmp_path: Path, content: bytes) -> None:
        """The task run fails with an error that names the target and the ways out."""

        @task(result=LocalResult(tmp_path, serializer=JSONSerializer()), target="report.txt")
        def report() -> str:
            return calls.note("report")

        (tmp_path / "report.txt").write_bytes(content)
        with Flow("targeted") as flow:
            made = report()
        state = flow.run().result[made]

        assert Failed is type(state)
        assert isinstance(state.result, ResultError)
        assert f"The task's target {tmp_path / 'report.txt'} exists, but it cannot be read" in str(state.result)
        assert [] == calls.taken()
        assert content == (tmp_path / "report.txt").read_bytes()
