"""Differences: all that is done otherwise under the alias than in Runwright's own name, in one object.

| what                      | Runwright              | under the alias                                       |
|---------------------------|------------------------|-------------------------------------------------------|
| results are stored        | always                 | when `flows.checkpointing` is true (default: false)   |
| a parameter's result      | as any other           | kept in the record itself, in its location            |
| a serializer              | JSON, else a pickle    | a pickle                                              |
| files of results       | `result-<time>`        | `prefect-result-<time>`, in `home_dir` if changed     |
| defaults of a task        | none                   | `tasks.defaults.max_retries`, `.retry_delay`, `.timeout` |
| a timeout                 | any number of seconds  | whole seconds                                         |
| `map(x=5)`                | `TypeError`            | the task run fails                                    |
| edges are checked         | when the flow compiles | at once when `flows.eager_edge_validation` is true    |
| a flow with a schedule    | runs at its times      | unless `flows.run_on_schedule` is false               |
| loggers                   | `runwright.<name>`     | `prefect.<name>`                                      |
| saved flows               | `<home>/flows/*.flow`  | `<home_dir>/flows/*.prefect`                          |
| names in documents        | `runwright....`        | `prefect....`                                         |
| `State.children`          | every kind of state    | without the four that the original did not have       |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.compat.prefect.configuration import config
from runwright.compat.prefect.names import MODULES
from runwright.defaults import Defaults
from runwright.results import DateTimeSerializer, InlineResult

if TYPE_CHECKING:
    from datetime import timedelta

    from runwright.result import Result


OWN_STATES = ("Warning", "Crashed", "Retried", "Killed")
"""The kinds of states that the original did not have."""

RESULTS_IN_DOCUMENTS = {"InlineResult": "PrefectResult"}
"""The names that the documents of states have for classes of results."""


class PrefectDefaults(Defaults):
    """The defaults of declarations under the alias, as the configuration says at the moment."""

    logger_root = "prefect"
    flow_ending = ".prefect"
    is_timeout_whole = True
    is_mapping_strict = False

    def __init__(self) -> None:
        """Read the table of names backwards."""
        self._public = _public_names()
        self._first_home = config.get_nested("home_dir")

    @property
    def home(self) -> str | None:  # type: ignore[override]  asked anew each time
        """Return `home_dir` where it was changed."""
        home = config.get_nested("home_dir")
        return None if home == self._first_home else str(home)

    @property
    def max_retries(self) -> int:  # type: ignore[override]  asked anew each time
        """Return `tasks.defaults.max_retries`."""
        return _task_default("max_retries") or 0

    @property
    def retry_delay(self) -> float | timedelta | None:  # type: ignore[override]  asked anew each time
        """Return `tasks.defaults.retry_delay`, in seconds."""
        return _task_default("retry_delay")

    @property
    def timeout(self) -> float | timedelta | None:  # type: ignore[override]  asked anew each time
        """Return `tasks.defaults.timeout`, in seconds."""
        return _task_default("timeout")

    @property
    def is_eager(self) -> bool:  # type: ignore[override]  asked anew each time
        """Return `flows.eager_edge_validation`."""
        return bool(config.get_nested("flows.eager_edge_validation"))

    @property
    def runs_on_schedule(self) -> bool:  # type: ignore[override]  asked anew each time
        """Return `flows.run_on_schedule`."""
        return bool(config.get_nested("flows.run_on_schedule", default=True))

    def parameter_result(self, *, is_datetime: bool = False) -> Result:
        """Return a result that is kept in its own location."""
        return InlineResult(serializer=DateTimeSerializer() if is_datetime else None)

    def public_name(self, name: str) -> str:
        """Return the name that the original has for one of Runwright's."""
        return self._public.get(name, name)


def _task_default(name: str) -> Any:
    value = config.get_nested(f"tasks.defaults.{name}")
    return None if value is False else value


def _public_names() -> dict[str, str]:
    """Return the names of the table by what they stand for, those of the deepest modules before others."""
    public: dict[str, str] = {}
    for module in sorted(MODULES, key=lambda name: (-name.count("."), name)):
        for name, target in MODULES[module].items():
            for candidate in (target,) if isinstance(target, str) else target:
                public.setdefault(candidate.replace(":", "."), f"{module}.{name}")
    return public
