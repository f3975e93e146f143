"""TaskWorkload: the tasks of a Python flow as the loop runs them: what each gets from those upstream, and what it hands on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright import codec, ids
from runwright.executor import TaskCall
from runwright.runtime import caching
from runwright.states import CLASS_BY_CODE, KIND_BY_NAME, Cached, Mapped, Pending, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from runwright.engine.machine import Machine
    from runwright.engine.stimuli import Resolve, Submit
    from runwright.graph import Graph, Node
    from runwright.result import Result
    from runwright.runtime.given_states import GivenStates
    from runwright.runtime.inputs import Inputs


class TaskWorkload:
    """The task runs of a Python flow.

    `context` is the flow run's context, `contexts` those of the nodes (by index) that have one of their own. `given` are the
    states that task runs start from. `resumed_by` is the message of a task run that goes on after a pause.
    """

    def __init__(
        self,
        graph: Graph,
        machine: Machine,
        inputs: Inputs,
        context: dict[str, Any],
        given: GivenStates,
        *,
        contexts: dict[int, dict[str, Any]] | None = None,
        result: Result | None = None,
        task_runner: Callable[..., Any] | None = None,
    ) -> None:
        """Hold the parts; nothing has run."""
        self.resumed_by = "Resumed."
        self._graph = graph
        self._machine = machine
        self._inputs = inputs
        self._context = context
        self._contexts = contexts or {}
        self._given, self._starts = given, given.states
        self._id = str(machine.flow_run)
        self._result = result
        self._task_runner = task_runner
        self._cached: list[tuple[Any, Cached]] = []

    def over(self) -> Sequence[tuple[int, State]]:
        """Return what was given final, constants among it."""
        over = self._given.final()
        for ordinal, state in over:
            self._inputs.keep(ordinal, state)
        return over

    def call(self, submit: Submit, node: Node) -> TaskCall:
        """Return the call of an attempt, with the states of all that is upstream."""
        task, state = node.task, None
        if self._starts:
            state = self._given.take(submit.ordinal)
        if submit.resumed or (submit.loop is not None and not (state is not None and "_loop_count" in state.context)):
            state = self._state_to_go_on_from(submit)
        return TaskCall(
            ordinal=submit.ordinal,
            node=submit.node,
            slug=node.slug,
            task=task,
            task_run_id=ids.task_run_text(self._id, submit.ordinal),
            context=self._contexts.get(submit.node, self._context) if self._contexts else self._context,
            upstream=self._inputs.of(submit, node),
            attempt=submit.attempt,
            run_count=submit.run_count,
            map_index=submit.map_index,
            state=state,
            timeout=task.timeout,
            is_mapped_parent=submit.is_mapped_parent,
            runner=self._task_runner,
            result=self._result,
        )

    def take(self, ordinal: int, state: State, data: dict[str, Any] | None) -> dict[str, Any] | None:
        """Return the data as it is: a state of a Python task says all that is kept."""
        del ordinal, state
        return data

    def keep(self, call: TaskCall, state: State) -> None:
        """Hold a final state for what is downstream."""
        if call.map_index is not None and call.map_index >= 0:
            self._inputs.keep_child(call.node + 1, call.map_index, state)
        else:
            self._inputs.keep(call.ordinal, state)
        if isinstance(state, Cached):
            self._cached.append((call.task, state))

    def wait_in(self, call: TaskCall, state: State) -> None:
        """Hold the state that the next attempt starts from."""
        self._given.wait_in(call.ordinal, state)

    def expect_children(self, call: TaskCall, state: State) -> int:
        """Expect the children that the machine has opened for a mapped task."""
        group = self._machine.group_of(call.ordinal)
        if group is None or not isinstance(state, Mapped):
            return 0
        self._inputs.open(self._graph.nodes[call.node], group.first, group.status, state.message)
        self._given.expect_children(group.first, group.count, state.map_states)
        return group.count

    def states(self) -> dict[Any, State]:
        """Return the state of every task; of a mapped one whose children are not all final, with what they are in."""
        return {node.task: self._state_of(node) for node in self._graph.nodes}

    def close(self, *, is_kept: bool) -> None:
        """Remember what was cached."""
        caching.remember(self._cached, is_kept=is_kept)

    # ---- what only executions have

    def answer(self, resolve: Resolve, at: int) -> Iterable[Any]:
        """Raise `TypeError`: no node of a Python flow stands for others but by its edges."""
        raise TypeError(f"Node {resolve.node} stands for others, and the flow is written in Python.")

    def news(self) -> None:
        """Return nothing: a Python flow run is not told about itself by its tasks."""

    def lines(self, at: int) -> tuple[()]:
        """Return none."""
        del at
        return ()

    def stop(self, ordinal: int) -> None:
        """Do nothing: the executor stops attempts."""

    # ---- parts

    def _state_to_go_on_from(self, submit: Submit) -> State:
        context: dict[str, Any] = {"task_run_count": submit.run_count}
        if submit.loop is None:
            return CLASS_BY_CODE[KIND_BY_NAME["Resume"].code](self.resumed_by, context=context)
        turn = codec.state_from_data(KIND_BY_NAME["Looped"].code, submit.loop)
        context["_loop_count"] = submit.loop.get("loop_count", 1) + 1
        return Pending("Going on with the loop.", result=turn._result, context=context)  # noqa: SLF001  public by custom

    def _state_of(self, node: Node) -> State:
        ordinal = node.index + 1
        group = self._machine.group_of(ordinal)
        if group is None or not group.open:
            return self._inputs.state_of(ordinal) or self._given.last(ordinal) or Pending("Task not run.")
        return self._inputs.open_map(ordinal, lambda index: self._given.last(group.first + index))
