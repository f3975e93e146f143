"""AttemptScope: what one attempt of a task of a YAML flow sees and may do: the runtime's `Scope`.

A `Situation` is what of it travels to where the attempt is made; the scope around it is made there, and cleans up after itself.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from runwright import clock, codec
from runwright.context import context as run_context
from runwright.events import Metric
from runwright.expression import compile_template
from runwright.metrics import JOURNAL, NO_FLOW_RUN
from runwright.runtime.journal import ChildLogger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from runwright.drive import Drive
    from runwright.key_values import KeyValues

    Functions = Mapping[str, Callable[..., Any]]


class Host(Protocol):
    """What executions need of the place where they run; it travels to other processes and opens things there anew."""

    record: str | None
    """The URL of the record, None for the configured one."""

    def drive_for(self, situation: Situation, named: str | None = None) -> Drive:
        """Return where files are, as far as an execution may reach; `named` is a namespace whose shared files it may, too."""
        ...

    @property
    def key_values(self) -> KeyValues:
        """Return where values of namespaces are."""
        ...

    @property
    def executions(self) -> Any:
        """Return where executions are looked up and asked for things."""
        ...

    def functions(self, situation: Situation, handed: Callable[[str], None] | None = None) -> Functions:
        """Return the functions of expressions that need a host; `handed` is told of each secret that they hand out."""
        ...

    def shown(self, outputs: dict[str, Any], secrets: Sequence[str]) -> Shown:
        """Return outputs in which these secrets are hidden, and beside that what they are, sealed."""
        ...

    def unsealed(self, sealed: str) -> Opened:
        """Return what was sealed, and the secrets in it, which are hidden from now on."""
        ...

    def encrypt(self, text: str) -> str:
        """Return a text, encrypted with the key of this place."""
        ...

    def masked(self, text: str) -> str:
        """Return a text without the secrets that were handed out in this process."""
        ...

    @property
    def log_filter(self) -> logging.Filter:
        """Return what does the same with the records of a logger."""
        ...


class Shown(Protocol):
    """Outputs as everybody may see them; `extra` is what the record keeps beside them, for the runs that read them."""

    @property
    def outputs(self) -> dict[str, Any]:
        """Return them."""
        ...

    @property
    def extra(self) -> dict[str, str]:
        """Return what the record keeps beside them."""
        ...


class Opened(Protocol):
    """Outputs as they are, and the secrets in them."""

    @property
    def outputs(self) -> dict[str, Any]:
        """Return them."""
        ...

    @property
    def secrets(self) -> Sequence[str]:
        """Return the secrets."""
        ...


class StopSignal(threading.Event):
    """Set when an attempt is to end; a new one in another process, where nobody sets it but a timeout."""

    def __reduce__(self) -> tuple[type[StopSignal], tuple[()]]:
        """Travel as one that is not set."""
        return StopSignal, ()


class Situation(msgspec.Struct, eq=False):
    """Where an attempt stands; `folder` is that of the `WorkingDirectory` around it.

    `secrets` is what its execution hides; `is_again` says that somebody restarted it.
    """

    task: Any
    namespace: str
    flow_id: str
    execution_id: str
    task_id: str
    task_run_id: str
    variables: dict[str, Any]
    host: Host
    prefix: str
    stopping: StopSignal
    attempt: int = 1
    folder: str | None = None
    secrets: tuple[str, ...] = ()
    is_again: bool = False


class AttemptScope:
    """The scope of one attempt; `close` removes what it made."""

    def __init__(self, situation: Situation) -> None:
        """Open nothing yet."""
        self.situation = situation
        self.namespace = situation.namespace
        self.flow_id = situation.flow_id
        self.execution_id = situation.execution_id
        self.task_id = situation.task_id
        self.task_run_id = situation.task_run_id
        self.variables: Mapping[str, Any] = situation.variables
        self.stopping: threading.Event = situation.stopping
        self.prefix = situation.prefix
        self._folder: Path | None = None
        self._drive: Drive | None = None
        self._functions: Functions | None = None
        self._handed: list[str] = []

    @property
    def logger(self) -> logging.Logger:
        """Return the logger of the task run."""
        logger = ChildLogger(f"flow.{self.flow_id}.{self.task_id}", _flows)
        logger.filters = (self.situation.host.log_filter,)
        least = getattr(self.situation.task, "log_level", None)
        if least is not None:
            number = LEVELS[least]
            logger.isEnabledFor = lambda level: level >= number
        return logger

    @property
    def drive(self) -> Drive:
        """Return where files are, as far as the execution may reach."""
        if self._drive is None:
            self._drive = self.situation.host.drive_for(self.situation)
        return self._drive

    def files_of(self, namespace: str) -> Drive:
        """Return where the files are that the flows of a namespace share, which the task names."""
        return self.situation.host.drive_for(self.situation, namespace)

    @property
    def key_values(self) -> KeyValues:
        """Return where values of namespaces are."""
        return self.situation.host.key_values

    @property
    def executions(self) -> Any:
        """Return where executions are looked up and asked for things."""
        return self.situation.host.executions

    @property
    def functions(self) -> Functions:
        """Return the functions of expressions that need a host."""
        if self._functions is None:
            self._functions = self.situation.host.functions(self.situation, self._handed.append)
        return self._functions

    def published(self, outputs: dict[str, Any]) -> Shown:
        """Return outputs as others may see them: the secrets of the execution, and those that this attempt was handed, are hidden."""
        return self.situation.host.shown(outputs, (*self.situation.secrets, *self._handed))

    @property
    def secrets_handed(self) -> Sequence[str]:
        """Return the secrets that were handed out here."""
        return self._handed

    def handed_on_by(self, details: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return what another execution has handed on, from the details of its row; its secrets are hidden from now on."""
        if SEALED not in details:
            return details.get("outputs")
        found = self.situation.host.unsealed(details[SEALED])
        self._handed += found.secrets
        return found.outputs

    @property
    def folder(self) -> Path:
        """Return the working directory."""
        if self._folder is None:
            shared = self.situation.folder
            self._folder = Path(tempfile.mkdtemp(prefix="runwright-")) if shared is None else Path(shared)
            self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder

    def render(self, value: Any, /, **more: Any) -> Any:
        """Return a value with every text in it rendered to text."""
        return self._deep(value, more, is_text=True)

    def evaluate(self, value: Any, /, **more: Any) -> Any:
        """Return a value with every text in it rendered, and what an expression yields where it is the whole text."""
        return self._deep(value, more, is_text=False)

    def encrypt(self, text: str) -> str:
        """Return a text, encrypted with the key of this place; raises `SettingError` where there is none."""
        return self.situation.host.encrypt(text)

    def record(self, name: str, value: float, kind: str = "counter", tags: Mapping[str, str] | None = None) -> None:
        """Keep a number with the attempt."""
        journal, masked = run_context.get(JOURNAL), self.situation.host.masked
        if journal is not None:
            journal.metrics.append(
                Metric(
                    clock.now(),
                    NO_FLOW_RUN,
                    journal.ordinal,
                    journal.attempt,
                    masked(name),
                    float(value),
                    kind,
                    {masked(key): masked(str(each)) for key, each in (tags or {}).items()},
                )
            )

    def hand_on_early(self, outputs: dict[str, Any]) -> None:
        """Let others see outputs while the attempt still runs; those of its end take their place."""
        journal = run_context.get(JOURNAL)
        if journal is not None and journal.note is not None:
            journal.note({"outputs": codec.to_plain(self.published(outputs).outputs)})

    def keep(self, name: str, data: bytes | Path) -> str:
        """Write a file of this task run to the drive and return its URI."""
        uri = f"{self.prefix}/{name}"
        if isinstance(data, bytes):
            return self.drive.put(uri, data)
        with data.open("rb") as stream:
            return self.drive.put(uri, stream)

    def wait(self, seconds: float) -> bool:
        """Wait; True when the attempt is to end before the time is over."""
        return self.stopping.wait(seconds)

    def close(self) -> None:
        """Remove the working directory, unless it is shared."""
        if self._folder is not None and self.situation.folder is None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _deep(self, value: Any, more: dict[str, Any], *, is_text: bool) -> Any:
        if isinstance(value, str):
            return self._rendered(value, more, is_text=is_text)
        if isinstance(value, dict):
            items: Any = value.items()
            return {
                self._rendered(key, more, is_text=True) if isinstance(key, str) else key: self._deep(
                    each, more, is_text=is_text
                )
                for key, each in items
            }
        if isinstance(value, list | tuple):
            return [self._deep(each, more, is_text=is_text) for each in value]  # pyright: ignore[reportUnknownVariableType]  data of users
        return value

    def _rendered(self, text: str, more: dict[str, Any], *, is_text: bool) -> Any:
        if "{{" not in text and "{%" not in text and "{#" not in text:
            return text
        template = compile_template(text)
        variables = {**self.variables, **more} if more else self.variables
        functions = self.functions if template.calls else None
        if is_text:
            return template.render(variables, functions=functions)
        return template.render_value(variables, functions=functions)


SEALED = "sealed"
"""Under what name the record has, beside outputs that are shown without their secrets, what they are."""

LEVELS = {"TRACE": 5, "DEBUG": 10, "INFO": 20, "WARN": 30, "ERROR": 40}
"""The numbers that `logging` has for the levels of log lines."""

_flows = logging.getLogger("runwright.flow")
_flows.setLevel(LEVELS["TRACE"])  # which lines are kept is for each task to say
