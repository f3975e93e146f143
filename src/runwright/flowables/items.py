"""Items: how `ForEachItem` is three tasks: one that cuts the file, one that runs a flow for each batch, one that gathers."""

from __future__ import annotations

from typing import Any, ClassVar

from runwright.spec.tasks.flow_control import ForEachItem  # noqa: TC001  the annotations of elements are read when they are used
from runwright.spec.tasks.task import Task


class ItemsPart(Task, frozen=True, kw_only=True):
    """One of the three; `of` is the declared task."""

    of: ForEachItem


class SplitItems(ItemsPart, frozen=True, kw_only=True):
    """Cuts the file in batches."""

    names: ClassVar = ("io.kestra.plugin.core.flow.ForEachItem$ForEachItemSplit",)


class RunItems(ItemsPart, frozen=True, kw_only=True):
    """Runs the flow for each batch."""

    names: ClassVar = ("io.kestra.plugin.core.flow.ForEachItem$ForEachItemExecutable",)


class MergeItems(ItemsPart, frozen=True, kw_only=True):
    """Gathers what the executions hand on."""

    names: ClassVar = ("io.kestra.plugin.core.flow.ForEachItem$ForEachItemMergeOutputs",)


_PARTS: tuple[tuple[str, type[ItemsPart]], ...] = (("split", SplitItems), ("items", RunItems), ("merge", MergeItems))


def parts_of(task: ForEachItem) -> tuple[Task, ...]:
    """Return the three tasks; the last has nothing to gather where nobody waits for the executions."""
    common: dict[str, Any] = {"of": task, "position": task.position, "timeout": task.timeout}
    made = [
        kind(id=f"{task.id}_{name}", type=kind.names[0], **common)  # pyright: ignore[reportAttributeAccessIssue]  every part has one
        for name, kind in _PARTS
    ]
    return tuple(made)
