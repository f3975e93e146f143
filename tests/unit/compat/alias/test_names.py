"""The table of names: each one is an object of Runwright, found under every path the original had."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import runwright
from runwright.compat.prefect import modules, names

# What another part of this version brings; everything else resolves.
EVERY = [(module, name, target) for module, held in names.MODULES.items() for name, target in held.items()]


def test_every_name_resolves():
    unresolved = {}
    for module, name, target in EVERY:
        try:
            modules.resolve(target)
        except ImportError as error:
            unresolved[f"{module}.{name}"] = str(error)
    assert {} == unresolved


@pytest.mark.usefixtures("alias")
class TestImporting:
    @pytest.mark.parametrize("module", sorted(names.MODULES))
    def test_every_module_is_found(self, module):
        assert module == importlib.import_module(module).__name__

    def test_names_are_runwrights_own_objects(self):
        import prefect
        from prefect import Flow, Parameter, case, context, task
        from prefect.core.flow import Flow as Deeper
        from prefect.engine import signals
        from prefect.tasks.control_flow.case import case as deepest

        assert runwright.Flow is Flow is Deeper is prefect.Flow
        assert (runwright.task, runwright.Parameter, runwright.context) == (task, Parameter, context)
        assert runwright.case is case is deepest is prefect.tasks.control_flow.case
        assert runwright.signals.FAIL is signals.FAIL is prefect.engine.signals.FAIL

    def test_a_star_brings_every_name(self):
        scope = {}
        exec("from prefect.triggers import *", scope)  # noqa: S102  the only way to write it in a function
        assert runwright.triggers.all_failed is scope["all_failed"]

    @pytest.mark.parametrize(
        ("statement", "advice"),
        [
            (
                "from prefect import Client",
                "Runwright has no prefect.Client: read runs with prefect.backend.FlowRunView",
            ),
            ("import prefect.agent.local", "Runwright has no prefect.agent: no agent is needed"),
            ("import prefect.tasks.notifications", "write a state handler"),
            ("from prefect.tasks.notifications import SlackTask", "write a state handler"),
            ("import prefect.engines", r"Runwright has no prefect.engines. Did you mean 'prefect.engine'\?"),
            ("from prefect import Flwo", "cannot import name 'Flwo'"),
        ],
    )
    def test_what_is_not_there_says_what_to_use(self, statement, advice):
        with pytest.raises(ImportError, match=advice):
            exec(statement, {})  # noqa: S102  statements are what is tested

    def test_an_attribute_that_is_not_there_offers_the_nearest(self):
        import prefect

        with pytest.raises(AttributeError, match=r"has no attribute 'Flwo'\. Did you mean 'Flow'"):
            prefect.Flwo  # noqa: B018  the access is what is tested
        assert "Flow" in dir(prefect)

    def test_names_can_be_replaced_in_a_test(self, monkeypatch):
        import prefect

        monkeypatch.setattr("prefect.Flow", 5)
        assert 5 == prefect.Flow
        monkeypatch.undo()
        assert runwright.Flow is prefect.Flow


class TestInstalling:
    def test_it_is_taken_back_without_a_trace(self, alias):
        import prefect

        from runwright.compat.prefect import install, is_installed, uninstall

        install()
        assert is_installed()
        uninstall()
        uninstall()
        assert not is_installed()
        assert [] == modules.loaded()
        assert "config" not in runwright.context
        assert "runwright.t" == runwright.Task(name="t").logger.name
        assert "prefect" == prefect.__name__

    def test_the_original_must_not_be_there(self, monkeypatch):
        from runwright.compat.prefect import install, is_installed

        monkeypatch.setitem(sys.modules, "prefect", type(sys)("prefect"))
        with pytest.raises(ImportError, match="prefect is imported already"):
            install()
        assert not is_installed()

    def test_nothing_of_it_is_loaded_otherwise(self):
        program = """
import sys
from runwright import Flow, app, task
from runwright.cli import main
print([name for name in sys.modules if "prefect" in name])
"""
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert "[]" == done.stdout.strip()

    def test_loading_it_changes_nothing_before_it_is_installed(self):
        program = """
import runwright.compat.prefect, runwright
from runwright.compat.prefect.configuration import config
config.flows.checkpointing = True
print(dict(runwright.context.to_dict()), runwright.Task(name="t").logger.name)
"""
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert "{} runwright.t" == done.stdout.strip()


@pytest.mark.usefixtures("alias")
class TestStates:
    def test_the_module_shows_the_classes_that_the_original_had(self):
        import prefect.engine.state

        shown = {each for each in vars(prefect.engine.state).values() if isinstance(each, type)}
        assert set(prefect.engine.state.State.children()) == shown - {prefect.engine.state._MetaState}

    def test_only_kinds_that_the_original_had_are_listed(self):
        from prefect.engine.state import Failed, State

        assert ["Failed", "TimedOut", "ValidationFailed", "TriggerFailed"] == Failed.children(names_only=True)
        assert 22 == len(State.children())

    def test_documents_name_results_as_the_original_did(self):
        from prefect.engine.results import PrefectResult
        from prefect.engine.state import State, Success

        document = Success(result=PrefectResult(location="3")).serialize()
        assert "PrefectResult" == document["_result"]["type"]
        assert PrefectResult is type(State.deserialize(document)._result)

    def test_kinds_of_the_record_are_read_all_the_same(self):
        from prefect.engine.state import State

        assert "Crashed" == type(State.deserialize({"type": "Crashed"})).__name__
