"""What code around flows uses under the alias: loggers, debugging, default classes, declarations."""

from __future__ import annotations

import logging
import sys
from uuid import UUID

import pytest


@pytest.mark.usefixtures("alias")
class TestLoggers:
    def test_they_are_children_of_prefect(self):
        import prefect
        from prefect.utilities.logging import get_logger

        assert ("prefect", "prefect.mine") == (get_logger().name, get_logger("mine").name)
        assert "prefect.t" == prefect.Task(name="t").logger.name

    def test_lines_reach_every_handler(self, caplog):
        from prefect import Flow, task

        @task
        def speak(logger):
            import prefect

            prefect.context.get("logger").info("a line")

        with Flow("f") as flow:
            speak(1)
        flow.run()
        assert ("prefect.speak", logging.INFO, "a line") in caplog.record_tuples
        assert "prefect.TaskRunner" in {record.name for record in caplog.records}

    def test_flows_and_tasks_have_their_own(self):
        from prefect import Flow, Task

        assert ("prefect.f", "prefect.t") == (Flow("f").logger.name, Task("t").logger.name)

    def test_a_mapped_child_has_its_own(self):
        from prefect import Task
        from prefect.engine.task_runner import TaskRunner

        context = {"map_index": 1, "task_full_name": "speak[1]"}
        assert "prefect.speak[1]" == TaskRunner(Task("speak")).initialize_run(None, context).context["logger"].name

    def test_lines_are_shown_and_kept(self, capsys):
        from prefect import Flow, task

        from runwright.open_records import open_record

        @task(log_stdout=True)
        def speak():
            sys.stdout.write("spoken\n")

        with Flow("f") as flow:
            speak()
        state = flow.run()
        lines = open_record().logs(UUID(state.context["flow_run_id"]))
        assert "prefect.TaskRunner | spoken" in capsys.readouterr().out
        assert "spoken" in [line.message for line in lines]


@pytest.mark.usefixtures("alias")
class TestDebugging:
    def test_exceptions_come_through(self):
        from prefect import task
        from prefect.engine import TaskRunner
        from prefect.utilities.debug import is_serializable, raise_on_exception

        runner = TaskRunner(task(lambda: 1 / 0, name="broken"))
        assert runner.run().is_failed()
        with raise_on_exception(), pytest.raises(ZeroDivisionError):
            runner.run()
        assert is_serializable([1])
        assert not is_serializable(x for x in [1])


@pytest.mark.usefixtures("alias")
def test_default_classes_are_those_of_the_configuration():
    from prefect.engine import TaskRunner, get_default_executor_class, get_default_task_runner_class
    from prefect.executors import LocalExecutor
    from prefect.utilities.configuration import set_temporary_config

    assert (TaskRunner, LocalExecutor) == (get_default_task_runner_class(), get_default_executor_class())
    with set_temporary_config({"engine.executor.default_class": "prefect.engine.TaskRunner"}):
        assert TaskRunner is get_default_executor_class()


@pytest.mark.usefixtures("alias")
class TestDeclarations:
    def test_they_are_kept_with_the_flow(self):
        from prefect import Flow
        from prefect.run_configs import DockerRun, UniversalRun
        from prefect.storage import S3

        flow = Flow(
            "f", run_config=UniversalRun(labels=["a"], env={"X": "1"}), storage=S3("bucket", stored_as_script=True)
        )
        assert ({"a"}, "bucket", True) == (flow.run_config.labels, flow.storage.bucket, flow.storage.stored_as_script)
        assert "image" == DockerRun("image").image
        assert {"type": "UniversalRun", "labels": ["a"], "env": {"X": "1"}} == flow.serialize()["run_config"]

    def test_equal_words_are_equal(self):
        from prefect.storage import Local, Module

        assert Local("a") == Local(directory="a") != Local("b")
        assert Module("a.b") != Local("a.b")
        assert "Module(module='a.b', flows={})" == repr(Module("a.b"))

    def test_building_adds_the_flow_once(self):
        from prefect import Flow
        from prefect.storage import Local

        flow = Flow("f", storage=Local())
        assert {"f": "f"} == flow.serialize(build=True)["storage"]["flows"]
        assert flow.serialized_hash(build=True)
        with pytest.raises(ValueError, match="already present"):
            flow.storage.add_flow(flow)

    def test_too_many_words_are_refused(self):
        from prefect.storage import Module

        with pytest.raises(TypeError, match="at most 1"):
            Module("a", "b")


@pytest.mark.usefixtures("alias")
class TestRecursion:
    def test_a_function_calls_itself_without_a_stack(self):
        from prefect.utilities.executors import RecursiveCall, tail_recursive

        @tail_recursive
        def count(number):
            if number == 100_000:
                return number
            raise RecursiveCall(count, number + 1)

        assert 100_000 == count(0)

    def test_a_call_of_another_function_comes_through(self):
        from prefect.utilities.executors import RecursiveCall, tail_recursive

        @tail_recursive
        def call_other():
            raise RecursiveCall(print)

        with pytest.raises(RecursiveCall):
            call_other()


@pytest.mark.usefixtures("alias")
class TestWhatIsAskedFor:
    def test_a_lock_cannot_be_sent_and_the_reason_is_its_own(self):
        import threading

        from prefect.utilities.debug import is_serializable

        assert not is_serializable(threading.Lock())
        with pytest.raises(TypeError):
            is_serializable(threading.Lock(), raise_on_error=True)

    def test_a_default_class_that_is_not_there_is_replaced_with_a_warning(self):
        from prefect.engine import get_default_executor_class
        from prefect.executors import LocalExecutor
        from prefect.utilities.configuration import set_temporary_config

        with (
            set_temporary_config({"engine.executor.default_class": "no.such.Thing"}),
            pytest.warns(UserWarning, match=r"Could not import no\.such\.Thing"),
        ):
            assert LocalExecutor is get_default_executor_class()

    def test_errors_of_a_server_can_be_handled_though_there_is_none(self):
        from prefect.exceptions import AuthorizationError, ClientError, PrefectException

        assert issubclass(AuthorizationError, ClientError)
        assert issubclass(ClientError, PrefectException)

    def test_names_of_dicts_are_no_keys(self):
        from prefect.utilities.collections import DotDict

        with pytest.raises(ValueError, match="Invalid key"):
            DotDict().update = 1
        assert {"a": {"b": 1}} == DotDict(a={"b": 1}).to_dict()

    def test_the_context_is_copied_with_its_attributes(self):
        import prefect

        with prefect.context(a=1):
            held = prefect.context.copy()
        assert 1 == held.a

    def test_the_root_logger_and_events_of_clocks_have_their_names(self):
        from prefect.schedules.clocks import ClockEvent
        from prefect.utilities.logging import get_logger, prefect_logger

        from runwright.schedule import ClockEvent as OwnClockEvent

        assert (get_logger(), OwnClockEvent) == (prefect_logger, ClockEvent)
