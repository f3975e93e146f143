"""FlowRunner: the loop of one flow run. It feeds the machine with reports and carries its effects out.

One thread, the flow's own, handles every stimulus. Whatever comes from elsewhere comes through the inbox.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import Counter, deque
from typing import TYPE_CHECKING, Any

from runwright import clock, codec, ids
from runwright.context import activate, deactivate
from runwright.engine.stimuli import (
    Created,
    FinishRun,
    Kill,
    Recovered,
    Reported,
    Requested,
    Started,
    Stimulus,
    Submit,
    TimerFired,
)
from runwright.errors import IllegalTransition, LeaseLost
from runwright.executor import Report, TaskCall
from runwright.runtime import caching
from runwright.runtime.approval import APPROVED
from runwright.runtime.attempt import conclude, make_attempt
from runwright.runtime.interrupts import Interrupts
from runwright.runtime.runner import Runner, call_state_handlers
from runwright.signals import ENDRUN
from runwright.states import (
    CLASS_BY_CODE,
    KIND_BY_NAME,
    Cached,
    Failed,
    Finished,
    Mapped,
    Paused,
    Pending,
    Running,
    State,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runwright.engine.cells import Cell
    from runwright.engine.machine import Machine
    from runwright.events import LogLine, Metric
    from runwright.executor import Executor
    from runwright.graph import Graph, Node
    from runwright.result import Result
    from runwright.runtime.inputs import Inputs
    from runwright.runtime.writer import Writer

    Progress = Callable[["FlowRunner"], None]

HOLD = 2_000_000
"""How long (ns) successes may wait for company before they are committed for what depends on them."""


class FlowRunner(Runner):
    """Runs one flow run to its end, or until only paused runs are left.

    `context` is the flow run's context. With `is_strict`, what depends on a success starts only when that is durable.
    `approve` is asked, with its name, whether a paused task run may go on. `counts` is the number of runs in each final
    state, `total` of all known so far.
    """

    logger = logging.getLogger("runwright.FlowRunner")

    def __init__(
        self,
        flow: Any,
        graph: Graph,
        machine: Machine,
        *,
        executor: Executor,
        writer: Writer,
        inputs: Inputs,
        context: dict[str, Any],
        result: Result | None = None,
        is_strict: bool = True,
        task_runner: Callable[..., Any] | None = None,
        task_states: dict[Any, State] | None = None,
        on_progress: Progress | None = None,
        approve: Callable[[str], bool] | None = None,
    ) -> None:
        """Take the parts; nothing starts before `run` or `resume`."""
        super().__init__(())
        self.flow = flow
        self.graph = graph
        self.machine = machine
        self.counts: Counter[str] = Counter()
        self.total = len(graph.nodes)
        self._executor = executor
        self._writer = writer
        self._inputs = inputs
        self._context = context
        self._id = str(machine.flow_run)
        self._result = result
        self._is_strict = is_strict
        self._task_runner = task_runner
        self._task_states = task_states or {}
        self._on_progress = on_progress
        self._approve = approve
        self._refused: set[int] = set()
        self._resumed_by = "Resumed."
        self._lane: Any = None
        self._inbox: queue.SimpleQueue[Report | LeaseLost | None] = queue.SimpleQueue()
        self._ready: deque[Submit] = deque()
        self._held: list[Submit] = []
        self._held_since = 0
        self._is_dirty = False
        self._calls: dict[int, TaskCall] = {}
        self._finish: FinishRun | None = None
        self._thread = 0
        self._busy = 0
        self._capacity = 1 if executor.slots == 1 else executor.slots * 4
        self._ended: State = Pending()
        self._cached: list[tuple[Any, Cached]] = []

    # ---- flow state handlers

    def call_runner_target_handlers(self, old_state: State, new_state: State) -> State:
        """Call the flow's own handlers, `handler(flow, old_state, new_state)`; returns the state they agree on."""
        for handler in self.flow.state_handlers:
            new_state = handler(self.flow, old_state, new_state) or new_state
        return new_state

    @call_state_handlers
    def set_flow_to_running(self, state: State) -> State:
        """Set a pending flow run to Running."""
        del state
        return Running("Running flow.")

    @call_state_handlers
    def set_final_state(self, state: State, final: State) -> State:
        """Set a running flow run to the state it ends in."""
        del state
        return final

    # ---- the run

    def run(self, created: dict[str, Any]) -> State:
        """Run from the beginning; `created` is what the record keeps of how it came to be. Returns the final state."""
        self._apply(Created(created))
        return self._within_context(self._begin)

    def resume(self, resumed: Sequence[int] | None = None) -> State:
        """Go on with what the machine was restored to; `resumed` are paused task runs to release (empty: all)."""

        def recover() -> None:
            if resumed is not None:
                for ordinal in resumed or (0,):
                    self._apply(Requested("resume", ordinal, by="user"))
            self._apply(Recovered())

        return self._within_context(recover)

    def lose_lease(self, lost: LeaseLost) -> None:
        """Stop: another process has taken the run over. May be called from any thread."""
        self._inbox.put(lost)

    def _within_context(self, begin: Callable[[], None]) -> State:
        self._thread = threading.get_ident()
        self._executor.start(self._receive)
        token = activate(self._context)
        try:
            with Interrupts(lambda: self._inbox.put(None)) as interrupts:
                begin()
                self._loop(interrupts)
                if interrupts.count:
                    self._writer.flush()
                    raise KeyboardInterrupt
            return self._outcome()
        finally:
            caching.remember(self._cached)
            deactivate(token)
            self._executor.stop()
            if self._lane is not None:
                self._lane.stop()

    def _begin(self) -> None:
        try:
            state = self.set_flow_to_running(Pending())
        except ENDRUN as end:
            state = end.state
        if isinstance(state, Running):
            self._apply(Started({"message": state.message}))
        else:
            self._apply(Reported(0, 0, state.kind.code, codec.data_from_state(state)))
            self._ended = state

    def _loop(self, interrupts: Interrupts) -> None:
        machine = self.machine
        while not machine.is_finished:
            if interrupts.count and not machine.is_cancelled:
                self._apply(Requested("cancel", by="interrupt"))
            self._dispatch(interrupts)
            if self._finish is not None:
                self._end(self._finish)
            elif machine.is_stalled and not self._ready and not self._held:
                if not self._ask_to_go_on() and (not interrupts.count or machine.is_cancelled):
                    return
            elif self._calls or machine.next_timer is not None:
                self._wait()

    def _dispatch(self, interrupts: Interrupts) -> None:
        """Launch what is ready while there is room, and release what was held once its causes are durable."""
        while True:
            ready = self._ready
            if self._held and (not ready or clock.now() - self._held_since > HOLD):
                self._writer.flush()
                self._is_dirty = False
                ready.extendleft(submit for submit in reversed(self._held) if not self._is_coroutine(submit))
                ready.extendleft(submit for submit in reversed(self._held) if self._is_coroutine(submit))
                self._held.clear()
            if not ready or (interrupts.count and not self.machine.is_cancelled):
                return
            if self._busy >= self._capacity and not self._is_coroutine(ready[0]):
                return
            self._launch(ready.popleft())
            while not self._inbox.empty():
                self._take(self._inbox.get())

    def _wait(self) -> None:
        """Wait for a report, or until something is due."""
        due = self.machine.next_timer
        seconds = None if due is None else max(0.0, (due - clock.now()) / 1e9)
        report = clock.wait(self._inbox, seconds)
        if report is not None:
            self._take(report)
        while not self._inbox.empty():
            self._take(self._inbox.get())
        if due is not None and due <= clock.now():
            self._apply(TimerFired())

    def _ask_to_go_on(self) -> bool:
        """Ask once about each run that is paused, if there is somebody to ask; says whether one may go on."""
        paused = [cell for cell in self.machine.open_cells() if cell.is_paused and cell.ordinal not in self._refused]
        if self._approve is None or not paused:
            return False
        approved = [cell.ordinal for cell in paused if self._approve(_name_of(cell))]
        self._refused.update({cell.ordinal for cell in paused} - set(approved))
        self._resumed_by = APPROVED
        for ordinal in approved:
            self._apply(Requested("resume", ordinal, by="user", message=APPROVED))
        return bool(approved)

    # ---- effects

    def _apply(
        self, stimulus: Stimulus, at: int = 0, logs: Sequence[LogLine] = (), metrics: Sequence[Metric] = ()
    ) -> None:
        decision = self.machine.handle(stimulus, at or clock.now())
        if decision.events or logs or metrics:
            self._writer.emit(decision.events, logs, metrics)
        for effect in decision.effects:
            if isinstance(effect, Submit):
                self._queue(effect)
            elif isinstance(effect, FinishRun):
                self._finish = effect
            elif isinstance(effect, Kill):
                self._stop(effect)

    def _stop(self, kill: Kill) -> None:
        if kill.ordinal in self._calls:
            self._executor.kill(kill.ordinal, kill.attempt)
            if self._lane is not None:
                self._lane.kill(kill.ordinal, kill.attempt)
            return
        self._ready = deque(submit for submit in self._ready if submit.ordinal != kill.ordinal)
        self._held = [submit for submit in self._held if submit.ordinal != kill.ordinal]
        data = {"message": "The flow run was cancelled."}
        self._apply(Reported(kill.ordinal, kill.attempt, KIND_BY_NAME["Cancelled"].code, data))

    def _queue(self, submit: Submit) -> None:
        if submit.needs_commit and self._is_strict and self._is_dirty:
            if not self._held:
                self._held_since = clock.now()
            self._held.append(submit)
        elif self._is_coroutine(submit):
            self._ready.appendleft(submit)
        else:
            self._ready.append(submit)

    def _is_coroutine(self, submit: Submit) -> bool:
        """Say whether an attempt takes no slot of the executor, and may start at once."""
        return self.graph.nodes[submit.node].task.is_async and not submit.is_mapped_parent

    def _launch(self, submit: Submit) -> None:
        node = self.graph.nodes[submit.node]
        call = self._call(submit, node)
        self._calls[submit.ordinal] = call
        if submit.is_mapped_parent:
            make_attempt(call, self._receive)
        elif node.task.is_async:
            self._coroutines().submit([call])
        else:
            self._busy += 1
            self._executor.submit([call])

    def _call(self, submit: Submit, node: Node) -> TaskCall:
        task, state = node.task, None
        if self._task_states and submit.map_index < 0 and submit.attempt == 1:
            state = self._task_states.get(task)
        if submit.resumed or submit.loop is not None:
            state = self._state_to_go_on_from(submit)
        return TaskCall(
            ordinal=submit.ordinal,
            node=submit.node,
            slug=node.slug,
            task=task,
            task_run_id=ids.task_run_text(self._id, submit.ordinal),
            context=self._context,
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

    def _state_to_go_on_from(self, submit: Submit) -> State:
        context: dict[str, Any] = {"task_run_count": submit.run_count}
        if submit.loop is None:
            return CLASS_BY_CODE[KIND_BY_NAME["Resume"].code](self._resumed_by, context=context)
        turn = codec.state_from_data(KIND_BY_NAME["Looped"].code, submit.loop)
        context["_loop_count"] = submit.loop.get("loop_count", 1) + 1
        return Pending("Going on with the loop.", result=turn._result, context=context)  # noqa: SLF001  public by custom

    def _coroutines(self) -> Executor:
        if self._lane is None:
            from runwright.runtime.coroutines import CoroutineLane  # noqa: PLC0415  asyncio only where it is used

            self._lane = CoroutineLane()
            self._lane.start(self._receive)
        return self._lane

    # ---- reports

    def _receive(self, report: Report) -> None:
        if threading.get_ident() == self._thread:
            self._take(report)
        else:
            self._inbox.put(report)

    def _take(self, report: Report | LeaseLost | None) -> None:
        if isinstance(report, LeaseLost):
            raise report
        call = None if report is None else self._calls.get(report.ordinal)
        if report is None or call is None or call.attempt != report.attempt:
            return
        if report.is_final:
            self._take_final(report, call)
            return
        data = codec.data_from_state(report.state)
        if report.name:
            data = {**(data or {}), "name": report.name}
        self._tell(report, data, report.state)

    def _take_final(self, report: Report, call: TaskCall) -> None:
        del self._calls[report.ordinal]
        if not (call.is_mapped_parent or call.task.is_async):
            self._busy -= 1
        state, failed = report.state, report.attempt_state
        if report.is_cut_short:
            state, failed = conclude(call, Running("Starting task run."), state)
        data = codec.data_from_state(state)
        if failed is not None:
            data = {**(data or {}), "failed": {"state": failed.kind.code, **(codec.data_from_state(failed) or {})}}
        if report.name:
            data = {**(data or {}), "name": report.name}
        if isinstance(state, Finished):
            self._keep(call, state)
        self._tell(report, data, state)
        if call.is_mapped_parent and type(state) is Mapped:
            self._expect_children(call, state)
        if self._context.get("raise_on_exception") and isinstance(state.result, Exception):
            raise state.result

    def _tell(self, report: Report, data: dict[str, Any] | None, state: State) -> None:
        """Feed the machine a report; what the table forbids becomes a failure."""
        for line in (*report.logs, *report.metrics):
            line.flow_run = self.machine.flow_run
        due = getattr(state, "start_time", None)
        children = state.n_map_states if type(state) is Mapped else 0
        stimulus = Reported(
            report.ordinal,
            report.attempt,
            state.kind.code,
            data,
            children,
            None if due is None else clock.from_datetime(due),
        )
        try:
            self._apply(stimulus, report.at, report.logs, report.metrics)
        except IllegalTransition as error:
            self.logger.error("%s", error)  # noqa: TRY400  the message says it all
            refused = Failed(f"Unexpected error: {error!r}", result=error)
            self._apply(
                Reported(report.ordinal, report.attempt, refused.kind.code, codec.data_from_state(refused)), report.at
            )

    def _keep(self, call: TaskCall, state: State) -> None:
        self._is_dirty = True
        self.counts[type(state).__name__] += 1
        if call.map_index is not None and call.map_index >= 0:
            self._inputs.keep_child(call.node + 1, call.map_index, state)
        else:
            self._inputs.keep(call.ordinal, state)
        if isinstance(state, Cached):
            self._cached.append((call.task, state))
        if self._on_progress is not None:
            self._on_progress(self)

    def _expect_children(self, call: TaskCall, state: State) -> None:
        group = self.machine.group_of(call.ordinal)
        if group is not None:
            self._inputs.open(self.graph.nodes[call.node], group.first, group.status, state.message)
            self.total += group.count

    # ---- the end

    def _end(self, finish: FinishRun) -> None:
        self._finish = None
        final = CLASS_BY_CODE[KIND_BY_NAME[finish.state].code](finish.message, result=self._task_results())
        handler = self.flow.terminal_state_handler
        try:
            if handler is not None:
                references = {self._inputs.state_of(node.index + 1) for node in self.graph.nodes if node.is_reference}
                final = handler(self.flow, final, references) or final
            final = self.set_final_state(Running("Running flow."), final)
        except ENDRUN as end:
            final = end.state
        except Exception as error:
            if self._context.get("raise_on_exception"):
                raise
            final = Failed(f"Unexpected error while running flow: {error!r}", result=error)
        self._ended = final
        data: dict[str, Any] = {"message": final.message}
        if isinstance(final.result, BaseException):
            data["error"] = codec.error_data(final.result)
        self._apply(Reported(0, 0, final.kind.code, data))

    def _outcome(self) -> State:
        """Return the final state, or Paused when only a request moves the run on; everything is durable by now."""
        self._writer.flush()
        paused = Paused("Everything that is open is paused.", result=self._task_results())
        state = self._ended if self.machine.is_finished else paused
        state.context["flow_run_id"] = self._context.get("flow_run_id")
        return state

    def _task_results(self) -> dict[Any, State]:
        return {
            node.task: self._inputs.state_of(node.index + 1) or Pending("Task not run.") for node in self.graph.nodes
        }


def _name_of(cell: Cell) -> str:
    slug = "" if cell.node is None else cell.node.slug
    return slug if cell.index < 0 else f"{slug}[{cell.index}]"
