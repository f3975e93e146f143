"""Scripts: flowables of a test that do as a plan says, and flows made of them; what stands for others never sees a scope.

`flow("a", each("b", "c", rounds=2), together("d", "e", limit=1))` is a flow of three tasks, named a, each1 and together4. What a script answers
depends on how its children ended and on nothing else, so that a run which is lost goes the same way again.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from runwright.flowable import Answer, Children, Settled, Tally, Waiting
from runwright.graph import Graph, Link, Node


class Plan(NamedTuple):
    """What a task that stands for others does: `tasks` are names of leaves and plans.

    `wait` (ns, -1 for as long as nobody asks) comes before the first task, `turns` says how often a loop runs them, with a wait of 1 between.
    """

    tasks: tuple[Any, ...]
    order: str = "chain"
    limit: int = 0
    rounds: int = 1
    has_values: bool = False
    turns: int = 0
    wait: int = 0
    errors: tuple[Any, ...] = ()
    finally_: tuple[Any, ...] = ()
    after: tuple[Any, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    is_whole: bool = False


def flow(*tasks: Any, **more: Any) -> Graph:
    """Return the graph of a flow that runs these tasks one after the other."""
    return _Builder().graph(Plan(tasks, **more))


def chain(*tasks: Any, **more: Any) -> Plan:
    return Plan(tasks, **more)


def together(*tasks: Any, **more: Any) -> Plan:
    return Plan(tasks, order="together", **more)


def dag(*tasks: Any, links: str, **more: Any) -> Plan:
    """Return tasks in the order that `links` say: `a>b a>c`."""
    pairs = tuple((before, after) for before, _, after in (link.partition(">") for link in links.split()))
    return Plan(tasks, order="explicit", links=pairs, **more)


def each(*tasks: Any, rounds: int, **more: Any) -> Plan:
    return Plan(tasks, rounds=rounds, has_values=True, **more)


def loop(*tasks: Any, turns: int, **more: Any) -> Plan:
    return Plan(tasks, turns=turns, **more)


def pause(*tasks: Any, wait: int = -1, **more: Any) -> Plan:
    return Plan(tasks, wait=wait, **more)


class Script:
    """Does as a plan says. `scope` is the `Resolve` itself: whether a wait is over, and the turn."""

    def __init__(self, plan: Plan, bodies: dict[str, tuple[int, ...]]) -> None:
        self.plan = plan
        self.bodies = bodies
        self.restarts_whole = plan.is_whole

    def expand(self, scope: Any) -> Answer:
        plan = self.plan
        if plan.wait and not scope.resumed:
            return Waiting(None if plan.wait < 0 else float(plan.wait))
        turn = scope.turn + 1 if plan.turns else 0
        if not self.bodies["tasks"]:
            return Settled("Success", "There are no tasks.")
        values = tuple(f"v{number}" for number in range(plan.rounds)) if plan.has_values else None
        return Children(
            body=self.bodies["tasks"], rounds=plan.rounds, order=plan.order, limit=plan.limit, values=values, turn=turn
        )  # pyright: ignore[reportArgumentType]  an order by name

    def settle(self, tallies: dict[str, Tally], scope: Any) -> Answer:
        latest = next(reversed(tallies))
        state = _worst(tallies)
        if latest == "tasks" and state == "Failed" and self.bodies["errors"]:
            return Children(body=self.bodies["errors"], branch="errors")
        if latest == "tasks" and state in {"Success", "Warning"} and scope.turn < self.plan.turns:
            return Waiting(1.0)
        if latest != "finally" and state != "Killed" and self.bodies["finally"]:
            return Children(body=self.bodies["finally"], branch="finally")
        return Settled(state, "By the book.")


def _worst(tallies: dict[str, Tally]) -> str:
    every = list(tallies.values())
    if any(tally.killed for tally in every):
        return "Killed"
    if any(tally.failed for tally in every):
        return "Failed"
    return "Warning" if any(tally.warned for tally in every) else "Success"


class _Builder:
    def __init__(self) -> None:
        self._nodes: list[Node] = []
        self._links: list[Link] = []

    def graph(self, plan: Plan) -> Graph:
        script = Script(plan, self._bodies(plan))
        script.bodies["after"] = tuple(self._add(each) for each in plan.after)
        return Graph("script", self._nodes, self._links, flowable=script)

    def _bodies(self, plan: Plan) -> dict[str, tuple[int, ...]]:
        named = {"tasks": plan.tasks, "errors": plan.errors, "finally": plan.finally_}
        bodies = {name: tuple(self._add(each) for each in tasks) for name, tasks in named.items()}
        place = {self._nodes[index].slug: index for index in bodies["tasks"]}
        self._links += [Link(place[before], place[after]) for before, after in plan.links]
        return bodies

    def _add(self, task: Any) -> int:
        index = len(self._nodes)
        name = task if isinstance(task, str) else f"{_kind(task)}{index}"
        node = Node(index, name, name, None)
        self._nodes.append(node)
        if not isinstance(task, str):
            node.flowable = Script(task, self._bodies(task))
        return index


def _kind(plan: Plan) -> str:
    if plan.wait:
        return "pause"
    if plan.turns:
        return "loop"
    return "each" if plan.has_values else {"chain": "chain", "together": "together", "explicit": "dag"}[plan.order]
