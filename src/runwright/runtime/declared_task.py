"""DeclaredTask: a task of a YAML flow as nodes of the graph have it: what executors and the loop ask of any task."""

from __future__ import annotations

from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runwright.scope import Runnable
    from runwright.spec.retries import Retry


class DeclaredTask:
    """`spec` is the declaration, `run` what it does (None for one that stands for others), `retry` what applies to it.

    `folder_of` is the id of the `WorkingDirectory` around it. A pure task changes nothing but the record. It travels to other processes when `run` is found by its name.
    """

    timeout = None
    tags: frozenset[str] = frozenset()
    result = None
    state_handlers: tuple[Any, ...] = ()
    cache_for = None

    def __init__(
        self,
        spec: Any,
        run: Runnable | None,
        *,
        retry: Retry | None = None,
        folder_of: str | None = None,
        is_pure: bool = False,
    ) -> None:
        """Hold the declaration and what it does."""
        self.spec = spec
        self.run = run
        self.retry = retry
        self.folder_of = folder_of
        self.is_pure = is_pure
        self.name: str = spec.id
        self.is_async = run is not None and iscoroutinefunction(run)
        self.has_condition = spec.run_if != "true"

    def __repr__(self) -> str:
        """Return the id and type."""
        return f"<{self.name}: {self.spec.full_type}>"
