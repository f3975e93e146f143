"""The configuration under the alias: attributes, dotted names, environment variables; and what it changes."""

from __future__ import annotations

import copy
import pickle
import threading
from datetime import timedelta

import pytest

from runwright.compat.prefect.configuration import Config, from_environment


class TestConfig:
    def test_items_are_attributes_on_every_level(self):
        config = Config({"a": {"b": 1}})
        config.a.c = {"d": 2}
        config["e"] = 3
        assert (1, 2, 3) == (config.a.b, config.a.c.d, config.e)
        del config.a.b
        with pytest.raises(AttributeError, match=r"has no 'b' here\. It has: c"):
            config.a.b  # noqa: B018  the access is what is tested

    def test_dotted_names(self):
        config = Config({"a": {"b": 1}})
        config.set_nested("a.c.d", 2)
        assert (1, 2, None, 5) == (
            config.get_nested("a.b"),
            config.get_nested("a.c.d"),
            config.get_nested("a.x"),
            config.get_nested("x.y", default=5),
        )

    @pytest.mark.parametrize(
        "duplicate", [Config.copy, copy.deepcopy, lambda config: pickle.loads(pickle.dumps(config))]
    )
    def test_copies_share_nothing(self, duplicate):
        config = Config({"a": {"b": 1}})
        other = duplicate(config)
        other.a.b = 2
        assert (1, 2) == (config.a.b, other.a.b)


class TestEnvironment:
    @pytest.mark.parametrize(
        ("variable", "text", "name", "value"),
        [
            ("PREFECT__FLOWS__CHECKPOINTING", "true", "flows.checkpointing", True),
            ("PREFECT__TASKS__DEFAULTS__MAX_RETRIES", "3", "tasks.defaults.max_retries", 3),
            ("PREFECT__LOGGING__LEVEL", "DEBUG", "logging.level", "DEBUG"),
            ("PREFECT__MY__OWN__LIST", "['a', 1]", "my.own.list", ["a", 1]),
            ("PREFECT__CONTEXT__SECRETS__My_Token", "123", "context.secrets.My_Token", "123"),
            ("PREFECT__CONTEXT__PLACE", "1.5", "context.place", 1.5),
        ],
    )
    def test_variables_set_dotted_names(self, variable, text, name, value):
        assert value == from_environment({variable: text, "OTHER": "x", "PREFECT__": ""}).get_nested(name)

    def test_without_any_the_defaults_hold(self):
        config = from_environment({})
        assert (False, False, 0, "INFO") == (
            config.flows.checkpointing, config.flows.eager_edge_validation, config.tasks.defaults.max_retries,
            config.logging.level,
        )  # fmt: skip


@pytest.mark.usefixtures("alias")
class TestSetTemporarily:
    def test_values_are_put_back_exactly(self):
        import prefect
        from prefect.utilities.configuration import set_temporary_config

        before = prefect.config.copy()
        with set_temporary_config({"flows.checkpointing": True, "a.b.c": 5}) as changed:
            assert changed is prefect.config is prefect.context.config
            assert (True, 5) == (prefect.config.flows.checkpointing, prefect.config.a.b.c)
        assert before == prefect.config
        assert "a" not in prefect.config

    def test_an_error_puts_them_back_too(self):
        import prefect
        from prefect.utilities.configuration import set_temporary_config

        with pytest.raises(ZeroDivisionError), set_temporary_config({"debug": True}):
            raise ZeroDivisionError
        assert prefect.config.debug is False

    def test_defaults_of_tasks(self):
        from prefect import Task
        from prefect.utilities.configuration import set_temporary_config

        with set_temporary_config({"tasks.defaults.max_retries": 3, "tasks.defaults.timeout": 4}):
            made = Task(retry_delay=timedelta(0))
            with set_temporary_config({"tasks.defaults.retry_delay": 5}):
                assert timedelta(seconds=5) == Task().retry_delay
        assert (3, 4) == (made.max_retries, made.timeout)
        assert (0, None) == (Task().max_retries, Task().timeout)

    def test_eager_validation(self):
        from prefect import Flow, Task
        from prefect.utilities.configuration import set_temporary_config

        a, b = Task(), Task()
        flow = Flow("f")
        flow.chain(a, b)
        with (
            set_temporary_config({"flows.eager_edge_validation": True}),
            pytest.raises(ValueError, match="Cycle found"),
        ):
            flow.add_edge(b, a)


