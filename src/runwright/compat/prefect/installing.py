"""Installing: letting `import prefect` mean Runwright, in this process, until it is taken back."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

from runwright import defaults, state_documents, states
from runwright.compat.prefect import configuration, loggers, modules
from runwright.compat.prefect.differences import OWN_STATES, RESULTS_IN_DOCUMENTS, PrefectDefaults
from runwright.context import OUTERMOST
from runwright.result import Result
from runwright.results import CloudpickleSerializer, LocalResult
from runwright.runtime import caching
from runwright.runtime.runner import Runner
from runwright.runtime.task_runner import TaskRunner

if TYPE_CHECKING:
    from runwright.result import Serializer


def install(*, is_shown: bool = True) -> None:
    """Let `import prefect` give Runwright's objects; a second time changes nothing.

    With `is_shown` log lines go to standard output too, as the original's did. Raises `ImportError` when the original was
    imported before.
    """
    present = sys.modules.get(modules.ROOT)
    if present is not None and not isinstance(present, modules.AliasModule):
        raise ImportError(
            "prefect is imported already, and it is not Runwright's alias: install the alias before anything imports it."
        )
    if is_installed():
        return
    sys.meta_path.insert(0, modules.FINDER)
    OUTERMOST.update(config=configuration.config, caches=caching.caches())
    configuration.publish()
    defaults.use(PrefectDefaults())
    states.UNLISTED.update(OWN_STATES)
    state_documents.WRITTEN_AS.update(RESULTS_IN_DOCUMENTS)
    loggers.configure_logging(is_shown=is_shown)
    _name_runners(loggers.ROOT)
    _change_results(CloudpickleSerializer(), "prefect-result", ".prefect_result")


def uninstall() -> None:
    """Take back what `install` did; names that were imported already stay Runwright's objects."""
    if not is_installed():
        return
    sys.meta_path.remove(modules.FINDER)
    for name in modules.loaded():
        del sys.modules[name]
    OUTERMOST.clear()
    defaults.use(defaults.OWN)
    states.UNLISTED.clear()
    state_documents.WRITTEN_AS.clear()
    loggers.remove_handlers()
    _name_runners("runwright")
    _change_results(None, "result", ".result")


def is_installed() -> bool:
    """Say whether the alias is in place."""
    return modules.FINDER in sys.meta_path


def _change_results(serializer: Serializer | None, stem: str, ending: str) -> None:
    """Let results that are made from now on have a serializer, and the locations that nobody chose other names."""
    Result.default_serializer, Result.default_ending, LocalResult.default_stem = serializer, ending, stem


def _name_runners(root: str) -> None:
    """Let runners log under `root`."""
    kinds: list[Any] = [Runner, TaskRunner, modules.resolve(modules.MODULES["prefect.engine"]["FlowRunner"])]
    for kind in kinds:
        kind.logger = logging.getLogger(f"{root}.{kind.__name__}")
