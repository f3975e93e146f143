"""Protocol: what programs say about themselves in the lines that they write: `::{"outputs": {...}, "metrics": [...]}::`."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from runwright.runnables.rendering import LEVELS, as_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runwright.scope import Scope

KINDS = ("counter", "gauge", "timer")

MOST_MALFORMED = 20
"""How many beginnings in a line may lead nowhere, before the rest of it is left alone."""

# Scripts also say what Python calls the levels.
_LEVELS = {**LEVELS, "WARNING": LEVELS["WARN"], "CRITICAL": LEVELS["ERROR"], "FATAL": LEVELS["ERROR"]}
_BEGIN, _END = "::{", "}::"


class Speech:
    """What a program has said: `outputs` by name; metrics and log lines go to the scope as they come."""

    def __init__(self, scope: Scope) -> None:
        """Begin with nothing."""
        self.outputs: dict[str, Any] = {}
        self._scope = scope

    def hear(self, line: str) -> bool:
        """Take what a line says, and say whether it said anything; what is malformed is told, and left in the line."""
        if _BEGIN not in line or _END not in line:
            return False
        said = [each for each in _messages(line) if each is not None]
        for message in said:
            self._take(message)
        if not said:
            self._scope.logger.warning(
                "The line that follows begins as outputs or metrics do, and is no JSON between `::`."
            )
        return bool(said)

    def _take(self, message: dict[str, Any]) -> None:
        outputs = message.get("outputs")
        if isinstance(outputs, Mapping):
            self.outputs.update(outputs)
        elif outputs is not None:
            self._refuse("outputs", outputs)
        for name, take in (("metrics", self._measure), ("logs", self._log)):
            for each in _listed(message.get(name)):
                if not isinstance(each, Mapping) or not take(each):
                    self._refuse(name, each)

    def _measure(self, metric: Mapping[str, Any]) -> bool:
        name, kind, tags = metric.get("name"), metric.get("type", "counter"), metric.get("tags") or {}
        value: Any = metric.get("value")
        if not isinstance(name, str) or not _is_number(value) or kind not in KINDS or not isinstance(tags, Mapping):
            return False
        self._scope.record(name, float(value), kind, {str(tag): as_text(each) for tag, each in tags.items()})
        return True

    def _log(self, entry: Mapping[str, Any]) -> bool:
        message, level = entry.get("message"), _LEVELS.get(str(entry.get("level", "INFO")).upper())
        if message is None or level is None:
            return False
        self._scope.logger.log(level, as_text(message))
        return True

    def _refuse(self, name: str, value: Any) -> None:
        self._scope.logger.warning(f"The program gave {name} that cannot be taken: {value!r:.200}")  # noqa: G004  rare


def _messages(line: str) -> Iterator[dict[str, Any] | None]:
    """Yield what stands between the signs in a line, None for what is malformed."""
    at, malformed = line.find(_BEGIN), 0
    while at >= 0 and malformed < MOST_MALFORMED:
        message, end = _decoded(line, at + len("::"))
        malformed += message is None
        yield message
        at = line.find(_BEGIN, end)


def _decoded(line: str, start: int) -> tuple[dict[str, Any] | None, int]:
    """Return the object that begins there, and where to go on."""
    try:
        found, end = _DECODER.raw_decode(line, start)
    except (ValueError, RecursionError):
        return None, start
    return (found, end) if line.startswith("::", end) else (None, end)


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_number)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _listed(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]
