"""Secrets: where they are found, and that their values go nowhere."""

from __future__ import annotations

import logging

import pytest

from runwright import Flow, context, task
from runwright.tasks.secrets import EnvVarSecret, Secret, SecretBase, find_secret
from runwright.views import TaskRunFilter


class TestFinding:
    def test_the_context_comes_first(self, monkeypatch):
        monkeypatch.setenv("RUNWRIGHT_SECRET_TOKEN", "of the environment")
        with context(secrets={"token": "of the context"}):
            assert "of the context" == find_secret("token") == Secret("token").run()
        assert "of the environment" == find_secret("token") == find_secret("TOKEN")

    @pytest.mark.parametrize(
        ("value", "held"), [({"a": 1}, '{"a": 1}'), (1, "1"), ("{a", "{a"), (None, "null"), (5, 5)]
    )
    def test_text_that_is_json_is_what_it_says(self, value, held):
        with context(secrets={"x": held}):
            assert value == find_secret("x")

    def test_one_that_is_not_there_says_how_to_set_it(self):
        with pytest.raises(
            ValueError, match=r'^Local Secret "x" was not found\. Set the environment variable RUNWRIGHT_SECRET_X'
        ):
            Secret("x").run()


class TestTask:
    def test_the_name_may_be_an_input(self):
        with context(secrets={"a": "1a", "b": "2b"}):
            assert ("1a", "2b") == (Secret("a").run(), Secret("a").run(name="b"))
        with pytest.raises(ValueError, match="A secret name must be provided"):
            Secret().run()

    def test_the_value_is_never_stored(self, runwright_record):
        with Flow("f") as flow:
            secret = Secret("token")()
        state = flow.run(context={"secrets": {"token": "s3cret-value"}})
        assert "s3cret-value" == state.result[secret].result
        assert state.result[secret]._result.location in {None, "token"}
        rows = runwright_record.task_runs(TaskRunFilter())
        assert ["token-1"] == [row.slug for row in rows]
        assert "s3cret-value" not in repr(rows)

    def test_the_value_is_never_logged(self, runwright_home, caplog):
        caplog.set_level(logging.DEBUG)
        with Flow("f") as flow:
            task(lambda value: [value], name="use")(Secret("token"))
        assert flow.run(context={"secrets": {"token": "s3cret-value"}}).is_successful()
        assert "s3cret-value" not in caplog.text

    def test_where_it_is_stored_is_no_choice(self):
        assert SecretBase().checkpoint is False
        assert Secret("x", checkpoint=True).checkpoint is False
        assert Secret("x").runs_again
        with pytest.raises(ValueError, match="Result for secrets is not configurable"):
            Secret("x", result=Flow)


class TestEnvironmentVariable:
    def test_it_is_read_when_the_task_runs(self, monkeypatch):
        secret = EnvVarSecret("MY_PORT", cast=int)
        assert secret.run() is None
        monkeypatch.setenv("MY_PORT", "42")
        assert 42 == secret.run()
        assert "42" == EnvVarSecret().run(name="MY_PORT")

    def test_a_missing_one_may_be_an_error(self):
        with pytest.raises(ValueError, match="Environment variable not set: MY_PORT"):
            EnvVarSecret("MY_PORT", raise_if_missing=True).run()
