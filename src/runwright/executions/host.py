"""ExecutionHost: what the executions of one process share: the host's files, values and secrets, and other executions.

It travels to other processes, where everything is opened anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from runwright.hosting import sealing
from runwright.hosting.file_access import Place
from runwright.hosting.functions import Reads, host_functions
from runwright.hosting.reach import Reach
from runwright.spec.inputs import SecretInput

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from runwright.drive import Drive
    from runwright.hosting.host import Host
    from runwright.hosting.sealing import Opened, Shown
    from runwright.key_values import KeyValues
    from runwright.runtime.attempt_scope import Situation
    from runwright.spec.inputs import Input

SEALED = "$encrypted"
"""The key under which the record keeps a secret input, encrypted."""


class ExecutionHost:
    """The host of executions on one record."""

    def __init__(self, host: Host, record: str | None = None) -> None:
        """Wrap a host; `record` is where other executions are."""
        self.host = host
        self.record = record

    @property
    def drive(self) -> Drive:
        """Return where files are."""
        return self.host.drive

    def drive_for(self, situation: Situation, named: str | None = None) -> Drive:
        """Return where files are, as far as an execution may reach; `named` is a namespace whose shared files it may, too."""
        relatives = self._reads(situation).relatives
        return Reach(self.drive, _place_of(situation), relatives, named)

    @property
    def key_values(self) -> KeyValues:
        """Return where values of namespaces are."""
        return self.host.key_values

    @property
    def executions(self) -> Any:
        """Return where executions are looked up and asked for things."""
        from runwright.executions.catalogue import Executions  # noqa: PLC0415  it stands on this module

        return Executions(self.record)

    def functions(
        self, situation: Situation, handed: Callable[[str], None] | None = None
    ) -> Mapping[str, Callable[..., Any]]:
        """Return the functions of expressions that need a host; `handed` is told of each secret that they hand out."""
        found = host_functions(self.host, _place_of(situation), self._reads(situation), handed)
        return {**found, "loopOutputs": lambda loop: self._loop_outputs(situation, loop)}

    def _loop_outputs(self, situation: Situation, loop: Any) -> Any:
        """Return what the rounds of a `Loop` have handed on, given by its id or its outputs: from the record, or the file."""
        handed_on: Any = situation.variables["outputs"].get(loop) if isinstance(loop, str) else loop
        if isinstance(handed_on, dict) and "values" in handed_on:
            return handed_on["values"]  # pyright: ignore[reportUnknownVariableType]  data of users
        if isinstance(handed_on, dict) and "uri" in handed_on:
            with self.drive_for(situation).open(str(handed_on["uri"])) as stream:  # pyright: ignore[reportUnknownArgumentType]  as above
                return [msgspec.json.decode(line) for line in stream.read().splitlines()]
        raise LookupError(f"{loop!r} is no loop that has handed on outputs: give the id of a Loop that declares some")

    def shown(self, outputs: dict[str, Any], secrets: Sequence[str]) -> Shown:
        """Return outputs in which these secrets are hidden, and no others: data of other executions stay as they are."""
        return sealing.shown(outputs, secrets, self.host.cipher)

    def unsealed(self, sealed: str) -> Opened:
        """Return what was hidden in outputs; the mask hides it from now on. Raises `SettingError`."""
        found = sealing.opened(sealed, self.host.cipher)
        self.host.mask.learn(*found.secrets)
        return found

    @property
    def envs(self) -> dict[str, str]:
        """Return what expressions see as `envs`."""
        return self.host.envs

    @property
    def globals(self) -> dict[str, Any]:
        """Return what expressions see as `globals`."""
        return self.host.globals

    def sealed(self, inputs: Iterable[Input], values: dict[str, Any]) -> dict[str, Any]:
        """Return the values of inputs as the record keeps them: secret ones encrypted."""
        secret = [each.id for each in inputs if isinstance(each, SecretInput)]
        return _replaced(values, secret, lambda text: {SEALED: self.host.cipher.encrypt(text)})

    def opened(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the values of inputs as expressions see them; the mask hides secret ones from now on."""
        return {name: self._opened(value) for name, value in values.items()}

    def _opened(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        if SEALED in value:
            return self.host.decrypt(value[SEALED])
        return self.opened(value)  # pyright: ignore[reportUnknownArgumentType]  inputs nest by their names

    def secrets_in(self, inputs: Iterable[Input], values: Mapping[str, Any]) -> list[str]:
        """Return those of the values of inputs that are secrets."""
        return [
            str(found) for each in inputs if isinstance(each, SecretInput) and (found := _value_at(values, each.id))
        ]

    def encrypt(self, text: str) -> str:
        """Return a text, encrypted with the key of this place; raises `SettingError` where there is none."""
        return self.host.cipher.encrypt(text)

    def masked(self, text: str) -> str:
        """Return a text without the secrets that were handed out in this process."""
        return self.host.mask.hide(text)

    @property
    def log_filter(self) -> logging.Filter:
        """Return what does the same with the records of a logger."""
        return self.host.log_filter

    def _reads(self, situation: Situation) -> Reads:
        executions = self.executions
        return Reads(
            relatives=lambda: executions.relatives(situation.execution_id),
            error_logs=lambda: executions.error_logs(situation.execution_id),
            tasks=lambda: executions.task_states(situation.execution_id),
        )


def _replaced(values: dict[str, Any], names: list[str], seal: Callable[[str], Any]) -> dict[str, Any]:
    """Return a copy of nested values with those of the given dotted names sealed."""
    copy = {key: dict(value) if isinstance(value, dict) else value for key, value in values.items()}  # pyright: ignore[reportUnknownArgumentType]  as above
    for name in names:
        *outer, last = name.split(".")
        level: Any = copy
        for part in outer:
            level = level.get(part) if isinstance(level, dict) else None
        if isinstance(level, dict) and isinstance(level.get(last), str):
            level[last] = seal(level[last])
    return copy


def _place_of(situation: Situation) -> Place:
    return Place(situation.namespace, situation.flow_id, situation.execution_id)


def _value_at(values: Any, name: str) -> Any:
    for part in name.split("."):
        values = values.get(part) if isinstance(values, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  as above
    return values  # pyright: ignore[reportUnknownVariableType]  as above
