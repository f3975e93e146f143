"""Loops: flowables that run their tasks for each value, or again and again until a condition holds."""

from __future__ import annotations

import json
from typing import Any, cast

import msgspec

from runwright.errors import ExpressionUndefined, FlowError
from runwright.expression import is_true
from runwright.flowable import Answer, Children, Settled, Tally, Waiting
from runwright.flowables.composite import Composite
from runwright.runtime.loop_rounds import ITEMS

LARGEST_FETCHED = 256 * 1024
"""How many characters of JSON the rounds of a `Loop` may hand on in the record, where the flow does not say."""

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


class Loop(ForEach):
    """Runs its tasks once for each item, each round by itself, and gathers what the rounds hand on."""

    is_apart = True

    def expand(self, scope: Any) -> Answer:
        """Return a round for each item; equal items are several rounds."""
        keys, values = self._items(scope)
        if not values:
            return self.opened((), outputs={"iterationCount": 0})
        texts = tuple(_text(each) for each in keys or values)
        return self.opened(
            self.bodies.tasks,
            rounds=len(values),
            limit=self.limit,
            values=texts,
            is_tolerant=not self.task.transmit_failed,
            outputs={"iterationCount": len(values), ITEMS: {"keys": keys, "values": values}},
        )

    def settle(self, tallies: dict[str, Tally], scope: Any) -> Answer:
        """Go on as others do; failures of rounds that are not transmitted count for nothing."""
        if not self.task.transmit_failed and "tasks" in tallies:
            tally = tallies["tasks"]
            tallies = {**tallies, "tasks": msgspec.structs.replace(tally, failed=tally.retried)}
        return super().settle(tallies, scope)

    def gathered(self, scope: Any) -> dict[str, Any] | None:
        """Return what the rounds hand on: in the record, or as a file with a line of JSON for each."""
        keys, values = self._items(scope)
        outputs: dict[str, Any] = {"iterationCount": len(values)}
        if self.task.outputs:
            found = [self._handed_on(scope, number) for number in range(len(values))]
            lines = [json.dumps(each, ensure_ascii=False, separators=(",", ":"), default=str) + "\n" for each in found]
            is_large = sum(map(len, lines)) > LARGEST_FETCHED
            if self.task.fetch_type == "STORE" or (self.task.fetch_type == "AUTO" and is_large):
                outputs["uri"] = scope.attempt.keep("outputs.jsonl", "".join(lines).encode())
            else:
                outputs["values"] = found if keys is None else dict(zip(keys, found, strict=True))
        return outputs

    def _items(self, scope: Any) -> tuple[list[str] | None, list[Any]]:
        """Return the keys of a mapping, None for a list, and the values: what the loop began with, where that is known."""
        held = scope.own.get(ITEMS)
        if held is not None:
            return held["keys"], held["values"]
        found = scope.value(self.task.values)
        if isinstance(found, str):
            found = _from_json(found)
        if isinstance(found, dict):
            return list(found), list(found.values())
        if not isinstance(found, list | tuple):
            raise FlowError(f"The values are no list and no mapping: {_shown(found)}.")
        return None, list(cast("list[Any]", found))

    def _handed_on(self, scope: Any, number: int) -> dict[str, Any] | None:
        """Return what one round hands on, None for one that did not get so far."""
        declared: Any = self.task.outputs
        if not isinstance(declared, dict):
            declared = {each["id"]: each.get("value") for each in declared}
        try:
            return scope.value_in(declared, number)
        except ExpressionUndefined:
            if self.task.transmit_failed:
                raise
            return None


class LoopUntil(Composite):
    """Runs its tasks turn after turn until the condition holds; between turns it is Paused."""

    def expand(self, scope: Any) -> Answer:
        """Return the first turn, or after a wait the next."""
        turn = scope.turn + 1
        return Children(body=self.bodies.tasks, turn=turn, outputs={"iterationCount": turn})

    def go_on(self, scope: Any) -> Answer | None:
        """Return a wait before the next turn, unless the condition holds or there were enough."""
        if is_true(scope.text(self.task.condition)):
            return _held(scope.turn)
        if self._is_enough(scope, scope.turn):
            return self._given_up(scope.turn)
        return Waiting(
            _seconds(scope, self.task.check_frequency.interval, _FRIENDLY_INTERVAL), "Waiting for the next turn."
        )

    def judged(self, scope: Any) -> Settled:
        """Return what had ended the turns: what the condition reads is still there."""
        turns = scope.own["iterationCount"]
        has_held = not self._is_enough(scope, turns) or is_true(scope.text(self.task.condition))
        return _held(turns) if has_held else self._given_up(turns)

    def _is_enough(self, scope: Any, turns: int) -> bool:
        frequency = self.task.check_frequency
        most = _number(scope.value(frequency.max_iterations), _FRIENDLY_TURNS)
        longest = _seconds(scope, frequency.max_duration, _FRIENDLY_DURATION)
        return turns - scope.turns_before >= most or (scope.now - scope.started) / _SECOND > longest

    def _given_up(self, turns: int) -> Settled:
        state = "Failed" if self.task.fail_on_max_reached else "Success"
        return Settled(state, f"The condition does not hold after {turns} turns: enough.", {"iterationCount": turns})


def _held(turns: int) -> Settled:
    return Settled("Success", f"The condition holds after {turns} turns.", {"iterationCount": turns})


def _number(value: Any, default: int) -> int:
    return default if value is None else int(value)


def _seconds(scope: Any, value: Any, default: float) -> float:
    return default if value is None else scope.seconds(value)
