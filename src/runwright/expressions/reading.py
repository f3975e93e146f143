"""Reading: which variables, entries and functions a template will read, found without running it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright.expressions import nodes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Path = tuple[str, ...]


class Found:
    """What a template reads, calls and names itself."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.paths: set[Path] = set()
        self.calls: set[str] = set()
        self.assigned: set[str] = set()
        self.macros: set[str] = set()


def read_by(statements: Iterable[nodes.Node]) -> Found:
    """Return what statements read; a name that they set themselves counts only where it is read before."""
    found = Found()
    _walk_all(statements, frozenset(), found)
    found.calls -= found.macros
    return found


def _walk_all(statements: Iterable[nodes.Node], own: frozenset[str], found: Found) -> None:
    for statement in statements:
        _walk(statement, own, found)
        if isinstance(statement, nodes.Set):
            own |= {statement.name}


def _walk(node: nodes.Node, own: frozenset[str], found: Found) -> None:
    match node:
        case nodes.Name() | nodes.Entry():
            _add_path(node, own, found)
        case nodes.For():
            found.assigned |= {node.name, "loop"}
            _walk(node.values, own, found)
            _walk_all(node.body, own | {node.name, "loop"}, found)
            _walk_all(node.otherwise, own, found)
        case nodes.Macro():
            found.macros.add(node.name)
            parameters = frozenset(name for name, _ in node.parameters)
            found.assigned |= parameters | {node.name}
            _walk_all([default for _, default in node.parameters], own | parameters, found)
            _walk_all(node.body, parameters, found)
        case nodes.If():
            for condition, body in node.branches:
                _walk(condition, own, found)
                _walk_all(body, own, found)
            _walk_all(node.otherwise, own, found)
        case nodes.Block() | nodes.Captured():
            _walk_all(node.body, own, found)
        case _:
            if isinstance(node, nodes.Set):
                found.assigned.add(node.name)
            if isinstance(node, nodes.Call):
                found.calls.add(node.name)
            for part in _parts(node):
                _walk(part, own, found)


def _parts(node: nodes.Node) -> Iterator[nodes.Node]:
    match node:
        case nodes.Items():
            yield from node.items
        case nodes.Pairs():
            for pair in node.pairs:
                yield from pair
        case nodes.Unary():
            yield node.operand
        case nodes.Binary():
            yield from (node.left, node.right)
        case nodes.Choice():
            yield from (node.condition, node.then, node.otherwise)
        case nodes.Call():
            yield from node.arguments.nodes()
        case nodes.Filtered() | nodes.Tested():
            yield from (node.value, *node.arguments.nodes())
        case nodes.Print() | nodes.Set():
            yield node.value
        case _:
            return


def _add_path(node: nodes.Node, own: frozenset[str], found: Found) -> None:
    """Add the longest path that is known: `a.b[c].d` reads `a.b`, and `c`."""
    keys: list[nodes.Node] = []
    while isinstance(node, nodes.Entry):
        keys.append(node.key)
        node = node.target
    for key in keys:
        _walk(key, own, found)
    if not isinstance(node, nodes.Name):
        _walk(node, own, found)
    elif node.name not in own:
        found.paths.add((node.name, *_known(reversed(keys))))


def _known(keys: Iterable[nodes.Node]) -> Iterator[str]:
    for key in keys:
        if not isinstance(key, nodes.Constant) or not isinstance(key.value, str):
            return
        yield key.value
