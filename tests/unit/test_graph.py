"""Graph: nodes in topological order, and what the links make of them."""

from __future__ import annotations

from runwright.graph import Graph, Link, Node


def _graph(count: int, *links: Link) -> Graph:
    return Graph("g", [Node(index, f"n{index}", "n", None) for index in range(count)], links)


def test_links_lead_in_and_out() -> None:
    link = Link(0, 1, key="x", payload="edge")
    graph = _graph(2, link)
    assert [link] == graph.nodes[0].outputs == graph.nodes[1].inputs
    assert [] == graph.nodes[0].inputs == graph.nodes[1].outputs
    assert ("x", "edge") == (link.key, link.payload)


def test_nodes_are_known_by_their_slug() -> None:
    graph = _graph(2)
    assert graph.nodes[1] is graph.by_slug["n1"]


def test_a_mapped_input_makes_a_mapped_node() -> None:
    graph = _graph(3, Link(0, 1, mapped=True), Link(0, 2))
    assert [False, True, False] == [node.is_mapped for node in graph.nodes]


def test_pairs_are_made_between_mapped_nodes_that_are_not_flattened() -> None:
    first = Link(0, 1, mapped=True)
    pairs, flat, reduced = Link(1, 2, mapped=True), Link(1, 3, mapped=True, flattened=True), Link(1, 4)
    graph = _graph(5, first, pairs, flat, reduced)
    assert [False, True, False, False] == [graph.is_pairwise(link) for link in (first, pairs, flat, reduced)]


def test_pairs_do_not_depend_on_the_order_in_which_links_are_given() -> None:
    pairs = Link(1, 2, mapped=True)
    graph = _graph(3, pairs, Link(0, 1, mapped=True))
    assert graph.is_pairwise(pairs)


def test_every_link_between_the_same_nodes_counts() -> None:
    graph = _graph(2, Link(0, 1, key="x"), Link(0, 1, key="y"))
    assert ["x", "y"] == [link.key for link in graph.nodes[1].inputs]
