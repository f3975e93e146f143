"""FlowLoop: the loop of one flow run's task runs. It feeds the machine with reports and carries its effects out.

One thread, the flow's own, handles every stimulus. Whatever comes from elsewhere comes through the inbox. What the flow run
itself is in, and what its handlers say to that, is not decided here.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import Counter, deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from runwright import clock, codec
from runwright.engine.cells import IS_FINAL
from runwright.engine.stimuli import (
    Admitted,
    Annotated,
    FinishRun,
    Kill,
    Left,
    Recovered,
    Refused,
    Reported,
    Requested,
    Resolve,
    Started,
    Stimulus,
    Submit,
    TimerFired,
)
from runwright.errors import IllegalTransition, LeaseLost
from runwright.executor import Report, TaskCall
from runwright.runtime.approval import APPROVED
from runwright.runtime.attempt import conclude, make_attempt
from runwright.runtime.given_states import recorded
from runwright.runtime.interrupts import Interrupts
from runwright.runtime.leases import worker_name
from runwright.runtime.request_watch import Asked, heed
from runwright.states import (
    KIND_BY_NAME,
    Cancelling,
    Failed,
    Finished,
    Killed,
    Looped,
    Mapped,
    Paused,
    Queued,
    Running,
    Scheduled,
    State,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from runwright.engine.cells import Cell
    from runwright.events import LogLine, Metric
    from runwright.executor import Executor
    from runwright.graph import Graph
    from runwright.runtime.root import Root
    from runwright.runtime.tag_slots import TagSlots
    from runwright.runtime.workload import Workload

    Progress = Callable[["FlowLoop"], None]

_WAITING = (Scheduled, Queued)

HOLD = 2_000_000
"""How long (ns) successes may wait for company before they are committed for what depends on them."""


class FlowLoop:
    """Runs the task runs of one flow run, until all have ended or nothing moves on by itself.

    `workload` makes the calls and takes their ends. With `is_strict`, what depends on a success starts only when that is durable;
    with `is_patient` the loop waits for what is due later; with `raises` what a task raised is raised again. `approve` is asked,
    with its name, whether a paused task run may go on; `tag_slots`, which task runs may begin under limits. `finish` is how the
    machine says that it all ended, None while something is open; `counts` is the number of runs in each final state, `total` of
    all known so far.
    """

    logger = logging.getLogger("runwright.FlowRunner")

    def __init__(
        self,
        root: Root,
        graph: Graph,
        *,
        executor: Executor,
        workload: Workload,
        is_strict: bool = True,
        is_patient: bool = True,
        raises: bool = False,
        on_progress: Progress | None = None,
        approve: Callable[[str], bool] | None = None,
        tag_slots: TagSlots | None = None,
    ) -> None:
        """Take the parts; nothing starts before `run`."""
        self.root = root
        self.graph = graph
        self.machine = root.machine
        self.counts: Counter[str] = Counter()
        self.total = len(graph.nodes)
        self.finish: FinishRun | None = None
        self._executor = executor
        self._writer = root.writer
        self._workload = workload
        self._is_strict = is_strict
        self._is_patient = is_patient
        self._raises = raises
        self._on_progress = on_progress
        self._approve = approve
        self._tag_slots = tag_slots
        self._unresolved: deque[Resolve] = deque()
        self._refused: set[int] = set()
        self._lane: Any = None
        self._inbox: queue.SimpleQueue[Report | Asked | LeaseLost | None] = queue.SimpleQueue()
        self._ready: deque[Submit] = deque()
        self._held: list[Submit] = []
        self._held_since = 0
        self._is_dirty = False
        self._calls: dict[int, TaskCall] = {}
        self._thread = self._busy = 0
        self._is_pure = [getattr(node.task, "is_pure", False) for node in graph.nodes]
        self._is_async = [node.task.is_async for node in graph.nodes]
        self._has_coroutines = any(self._is_async)

    # ---- the run

    def run(self, running: State, resumed: Sequence[int] | None = None) -> bool:
        """Run the task runs; returns False when it was interrupted, and all are cancelled.

        A flow run that has not begun starts as `running`; one that has goes on from what its machine was restored to, and
        `resumed` are the paused task runs to release (empty: all).
        """
        with self._at_work() as interrupts:
            if self.machine.has_started:
                self._go_on(resumed)
            else:
                self._start(running)
            self._loop(interrupts)
            return not interrupts.count

    def run_on(self) -> None:
        """Run what is to run after the end of the flow run."""
        with self._at_work() as interrupts:
            self.finish = None
            self._apply(Recovered())
            self._loop(interrupts)

    @contextmanager
    def _at_work(self) -> Generator[Interrupts]:
        """Hold the executor, on this thread, and listen to interrupts."""
        self._thread = threading.get_ident()
        self._executor.start(self._receive)
        try:
            with Interrupts(lambda: self._inbox.put(None)) as interrupts:
                yield interrupts
        finally:
            self._workload.close(is_kept=self._is_patient)
            self._executor.stop()
            if self._lane is not None:
                self._lane.stop()
                self._lane = None

    def lose_lease(self, lost: LeaseLost) -> None:
        """Stop: another process has taken the run over. May be called from any thread."""
        self._inbox.put(lost)

    def ask(self, asked: Asked) -> None:
        """Do what somebody elsewhere asks for, and answer. May be called from any thread."""
        self._inbox.put(asked)

    def look(self) -> None:
        """Take what the workload has found out, as soon as may be. May be called from any thread."""
        self._inbox.put(None)

    def task_states(self) -> dict[Any, State]:
        """Return the state of every task; of a mapped one whose children are not all final, with what they are in."""
        return self._workload.states()

    def _start(self, running: State) -> None:
        over = self._workload.over()
        for _, state in over:
            self.counts[type(state).__name__] += 1
        self._apply(Started({"message": running.message, "worker": worker_name()}, recorded(over)))

    def _go_on(self, resumed: Sequence[int] | None) -> None:
        if resumed is not None:
            for ordinal in resumed or (0,):
                self._apply(Requested("resume", ordinal, by="user"))
        self._apply(Annotated({"worker": worker_name()}))
        self._apply(Recovered())

    def _loop(self, interrupts: Interrupts) -> None:
        machine = self.machine
        while not self._inbox.empty():  # what was asked before: nothing begins once an end was asked for
            self._take(self._inbox.get())
        while not machine.is_over:
            if interrupts.count and not machine.is_cancelled:
                self._apply(Requested("cancel", by="interrupt"))
            self._dispatch(interrupts)
            if self.finish is not None:
                return
            if self._is_idle() and not self._ready and not self._held:
                if not self._ask_to_go_on() and (not interrupts.count or machine.is_cancelled):
                    self._apply(Left())
                    return
            elif self._calls or self._next_due(self._next_timer()) is not None:
                self._wait()

    def _is_idle(self) -> bool:
        """Say whether nothing more happens while this loop looks on."""
        return not self._calls and (self.machine.is_stalled or not self._is_patient)

    def _dispatch(self, interrupts: Interrupts) -> None:
        """Launch what is ready while there is room, and release what was held once its causes are durable."""
        if self._tag_slots is not None:
            self._admit(self._tag_slots)
        capacity = self._capacity()
        while True:
            while self._unresolved:
                self._resolve(self._unresolved.popleft())
            ready = self._ready
            if self._held and (not ready or clock.now() - self._held_since > HOLD):
                self._writer.flush()
                self._is_dirty = False
                held = self._held[::-1]
                if self._has_coroutines:
                    held.sort(key=self._is_coroutine)
                ready.extendleft(held)
                self._held.clear()
            if not ready or (interrupts.count and not self.machine.is_cancelled):
                return
            if self._busy >= capacity and not self._is_coroutine(ready[0]):
                return
            self._launch(ready.popleft())
            while not self._inbox.empty():
                self._take(self._inbox.get())

    def _capacity(self) -> int:
        """Return how many calls are given out at once: some wait where they run. A cluster comes and goes, and grows for what waits."""
        return self._executor.slots * 4

    def _wait(self) -> None:
        """Wait for a report, or until something is due."""
        timer = self._next_timer()
        due = self._next_due(timer)
        seconds = None if due is None else max(0.0, (due - clock.now()) / 1e9)
        self._take(clock.wait(self._inbox, seconds))
        while not self._inbox.empty():
            self._take(self._inbox.get())
        if timer is not None and timer <= clock.now():
            self._apply(TimerFired())

    def _next_timer(self) -> int | None:
        return self.machine.next_timer if self._is_patient else None

    def _next_due(self, timer: int | None) -> int | None:
        """Return when (ns) something is to be done that no report brings: that timer is due, or a slot may be free."""
        look = None if self._tag_slots is None or self.machine.is_held else self._tag_slots.due
        return min((due for due in (timer, look) if due), default=None)

    def _admit(self, tag_slots: TagSlots) -> None:
        """Let those begin that have waited for a slot and have it now."""
        if self.machine.is_held or self.machine.is_cancelled:
            tag_slots.rest()
            return
        for ordinal in tag_slots.look(self.machine.is_queued):
            self._apply(Admitted(ordinal))

    def _ask_to_go_on(self) -> bool:
        """Ask once about each run that is paused, if there is somebody to ask; says whether one may go on."""
        paused = [cell for cell in self.machine.open_cells() if cell.is_paused and cell.ordinal not in self._refused]
        if self._approve is None or not paused:
            return False
        approved = [cell.ordinal for cell in paused if self._approve(_name_of(cell))]
        self._refused.update({cell.ordinal for cell in paused} - set(approved))
        self._workload.resumed_by = APPROVED
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
            elif isinstance(effect, Resolve):
                self._unresolved.append(effect)
            elif isinstance(effect, FinishRun):
                self.finish = effect
            elif isinstance(effect, Kill):
                self._stop(effect)

    def _resolve(self, resolve: Resolve) -> None:
        """Let the workload say how a run goes on that stands for others."""
        if not self.machine.is_asked(resolve):
            return
        at = clock.now()
        for told, lines in self._workload.answer(resolve, at):
            if isinstance(told, FinishRun):
                self.finish = told
                self._writer.emit((), lines)
            else:
                self._apply(told, at, lines)

    def _stop(self, kill: Kill) -> None:
        if kill.ordinal in self._calls:
            if self._is_in(kill.ordinal, Running):
                code, data = KIND_BY_NAME["Cancelling"].code, {"message": "It is told to stop."}
                self._apply(Reported(kill.ordinal, kill.attempt, code, data))
            self._workload.stop(kill.ordinal)
            self._executor.kill(kill.ordinal, kill.attempt)
            if self._lane is not None:
                self._lane.kill(kill.ordinal, kill.attempt)
            return
        self._give_back(kill.ordinal)
        self._ready = deque(submit for submit in self._ready if submit.ordinal != kill.ordinal)
        self._held = [submit for submit in self._held if submit.ordinal != kill.ordinal]
        data = {"message": "The flow run was cancelled."}
        state = "Killed" if self.machine.is_killed else "Cancelled"
        self._apply(Reported(kill.ordinal, kill.attempt, KIND_BY_NAME[state].code, data))

    def _is_in(self, ordinal: int, kind: type[State]) -> bool:
        cell = self.machine.cell_of(ordinal)
        return cell is not None and cell.code == kind.kind.code

    def _queue(self, submit: Submit) -> None:
        if submit.needs_commit and self._is_strict and self._is_dirty and not self._is_pure[submit.node]:
            if not self._held:
                self._held_since = clock.now()
            self._held.append(submit)
        elif self._is_coroutine(submit):
            self._ready.appendleft(submit)
        else:
            self._ready.append(submit)

    def _is_coroutine(self, submit: Submit) -> bool:
        """Say whether an attempt takes no slot of the executor, and may start at once."""
        return self._is_async[submit.node] and not submit.is_mapped_parent

    def _launch(self, submit: Submit) -> None:
        node = self.graph.nodes[submit.node]
        waits = None if self._tag_slots is None else self._tag_slots.take(submit)
        if waits is not None:
            self._apply(Refused(submit.ordinal, submit.attempt, waits))
            return
        call = self._workload.call(submit, node)
        if isinstance(call, State):
            self._take_unmade(submit, call)
            return
        self._calls[submit.ordinal] = call
        if submit.is_mapped_parent:
            make_attempt(call, self._receive)
        elif self._is_async[submit.node]:
            self._coroutines().submit([call])
        else:
            self._busy += 1
            self._executor.submit([call])

    def _coroutines(self) -> Executor:
        if self._lane is None:
            from runwright.runtime.coroutines import CoroutineLane  # noqa: PLC0415  asyncio only where it is used

            self._lane = CoroutineLane()
            self._lane.start(self._receive)
        return self._lane

    # ---- reports

    def _receive(self, report: Report) -> None:
        if threading.get_ident() == self._thread:
            self._hear(report)
        else:
            self._inbox.put(report)

    def _take(self, message: Report | Asked | LeaseLost | None) -> None:
        if isinstance(message, Report):
            self._hear(message)
        elif isinstance(message, LeaseLost):
            raise message
        elif message is None:
            self._take_news()
        else:
            heed(message, self.machine, self._apply, self._writer.flush)

    def _hear(self, report: Report) -> None:
        call = self._calls.get(report.ordinal)
        if call is None or call.attempt != report.attempt:
            return
        if report.is_final:
            self._take_final(report, call)
            return
        if report.note is not None:
            self._apply(Annotated(report.note, report.ordinal), report.at)
            return
        data = codec.data_from_state(report.state)
        if report.name:
            data = {**(data or {}), "name": report.name}
        self._tell(report, data, report.state)

    def _take_final(self, report: Report, call: TaskCall) -> None:
        del self._calls[report.ordinal]
        self._give_back(report.ordinal)
        if not (call.is_mapped_parent or self._is_async[call.node]):
            self._busy -= 1
        state, failed = report.state, report.attempt_state
        if report.is_cut_short:
            state, failed = conclude(call, Running("Starting task run."), state)
        data = codec.data_from_state(state)
        if failed is not None:
            data = {**(data or {}), "failed": {"state": failed.kind.code, **(codec.data_from_state(failed) or {})}}
        if report.name:
            data = {**(data or {}), "name": report.name}
        data = self._workload.take(call.ordinal, state, data)
        if isinstance(state, Finished):
            self._keep(call, state)
        else:
            self._workload.wait_in(call, state)
            if not isinstance(state, _WAITING):
                state, data = Paused(), {"message": f"It was left {type(state).__name__}: nobody runs it here."}
        self._tell(report, data, state)
        self._take_news()
        if call.is_mapped_parent and isinstance(state, Mapped):
            self.total += self._workload.expect_children(call, state)
        if self._raises and isinstance(state.result, Exception):
            raise state.result

    def _give_back(self, ordinal: int) -> None:
        if self._tag_slots is not None:
            self._tag_slots.give_back(ordinal)

    def _take_unmade(self, submit: Submit, state: State) -> None:
        """Take the end of a task run that needs no attempt: it is skipped, or what it says cannot be rendered."""
        self._give_back(submit.ordinal)
        data = self._workload.take(submit.ordinal, state, codec.data_from_state(state))
        self.counts[type(state).__name__] += 1
        at = clock.now()
        stimulus = Reported(submit.ordinal, submit.attempt, state.kind.code, data)
        self._apply(stimulus, at, self._workload.lines(at))

    def _take_news(self) -> None:
        news = self._workload.news()
        if news is not None:
            self._apply(Annotated(news), logs=self._workload.lines(clock.now()))

    def _tell(self, report: Report, data: dict[str, Any] | None, state: State) -> None:
        """Feed the machine a report; what the table forbids becomes a failure. What is told to stop waits for nothing more."""
        code = state.kind.code
        if not IS_FINAL[code] and self._is_in(report.ordinal, Cancelling):
            if isinstance(state, (Running, Looped)):
                return
            state, data = Killed(), {**(data or {}), "message": "It was told to stop."}
            code = state.kind.code
        if report.logs or report.metrics:
            for line in (*report.logs, *report.metrics):
                line.flow_run = self.machine.flow_run
        stimulus = Reported(report.ordinal, report.attempt, code, data)
        if type(state) is Mapped:
            stimulus.length = state.n_map_states
        elif isinstance(state, _WAITING) and state.start_time is not None:
            stimulus.due = codec.time_data(state.start_time)
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
        self._workload.keep(call, state)
        if self._on_progress is not None:
            self._on_progress(self)


def _name_of(cell: Cell) -> str:
    slug = "" if cell.node is None else cell.node.slug
    return slug if cell.index < 0 else f"{slug}[{cell.index}]"
