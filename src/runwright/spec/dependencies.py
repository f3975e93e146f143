"""Dependencies: names that refer to others of the same list: those that there are not, and those that go in a circle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright.spec.elements import only_mappings
from runwright.spec.nodes import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping as MappingOf

    from runwright.spec.findings import Findings, Path


MOST_LISTED, MOST_CIRCLES = 50, 10


def check_dependencies(dag: Mapping, path: Path, findings: Findings) -> None:
    """Look at what the tasks of a `Dag` depend on; the nodes are read, so that one faulty task hides no other."""
    rows: dict[str, tuple[Node, Node | None, Path]] = {}
    for index, row in only_mappings(dag.entries.get("tasks") or Sequence(0, 0)):
        task = row.entries.get("task")
        identity = task.entries.get("id") if isinstance(task, Mapping) else None
        if isinstance(identity, Scalar):
            rows[identity.text] = identity, row.entries.get("dependsOn"), (*path, "tasks", index, "dependsOn")
    edges: dict[str, list[str]] = {}
    for name, (_, needs, place) in rows.items():
        edges[name] = check_references(needs, rows, "task", place, findings)
    identity = dag.entries.get("id")
    prefix = f"{identity.text}: " if isinstance(identity, Scalar) else ""
    for circle in circles_in(edges):
        names = [name for name in rows if name in set(circle)]
        listed = ", ".join(names[:MOST_LISTED]) + (", ..." if len(names) > MOST_LISTED else "")
        message = f"{prefix}Cyclic dependency detected: {listed}. Remove one of the dependencies."
        findings.add(rows[names[0]][0], rows[names[0]][2], "dependency_cycle", message)


def check_references(
    needs: Node | None, known: MappingOf[str, object], what: str, path: Path, findings: Findings
) -> list[str]:
    """Return the names in a list that are known; those that are not are said to be wrong."""
    found: list[str] = []
    for index, item in enumerate(needs.items if isinstance(needs, Sequence) else ()):
        if not isinstance(item, Scalar):
            continue
        if item.text in known:
            found.append(item.text)
        else:
            near = findings.near(item.text, known)
            findings.add(item, (*path, index), f"unknown_{what}", f"There is no {what} {item.text!r} here.{near}")
    return found


def circles_in(edges: MappingOf[str, list[str]]) -> Iterator[list[str]]:
    """Yield names that depend on each other in a circle, in its order: of each circle, or of the first few, that has a name of its own."""
    left = dict(edges)
    for _ in range(MOST_CIRCLES):
        circle = _circle_in(left)
        if not circle:
            return
        yield circle
        left |= {name: [] for name in circle}


def _circle_in(edges: MappingOf[str, list[str]]) -> list[str]:
    waiting = {name: set(needs) for name, needs in edges.items()}
    followers: dict[str, list[str]] = {name: [] for name in edges}
    for name, needs in waiting.items():
        for need in needs:
            followers[need].append(name)
    ready = [name for name, needs in waiting.items() if not needs]
    while ready:
        name = ready.pop()
        for follower in followers[name]:
            waiting[follower].remove(name)
            if not waiting[follower]:
                ready.append(follower)
    stuck = {name: needs for name, needs in waiting.items() if needs}
    if not stuck:
        return []
    walked: list[str] = []
    name = next(iter(stuck))
    while name not in walked:
        walked.append(name)
        name = min(stuck[name])
    return walked[walked.index(name) :]
