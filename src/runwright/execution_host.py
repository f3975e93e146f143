"""ExecutionHost: what the executions of one process share: the host's files, values and secrets, and other executions.

It travels to other processes, where everything is opened anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.hosting.file_access import Place
from runwright.hosting.functions import Reads, host_functions
from runwright.hosting.host import Host

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runwright.drive import Drive
    from runwright.key_values import KeyValues
    from runwright.runtime.attempt_scope import Situation


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

    @property
    def key_values(self) -> KeyValues:
        """Return where values of namespaces are."""
        return self.host.key_values

    @property
    def executions(self) -> Any:
        """Return where executions are looked up and asked for things."""
        from runwright.executions import Executions  # noqa: PLC0415  it stands on this module

        return Executions(self.record)

    def functions(self, situation: Situation) -> Mapping[str, Callable[..., Any]]:
        """Return the functions of expressions that need a host."""
        place = Place(situation.namespace, situation.flow_id, situation.execution_id)
        return host_functions(self.host, place, self._reads(situation))

    def masked(self, text: str) -> str:
        """Return a text without the secrets that were handed out in this process."""
        return self.host.mask.hide(text)

    def _reads(self, situation: Situation) -> Reads:
        executions = self.executions
        return Reads(
            relatives=lambda: executions.relatives(situation.execution_id),
            error_logs=lambda: executions.error_logs(situation.execution_id),
            tasks=lambda: executions.task_states(situation.execution_id),
        )
