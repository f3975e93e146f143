"""Graphs: flows written as one line of text, and random ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from runwright.graph import Graph, Link, Node

if TYPE_CHECKING:
    from collections.abc import Iterable

_ARROWS = {"->": (False, False), "=>": (True, False), "~>": (False, True), "~=>": (True, True)}


def graph_of(text: str, *, references: Iterable[str] | None = None) -> Graph:
    """Return the graph of `a -> b; a => c; c ~> d`; names in the order they appear, which must be topological.

    `->` is an ordinary edge, `=>` a mapped one, `~>` a flattened one, `~=>` both. Without `references` those that nothing
    depends on decide the flow's state.
    """
    names: list[str] = []
    edges: list[tuple[str, str, str]] = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        words = re.split(r"\s+", part)
        names += [word for word in words[::2] if word not in names]
        edges += [
            (before, arrow, after) for before, arrow, after in zip(words[::2], words[1::2], words[2::2], strict=False)
        ]
    upstream = {before for before, _, _ in edges}
    wanted = set(references) if references is not None else {name for name in names if name not in upstream}
    nodes = [Node(index, name, name, None, is_reference=name in wanted) for index, name in enumerate(names)]
    links = [
        Link(names.index(before), names.index(after), mapped=_ARROWS[arrow][0], flattened=_ARROWS[arrow][1])
        for before, arrow, after in edges
    ]
    return Graph(text, nodes, links)


@st.composite
def graphs(draw: st.DrawFn, *, largest: int = 12) -> Graph:
    """Draw a graph of up to `largest` nodes, some of them mapped over others."""
    count = draw(st.integers(1, largest))
    nodes = [Node(index, f"t{index}", f"t{index}", None, is_reference=draw(st.booleans())) for index in range(count)]
    links: list[Link] = []
    for index in range(1, count):
        for upstream in sorted(draw(st.sets(st.integers(0, index - 1), max_size=3))):
            mapped, flattened = draw(st.sampled_from([(False, False), (True, False), (False, True), (True, True)]))
            links.append(Link(upstream, index, mapped=mapped, flattened=flattened))
    return Graph("random", nodes, links)
