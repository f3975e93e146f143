"""Edge: that one task follows another, which input it feeds, and how. A value; the flow keeps the collection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.errors import CycleError

if TYPE_CHECKING:
    from runwright.task import Task


class Edge:
    """Joins `upstream_task` to `downstream_task`.

    `key` is the argument of the downstream task's `run` that gets the upstream result; None means that one only waits
    for the other. `mapped`: one child of the downstream task for each element. `flattened`: elements of elements count.
    Edges between the same tasks with the same key and flags are equal.
    """

    __slots__ = ("_hash", "downstream_task", "flattened", "key", "mapped", "upstream_task")

    def __init__(
        self,
        upstream_task: Task,
        downstream_task: Task,
        key: str | None = None,
        mapped: bool = False,  # noqa: FBT001, FBT002  the documented signature
        flattened: bool = False,  # noqa: FBT001, FBT002  the documented signature
    ) -> None:
        """Join the tasks; raises `ValueError` for a key that is no identifier, `CycleError` for a task that follows itself."""
        if key is not None and not str(key).isidentifier():
            raise ValueError(f"Key must be a valid Python identifier, the name of an argument; got {key!r}.")
        if upstream_task is downstream_task:
            raise CycleError(f"Edges can not be created from a task to itself: {upstream_task!r}. Leave that edge out.")
        self.upstream_task = upstream_task
        self.downstream_task = downstream_task
        self.key = key
        self.mapped = mapped
        self.flattened = flattened
        self._hash = hash((id(upstream_task), id(downstream_task), key, mapped, flattened))

    @property
    def tasks(self) -> set[Task]:
        """Return both tasks."""
        return {self.upstream_task, self.downstream_task}

    def serialize(self) -> dict[str, Any]:
        """Return what a server keeps of this edge, as plain data; the tasks are named by their own slugs."""
        from runwright import serializing  # noqa: PLC0415  only registering needs it

        return serializing.edge_document(self, {task: task.slug for task in self.tasks})

    def __eq__(self, other: object) -> bool:
        """Compare tasks by identity, then key and flags."""
        return self is other or (
            isinstance(other, Edge)
            and self.upstream_task is other.upstream_task
            and self.downstream_task is other.downstream_task
            and (self.key, self.mapped, self.flattened) == (other.key, other.mapped, other.flattened)
        )

    def __hash__(self) -> int:
        """Return a number that is equal for equal edges of this process."""
        return self._hash

    def __repr__(self) -> str:
        """Return the names of the tasks, the key and the flags that are set."""
        marks = [f"key={self.key}"] if self.key is not None else []
        marks += [mark for mark in ("mapped", "flattened") if getattr(self, mark)]
        shown = f" ({', '.join(marks)})" if marks else ""
        return f"<Edge{shown}: {self.upstream_task.name} to {self.downstream_task.name}>"

    def __reduce__(self) -> tuple[type[Edge], tuple[Any, ...]]:
        """Be made anew in another process, where tasks have other identities."""
        return Edge, (self.upstream_task, self.downstream_task, self.key, self.mapped, self.flattened)
