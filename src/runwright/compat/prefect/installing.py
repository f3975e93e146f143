"""Installing: letting `import prefect` mean Runwright, in this process, until it is taken back."""

from __future__ import annotations

import logging
import sys
from typing import Any

from runwright import defaults, state_documents, states
from runwright.compat.prefect import configuration, loggers, modules
from runwright.compat.prefect.differences import OWN_STATES, RESULTS_IN_DOCUMENTS, PrefectDefaults
from runwright.context import OUTERMOST
from runwright.runtime import caching
from runwright.runtime.runner import Runner
from runwright.runtime.task_runner import TaskRunner


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


def is_installed() -> bool:
    """Say whether the alias is in place."""
    return modules.FINDER in sys.meta_path


def _name_runners(root: str) -> None:
    """Let runners log under `root`."""
    kinds: list[Any] = [Runner, TaskRunner, modules.resolve(modules.MODULES["prefect.engine"]["FlowRunner"])]
    for kind in kinds:
        kind.logger = logging.getLogger(f"{root}.{kind.__name__}")
