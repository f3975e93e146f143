"""Loops: flowables that run their tasks for each value, or again and again until a condition holds."""

from __future__ import annotations

import json
from typing import Any, cast

from runwright.errors import FlowError
from runwright.expression import is_true
from runwright.flowable import Answer, Children, Settled, Waiting
from runwright.flowables.composite import Composite

_SECOND = 1_000_000_000
_FRIENDLY_INTERVAL, _FRIENDLY_DURATION, _FRIENDLY_TURNS = 1.0, 3600.0, 100


class ForEach(Composite):
    """Runs its tasks once for each value, and for so many values at once as it allows."""

    def expand(self, scope: Any) -> Answer:
        """Return a round for each value; equal values are one."""
        values = texts_of(scope.value(self.declared))
        if not values:
            return self.opened(())
        return self.opened(self.bodies.tasks, rounds=len(values), limit=self.limit, values=tuple(values))

    @property
    def declared(self) -> Any:
        """Return the declared values."""
        return self.task.values if hasattr(self.task, "values") else self.task.value

    @property
    def limit(self) -> int:
        """Return for how many values the tasks run at once; 0 for all."""
        if hasattr(self.task, "concurrency_limit"):
            return self.task.concurrency_limit
        return getattr(self.task, "concurrent", 1)


def texts_of(found: Any) -> list[str]:
    """Return the texts of rendered values, each once; raises `FlowError` for what is no list of plain values."""
    if isinstance(found, str):
        found = _from_json(found)
    if isinstance(found, dict):
        found = [{"key": key, "value": value} for key, value in cast("dict[str, Any]", found).items()]
    if not isinstance(found, list | tuple):
        raise FlowError(f"The values are no list: {_shown(found)}. Give a list, or a text that is a JSON list.")
    values = cast("list[Any]", found)
    nulls = sum(value is None for value in values)
    if nulls:
        shown = "[" + ", ".join(_text(value) for value in values) + "]"
        raise FlowError(f"Found '{nulls}' null values on Each, with values={shown}")
    nested = next((value for value in values if isinstance(value, list | tuple)), None)
    if nested is not None:
        raise FlowError(f"A value is itself a list, {_shown(nested)}: flatten the values first.")
    return list(dict.fromkeys(_text(value) for value in values))


def _from_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise FlowError(f"The values are no JSON list: {_shown(text)} ({error}).") from error


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:100]}..."  # noqa: PLR2004  a line of a message


class LoopUntil(Composite):
    """Runs its tasks turn after turn until the condition holds; between turns it is Paused."""

    def expand(self, scope: Any) -> Answer:
        """Return the first turn, or after a wait the next."""
        turn = scope.turn + 1
        return Children(body=self.bodies.tasks, turn=turn, outputs={"iterationCount": turn})

    def go_on(self, scope: Any) -> Answer | None:
        """Return a wait before the next turn, unless the condition holds or there were enough."""
        outputs = {"iterationCount": scope.turn}
        if is_true(scope.text(self.task.condition)):
            return Settled("Success", f"The condition holds after {scope.turn} turns.", outputs)
        frequency = self.task.check_frequency
        most = _number(scope.value(frequency.max_iterations), _FRIENDLY_TURNS)
        longest = _seconds(scope, frequency.max_duration, _FRIENDLY_DURATION)
        is_over = scope.turn >= most or (scope.now - scope.started) / _SECOND > longest
        if is_over:
            state = "Failed" if self.task.fail_on_max_reached else "Success"
            return Settled(state, f"The condition does not hold after {scope.turn} turns: enough.", outputs)
        return Waiting(_seconds(scope, frequency.interval, _FRIENDLY_INTERVAL), "Waiting for the next turn.")


def _number(value: Any, default: int) -> int:
    return default if value is None else int(value)


def _seconds(scope: Any, value: Any, default: float) -> float:
    return default if value is None else scope.seconds(value)
