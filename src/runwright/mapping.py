"""Mapping: the marks that say how a value reaches a task: element by element, whole, or one level flatter.

    add.map(xs, unmapped(y))     one child for each element of xs, each with the whole of y
    add(mapped(xs), y)           the same
    add.map(flatten(xss), ...)   one child for each element of each element

Marks only say how; the edges that they lead to are made by the flow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Route(NamedTuple):
    """How a value reaches a task: the bare value, and the flags of the edge."""

    value: Any
    is_mapped: bool
    is_flattened: bool


class EdgeAnnotation:
    """A value with marks. Marks nest: inner ones are kept, and the outer wins where both speak of the same thing."""

    marks: ClassVar[Mapping[str, bool]] = {}

    def __init__(self, value: Any) -> None:
        """Mark `value`: a task, plain data, or an annotation to add to."""
        inner = value if isinstance(value, EdgeAnnotation) else None
        self.value: Any = value if inner is None else inner.value
        self.annotations: dict[str, bool] = {**(inner.annotations if inner is not None else {}), **self.marks}

    def pipe(self, target: Callable[..., Any], **kwargs: Any) -> Any:
        """Call `target` with this as its first argument, so that steps read in order."""
        return target(self, **kwargs)

    def __repr__(self) -> str:
        """Return how it was written, outermost mark first."""
        return f"{type(self).__name__}({self.value!r})"


class mapped(EdgeAnnotation):  # noqa: N801  reads as a function
    """Give the task one element at a time: one child for each."""

    marks: ClassVar = {"mapped": True}


class unmapped(EdgeAnnotation):  # noqa: N801  reads as a function
    """Give every child of a mapped task the whole value."""

    marks: ClassVar = {"mapped": False}


class flatten(EdgeAnnotation):  # noqa: N801  reads as a function
    """Take the elements of the value's elements: a list of lists counts as one list."""

    marks: ClassVar = {"flattened": True}


def route(value: Any, *, is_mapped: bool) -> Route:
    """Return the value without its marks, and the flags they give; `is_mapped` holds where no mark speaks of it."""
    if not isinstance(value, EdgeAnnotation):
        return Route(value, is_mapped, is_flattened=False)
    marks = value.annotations
    return Route(value.value, marks.get("mapped", is_mapped), marks.get("flattened", False))


def check_mappable(task_name: str, values: Mapping[str, Any]) -> None:
    """Raise `TypeError` for the first input of a mapped call that has no elements to map over."""
    for key, value in values.items():
        bare, is_mapped, _ = route(value, is_mapped=True)
        kind = type(bare)  # pyright: ignore[reportUnknownVariableType]  a value of any type
        if not is_mapped or (hasattr(bare, "__getitem__") and kind is not dict):
            continue
        raise TypeError(
            f"Cannot map over unsubscriptable object of type {kind.__name__}: {_shown(bare)}. Task {task_name!r} "
            f"takes one element of {key!r} for each child. {_advice(key, bare)}"
        )


def _advice(key: str, value: Any) -> str:
    if type(value) is dict:
        return "Map over list(d.items()), list(d) or list(d.values())."
    if hasattr(value, "__iter__"):
        return f"Make it a list: {key}=list(...)."
    return f"To give every child the same value, write {key}=unmapped(...)."


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:40]}..."  # noqa: PLR2004  enough to recognise it
