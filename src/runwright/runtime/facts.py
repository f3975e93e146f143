"""Facts: what is known of an execution of a YAML flow before it runs. Nothing of it changes while it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


class Facts:
    """What is known of an execution before it runs: names, variables for expressions, and how often it was tried.

    `labels` are those of the flow and of the execution. `variables` are `flow`, `execution`, `inputs`, `vars`, `labels`, `trigger`,
    `envs`, `globals`; `secrets` are those among the inputs. `attempt` is the number of executions in the chain that this one ends,
    `began` (ns) when the first of it was created.
    """

    def __init__(
        self,
        namespace: str,
        flow_id: str,
        execution_id: str,
        variables: dict[str, Any],
        *,
        attempt: int = 1,
        began: int = 0,
        is_linear: bool = False,
        labels: dict[str, str] | None = None,
        secrets: Sequence[str] = (),
    ) -> None:
        """Hold them."""
        self.namespace = namespace
        self.flow_id = flow_id
        self.execution_id = execution_id
        self.variables = variables
        self.attempt = attempt
        self.began = began
        self.is_linear = is_linear
        self.labels = labels or {}
        self.secrets = tuple(secrets)

    @property
    def prefix(self) -> str:
        """Return where files of the execution are on the drive."""
        path = f"{self.namespace.replace('.', '/')}/{self.flow_id}"
        return f"kestra:///{path}/executions/{self.execution_id}"
