"""BranchLedger: the rules of a run whose runs open each other in branches, by a second and simpler reading of the log.

It knows what was opened and how that ended, and says what may be opened next; nothing here calls the machine's own decisions.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from runwright.engine.stimuli import FinishRun, Kill, Resolve, Submit
from runwright.engine.transitions import is_legal
from runwright.events import Event
from runwright.states import KIND_BY_NAME

from .ledger import ACTIVE, CREATED, EXPANDED, FINAL, OK, REQUESTED, STATE, Violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from runwright.engine.cells import Cell
    from runwright.engine.machine import Machine
    from runwright.engine.stimuli import Effect
    from runwright.graph import Graph

CODE = {name: kind.code for name, kind in KIND_BY_NAME.items()}
STOPPING = FINAL - OK - {CODE["Cancelled"]}
FOLLOWED = {CODE["Paused"], CODE["Retrying"]}


class Run(NamedTuple):
    """What the log says of one run."""

    version: int = 1
    code: int = CODE["Pending"]
    attempt: int = 0

    @property
    def is_final(self) -> bool:
        return self.code in FINAL


class Span(NamedTuple):
    """The children that one expansion made room for."""

    first: int
    count: int
    parent: int
    width: int
    order: str
    limit: int
    branch: str
    body: tuple[int, ...]
    has_values: bool
    turn: int

    @property
    def ordinals(self) -> range:
        return range(self.first, self.first + self.count)


class BranchLedger:
    """Reads every event and effect of one flow run in order; raises `Violation` at the first broken rule."""

    def __init__(self, graph: Graph, window: int = 256) -> None:
        self.graph = graph
        self.window = window
        self.runs: dict[int, Run] = {}
        self.spans: list[Span] = []
        self.opened: set[int] = set()
        self.serving: dict[int, int] = {}
        self.asked: set[int] = set()
        self.left: set[int] = set()
        self.is_cancelled = self.is_held = self.is_finishing = False

    def copy(self) -> BranchLedger:
        twin = BranchLedger(self.graph, self.window)
        twin.runs, twin.spans, twin.opened = dict(self.runs), list(self.spans), set(self.opened)
        twin.serving, twin.asked, twin.left = dict(self.serving), set(self.asked), set(self.left)
        twin.is_cancelled, twin.is_held, twin.is_finishing = self.is_cancelled, self.is_held, self.is_finishing
        return twin

    # ---- where a run stands

    def run(self, ordinal: int) -> Run:
        return self.runs.get(ordinal, Run())

    def span_of(self, ordinal: int) -> Span:
        found = next((span for span in self.spans if ordinal in span.ordinals), None)
        if found is None:
            raise Violation(f"a run is in a branch: {ordinal}")
        return found

    def node_of(self, ordinal: int) -> int:
        span = self.span_of(ordinal)
        return span.body[(ordinal - span.first) % span.width]

    def is_flowable(self, ordinal: int) -> bool:
        return ordinal == 0 or self.graph.nodes[self.node_of(ordinal)].flowable is not None

    def latest_span(self, parent: int) -> Span | None:
        """Return the branch that a run stands for; what is to run after an end that is not on record was never asked for."""
        is_over = self.run(parent).is_final
        spans = (span for span in reversed(self.spans) if span.parent == parent and span.first not in self.left)
        return next((span for span in spans if is_over or span.branch != "afterExecution"), None)

    def open_children(self, span: Span) -> list[int]:
        return [each for each in span.ordinals if each in self.opened and not self.run(each).is_final]

    def open_runs(self) -> Iterator[int]:
        """Yield what has begun and not ended."""
        if self.runs and not self.run(0).is_final:
            yield 0
        yield from (each for each in sorted(self.opened) if not self.run(each).is_final)

    # ---- what happens

    def read_past(self, events: Iterable[Event]) -> None:
        """Take a log: when something was opened that spoke later, it does not say."""
        for event in events:
            if event.ordinal:
                self.opened.add(event.ordinal)
            self._read_event(event)
        self.crash()

    def read(self, events: Sequence[Event], effects: Iterable[Effect] = ()) -> None:
        """Take what one decision says, then what it does."""
        marked = {event.ordinal for event in events if event.state in FINAL}  # by a decision of its own
        for event in events:
            self._read_event(event)
        for effect in effects:
            if isinstance(effect, Submit):
                self._read_submit(effect)
            elif isinstance(effect, Resolve):
                self._read_resolve(effect)
            elif isinstance(effect, Kill):
                is_made = self.serving.get(effect.ordinal) == effect.attempt or effect.ordinal in marked
                self._require(is_made, "a kill stops an attempt that is made", effect)
            elif isinstance(effect, FinishRun):
                self._require(self.is_cancelled, "the machine ends only what was cancelled", effect)
                self._read_finish(effect)

    def crash(self) -> None:
        """The process is gone, and every attempt and effect with it; what it opened and never said does not exist."""
        self.serving.clear()
        self.asked.clear()
        self.is_finishing = False
        self.opened = {ordinal for ordinal in self.opened if ordinal in self.runs}

    def _read_event(self, event: Event) -> None:
        ordinal = event.ordinal
        if event.kind == CREATED:
            self._require(not self.runs, "a flow run is created once, first", event)
            self.runs[0] = Run()
            return
        run = self.run(ordinal)
        self._require(not ordinal or ordinal in self.opened, "a run is opened before anything is said of it", event)
        self._require(event.version == run.version + 1, "versions are contiguous", event)
        run = run._replace(version=event.version)
        if event.kind == STATE:
            run = self._moved(event, run)
        self._require(event.attempt == run.attempt, "an event belongs to the attempt that is open", event)
        self.runs[ordinal] = run
        if event.kind == EXPANDED:
            self._read_expansion(event)
        elif event.kind == REQUESTED:
            self._read_request(event.data or {})

    def _moved(self, event: Event, run: Run) -> Run:
        data = event.data or {}
        is_again = bool(data.get("restart"))
        self._require(is_legal(run.code, event.state, restart=is_again), "a transition is legal", event)
        self._require(is_again or not run.is_final, "a final state is final", event)
        if not event.ordinal and event.state == CODE["Running"]:
            is_free = not self.is_held or not self.spans
            self._require(is_free, "what is held goes on when it is asked to", event)
            self.is_held = False
        elif not event.ordinal and event.state in FINAL:
            self.is_held = False
        if is_again and event.ordinal:
            self._take_back(self.span_of(event.ordinal))
        attempt = run.attempt
        if event.state == CODE["Running"] and run.code != CODE["Looped"] and event.ordinal:
            attempt += 1
        if event.state in FINAL and event.ordinal:
            left = [each for span in self.spans if span.parent == event.ordinal for each in self.open_children(span)]
            self._require(not left, "a run ends after its children", (event, left))
        if event.state not in ACTIVE:
            self.serving.pop(event.ordinal, None)
            if event.ordinal or event.state in FINAL:
                self.asked.discard(event.ordinal)
        return Run(run.version, event.state, attempt)

    def _take_back(self, span: Span) -> None:
        """Let the branch of a run that runs again be the latest of its parent: what came of its end never was."""
        self.asked.discard(span.parent)
        later = [each for each in self.spans if each.parent == span.parent and each.first > span.first]
        self.left.update(each.first for each in later)

    def _read_request(self, data: dict[str, Any]) -> None:
        intent = data["intent"]
        if intent in {"cancel", "kill"}:
            self.is_cancelled, self.is_held = True, False
        elif intent in {"restart", "mark"} and self.run(0).is_final:
            self.is_cancelled = self.is_finishing = self.is_held = False
        elif intent == "pause":
            self.is_held = True
        elif intent == "resume" and not data["ordinal"]:
            self.is_held = False

    def _read_expansion(self, event: Event) -> None:
        data: dict[str, Any] = event.data or {}
        taken = max((span.first + span.count for span in self.spans), default=1)
        self._require(data["first"] == taken, "children are numbered on from the last", event)
        latest = self.latest_span(event.ordinal)
        if latest is not None:
            self._require(not self.open_children(latest), "a branch follows when the one before is over", event)
        body = tuple(data["body"])
        self._require(data["count"] == len(body) * data.get("rounds", 1), "there is room for every round", event)
        self._require(len(data.get("values", ())) in {0, data.get("rounds", 1)}, "each round has its value", event)
        span = Span(
            data["first"], data["count"], event.ordinal, max(1, len(body)), data.get("order", "chain"),
            data.get("limit", 0), data.get("branch", "tasks"), body, "values" in data, data.get("turn", 0),
        )  # fmt: skip
        self.spans.append(span)
        self.asked.discard(event.ordinal)

    def _read_submit(self, submit: Submit) -> None:
        ordinal, run = submit.ordinal, self.run(submit.ordinal)
        self._begin(ordinal)
        self._require(not self.is_flowable(ordinal), "what stands for others does no work", submit)
        self._require(ordinal not in self.serving, "one attempt at a time", submit)
        self._require(submit.attempt == run.attempt + 1, "attempts are numbered on", submit)
        self._require(submit.node == self.node_of(ordinal), "a submission names its node", submit)
        self._require(submit.map_index == self._number_of(ordinal), "a submission names its round", submit)
        if self._has_cause(ordinal):
            self._require(submit.needs_commit, "what follows something waits until that is durable", submit)
        self.serving[ordinal] = submit.attempt
        self._require(len(self.serving) <= self.window, "the window is not exceeded", submit)

    def _read_resolve(self, resolve: Resolve) -> None:
        ordinal = resolve.ordinal
        self._require(self.is_flowable(ordinal), "only what stands for others is asked how it goes on", resolve)
        self._require(ordinal not in self.asked, "a run is asked once at a time", resolve)
        if resolve.tallies is None:
            if ordinal:
                self._begin(ordinal, is_asked=True)
        else:
            self._check_over(resolve)
        self.asked.add(ordinal)

    def _read_finish(self, finish: FinishRun) -> None:
        self._require(not self.is_finishing, "a flow run is finished once", finish)
        left = [each for each in self.open_runs() if each]
        self._require(not left, "a flow run ends last", (finish, left))
        self.is_finishing = True

    # ---- rules

    def _begin(self, ordinal: int, *, is_asked: bool = False) -> None:
        """Check that a run may begin, or go on, now."""
        run = self.run(ordinal)
        self._require(not self.is_cancelled, "nothing begins after a cancel", ordinal)
        self._require(not self.is_held or run.code in ACTIVE, "nothing begins while the flow run is held", ordinal)
        self._require(not run.is_final, "what has ended does not begin again", (ordinal, run))
        self._require(is_asked or run.code not in ACTIVE, "what runs is not submitted", (ordinal, run))
        if ordinal not in self.opened:
            self._check_opening(ordinal)
            self.opened.add(ordinal)

    def _check_opening(self, ordinal: int) -> None:
        """Check that a child which nobody has seen may be opened."""
        span = self.span_of(ordinal)
        index, parent = ordinal - span.first, self.run(span.parent)
        self._require(span == self.latest_span(span.parent), "nothing of a branch that is over opens", ordinal)
        ended = [self.run(each).code for each in span.ordinals if self.run(each).is_final]
        self._require(not any(code in STOPPING for code in ended), "nothing of a branch that failed opens", ordinal)
        is_after = span.branch == "afterExecution"
        self._require(is_after == parent.is_final, "children open while their parent is open", (ordinal, parent))
        before = self._before(span, index)
        bad = [each for each in before if not self.run(each).is_final]
        self._require(not bad, "a child begins after those that it follows", (ordinal, bad))
        self._check_limit(span, index)

    def _before(self, span: Span, index: int) -> list[int]:
        if span.order == "chain":
            return [span.first + index - 1] if index % span.width else []
        if span.order == "explicit":
            place = {node: number for number, node in enumerate(span.body)}
            inputs = self.graph.nodes[span.body[index]].inputs
            return [span.first + place[link.upstream] for link in inputs if link.upstream in place]
        return []

    def _check_limit(self, span: Span, index: int) -> None:
        if span.order != "chain":
            is_room = not span.limit or len(self.open_children(span)) < span.limit
            self._require(is_room, "no more children run at once than may", (span, index))
        elif index % span.width == 0:
            starts = [each for each in range(0, span.count, span.width) if span.first + each in self.opened]
            earlier = [each for each in starts if each < index]
            self._require(earlier == list(range(0, index, span.width)), "rounds begin in their order", (span, index))
            running = [each for each in starts if self._is_round_open(span, each)]
            is_room = not span.limit or len(running) < span.limit
            self._require(is_room, "no more rounds run at once than may", (span, index))

    def _is_round_open(self, span: Span, start: int) -> bool:
        ordinals = range(span.first + start, span.first + start + span.width)
        return not all(self.run(each).is_final for each in ordinals)

    def _check_over(self, resolve: Resolve) -> None:
        span = self.latest_span(resolve.ordinal)
        if span is None:
            raise Violation(f"a branch is over that was opened: {resolve}")
        left = self.open_children(span)
        self._require(not left, "a branch is over when no child is open", (resolve, left))
        codes = Counter(self.run(each).code for each in span.ordinals if each in self.opened)
        is_whole = sum(codes.values()) == span.count or any(code in STOPPING for code in codes)
        self._require(is_whole, "a branch is over when none of it will be opened", resolve)
        tally = list((resolve.tallies or {}).values())[-1]
        ok = sum(codes[code] for code in OK)
        bad = sum(number for code, number in codes.items() if code in STOPPING and code != CODE["Killed"])
        said = (tally.ok, tally.failed, tally.killed, tally.warned)
        counted = (ok, bad, codes[CODE["Killed"]], codes[CODE["Warning"]])
        self._require(said == counted, "children are counted", (resolve, counted))
        self._require(resolve.turn == span.turn, "a loop knows its turn", resolve)

    def _number_of(self, ordinal: int) -> int:
        span = self.span_of(ordinal)
        return (ordinal - span.first) // span.width if span.has_values else span.turn or -1

    def _has_cause(self, ordinal: int) -> bool:
        """Say whether a run begins because another has ended."""
        span = self.span_of(ordinal)
        index = ordinal - span.first
        return bool(self._before(span, index)) or span.branch != "tasks" or span.turn > 1

    # ---- agreement with a machine

    def agree(self, machine: Machine, at: int) -> None:
        """Compare a live machine with the log: its open runs, its attempts, and what the flow run waits for."""
        if not self.runs:
            return
        actual = {cell.ordinal: cell for cell in machine.open_cells()}
        if machine.is_finished:
            actual.pop(0, None)
        self._agree_on_runs(actual)
        serving = {
            each.ordinal: each.serving
            for each in actual.values()
            if each.serving and not self.is_flowable(each.ordinal)
        }
        self._require(serving == self.serving, "the machine knows every attempt that is made", (serving, self.serving))
        self._require(machine.outstanding == len(serving), "outstanding counts the attempts", machine.outstanding)
        self._check_root(actual, at)
        self._require(not self._is_forgotten(machine, actual), "something moves an open flow run on", actual)

    def agree_restored(self, machine: Machine) -> None:
        """Compare a machine that was just restored from the log: the same open runs, no attempts."""
        if self.runs:
            actual = {cell.ordinal: cell for cell in machine.open_cells()}
            if machine.is_finished:
                actual.pop(0, None)
            self._agree_on_runs(actual)
            self._require(machine.outstanding == 0, "a restored machine has nothing outstanding", machine.outstanding)
            self._require(machine.is_held == self.is_held, "a new owner knows what is held", machine.is_held)

    def _agree_on_runs(self, actual: dict[int, Cell]) -> None:
        expected = set(self.open_runs())
        self._require(expected == set(actual), "the machine knows the open runs", (expected, set(actual)))
        for ordinal, cell in actual.items():
            known = Run(cell.version, cell.code, cell.attempt)
            self._require(
                known == self.run(ordinal), f"machine and log agree on run {ordinal}", (known, self.run(ordinal))
            )

    def _check_root(self, actual: dict[int, Cell], at: int) -> None:
        """Check that the flow run waits while one of its runs does, or somebody holds it, and runs otherwise."""
        root = self.run(0)
        if root.is_final or self.is_cancelled or (not self.spans and root.code not in FOLLOWED):
            return
        waiting = [each for each in actual.values() if each.ordinal and ((each.due or 0) > at or each.parked)]
        is_due = any(each.due is not None and each.due <= at for each in actual.values())
        if waiting or self.is_held:
            self._require(root.code in FOLLOWED, "a flow run waits with its runs", (root, waiting))
        elif not is_due:
            self._require(root.code == CODE["Running"], "a flow run goes on with its runs", root)

    def _is_forgotten(self, machine: Machine, actual: dict[int, Cell]) -> bool:
        """Say whether a begun flow run is open and nothing that anybody does will ever move it."""
        is_moved = self.serving or self.asked or self.is_finishing or self.is_held or machine.next_timer is not None
        if machine.is_over or is_moved or self.run(0).code == CODE["Pending"]:
            return False
        return not any(cell.parked for cell in actual.values() if cell.ordinal)

    @staticmethod
    def _require(is_kept: bool, rule: str, about: Any) -> None:
        if not is_kept:
            raise Violation(f"{rule}: {about}")
