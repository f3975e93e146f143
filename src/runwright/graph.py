"""Graph: the compiled form of a flow, the same for every way of authoring.

Nodes stand in topological order and are known by their index; slugs are their stable names. A graph is immutable once
made. It knows neither how it was written nor how it will be run: `task` is an opaque payload for the runtime.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


class Link:
    """An edge of the graph: the upstream and downstream node by index, the input it feeds, and how."""

    __slots__ = ("downstream", "flattened", "key", "mapped", "payload", "upstream")

    def __init__(
        self,
        upstream: int,
        downstream: int,
        *,
        key: str | None = None,
        mapped: bool = False,
        flattened: bool = False,
        payload: Any = None,
    ) -> None:
        """Join two nodes; `payload` is the author's own edge, handed to triggers as it is."""
        self.upstream = upstream
        self.downstream = downstream
        self.key = key
        self.mapped = mapped
        self.flattened = flattened
        self.payload = payload


class Node:
    """One node: what it is called, what runs, and the links that lead in and out.

    `flowable` says how a node opens that stands for others, None for one that does work.
    """

    __slots__ = ("flowable", "index", "inputs", "is_mapped", "is_reference", "name", "outputs", "slug", "tags", "task")

    def __init__(
        self,
        index: int,
        slug: str,
        name: str,
        task: Any,
        *,
        tags: tuple[str, ...] = (),
        is_reference: bool = False,
        flowable: Any = None,
    ) -> None:
        """Describe a node; `is_reference` says that the flow run's final state depends on it."""
        self.flowable = flowable
        self.index = index
        self.slug = slug
        self.name = name
        self.task = task
        self.tags = tags
        self.is_reference = is_reference
        self.is_mapped = False
        self.inputs: list[Link] = []
        self.outputs: list[Link] = []


class Graph:
    """Nodes in topological order, joined by links.

    A flow run opens all nodes at once, each starting when those upstream have ended, unless the graph has a `flowable`: then
    that says which nodes a run opens, and which come later.
    """

    __slots__ = ("by_slug", "flowable", "name", "nodes")

    def __init__(self, name: str, nodes: Iterable[Node], links: Iterable[Link], *, flowable: Any = None) -> None:
        """Join `nodes` (their index is their place) by `links`; a node with a mapped input is mapped."""
        self.name = name
        self.flowable = flowable
        self.nodes: tuple[Node, ...] = tuple(nodes)
        for link in links:
            self.nodes[link.upstream].outputs.append(link)
            self.nodes[link.downstream].inputs.append(link)
            if link.mapped:
                self.nodes[link.downstream].is_mapped = True
        self.by_slug: dict[str, Node] = {node.slug: node for node in self.nodes}

    def is_pairwise(self, link: Link) -> bool:
        """Say whether child i downstream needs just child i upstream, so that both maps run as one pipeline."""
        return link.mapped and not link.flattened and self.nodes[link.upstream].is_mapped