@pytest.mark.usefixtures("alias")
class TestWhatDiffers:
    def test_results_are_not_stored_until_it_is_configured(self):
        from prefect import Flow, task
        from prefect.engine.results import LocalResult
        from prefect.utilities.configuration import set_temporary_config

        with Flow("f", result=LocalResult()) as flow:
            made = task(lambda: 5, name="five")()
        state = flow.run()
        assert (5, None) == (state.result[made].result, state.result[made]._result.location)
        with set_temporary_config({"flows.checkpointing": True}):
            state = flow.run()
        assert 5 == state.result[made].result
        assert state.result[made]._result.location is not None

    def test_a_context_that_was_changed_before_shows_the_configuration_too(self):
        import prefect
        from prefect.engine.task_runner import TaskRunner
        from prefect.utilities.configuration import set_temporary_config

        runner = TaskRunner(prefect.Task())
        with prefect.context():
            prefect.context.anything = 1
            with set_temporary_config({"flows.checkpointing": True}):
                assert runner.initialize_run(None, prefect.context.to_dict()).context["checkpointing"] is True
            assert runner.initialize_run(None, prefect.context.to_dict()).context["checkpointing"] is False

    def test_other_threads_see_the_configuration_too(self):
        import prefect

        seen = []
        thread = threading.Thread(target=lambda: seen.append(prefect.context.config.flows.checkpointing))
        thread.start()
        thread.join()
        assert [False] == seen

    def test_a_timeout_has_whole_seconds(self):
        from prefect import Task

        assert 1 == Task(timeout=1).timeout
        with pytest.raises(TypeError):
            Task(timeout=0.5)
        with pytest.warns(UserWarning, match="whole seconds"):
            assert 3 == Task(timeout=timedelta(seconds=3, milliseconds=1)).timeout

    def test_flows_are_saved_in_the_home_of_the_configuration(self, tmp_path, runwright_home):
        from prefect import Flow
        from prefect.utilities.configuration import set_temporary_config

        with set_temporary_config({"home_dir": str(tmp_path)}):
            assert str(tmp_path / "flows" / "a-flow.prefect") == Flow("A flow").save()
            assert "A flow" == Flow.load("A flow").name
        assert str(runwright_home / "flows" / "a-flow.prefect") == Flow("A flow").save()

    def test_a_schedule_can_be_switched_off(self):
        from datetime import UTC, datetime

        from prefect import Flow, task
        from prefect.schedules import Schedule
        from prefect.schedules.clocks import DatesClock
        from prefect.utilities.configuration import set_temporary_config

        with Flow("f", schedule=Schedule(clocks=[DatesClock([datetime(2200, 1, 1, tzinfo=UTC)])])) as flow:
            task(lambda: 1, name="one")()
        with set_temporary_config({"flows.run_on_schedule": False}):
            assert flow.run().is_successful()

    def test_a_value_by_name_is_not_looked_at_before_it_is_mapped_over(self):
        from prefect import Flow, task

        with Flow("f") as flow:
            made = task(lambda x: x, name="same").map(x=5)
        assert "At least one upstream state has an unmappable result." == flow.run().result[made].message

    def test_documents_have_the_original_names(self):
        from prefect import Flow, Parameter, Task, triggers

        flow = Flow("f", tasks=[Task(trigger=triggers.all_failed), Parameter("x")])
        document = flow.serialize()
        assert "prefect.core.flow.Flow" == document["type"]
        assert ["prefect.core.task.Task", "prefect.core.parameter.Parameter"] == [
            each["type"] for each in document["tasks"]
        ]
        assert "prefect.triggers.all_failed" == document["tasks"][0]["trigger"]["fn"]

    def test_secrets_come_from_the_context_of_the_configuration(self):
        import prefect
        from prefect.client import Secret
        from prefect.tasks.secrets import PrefectSecret

        with prefect.context(secrets={"token": "abc"}):
            assert "abc" == Secret("token").get() == PrefectSecret("token").run()
        assert not Secret("token").exists()
        with pytest.raises(ValueError, match='Local Secret "token" was not found'):
            PrefectSecret("token").run()
