"""Reading: which variables, entries and functions a template will read, found without running it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright.expressions import nodes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

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


# ---- what stands in the text as it is

_PASSING = frozenset({"~", "??", "???", "or", "and"})
"""The operators whose results may be a text that they were given; others make numbers, truths and lists of numbers."""


def pasted_by(statements: Iterable[nodes.Node], harmless: Collection[str]) -> set[Path]:
    """Return the paths whose values statements print as they are, functions as `name()`; `harmless` filters end that."""
    found: set[Path] = set()
    _paste_all(statements, {}, harmless, found)
    return found


def _paste_all(
    statements: Iterable[nodes.Node], own: dict[str, set[Path]], harmless: Collection[str], found: set[Path]
) -> None:
    """Add what statements print; `own` has, for each name that they set, where its value comes from."""
    own = dict(own)
    for statement in statements:
        match statement:
            case nodes.Print(value=value):
                found |= _sources(value, own, harmless)
            case nodes.Set(name=name, value=value):
                own[name] = _sources(value, own, harmless)
            case nodes.For(name=name, values=values):
                _paste_all(
                    statement.body, {**own, name: _sources(values, own, harmless), "loop": set()}, harmless, found
                )
                _paste_all(statement.otherwise, own, harmless, found)
            case nodes.If(branches=branches, otherwise=otherwise):
                for body in (*(body for _, body in branches), otherwise):
                    _paste_all(body, own, harmless, found)
            case nodes.Macro(parameters=parameters, body=body):
                _paste_all(body, {name: set() for name, _ in parameters}, harmless, found)
            case nodes.Block(body=body) | nodes.Captured(body=body):
                _paste_all(body, own, harmless, found)
            case _:
                pass


def _sources(node: nodes.Node, own: dict[str, set[Path]], harmless: Collection[str]) -> set[Path]:
    """Return the paths whose values an expression may yield, or parts of them."""
    if isinstance(node, nodes.Name | nodes.Entry):
        read = Found()
        _add_path(_with_plain_keys(node), frozenset(), read)
        return {each for path in read.paths for each in own.get(path[0], {path})}
    found = {(f"{node.name}()",)} if isinstance(node, nodes.Call) else set[Path]()
    if isinstance(node, nodes.Captured):
        _paste_all(node.body, own, harmless, found)
    return found.union(*(_sources(part, own, harmless) for part in _passing_parts(node, harmless)))


def _passing_parts(node: nodes.Node, harmless: Collection[str]) -> Iterable[nodes.Node]:
    match node:
        case nodes.Choice():
            return node.then, node.otherwise
        case nodes.Unary() | nodes.Tested():
            return ()
        case nodes.Binary() if node.operator not in _PASSING:
            return ()
        case nodes.Filtered() if node.name in harmless:
            return ()
        case _:
            return _parts(node)


def _with_plain_keys(node: nodes.Node) -> nodes.Node:
    """Return an entry with `*` for what chooses it: that is not printed, and what comes after it is known all the same."""
    if not isinstance(node, nodes.Entry):
        return node
    is_known = isinstance(node.key, nodes.Constant) and isinstance(node.key.value, str)
    return nodes.Entry(node.at, _with_plain_keys(node.target), node.key if is_known else nodes.Constant(node.at, "*"))
