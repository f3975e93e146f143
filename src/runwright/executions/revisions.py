"""Revisions: how the children that a run had in one revision of a flow are those that it has in another.

They are where the tasks that have run stand at the same places of the same lists, under the same ids; what comes after them may be
new. It decides nothing about what runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.errors import IllegalTransition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from runwright.graph import Graph, Node


class Fit:
    """From the graph that an execution ran to the graph that it goes on with; `revision` is what that one is."""

    def __init__(self, before: Graph, after: Graph, revision: int) -> None:
        """Hold both; they may be the same."""
        self.revision = revision
        self._before = before
        self._after = after
        self._places = {node.slug: node.index for node in after.nodes}
        self._turns = {index: turn for turn, index in enumerate(_in_turn(before, before.flowable))}

    def is_earlier(self, one: int, other: int) -> bool:
        """Say whether a task of the old graph has its turn before another: what is for errors and the end comes after the tasks."""
        return self._turns[one] < self._turns[other]

    def stands_for_others(self, slug: str) -> bool:
        """Say whether a task stands for others."""
        return self._node(slug).flowable is not None

    def body(self, parent: str | None, branch: str, body: Sequence[int], kept: Iterable[int]) -> tuple[int, ...]:
        """Return the nodes of a list of tasks as they are now; `parent` is the task that has it, None for the flow.

        `kept` are the places in the list whose task runs are taken over. Raises `IllegalTransition` where others stand there now.
        """
        flowable = self._after.flowable if parent is None else self._node(parent).flowable
        bodies = getattr(flowable, "bodies", None)
        lists = {} if bodies is None else {"tasks": bodies.tasks, "errors": bodies.errors, "finally": bodies.finally_}
        now: tuple[int, ...] = {**lists, **getattr(bodies, "others", {})}.get(branch, ())
        for place in kept:
            old = self._before.nodes[body[place]]
            if place >= len(now) or not _is_alike(old, self._after.nodes[now[place]]):
                raise self._refusal(old.slug)
        return now

    def _node(self, slug: str) -> Node:
        if slug not in self._places:
            raise self._refusal(slug)
        return self._after.nodes[self._places[slug]]

    def _refusal(self, slug: str) -> IllegalTransition:
        return IllegalTransition(
            f"Task {slug!r} has run, and in revision {self.revision} it is not where it was: what has run stays only where the tasks "
            "up to it are the same. Replay the execution from the start."
        )


def _in_turn(graph: Graph, flowable: Any) -> Iterator[int]:
    """Yield the nodes below a flowable in the order in which they would run, were all to run."""
    bodies = flowable.bodies
    last = bodies.others.values() if flowable is graph.flowable else ()  # what runs after the end of all
    choices = () if flowable is graph.flowable else bodies.others.values()
    for body in (bodies.tasks, *choices, bodies.errors, bodies.finally_, *last):
        for index in body:
            yield index
            below = graph.nodes[index].flowable
            if below is not None:
                yield from _in_turn(graph, below)


def _is_alike(before: Node, after: Node) -> bool:
    return before.slug == after.slug and (before.flowable is None) == (after.flowable is None)
