"""LoopRounds: what belongs to the rounds of a `Loop` alone: the item that each stands for, and the outputs of its own tasks.

Other loops share one space of outputs, by value; a round of a `Loop` sees those of its own tasks under their plain names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.engine.branches import Branch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from runwright.engine.cells import Cell
    from runwright.graph import Graph, Node
    from runwright.runtime.outputs import Outputs

ITEMS = "items"
"""What a `Loop` hands on while it is under way: its keys, None for a list, and its values."""


class LoopRounds:
    """The rounds of one execution. `own` has what flowables under way hand on, `keys_of` the keys of the rounds around a run."""

    def __init__(
        self,
        graph: Graph,
        outputs: Outputs,
        own: dict[int, dict[str, Any]],
        keys_of: Callable[[Cell], tuple[str, ...]],
    ) -> None:
        """Look at a graph; where it has no `Loop`, nothing here costs anything."""
        self._graph = graph
        self._outputs = outputs
        self._own = own
        self._keys_of = keys_of
        self._names = {
            node.index: tuple(self._names_below(node))
            for node in graph.nodes
            if getattr(node.flowable, "is_apart", False)
        }
        self.are_any = bool(self._names)

    def key_of(self, branch: Branch, index: int) -> str | None:
        """Return what tells the outputs of a child's round from those of others, None where there are no rounds."""
        value = branch.value_of(index)
        return str(index // branch.width) if value is not None and self._is_apart(branch) else value

    def variables_of(self, cell: Cell) -> dict[str, Any]:
        """Return the variables that a run has because it stands in rounds: `item`, and `outputs` as its round sees them."""
        found = list(self._around(cell))
        return self._variables(found[::-1]) if found else {}

    def variables_in(self, loop: Cell, number: int) -> dict[str, Any]:
        """Return the variables of one round of a loop, for what it hands on."""
        return self._variables([*list(self._around(loop))[::-1], (loop, number, None)])

    def _variables(self, rounds: Sequence[tuple[Cell, int, Branch | None]]) -> dict[str, Any]:
        """Return the variables of the last of these rounds, the outermost first."""
        outputs: dict[str, Any] = dict(self._outputs.tree)
        item: dict[str, Any] | None = None
        for loop, number, branch in rounds:
            item = self._item(loop, number, branch, item)
            keys = (*self._keys_of(loop), str(number))
            for name in self._names[loop.node.index]:  # type: ignore[union-attr]  a loop has a node
                own = self._outputs.of(name, keys)
                outputs.pop(name, None)
                if own is not None:
                    outputs[name] = own
        return {"item": item, "outputs": outputs}

    def _item(self, loop: Cell, number: int, branch: Branch | None, parent: dict[str, Any] | None) -> dict[str, Any]:
        held: dict[str, Any] | None = self._own.get(loop.ordinal, {}).get(ITEMS)
        if held is None:  # the loop has ended: of what it stood for the texts are left
            text = None if branch is None else branch.value_of(number * branch.width)
            return {"index": number, "key": None, "value": text, "parent": parent}
        key = None if held["keys"] is None else held["keys"][number]
        return {"index": number, "key": key, "value": held["values"][number], "parent": parent}

    def _around(self, cell: Cell) -> Iterator[tuple[Cell, int, Branch]]:
        """Yield the rounds that a run stands in, the nearest first: the loop, the number, the branch."""
        while isinstance(cell.group, Branch):
            branch = cell.group
            if branch.plan.values is not None and self._is_apart(branch):
                yield branch.parent, (cell.ordinal - branch.first) // branch.width, branch
            cell = branch.parent

    def _is_apart(self, branch: Branch) -> bool:
        node = branch.parent.node
        return node is not None and node.index in self._names

    def _names_below(self, node: Node) -> Iterator[str]:
        bodies: Any = node.flowable.bodies
        for body in (bodies.tasks, bodies.errors, bodies.finally_, *bodies.others.values()):
            for index in body:
                inner = self._graph.nodes[index]
                yield inner.task.name
                if inner.flowable is not None:
                    yield from self._names_below(inner)
