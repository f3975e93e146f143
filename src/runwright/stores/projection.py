"""Projection: the fold of events into rows. Pure: it asks for the rows before and gives the rows after; it writes nothing.

The same fold serves an append, a rebuild and the memory store, and does not depend on how the log is cut into batches. It
also guards the log: what is not the next version, not a legal transition or about an unknown run raises
`IllegalTransition`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from runwright import ids
from runwright.engine.branches import place_in
from runwright.engine.transitions import FINAL_CODES, LEGAL, is_legal
from runwright.errors import IllegalTransition, NotOnRecord
from runwright.events import Event, EventKind
from runwright.states import KIND_BY_CODE, KIND_BY_NAME, Phase
from runwright.stores.rows import AttemptRow, ExpansionRow, FlowKey, FlowRunRow, TallyKey, TaskRunRow
from runwright.stores.texts import from_json, to_json, to_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

_STATE = int(EventKind.STATE)
_FEW = 8
"""How many expansions of a flow run are not looked up again: maps over maps go on in turns."""
_PENDING = KIND_BY_NAME["Pending"].code
_MAPPED = KIND_BY_NAME["Mapped"].code
_RUNNING = KIND_BY_NAME["Running"].code
_RETRYING = KIND_BY_NAME["Retrying"].code
_ACTIVE = frozenset(code for code, kind in KIND_BY_CODE.items() if kind.phase is Phase.ACTIVE)
_WAITING = frozenset(code for code, kind in KIND_BY_CODE.items() if kind.phase is Phase.WAITING)

_CREATED_COLUMNS = frozenset({"flow", "flow_version", "name", "parameters", "source", "scheduled_start_time"})
_FLOW_RUN_COLUMNS = frozenset({"message", "worker"})
_TASK_RUN_COLUMNS = frozenset({"message", "result", "due", "name", "opened", "value"})


class Rows(Protocol):
    """The rows before: None where there is none."""

    def find_flow(self, name: str, version: int) -> FlowKey | None:
        """Return the registered flow."""
        ...

    def width_of(self, flow: int) -> int:
        """Return the number of tasks of a registered flow."""
        ...

    def next_key(self) -> int:
        """Return the key for a flow run that is new; keys grow."""
        ...

    def find_flow_run(self, flow_run: UUID) -> FlowRunRow | None:
        """Return a flow run."""
        ...

    def find_task_run(self, flow_run: int, ordinal: int) -> TaskRunRow | None:
        """Return a task run."""
        ...

    def find_attempt(self, flow_run: int, ordinal: int, attempt: int) -> AttemptRow | None:
        """Return an attempt."""
        ...

    def find_expansion(self, flow_run: int, ordinal: int) -> ExpansionRow | None:
        """Return the last expansion with children that starts at `ordinal` or before."""
        ...


class Fold:
    """Folds events, oldest first; `runs` then holds what became of each flow run. After an error it is of no use."""

    def __init__(
        self, rows: Rows, known: Mapping[UUID, RunFold] | None = None, keys: Mapping[UUID, int] | None = None
    ) -> None:
        """Fold on top of `rows`, which stay as they are.

        `known` are flow runs whose last fold is what `rows` say, `keys` the keys that flow runs have already; others get the next.
        """
        self.runs: dict[UUID, RunFold] = {}
        self._rows = rows
        self._known = known or {}
        self._keys = {} if keys is None else keys
        self._next_key: int | None = None

    def add(self, events: Iterable[Event]) -> Fold:
        """Fold more events."""
        current: UUID | None = None
        run: RunFold | None = None
        for event in events:
            if run is None or event.flow_run is not current:
                current = event.flow_run
                run = self.runs.get(current) or self._open(current, event)
            run.add(event)
        return self

    def _open(self, flow_run: UUID, event: Event) -> RunFold:
        known = self._known.get(flow_run)
        if known is not None:
            known.go_on(self._rows)
            self.runs[flow_run] = known
            return known
        row = self._rows.find_flow_run(flow_run)
        if event.kind == EventKind.CREATED:
            if row is not None:
                raise IllegalTransition(f"Flow run {flow_run} is on record already: take another id.")
            row = self._create(event)
        elif row is None:
            raise NotOnRecord(f"No flow run {flow_run} is on this record: its first event must be CREATED.")
        run = self.runs[flow_run] = RunFold(flow_run, row, self._rows)
        return run

    def _create(self, event: Event) -> FlowRunRow:
        data = event.data or {}
        if event.ordinal or event.version != 1 or event.state not in _WAITING:
            raise IllegalTransition("CREATED is version 1 of ordinal 0, in a waiting state.")
        name, version = to_text(data.get("flow")), data.get("flow_version")
        flow = self._rows.find_flow(name, version) if isinstance(version, int) else None
        if flow is None:
            raise NotOnRecord(f"Version {version} of flow {name!r} is not on this record: register it first.")
        return FlowRunRow(
            self._keys.get(event.flow_run) or self._new_key(),
            event.flow_run.bytes,
            flow.key,
            to_text(data.get("name") or name),
            event.state,
            0,
            event.at,
            scheduled_start_time=data.get("scheduled_start_time"),
            parameters=_json(data.get("parameters")),
            source=_json(data.get("source")),
            extra=_rest(data, _CREATED_COLUMNS),
        )

    def _new_key(self) -> int:
        key = self._rows.next_key() if self._next_key is None else self._next_key
        self._next_key = key + 1
        return key


class RunFold:
    """What became of one flow run: `row`, and by ordinal its task runs; attempts and expansions that are new or changed.

    `is_changed` says that `row` says more than that some task run has changed.
    """

    def __init__(self, flow_run: UUID, row: FlowRunRow, rows: Rows) -> None:
        """Go on from `row`."""
        self.row = row
        self.is_changed = False
        self.task_runs: dict[int, TaskRunRow] = {}
        self.attempts: dict[tuple[int, int], AttemptRow] = {}
        self.expansions: list[ExpansionRow] = []
        self._flow_run = flow_run
        self._rows = rows
        self._before: dict[int, int] = {}
        self._created: dict[TallyKey, int] = {}
        self._has_children = False
        self._expansion: ExpansionRow | None = None
        self._known_expansions: deque[ExpansionRow] = deque(maxlen=_FEW)
        self._planned: tuple[ExpansionRow, dict[str, Any]] | None = None
        self._open_task_runs: dict[int, TaskRunRow] = {}
        self._open_attempts: dict[int, AttemptRow] = {}

    def go_on(self, rows: Rows) -> None:
        """Look up in `rows` from now on: those of the last fold may be read through a connection that others use by now."""
        self._rows = rows

    def rest(self) -> None:
        """Stand where the rows are, once they have taken this in: what is open stays known, nothing is new or changed."""
        for ordinal, task_run in self.task_runs.items():
            if task_run.state in FINAL_CODES:
                if self._open_attempts:
                    self._open_attempts.pop(ordinal, None)
            elif task_run.version > 1:
                self._open_task_runs[ordinal] = task_run
                attempt = self.attempts.get((ordinal, task_run.attempt))
                if attempt is not None:
                    self._open_attempts[ordinal] = attempt
        self.is_changed = self._has_children = False
        self.task_runs, self.attempts, self._before = {}, {}, {}
        if self.expansions:
            self._known_expansions.extend(self.expansions[-_FEW:])
            self.expansions, self._created = [], {}

    def add(self, event: Event) -> None:
        """Fold one event of this flow run."""
        row, ordinal, at = self.row, event.ordinal, event.at
        row.cursor = event.cursor
        if at > row.updated:  # noqa: PLR1730  a call costs more than this, and is made for every event
            row.updated = at
        run = self.task_runs.get(ordinal) or self._open(event) if ordinal else row
        if event.version != run.version + 1:
            raise self._refusal(event, f"version {run.version + 1} comes next")
        if event.kind != _STATE:
            self._note(run, event)
        elif ordinal:
            self._enter(run, event)  # type: ignore[arg-type]  a task run has an ordinal
        else:
            self._enter_root(row, event)
        if not ordinal:
            self.is_changed = True
        run.version = event.version

    def tally(self, *, is_of_children: bool = False) -> list[tuple[TallyKey, int]]:
        """Return by how much each count changes, without those that do not; of mapped children alone where that is asked."""
        if is_of_children and not self._has_children:
            return []
        changes = {key: count for key, count in self._created.items() if key.is_child or not is_of_children}
        moves: dict[tuple[int, bool, int, int], int] = {}
        for ordinal, before in self._before.items():
            row = self.task_runs[ordinal]
            if row.state != before and (row.map_index >= 0 or not is_of_children):
                move = row.task, row.map_index >= 0, before, row.state
                moves[move] = moves.get(move, 0) + 1
        for (task, is_child, before, after), count in moves.items():
            _add(changes, TallyKey(task, is_child, after), count)
            if before:
                _add(changes, TallyKey(task, is_child, before), -count)
        return [(key, change) for key, change in changes.items() if change]

    # ---- states

    def _enter(self, row: TaskRunRow, event: Event) -> None:
        """Put a task run into the state of an event."""
        before, after, data, at = row.state, event.state, event.data, event.at
        if row.version == 1 and after == _RUNNING and not data and event.attempt == 1:
            row.state, row.attempt, row.start_time, row.updated = after, 1, at, at  # all else is as it was made
            self.attempts[row.ordinal, 1] = AttemptRow(row.flow_run, row.ordinal, 1, after, at)
            return
        handed_on = (row.result, row.details) if (before, after) not in LEGAL and after == _RUNNING else None
        if (before, after) not in LEGAL:
            self._check_restart(event, before)
            row.end_time = None
        row.state, row.updated = after, at
        if not data:
            row.message = row.result = row.due = row.details = None
        elif len(data) == 1 and "result" in data:
            row.message = row.due = row.details = None
            row.result = to_json(data["result"])
        else:
            self._carry(row, data)
        if handed_on is not None:
            _hand_on_again(row, *handed_on)
        if after == _RUNNING:
            if row.start_time is None:
                row.start_time = at
            self._begin_attempt(row, before, event)
        elif before in _ACTIVE and row.attempt:
            self._follow_attempt(row, event)
        if after in FINAL_CODES:
            row.end_time = at

    def _carry(self, row: TaskRunRow, data: dict[str, Any]) -> None:
        row.message = _text(data.get("message"))
        row.result = _json(data.get("result"))
        row.due = data.get("due")
        if data.get("name") is not None:
            row.name = to_text(data["name"])
        if "opened" in data:
            row.created = data["opened"]
            row.value = _text(data.get("value"))
        row.details = _rest(data, _TASK_RUN_COLUMNS)

    def _enter_root(self, row: FlowRunRow, event: Event) -> None:
        """Put the flow run itself into the state of an event."""
        data = event.data or {}
        if (row.state, event.state) not in LEGAL:
            self._check_restart(event, row.state)
            row.end_time = None
        row.state = event.state
        row.message = _text(data.get("message"))
        row.details = _rest(data, _FLOW_RUN_COLUMNS)
        if "worker" in data:  # it stays when the state has gone
            row.extra = to_json({**(from_json(row.extra) if row.extra else {}), "worker": data["worker"]})
        if event.state == _RUNNING and row.start_time is None:
            row.start_time = event.at
        if event.state in FINAL_CODES:
            row.end_time = event.at

    def _check_restart(self, event: Event, before: int) -> None:
        restart = bool((event.data or {}).get("restart"))
        if not is_legal(before, event.state, restart=restart):
            names = [KIND_BY_CODE[code].name if code in KIND_BY_CODE else str(code) for code in (before, event.state)]
            raise self._refusal(event, f"{names[0]} -> {names[1]} is not allowed")

    # ---- attempts

    def _begin_attempt(self, row: TaskRunRow, before: int, event: Event) -> None:
        """Open the attempt that an event names, or go on with it after a turn of a loop."""
        number = event.attempt
        if number < max(row.attempt, 1):
            raise self._refusal(event, f"attempt {number} comes after attempt {row.attempt}")
        attempt = self._find_attempt(row, number) if number == row.attempt else None
        if attempt is None:
            self.attempts[row.ordinal, number] = AttemptRow(row.flow_run, row.ordinal, number, _RUNNING, event.at)
        else:
            attempt.state, attempt.end_time, attempt.message = _RUNNING, None, row.message
        row.attempt = number

    def _follow_attempt(self, row: TaskRunRow, event: Event) -> None:
        """Let the open attempt follow its task run, or end: by Retrying as what it was itself."""
        attempt = self.attempts.get((row.ordinal, row.attempt)) or self._find_attempt(row, row.attempt)
        if attempt is None or attempt.end_time is not None:
            return
        attempt.state, attempt.message = event.state, row.message
        if event.state == _RETRYING:
            failed = (event.data or {}).get("failed") or {}
            attempt.message = _text(failed.get("message"))
            if failed.get("state") in FINAL_CODES:
                attempt.state = failed["state"]
        if event.state not in _ACTIVE:
            attempt.end_time = event.at

    def _find_attempt(self, row: TaskRunRow, number: int) -> AttemptRow | None:
        key = row.ordinal, number
        found = self.attempts.get(key)
        if found is None:
            found = self._open_attempts.get(row.ordinal)
            if found is None or found.attempt != number:
                found = self._rows.find_attempt(row.flow_run, row.ordinal, number)
            if found is not None:
                self.attempts[key] = found
        return found

    # ---- other kinds

    def _note(self, row: TaskRunRow | FlowRunRow, event: Event) -> None:
        """Fold an event that is no transition."""
        if event.kind == EventKind.EXPANDED:
            if row.state in FINAL_CODES and row.state != _MAPPED:  # other engines say Mapped before the children begin
                raise self._refusal(event, "a run that has ended has no more children")
            self._expand(event)
        elif event.kind == EventKind.ANNOTATED:
            self._annotate(row, event.data or {})
        elif event.kind == EventKind.CREATED:
            if row.version:
                raise self._refusal(event, "it was created before")
        elif event.kind != EventKind.REQUESTED:
            raise self._refusal(event, f"there is no kind {event.kind}")
        if isinstance(row, TaskRunRow):
            row.updated = event.at

    @staticmethod
    def _annotate(row: TaskRunRow | FlowRunRow, data: dict[str, Any]) -> None:
        """Take what became known: a name, of a flow run what comes with its creation, of a task run its outputs so far."""
        if data.get("name") is not None:
            row.name = to_text(data["name"])
        if data.get("suspended"):
            row.details = to_json({**(from_json(row.details) if row.details else {}), "suspended": True})
        elif isinstance(row, FlowRunRow):
            known = from_json(row.extra) if row.extra else {}
            row.extra = to_json({**known, **_without(data, "name")}) if known or data.keys() - {"name"} else None
        elif "outputs" in data:
            row.details = to_json({**(from_json(row.details) if row.details else {}), "outputs": data["outputs"]})

    def _expand(self, event: Event) -> None:
        """Give a run its children: rows for tasks at once, for mapped children with their first own event."""
        data = event.data or {}
        first, task, body = data.get("first"), data.get("task"), data.get("body")
        count = data.get("tasks") if task is None and body is None else data.get("count")
        if not isinstance(first, int) or not isinstance(count, int) or first != self.row.ordinals or count < 0:
            raise self._refusal(event, f"children start at ordinal {self.row.ordinals}")
        width = self._rows.width_of(self.row.flow)
        if body is not None:
            is_known = all(0 <= index < width for index in body) and count == len(body) * data.get("rounds", 1)
        else:
            is_known = count <= width if task is None else 0 <= task < width
        if first + count - 1 > ids.MAX_ORDINAL or not is_known:
            raise self._refusal(event, f"the flow has {width} tasks and room for {ids.MAX_ORDINAL} task runs")
        expansion = ExpansionRow(self.row.key, first, event.ordinal, count, task, event.at, _plan(data))
        self.expansions.append(expansion)
        self.row.ordinals = first + count
        if body is not None:
            return
        if task is not None:
            self._has_children = True
            _add(self._created, TallyKey(task, True, _PENDING), count)  # noqa: FBT003  a field of a key
            return
        for index in range(count):
            _add(self._created, TallyKey(index, False, _PENDING), 1)  # noqa: FBT003  a field of a key
            self.task_runs[first + index] = self._child(expansion, first + index)
            self._before[first + index] = _PENDING

    # ---- task runs

    def _open(self, event: Event) -> TaskRunRow:
        """Return the row that an event is about; an event that is the first of its run needs no look at the rows."""
        ordinal = event.ordinal
        if event.version == 2:  # noqa: PLR2004  version 1 is implied
            expansion = self._expansion
            if expansion is None or not expansion.first <= ordinal < expansion.first + expansion.count:
                expansion = self._expansion = self._find_expansion(event)
            row = self._child(expansion, ordinal)
            if expansion.plan is not None:
                self._before[ordinal] = 0  # it comes to exist now
        else:
            found = self._open_task_runs.pop(ordinal, None) or self._rows.find_task_run(self.row.key, ordinal)
            if found is None:
                raise self._refusal(event, "this task run has no earlier event")
            row = found
        self.task_runs[ordinal] = row
        self._before.setdefault(ordinal, row.state)
        if row.map_index >= 0:
            self._has_children = True
        return row

    def _find_expansion(self, event: Event) -> ExpansionRow:
        ordinal = event.ordinal
        for known in self._known_expansions:
            if known.first <= ordinal < known.first + known.count:
                return known
        place = bisect_right(self.expansions, ordinal, key=lambda each: each.first)
        found = self.expansions[place - 1] if place else self._rows.find_expansion(self.row.key, ordinal)
        if found is None or not found.first <= ordinal < found.first + found.count:
            raise self._refusal(event, "no run was expanded into this one")
        self._known_expansions.append(found)
        return found

    def _child(self, expansion: ExpansionRow, ordinal: int) -> TaskRunRow:
        index = ordinal - expansion.first
        if expansion.plan is not None:
            task, map_index = place_in(self._plan_of(expansion), index)
        else:
            task, map_index = (index, -1) if expansion.task is None else (expansion.task, index)
        return TaskRunRow(
            expansion.flow_run,
            ordinal,
            expansion.parent,
            task,
            map_index,
            _PENDING,
            1,
            0,
            expansion.at,
            updated=expansion.at,
        )

    def _plan_of(self, expansion: ExpansionRow) -> dict[str, Any]:
        if self._planned is None or self._planned[0] is not expansion:
            self._planned = expansion, from_json(expansion.plan or "{}")
        return self._planned[1]

    def _refusal(self, event: Event, reason: str) -> IllegalTransition:
        return IllegalTransition(
            f"Flow run {self._flow_run}, ordinal {event.ordinal}, version {event.version}: {reason}. Nothing was recorded."
        )


def _hand_on_again(row: TaskRunRow, result: str | None, details: str | None) -> None:
    """Let what stands for others, and goes on after a restart, hand on what it did before: its tasks read it."""
    kept = {key: value for key, value in _data(details).items() if key in {"outputs", "sealed"}}
    kind, text, *_ = from_json(result) if result else ("", "")
    if kind == "inline":
        kept["outputs"] = from_json(text)
    row.details = to_json({**_data(row.details), **kept})


def _data(details: str | None) -> dict[str, Any]:
    return from_json(details) if details else {}


def _add(counts: dict[TallyKey, int], key: TallyKey, number: int) -> None:
    counts[key] = counts.get(key, 0) + number


def _plan(data: dict[str, Any]) -> str | None:
    """Return what the rows keep of a plan: all but the values, which the children have themselves."""
    if "body" not in data:
        return None
    return to_json(
        {key: value for key, value in data.items() if key not in {"first", "count", "values"}} | _valued(data)
    )


def _without(data: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key != name}


def _valued(data: dict[str, Any]) -> dict[str, bool]:
    return {"valued": True} if "values" in data else {}


def _text(text: Any) -> str | None:
    return None if text is None else to_text(text)


def _json(value: Any) -> str | None:
    return None if value is None else to_json(value)


def _rest(data: dict[str, Any], columns: frozenset[str]) -> str | None:
    """Return the data that has no column of its own."""
    rest = {key: value for key, value in data.items() if key not in columns}
    return to_json(rest) if rest else None
