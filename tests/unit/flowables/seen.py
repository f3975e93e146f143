"""Flowables of a test, and a scope for them: real expressions over the variables of a test, at a time and a turn that the test names."""

from __future__ import annotations

from typing import Any

from runwright.flowable import Tally
from runwright.flowables.compiling import compile_spec
from runwright.runtime.attempt_scope import AttemptScope, Situation, StopSignal
from runwright.runtime.flowable_scope import FlowableScope
from runwright.spec import parse_flow_spec, resolve

OK, WARNED, FAILED, KILLED, RETRIED = (
    Tally(ok=1),
    Tally(ok=1, warned=1),
    Tally(failed=1),
    Tally(cancelled=1, killed=1),
    Tally(failed=1, retried=1),
)


def flowable(keys: str) -> Any:
    """Return the flowable of a task, written as its keys, whose tasks `a`, `b`, ... are nodes from 1 on."""
    lines = ["id: f", "namespace: n", "tasks:", "  - id: t", *(f"    {line}" for line in keys.strip("\n").split("\n"))]
    return compile_spec(parse_flow_spec("\n".join(lines)), lambda _: None).nodes[0].flowable  # type: ignore[arg-type, return-value]  nothing runs


def scope(*, own: dict[str, Any] | None = None, turn: int = 0, now: int = 0, **seen: Any) -> FlowableScope:
    """Return a scope; `given` is what a request gave, `was_paused` that a wait is over, `started` and `turns_before` where it began; all else are variables."""
    was_paused, given = seen.pop("was_paused", False), seen.pop("given", None)
    started, turns_before = seen.pop("started", 0), seen.pop("turns_before", 0)
    situation = Situation(
        task=None,
        namespace="n",
        flow_id="f",
        execution_id="e",
        task_id="t",
        task_run_id="r",
        variables=seen,
        host=None,  # type: ignore[arg-type]  nothing here asks it
        prefix="",
        stopping=StopSignal(),
    )
    return FlowableScope(
        AttemptScope(situation),
        turn=turn,
        was_paused=was_paused,
        given=given,
        now=now,
        started=started,
        turns_before=turns_before,
        resume=resolve,
        own=own,
    )
